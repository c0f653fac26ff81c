/** Random protocols run on the small models: what they hold, and their rows in a form that can be compared. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { ResultRow } from "../../src/compiler/ir/results.js";
import type { PassName } from "../../src/compiler/passes/names.js";
import { root } from "../support/root.js";
import { arePairs, protocolText, type RandomModel, type RandomProtocol, type RandomTexts } from "./random-protocols.js";
import { leastMemory, planOf, protocolIn, rowsOf, runFile, temporaryFolder } from "./support.js";

export const models: Readonly<Record<string, RandomModel>> = {
  "gpt2-tiny": { source: "@stdlib/models/gpt2-tiny", layers: 6, heads: 4, kvHeads: 4, sequential: true },
  "pythia-tiny": { source: "@stdlib/models/pythia-tiny", layers: 6, heads: 4, kvHeads: 4, sequential: false },
  "llama-tiny": { source: "@stdlib/models/llama-tiny", layers: 6, heads: 4, kvHeads: 2, sequential: true },
};

/** Prompts of several lengths, two of each of some, and one that is a single token in some of the vocabularies. */
const pack = readFileSync(join(root, "stdlib", "prompts", "induction.jsonl"), "utf8")
  .trim()
  .split("\n");
export const pairs = [0, 1, 2, 12, 13].map((i) => pack[i] ?? "");
/** Answers of one token and of several. */
const answers = ["", " and nothing else", ".", " once more, my lord", " and"];

export const sets: RandomTexts = {
  ids: [
    [7],
    [300],
    [0, 12, 5, 7, 9],
    [40, 40, 41, 2, 900],
    [5, 6, 7],
    [8, 9, 10, 11],
    [1, 2, 3, 4, 5, 6, 7, 8, 9],
    [3, 3],
  ],
  records: pairs.map((line, i) => {
    const { answer, ...others } = JSON.parse(line) as Readonly<Record<string, string>>;
    return JSON.stringify({ ...others, answer: `${answer ?? ""}${answers[i] ?? ""}` });
  }),
  texts: [
    "I",
    "A",
    "It was a fine evening, and nobody was at home.",
    "My lord, the king is dead, and we are all undone.",
    "Time heals all wounds, my lady, but not this one.",
    "The gate was open.",
    "Stand, ho! Who calls so loud at such an hour of the night, and wherefore does he call?",
    // More tokens than a chunk of attention has.
    "It was late, and the old house was still; nobody spoke, and nobody went to the door. ".repeat(5).trim(),
  ],
  other: [
    "The committee read the report twice before it asked the author a single question about the second chapter of it.",
    "She was very much surprised, and a little vexed, to find that her sister had gone out without a word to anybody.",
    "A function that does nothing is easy to test, says the manual, and the manual is wrong about most of the others.",
    "There was a road, and there was a hill, and on the hill there stood a house that nobody had lived in. ".repeat(6),
  ],
  calm: ["The water was still.", "Nothing moved in the long grass."],
};

/** Pairs of which every tokenizer here makes equally many tokens. */
export const even = [20, 22, 15].map((i) => pack[i] ?? "");

/** Fails with the first rows that differ, and the protocol that has them. */
export function assertSame(actual: Rows, expected: Rows, what: string): void {
  const differing = Object.keys({ ...expected, ...actual }).filter((key) => actual[key] !== expected[key]);
  const shown = differing.slice(0, 6).map((key) => `${key}\n  ${String(actual[key])}\n  ${String(expected[key])}`);
  assert.equal(differing.length, 0, `${differing.length} rows differ: ${what}\n${shown.join("\n")}`);
}

/** Values of rows by their coordinates. */
export type Rows = Readonly<Record<string, string>>;

/** Rows by their coordinates, the prompt by its number in the whole set; values as bits. */
export function rowsByKey(rows: readonly ResultRow[], { texts, pairs: paired, experiments }: RandomProtocol): Rows {
  const on = new Map(experiments.map((experiment) => [experiment.name, experiment.on]));
  // Parquet's dictionaries know one zero only, so its sign says nothing.
  const bits = (value: number | null): string =>
    value === null || Number.isNaN(value)
      ? String(value)
      : Buffer.from(Float64Array.of(value + 0).buffer).toString("hex");
  const keyed = rows.map((row): readonly [string, string] => {
    const { prompt, ...axes } = row.axes;
    const set = on.get(row.experiment) ?? "texts";
    const numbers = arePairs(set) ? paired : set === "even" ? [...even.keys()] : texts;
    const coordinates = Object.entries(axes).sort(([a], [b]) => (a < b ? -1 : 1));
    const key = [row.experiment, row.metric, row.baseline === null, numbers[Number(prompt)], coordinates];
    const values = [row.value, row.baseline, row.impact, row.relative];
    return [JSON.stringify(key), `${values.map(bits).join(" ")} ${values.join(" ")} ${row.reason ?? ""}`];
  });
  const byKey = Object.fromEntries(keyed);
  assert.equal(Object.keys(byKey).length, rows.length, "every row has coordinates of its own");
  return byKey;
}

/** How a protocol is run: its statements in another order, with the memory made of the least that it needs, and how it is planned. */
export interface RunSettings {
  readonly order?: (statements: readonly string[]) => readonly string[];
  readonly memory?: (least: number) => number;
  readonly passes?: readonly PassName[];
  readonly graphWork?: number;
  readonly chunkedFrom?: number;
}

/** Runs protocols of one model in folders of their own, so that no unit is reused. */
export function runner(context: TestContext, model: RandomModel) {
  const folder = temporaryFolder(context);
  let count = 0;
  return async (protocol: RandomProtocol, { order, memory, ...planning }: RunSettings = {}): Promise<Rows> => {
    count += 1;
    writeFileSync(join(folder, `pairs-${count}.jsonl`), protocol.pairs.map((i) => pairs[i] ?? "").join("\n"));
    writeFileSync(join(folder, "even.jsonl"), even.join("\n"));
    const text = protocolText(model, sets, protocol, `./pairs-${count}.jsonl`, "./even.jsonl", order);
    const path = protocolIn(folder, text, `run-${count}.atlas`);
    const runs = join(folder, `runs-${count}`);
    const memoryBudget = memory === undefined ? 2 ** 30 : memory(leastMemory(await planOf(path)));
    const ran = await runFile(path, { runs, memoryBudget, ...planning });
    assert.equal(ran.summary.status, "finished", text);
    assert.equal(ran.summary.units.reused, 0);
    return rowsByKey(await rowsOf(ran), protocol);
  };
}
