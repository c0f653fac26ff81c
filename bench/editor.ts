/**
 * How long an editor waits for each answer: `node dist/bench/editor.js [LINES]` after a build (1,000 lines when absent). Every
 * round types something into the middle of a long protocol, and asks everything right after the key at one place of the file;
 * the places are spread over all of it. Then the text is checked, as an editor does after a pause. Prints median and 95th
 * percentile of each question and the median of its processor time (of all threads), the same of what the first answer after a key takes
 * beside, and of checking.
 */
import { performance } from "node:perf_hooks";
import { setImmediate } from "node:timers/promises";
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

/** Milliseconds that a question took: those that pass, and those of processors, which a busy machine does not lengthen. */
interface Taken {
  readonly passed: number;
  readonly worked: number;
}

/** What each question took, in the order in which they were asked first. */
const taken = new Map<string, Taken[]>();

function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

async function timed<T>(name: string, answer: () => T | Promise<T>): Promise<T> {
  const since = { passed: performance.now(), worked: processorTime() };
  const value = await answer();
  note(name, { passed: performance.now() - since.passed, worked: processorTime() - since.worked });
  return value;
}

function note(name: string, one: Taken): void {
  taken.set(name, [...(taken.get(name) ?? []), one]);
}

/** What is typed in the middle of the file: an empty comment, documentation, a name that means nothing, half a statement. */
const keys: readonly ((text: string, middle: number, round: number) => readonly [at: number, typed: string])[] = [
  (text, middle, round) => [text.indexOf("\ntable", middle), `\n# ${"x".repeat(1 + (round % 30))}`],
  (text, middle, round) => [text.indexOf("## How evenly", middle) + 3, "x".repeat(1 + (round % 30))],
  (text, middle, round) => [text.indexOf(".impact) > 0.01", middle) + 7, "x".repeat(1 + (round % 30))],
  (text, middle, round) => [text.indexOf("\nexperiment", middle), `\nlet y${round} = mean(`],
];

function typed(round: number): { readonly changed: string; readonly typing: number } {
  const [at, more] = keys[round % keys.length]?.(text, text.length / 2, round) ?? [-1, ""];
  // A protocol that has changed would have all of it typed somewhere else.
  if (at < text.length / 2) throw new RangeError("the long protocol lacks what is typed behind");
  return { changed: text.slice(0, at) + more + text.slice(at), typing: at + more.length };
}

/** The longest time for which nobody else is answered while something is done. */
async function longestWait(work: Promise<unknown>): Promise<number> {
  const state = { isDone: false, longest: 0 };
  const done = work.finally(() => (state.isDone = true));
  for (let since = performance.now(); !state.isDone; since = performance.now()) {
    await setImmediate();
    state.longest = Math.max(state.longest, performance.now() - since);
  }
  await done;
  return state.longest;
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
  const { changed, typing } = typed(round + 5);
  // The first answer after a key brings up what was known; the others find it there.
  const soon = await timed("bringing up what was known", () => analyses.soon(path, changed));
  // Places of words, from the beginning to the end.
  const near = Math.floor(((round + 5) / (rounds + 5)) * (changed.length - 200));
  const offset = near + Math.max(0, changed.slice(near).search(/\w(?=\w)/)) + 1;
  if (soon !== null) {
    await timed("completion where one types", () => completionsAt(soon.analysis, typing));
    await askAll(soon.analysis, offset);
  }
  const wait = await timed("checking, after a pause", () => longestWait(analyses.of(path, changed)));
  note("longest time in it without answers", { passed: wait, worked: NaN });
  const analysis = await analyses.of(path, changed);
  const at = experiments[(round + 5) % experiments.length] ?? 0;
  const experiment = at < typing ? at : at + changed.length - text.length;
  await timed("hover of an experiment, which plans", () => hoverAt(analysis, experiment, sizesOf(analysis)));
  await timed("hover of an experiment, again", () => hoverAt(analysis, experiment, sizesOf(analysis)));
}

process.stdout.write(`${text.split("\n").length - 1} lines, ${text.length} characters, ${rounds} rounds\n`);
const line = (name: string, ...columns: readonly string[]): string =>
  `${name.padEnd(40)}${columns.map((column) => column.padStart(12)).join("")}\n`;
process.stdout.write(line("milliseconds", "median", "95%", "processor"));
for (const [name, times] of taken) {
  const at = (share: number, what: keyof Taken): string => {
    const sorted = times.map((one) => one[what]).sort((a, b) => a - b);
    const value = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
    return Number.isNaN(value) ? "–" : value.toFixed(1);
  };
  process.stdout.write(line(name, at(0.5, "passed"), at(0.95, "passed"), at(0.5, "worked")));
}
// Measuring the machine's speed may still run.
process.exit();
