/**
 * Makes, digests, averages and writes a sweep of 200,000 values: run as a process of its own, with little memory. Prints
 * what came out as JSON.
 */
import { statSync } from "node:fs";
import { join } from "node:path";
import { evaluateResult } from "../../src/compiler/results/evaluate.js";
import { assembleResults } from "../../src/compiler/results/assemble.js";
import type { Measure, Protocol, SiteWrite, Study, TokenizedTexts } from "../../src/compiler/ir/protocol.js";
import type { GraphPlan, Plan, Unit } from "../../src/compiler/ir/plan.js";
import type { ResultType } from "../../src/compiler/ir/result-type.js";
import { resultSetOf } from "../../src/compiler/ir/results.js";
import { createExpression } from "../operations/expressions.js";
import { real } from "../operations/support.js";
import { noTokenTexts } from "../../src/runtime/report/token-texts.js";
import { keepResults } from "../../src/runtime/results-cache.js";
import { savedResults } from "../../src/runtime/saved-results.js";
import { valuesDigest } from "../../src/runtime/values-digest.js";

const [folder = "", count = "0"] = process.argv.slice(2);
const conditions = Number(count);
const prompts = 100;

const expression = createExpression();
const node = expression.site("nll", null, real([]));
const written = expression.finish(node);
const measure = {
  metric: "loss",
  coordinates: {},
  type: real([]),
  axes: [],
  expression: written,
} as unknown as Measure;
/** In a gate that the graph does not have: its change is not looked at. */
const write = { site: { site: "resid_pre", layer: 0 }, replacement: { kind: "zero" } } as unknown as SiteWrite;
const study: Study = {
  experiment: "sweep",
  model: "m",
  texts: "p",
  coordinates: {},
  facts: {},
  interventionSpan: null,
  conditions: Array.from({ length: conditions }, (_, c) => ({
    coordinates: c === 0 ? {} : { layer: c % 12, neuron: c },
    writes: c === 0 ? [] : [write],
  })),
  deferred: null,
  measures: [measure],
};
const texts = {
  name: "p",
  model: "m",
  documents: null,
  prompts: Array.from({ length: prompts }, (_, index) => ({
    index,
    group: null,
    fields: {},
    ids: [1, 2, 3],
    text: "",
  })),
} as unknown as TokenizedTexts;
const axis = (name: string, kind: "texts" | "intervention") => ({ name, kind, levels: null, of: [] }) as const;
const type: ResultType = {
  experiment: "sweep",
  axes: [axis("prompt", "texts"), axis("layer", "intervention"), axis("neuron", "intervention")],
  columns: [],
  metrics: [{ name: "loss", unit: "nats", element: "real", axes: ["prompt", "layer", "neuron"], normalised: false }],
  texts: ["p"],
  intervened: true,
};
const graph = {
  id: "g",
  model: "m",
  gates: [],
  outputs: [{ name: "y", fault: null, cause: null, reasons: [], type: real([]), expression: written }],
} as unknown as GraphPlan;
const units = study.conditions.map((_, condition): Unit => {
  const rows = texts.prompts.map((_prompt, prompt) => ({ prompt, condition }));
  return { id: `${condition}`, graph: "g", rows, positions: 3, prepacked: false };
});
const plan = { graphs: [graph], evaluations: [{ study: 0, unaffected: [], units }] } as unknown as Plan;
const protocol = { texts: [texts], studies: [study], results: [type], references: [] } as unknown as Protocol;

const { rows } = await assembleResults(protocol, plan, (id) => {
  const data = Float32Array.from({ length: prompts }, (_, prompt) => 1 + Number(id) * prompts + prompt);
  return Promise.resolve({ y: { dims: [prompts], data } });
});
const results = resultSetOf(protocol, rows);
const table = savedResults(rows, results, noTokenTexts);
const path = join(folder, "results.parquet");
await keepResults(folder, path, table);
await keepResults(folder, join(folder, "results.csv"), table);
const column = { kind: "column", experiment: "sweep", metric: "loss", column: "impact" } as const;
const means = evaluateResult(
  { kind: "reduce", operation: "mean", argument: column, over: ["prompt", "neuron"] },
  results,
);
process.stdout.write(
  JSON.stringify({
    rows: rows.length,
    values: valuesDigest(rows),
    means: [...means.cells],
    bytes: [path, join(folder, "results.csv")].map((file) => statSync(file).size),
  }),
);
