/** Measures of documents: windows put together give what the whole document would. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { cutWindows, firstScored } from "../../src/compiler/check/texts/windows.js";
import type { MeasureExpression } from "../../src/compiler/ir/expression.js";
import type { GraphOutput, GraphPlan, PlanRow } from "../../src/compiler/ir/plan.js";
import type { Study, TokenizedTexts } from "../../src/compiler/ir/protocol.js";
import type { TensorType } from "../../src/compiler/ir/tensor-type.js";
import { siteKey, type SiteName } from "../../src/compiler/models/sites.js";
import { documentParts, soundParts } from "../../src/compiler/operations/documents.js";
import type { ReferenceTensor } from "../../src/compiler/operations/operation.js";
import { reasonsOf } from "../../src/compiler/operations/reasons.js";
import { evaluateReference } from "../../src/compiler/operations/reference.js";
import { logOfSoftmax } from "../../src/compiler/passes/log-of-softmax.js";
import { resultTable } from "../../src/compiler/ir/result-table.js";
import type { ResultType } from "../../src/compiler/ir/result-type.js";
import { collectDocuments, documentAxes } from "../../src/compiler/results/corpus.js";
import { studyBuilder } from "../../src/compiler/results/study-builder.js";
import type { UnitTensors } from "../../src/compiler/results/cells.js";
import { createExpression } from "./expressions.js";
import { axes, createRandom, real } from "./support.js";

const shorter = { kind: "positions", minus: 1 } as const;

/** What a model yields at each position: a loss, a vector, and two small vectors. */
const leaves = [
  { site: "nll", layer: null, type: real(axes(["pos", shorter]), "none") },
  { site: "final", layer: null, type: real(axes(["pos", shorter], ["d_model", 3])) },
  { site: "z", layer: 0, type: real(axes(["head", 2], ["pos", shorter], ["d_head", 2])) },
] as const satisfies readonly { site: SiteName; layer: number | null; type: TensorType }[];

const operations = ["add", "multiply", "divide", "log", "sqrt", "less", "where"];
const reductions = ["sum", "mean", "max", "min", "var", "std", "norm"];
const limit = 6;
const constants = [1, 2, limit];

/** A random expression of which windows can be put together. */
function build(random: () => number): MeasureExpression {
  const expression = createExpression();
  for (const leaf of leaves) expression.site(leaf.site, leaf.layer, leaf.type);
  for (const value of constants) expression.constant(value);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  // A sixth of the entries of these have a reason instead of a value.
  const failing = leaves.map((_, leaf) =>
    expression.operation("where", [
      leaf,
      expression.operation("less", [leaf, leaves.length + constants.indexOf(limit)]),
    ]),
  );
  let result = pick([0, 1, 2, ...failing]);
  for (let step = 0; step < 7; step++) {
    const type = expression.nodes[result]?.type;
    const names = type?.axes.map((axis) => axis.name) ?? [];
    const reduce = names.length > 0 && random() < 0.4;
    const operation = reduce ? pick(reductions) : pick(operations);
    const other = Math.floor(random() * expression.nodes.length);
    const over = names.filter(() => random() < 0.5);
    const made = reduce
      ? expression.tryOperation(operation, [result], { over })
      : expression.tryOperation(operation, ["log", "sqrt"].includes(operation) ? [result] : [result, other]);
    if (typeof made !== "number") continue;
    if ("fault" in documentParts(expression.finish(made), "c")) continue;
    result = made;
  }
  return expression.finish(result);
}

interface Layout {
  readonly tokens: number;
  readonly window: number;
  readonly stride: number;
  readonly bos: boolean;
}

/** The value of a site for some tokens; `null` stands for a place that no one should look at. */
function siteValue(
  type: TensorType,
  values: readonly (readonly number[] | null)[],
  random: () => number,
): ReferenceTensor {
  const sizes = type.axes.map((axis) => ({
    name: axis.name,
    size: axis.extent.kind === "fixed" ? axis.extent.size : values.length,
  }));
  const position = sizes.findIndex((axis) => axis.name === "pos");
  const count = sizes.reduce((product, axis) => product * axis.size, 1);
  const inner = sizes.slice(position + 1).reduce((product, axis) => product * axis.size, 1);
  const data = Float64Array.from({ length: count }, (_, i) => {
    const outer = Math.floor(i / (inner * values.length));
    const own = values[Math.floor(i / inner) % values.length];
    // Context of other windows: anything, 0 and negative numbers among it.
    return own == null ? Math.floor(random() * 9) - 4 : (own[outer * inner + (i % inner)] ?? Number.NaN);
  });
  return { axes: sizes, data, fault: null };
}

