/** Models with measures and gates in them, before any pass: graphs whose outputs are named by their measures. */
import { Tensor } from "onnxruntime-node";
import type { MeasureExpression } from "../../src/compiler/ir/expression.js";
import { lowerMeasure } from "../../src/compiler/lower/measure.js";
import type { ModelFacts, ModelGraph } from "../../src/compiler/models/model.js";
import { siteKey, sites, type SiteReference } from "../../src/compiler/models/sites.js";
import { createGraphBuilder } from "../../src/compiler/onnx/builder.js";
import {
  addOutput,
  appendNodes,
  eliminateDeadNodes,
  gateNames,
  insertGate,
  replaceByInput,
} from "../../src/compiler/onnx/edit.js";
import { int } from "../../src/compiler/onnx/attributes.js";
import type { Graph, ValueInfo } from "../../src/compiler/onnx/graph.js";
import { protocolOf, wordTokenizer } from "../check/compiling.js";

/** The model of `facts` under the name m, and texts with answers; what is measured is read from `measures`. */
const head = `model m from "m"
prompts p from "pairs.jsonl" text "text" answer "answer" distractor "distractor"
experiment e with p measure `;

const files = {
  "pairs.jsonl": `${JSON.stringify({ text: "one two three", answer: "four", distractor: "five" })}\n`,
};

/** The expressions of measures in the language, `logits[answer] at last as x, loss`. */
export function expressionsOf(facts: ModelFacts, measures: string): readonly MeasureExpression[] {
  const around = { models: { "*": { ...facts, tokenizer: wordTokenizer } }, files };
  return protocolOf(head + measures, around).studies.flatMap((study) => study.measures.map((m) => m.expression));
}

/** The model with a site taken row by row from an input, of which no dimension is known, as plans take sites. */
export function takingSite(model: ModelGraph, site: SiteReference): ModelGraph {
  const value = model.values[siteKey(site)] ?? "";
  const shape = Array.from({ length: 1 + sites[site.site].axes.length }, (_, i) => `start/${value}.${i}`);
  const graph = replaceByInput(model.graph, value, "float32", shape);
  const inputs: ValueInfo[] = [
    ...graph.inputs.filter(({ name }) => name !== value),
    { name: `start/${value}`, type: "float32", shape },
    { name: "start/rows", type: "int64", shape: ["row"] },
  ];
  const gather = { op: "Gather", domain: "" as const, attributes: { axis: int(0) } };
  const taken = { ...gather, inputs: [`start/${value}`, "start/rows"], outputs: [value] };
  return { ...model, graph: { ...graph, inputs, nodes: [taken, ...graph.nodes] } };
}

/** The model with a gate at each of these sites and the measures as outputs `0`, `0/fault`, `1` …. */
export function measuredGraph(
  model: ModelGraph,
  expressions: readonly MeasureExpression[],
  gates: readonly SiteReference[] = [],
): Graph {
  let { graph } = model;
  const values = new Map(Object.entries(model.values));
  for (const gate of gates) {
    const key = siteKey(gate);
    const value = values.get(key) ?? "";
    graph = insertGate(graph, value, key, 1 + sites[gate.site].axes.length);
    values.set(key, gateNames(value, key).gated);
  }
  const inputs = new Map<string, ValueInfo>();
  const builder = createGraphBuilder("measures");
  const lowered = expressions.map((expression) =>
    lowerMeasure(builder, expression, {
      site: (site) => values.get(siteKey(site)) ?? "",
      parameter: (name) => model.parameters[name] ?? "",
      ids: () => "input_ids",
      text(quantity) {
        const name = `text/${quantity}`;
        inputs.set(name, { name, type: "float32", shape: ["row"] });
        return name;
      },
    }),
  );
  const { nodes, initializers } = builder.finish();
  graph = appendNodes(graph, nodes, initializers);
  graph = { ...graph, inputs: [...graph.inputs, ...inputs.values()] };
  lowered.forEach(({ output: { value, fault, type } }, i) => {
    const shape = ["row", ...type.axes.map((axis) => `${i}.${axis.name}`)];
    graph = addOutput(graph, value, { name: `${i}`, type: "float32", shape });
    if (fault !== null) graph = addOutput(graph, fault, { name: `${i}/fault`, type: "int32", shape });
  });
  for (const gate of gates) {
    const { change } = gateNames("", siteKey(gate));
    graph = addOutput(graph, change, { name: change, type: "float32", shape: ["row"] });
  }
  return eliminateDeadNodes(graph);
}

/** Feeds for every input of such a graph: gates that replace every second position by 0.5, tokens 3 and 4 as answers. */
export function feedsFor(graph: Graph, rows: readonly (readonly number[])[]): Record<string, Tensor> {
  const positions = rows[0]?.length ?? 0;
  const feeds: Record<string, Tensor> = {
    input_ids: new Tensor("int64", BigInt64Array.from(rows.flat(), BigInt), [rows.length, positions]),
  };
  for (const { name, shape } of graph.inputs) {
    const rank = shape.length;
    if (name.endsWith("/mask")) {
      const mask = Uint8Array.from({ length: positions }, (_, i) => i % 2);
      feeds[name] = new Tensor("bool", mask, [1, positions, ...Array.from({ length: rank - 2 }, () => 1)]);
    } else if (name.endsWith("/replacement")) {
      const ones = Array.from({ length: rank }, () => 1);
      feeds[name] = new Tensor("float32", Float32Array.of(0.5), ones);
    } else if (name.startsWith("text/")) {
      const token = name === "text/answer" ? 3 : 4;
      feeds[name] = new Tensor("float32", new Float32Array(rows.length).fill(token), [rows.length]);
    }
  }
  return feeds;
}
