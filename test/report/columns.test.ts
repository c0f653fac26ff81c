/** Results in columns and the same results as objects: rows, expressions over them, and files. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { evaluateResult } from "../../src/compiler/results/evaluate.js";
import { resultTable } from "../../src/compiler/ir/result-table.js";
import type { ResultExpression } from "../../src/compiler/ir/result-expression.js";
import type { ResultType } from "../../src/compiler/ir/result-type.js";
import type { ResultSet } from "../../src/compiler/ir/results.js";
import type { EntryAxis, StudyRows } from "../../src/compiler/ir/study-rows.js";
import { averagedAxes, averageOver, groupCells, levelsOf } from "../../src/compiler/results/result-array.js";
import { savedResults } from "../../src/runtime/saved-results.js";
import { keepResults } from "../../src/runtime/results-cache.js";
import { saveResults } from "../../src/runtime/store/results.js";
import { valuesDigest } from "../../src/runtime/values-digest.js";
import { seeded } from "../support/random.js";
import { temporaryFolder } from "../end-to-end/support.js";
import { noTokenTexts } from "../../src/runtime/report/token-texts.js";

/** A sweep over heads with a number for each prompt and one for each token, of which some are missing and some are NaN. */
function randomStudy(random: () => number, model: string): StudyRows {
  const lengths = Array.from({ length: 1 + Math.floor(random() * 5) }, () => 1 + Math.floor(random() * 4));
  const conditions = 1 + Math.floor(random() * 6);
  const axes = (text: number, measure: number): readonly EntryAxis[] =>
    measure === 0 ? [] : [{ name: "position", isPair: false, first: 1, size: lengths[text] ?? 0 }];
  const starts = [0];
  for (const [text] of lengths.entries()) {
    for (const measure of [0, 1]) {
      starts.push((starts.at(-1) ?? 0) + axes(text, measure).reduce((product, { size }) => product * size, 1));
    }
  }
  const per = starts.at(-1) ?? 0;
  const values = Float64Array.from({ length: conditions * per }, () => [0, -0, random(), -random() * 1e9][Math.floor(random() * 4)] ?? 0); // prettier-ignore
  const reasons = ["the norm is 0", "it is not a finite number"];
  const reasonOf = Uint32Array.from(values, (_value, slot) => {
    if (random() > 0.1) return 0;
    values[slot] = Number.NaN;
    return 1 + Math.floor(random() * 2);
  });
  const isWhole = random() < 0.5;
  const slots = Uint32Array.from([...values.keys()].filter((slot) => slot < per || random() < 0.8));
  return {
    experiment: "e",
    labels: [["model", model]],
    conditions: Array.from(
      { length: conditions },
      (_, c) =>
      c === 0
        ? { label: "baseline", labels: [] }
        : { label: `layer ${c % 2}, head ${c}`, labels: [["layer", c % 2], ["head", `${c}`]] }, // prettier-ignore
    ),
    texts: lengths.map((_, prompt) => [["prompt", prompt], ["tone", prompt % 2 === 0 ? "calm" : "__proto__"]]), // prettier-ignore
    measures: [
      { metric: "loss", unit: "nats", labels: [] },
      { metric: "nll", unit: "nats", labels: [["read", "L1"]] },
    ],
    axesOf: axes,
    starts: Uint32Array.from(starts),
    values,
    reasonOf: random() < 0.2 ? null : reasonOf,
    reasons,
    slots: isWhole ? null : slots,
    length: isWhole ? values.length : slots.length,
  };
}

const axis = (name: string, kind: ResultType["axes"][number]["kind"]): ResultType["axes"][number] => {
  return { name, kind, levels: null, of: [] };
};
const shared = ["model", "prompt", "layer", "head"];
const type: ResultType = {
  experiment: "e",
  axes: [axis("model", "model"), axis("prompt", "texts"), axis("layer", "intervention"), axis("head", "intervention"), axis("read", "sweep"), axis("position", "position")], // prettier-ignore
  columns: [{ name: "tone", field: "tone", kind: "field", levels: ["calm", "__proto__"], of: ["prompt"] }],
  metrics: [
    { name: "loss", unit: "nats", element: "real", axes: shared, normalised: false },
    { name: "nll", unit: "nats", element: "real", axes: [...shared, "read", "position"], normalised: false },
  ],
  texts: ["p"],
  intervened: true,
};

const column = (metric: string, name: "value" | "baseline" | "impact" | "relative"): ResultExpression => {
  return { kind: "column", experiment: "e", metric, column: name };
};
const columns = (["loss", "nll"] as const).flatMap((metric) =>
  (["value", "baseline", "impact", "relative"] as const).map((name) => column(metric, name)),
);