/** The document's value by its windows, and at once. */
function bothWays(expression: MeasureExpression, layout: Layout, random: () => number) {
  const { tokens, window, stride, bos } = layout;
  const first = firstScored(bos);
  const perToken = leaves.map(({ type }) => {
    const size = type.axes.reduce((product, a) => product * (a.extent.kind === "fixed" ? a.extent.size : 1), 1);
    return Array.from({ length: tokens }, () => Array.from({ length: size }, () => 1 + Math.floor(random() * 6)));
  });
  const sitesOf = (places: readonly (number | null)[]) => {
    const made = new Map(
      leaves.map(({ site, layer, type }, l) => [
        siteKey({ site, layer }),
        siteValue(
          type,
          places.map((t) => (t === null ? null : (perToken[l]?.[t] ?? null))),
          random,
        ),
      ]),
    );
    return ({ site, layer }: { site: SiteName; layer: number | null }): ReferenceTensor => {
      const value = made.get(siteKey({ site, layer }));
      assert.ok(value !== undefined);
      return value;
    };
  };
  const scored = Array.from({ length: tokens - first }, (_, i) => i + first);
  const expected = evaluateReference(expression, sitesOf(scored));

  const windows = cutWindows(tokens, window, stride, bos);
  const parts = soundParts(expression, "c");
  const outputs = parts.map((part, i): GraphOutput => ({
    name: `measure/${i}`,
    fault: `measure/${i}/fault`,
    cause: null,
    reasons: reasonsOf(part.expression),
    type: part.type,
    expression: logOfSoftmax(part.expression),
  }));
  const result = expression.nodes[expression.result];
  assert.ok(result !== undefined);
  const axes = result.type.axes.map(({ name }) => ({ name: name === "pos" ? "position" : name, origin: null }));
  const study = {
    coordinates: {},
    facts: {},
    measures: [{ metric: "m", coordinates: {}, expression, type: result.type, axes }],
    conditions: [{ coordinates: {}, writes: [] }],
  } as unknown as Study;
  const size = { tokens: tokens - first, bytes: 9, words: 4 };
  const texts = {
    name: "c",
    bos,
    prompts: windows.map(({ scored: count }, index) => ({ index, numbers: { ...size, scored: count } })),
    documents: [
      {
        number: 0,
        group: null,
        fields: {},
        columns: {},
        ...size,
        windows: windows.map((_, i) => i),
        starts: windows.map((w) => w.end - w.scored),
      },
    ],
  } as unknown as TokenizedTexts;
  const settings = { whole: false, restrictPositions: false, chunkAttention: false, streamLoss: false };
  const graph: GraphPlan = { id: "", model: "", start: 0, inputs: [], gates: [], outputs, settings };
  const collector = collectDocuments(study, texts);
  // Windows arrive in any order, those of one length together.
  for (const [index, { begin, end, scored: count }] of [...windows.entries()].reverse()) {
    // A prediction for every token of the window but its first id.
    const predicted = Array.from({ length: end - begin - first }, (_, i) => begin + first + i);
    const places = predicted.map((t) => (t >= end - count ? t : null));
    const sites = sitesOf(places);
    const tensors: Record<string, UnitTensors[string]> = {};
    for (const output of outputs) {
      const {
        axes: made,
        data,
        fault,
      } = evaluateReference(output.expression, sites, undefined, {
        texts: { ...size, scored: count },
      });
      const dims = [1, ...made.map((axis) => axis.size)];
      tensors[output.name] = { dims, data };
      tensors[output.fault ?? ""] = { dims, data: fault ?? new Int32Array(data.length) };
    }
    const row: PlanRow = { prompt: index, condition: 0 };
    collector.add([row], tensors, graph);
  }
  const type = { experiment: "e", axes: [], columns: [], metrics: [], texts: ["c"], intervened: false };
  const builder = studyBuilder(study, type satisfies ResultType, texts, documentAxes(study, texts));
  collector.fill(builder);
  const rows = builder.rows([]);
  const cells = [...resultTable([{ kind: "study", rows, from: 0, to: rows.length }])];
  return { cells, expected, reasons: reasonsOf(expression), first };
}

