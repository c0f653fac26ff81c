/**
 * How long an editor waits for each answer: `node dist/bench/editor.js [LINES]` after a build (1,000 lines when absent). Every
 * round types one character into the middle of a long protocol, which makes the analysis anew, and asks everything at one
 * place of the file; the places are spread over all of it. Prints median and 95th percentile of each question, once from the
 * analysis at hand and, for the first answer after a key, with the analysis.
 */
import { performance } from "node:perf_hooks";
import {
  changesAt,
  coloursOf,
  completionsAt,
  declarationsLike,
  definitionAt,
  foldsOf,
  hintsIn,
  hoverAt,
  lensesOf,
  outlineOf,
  referencesAt,
  renamableAt,
  renameAt,
  selectionsAt,
  signatureAt,
  type Analysis,
} from "../src/compiler/ide/index.js";
import { print } from "../src/compiler/syntax/print.js";
import { createAnalyses } from "../src/lsp/analyses.js";
import { createEditorReading } from "../src/lsp/editor-reading.js";
import { createSizes } from "../src/lsp/sizes.js";
import { longProtocol } from "./long-protocol.js";

const rounds = 60;
const text = longProtocol(Number(process.argv[2] ?? 1000));
const path = `${process.cwd()}/long.atlas`;
const analyses = createAnalyses(createEditorReading(() => null));
const sizesOf = createSizes();

/** Milliseconds of each question, in the order in which they were asked first. */
const taken = new Map<string, number[]>();

async function timed<T>(name: string, answer: () => T | Promise<T>): Promise<T> {
  const started = performance.now();
  const value = await answer();
  const times = taken.get(name) ?? [];
  times.push(performance.now() - started);
  taken.set(name, times);
  return value;
}

/** The number written in the line of the window in the middle of the file: the text differs in every round. */
function typed(round: number): string {
  const middle = text.indexOf("## How evenly", text.length / 2) + 2;
  return `${text.slice(0, middle)} ${"x".repeat(1 + (round % 30))}${text.slice(middle)}`;
}

/** What an editor asks of one place. */
async function askAll(analysis: Analysis, offset: number): Promise<void> {
  const { text: whole } = analysis.source;
  const view = [Math.max(0, offset - 1500), Math.min(whole.length, offset + 1500)] as const;
  await timed("completion", () => completionsAt(analysis, offset));
  await timed("hover", () => hoverAt(analysis, offset));
  await timed("signature help", () => signatureAt(analysis, offset));
  await timed("definition", () => definitionAt(analysis, offset));
  await timed("references, highlights", () => referencesAt(analysis, offset, true));
  await timed("rename: what", () => renamableAt(analysis, offset));
  await timed("rename", () => renameAt(analysis, offset, "another_name"));
  await timed("quick fixes", () => changesAt(analysis, offset, offset));
  await timed("selection ranges", () => selectionsAt(analysis, offset));
  await timed("inlay hints of a page", () => hintsIn(analysis, ...view));
  await timed("semantic colours", () => coloursOf(analysis));
  await timed("outline", () => outlineOf(analysis));
  await timed("folding", () => foldsOf(analysis));
  await timed("code lenses", () => lensesOf(analysis));
  await timed("workspace symbols", () => declarationsLike(analysis, "stu"));
  await timed("formatting", () => {
    const [syntax] = analysis.checked.syntax;
    return syntax === undefined ? "" : print(syntax, whole);
  });
}

const experiments = [...text.matchAll(/study_\d+\n/g)].map(({ index }) => index);
for (let round = -5; round < rounds; round++) {
  if (round === 0) taken.clear();
  const changed = typed(round + 5);
  const before = analyses.before(path, changed);
  const typing = changed.indexOf(" x", text.length / 2) + 2;
  if (before !== null) {
    await timed("completion while typing", () =>
      completionsAt(before, typing + changed.slice(typing).indexOf("measure ") + 8),
    );
    await timed("signature help while typing", () =>
      signatureAt(before, typing + changed.slice(typing).indexOf("mean(") + 5),
    );
  }
  const analysis = await timed("analysis after a key", () => analyses.of(path, changed));
  // Places of words, from the beginning to the end.
  const near = Math.floor(((round + 5) / (rounds + 5)) * (changed.length - 200));
  const offset = near + Math.max(0, changed.slice(near).search(/\w(?=\w)/)) + 1;
  await askAll(analysis, offset);
  const at = experiments[(round + 5) % experiments.length] ?? 0;
  const experiment = at < typing ? at : at + changed.length - text.length;
  await timed("hover of an experiment, which plans", () => hoverAt(analysis, experiment, sizesOf(analysis)));
  await timed("hover of an experiment, again", () => hoverAt(analysis, experiment, sizesOf(analysis)));
}

process.stdout.write(`${text.split("\n").length - 1} lines, ${text.length} characters, ${rounds} rounds\n`);
process.stdout.write(`${"".padEnd(40)}${"median".padStart(10)}${"95%".padStart(10)}   ms\n`);
for (const [name, times] of taken) {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number): string =>
    (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0).toFixed(1);
  process.stdout.write(`${name.padEnd(40)}${at(0.5).padStart(10)}${at(0.95).padStart(10)}\n`);
}
// Measuring the machine's speed may still run.
process.exit();