/** What may be done to a column, each way of evaluating it. */
function expressionsOf(of: ResultExpression): readonly ResultExpression[] {
  const two: ResultExpression = { kind: "number", value: 2 };
  const where = (name: string, level: string | number): ResultExpression => {
    return { kind: "where", argument: of, condition: { kind: "axis", axis: name, among: [level] } };
  };
  return [
    of,
    { kind: "call", operation: "abs", argument: of },
    { kind: "call", operation: "log", argument: of },
    { kind: "binary", operation: "/", left: of, right: column("loss", "baseline") },
    { kind: "binary", operation: "-", left: of, right: column("nll", "baseline") },
    { kind: "binary", operation: "*", left: of, right: two },
    { kind: "binary", operation: "/", left: two, right: of },
    { kind: "binary", operation: "-", left: where("tone", "calm"), right: where("prompt", 1) },
    where("layer", 1),
    where("read", "nowhere"),
    { kind: "where", argument: of, condition: { kind: "not", operand: { kind: "axis", axis: "head", among: [3, "4"] } } }, // prettier-ignore
    { kind: "where", argument: of, condition: { kind: "compare", operation: ">", left: of, right: two } },
    { kind: "truth", condition: { kind: "compare", operation: "<", left: of, right: two } },
    { kind: "argmax", which: "largest", argument: of, over: "head" },
    { kind: "rank", argument: of, over: ["head"] },
    { kind: "quantile", level: 0.3, argument: of, over: ["prompt"] },
    { kind: "rename", argument: of, from: ["layer", "head"], to: "place" },
    ...(["mean", "sum", "max", "min", "std", "var", "count", "median"] as const).map((operation): ResultExpression => ({
      kind: "reduce",
      operation,
      argument: of,
      over: ["prompt", "position"],
    })),
    { kind: "reduce", operation: "mean", argument: where("tone", "__proto__"), over: null },
  ];
}

function bothWays(seed: number): readonly [ResultSet, ResultSet] {
  const numbers = seeded(seed);
  const random = (): number => numbers.next();
  const segments = ["a", "b"].slice(0, 1 + (seed % 2)).map((model) => {
    const rows = randomStudy(random, model);
    return { kind: "study", rows, from: 0, to: rows.length } as const;
  });
  const rows = resultTable(segments);
  const types = new Map([["e", type]]);
  return [{ types, rows }, { types, rows: [...rows] }]; // prettier-ignore
}

test("expressions over columns are those over rows", () => {
  let cells = 0;
  let faulty = 0;
  for (let seed = 1; seed <= 12; seed++) {
    const [inColumns, asRows] = bothWays(seed);
    for (const expression of columns.flatMap(expressionsOf)) {
      const notes: [string[], string[]] = [[], []];
      const one = evaluateResult(expression, inColumns, (note) => void notes[0].push(note));
      const other = evaluateResult(expression, asRows, (note) => void notes[1].push(note));
      const shown = `${seed} ${JSON.stringify(expression)}`;
      assert.deepEqual({ ...one, cells: [...one.cells] }, { ...other, cells: [...other.cells] }, shown);
      assert.deepEqual(notes[0], notes[1], shown);
      assert.equal(one.cells.length, other.cells.length);
      assert.deepEqual(one.cells.at(1), other.cells.at(1));
      for (const kept of [[], ["head"], ["tone", "layer"], ["position", "model"]]) {
        const [means, others] = [averageOver(one, kept), averageOver(other, kept)];
        assert.deepEqual([...means.cells], [...others.cells], shown);
        assert.deepEqual(averagedAxes(one, kept), averagedAxes(other, kept), shown);
        assert.deepEqual([...groupCells(one.cells, kept)], [...groupCells(other.cells, kept)], shown);
      }
      for (const name of one.axes) assert.deepEqual(levelsOf(one, name), levelsOf(other, name), shown);
      for (const { value } of one.cells) {
        cells++;
        faulty += Number(Number.isNaN(value));
      }
    }
  }
  assert.ok(cells > 15_000 && faulty > 1500 && faulty < cells / 2, `${faulty} of ${cells}`);
});

test("files of columns are those of rows, byte for byte, and so is the digest of values", async (t) => {
  const folder = temporaryFolder(t);
  for (let seed = 1; seed <= 12; seed++) {
    const [inColumns, asRows] = bothWays(seed);
    assert.equal(valuesDigest(inColumns.rows), valuesDigest(asRows.rows));
    for (const format of ["csv", "json", "jsonl", "parquet"]) {
      const paths = [join(folder, `a.${format}`), join(folder, `b.${format}`)] as const;
      await saveResults(paths[0], savedResults(inColumns.rows, inColumns, noTokenTexts));
      await saveResults(paths[1], savedResults(asRows.rows, asRows, noTokenTexts));
      assert.ok(readFileSync(paths[0]).equals(readFileSync(paths[1])), `${seed} ${format}`);
    }
  }
});

test("a results file is kept for equal columns, and written again for any other", async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, "results.parquet");
  const numbers = seeded(7);
  const study = randomStudy(() => numbers.next(), "a");
  const tableOf = (rows: StudyRows) =>
    savedResults(
      resultTable([{ kind: "study", rows, from: 0, to: rows.length }]),
      { types: new Map([["e", type]]) },
      noTokenTexts,
    );
  const first = await keepResults(folder, path, tableOf(study));
  assert.equal(await keepResults(folder, path, tableOf(structuredClonePlain(study))), first);
  const changed = structuredClonePlain(study);
  changed.values[0] = (changed.values[0] ?? 0) + 1e-12;
  if (Number.isNaN(study.values[0])) changed.values[0] = 3;
  const others: readonly StudyRows[] = [
    changed,
    { ...study, labels: [["model", "c"]] },
    { ...study, texts: study.texts.map((labels) => labels.slice(0, 1)) },
    { ...study, measures: study.measures.map((measure) => ({ ...measure, unit: "bits" })) },
    { ...study, reasonOf: new Uint32Array(study.values.length).fill(2) },
  ];
  const digests = new Set([first]);
  for (const other of others) digests.add(await keepResults(folder, path, tableOf(other)));
  assert.equal(digests.size, others.length + 1);
});

function structuredClonePlain({ axesOf, ...plain }: StudyRows): StudyRows {
  return { ...structuredClone(plain), axesOf };
}