test("random measures: the windows together are the document", () => {
  const random = createRandom(20);
  let failed = 0;
  let places = 0;
  const kinds = new Set<string>();
  for (let i = 0; i < 600; i++) {
    const expression = build(random);
    for (const part of soundParts(expression, "c")) kinds.add(part.kind);
    const window = 2 + Math.floor(random() * 6);
    const layout: Layout = {
      tokens: 2 + Math.floor(random() * 12),
      window,
      stride: 1 + Math.floor(random() * window),
      bos: random() < 0.5,
    };
    const { cells, expected, reasons } = bothWays(expression, layout, random);
    const shown = JSON.stringify({ layout, nodes: expression.nodes.slice(12), result: expression.result });
    assert.equal(cells.length, expected.data.length, shown);
    for (const [place, { value, reason }] of cells.entries()) {
      const wanted = expected.data[place] ?? Number.NaN;
      const fault = expected.fault?.[place] ?? 0;
      assert.equal(reason, fault > 0 ? reasons[fault - 1] : null, shown);
      if (fault > 0) failed++;
      // Sums in another order, in float64.
      else assert.ok(Math.abs(value - wanted) <= 1e-9 * Math.max(1, Math.abs(wanted)), `${value} ${wanted} ${shown}`);
      places++;
    }
  }
  assert.ok(failed > 100 && places - failed > 1000, `${failed} of ${places} places have a reason`);
  assert.deepEqual(
    [...kinds].sort(),
    ["max", "mean", "min", "positions", "same", "sum"].filter((k) => k !== "same"),
  );
});

test("positions of a value per token are the tokens' numbers", () => {
  const expression = createExpression();
  const nll = expression.site("nll", null, leaves[0].type);
  for (const bos of [false, true]) {
    const layout = { tokens: 7, window: 4, stride: 2, bos };
    const { cells, first } = bothWays(expression.finish(nll), layout, createRandom(1));
    assert.deepEqual(
      cells.map(({ axes: { position } }) => ({ position })),
      // The first token of the text is not predicted; with BOS before it, its position is 1.
      Array.from({ length: 7 - first }, (_, i) => ({ position: 1 + i })),
    );
  }
});

test("what relates positions to each other, or picks them by their places, is refused", () => {
  const refused = (make: (e: ReturnType<typeof createExpression>) => number): string => {
    const expression = createExpression();
    const parts = documentParts(expression.finish(make(expression)), "c");
    return "fault" in parts ? parts.fault : "";
  };
  const pattern = real(axes(["head", 2], "query", "key"));
  const residual = real(axes("pos", ["d_model", 3]));
  assert.equal(
    refused((e) => e.operation("mean", [e.site("pattern", 0, pattern)], { over: ["query", "key"] })),
    "`pattern` relates positions to each other",
  );
  assert.equal(
    refused((e) => e.operation("at", [e.site("final", null, residual)], { index: -1 })),
    "`at` takes positions by their places",
  );
  assert.equal(
    refused((e) => e.operation("last", [e.site("final", null, residual)], { count: 4 })),
    "`last` relates positions to each other",
  );
  assert.equal(
    refused((e) => e.operation("gram", [e.site("final", null, residual)], { row: "pos" })),
    "`gram` relates positions to each other",
  );
  assert.equal(
    refused((e) => e.operation("gram", [e.site("final", null, residual)], { row: "d_model" })),
    "`gram` takes positions by their places",
  );
  for (const over of [["pos"], ["pos", "d_model"], []]) {
    assert.equal(
      refused((e) => e.operation("softmax", [e.site("final", null, residual)], { over })),
      "`softmax` takes positions by their places",
    );
  }
  assert.equal(
    refused((e) => e.operation("softmax", [e.site("final", null, residual)], { over: ["d_model"] })),
    "",
  );
});
