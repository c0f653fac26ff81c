/** What is done with a graph when its derivatives stand in it changes no bit: loops are merged, and shapes taken from inputs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { differentiate } from "../../src/compiler/autodiff/differentiate.js";
import { tidied } from "../../src/compiler/autodiff/tidy.js";
import { int, subgraph } from "../../src/compiler/onnx/attributes.js";
import { createGraphBuilder } from "../../src/compiler/onnx/builder.js";
import { appendNodes } from "../../src/compiler/onnx/edit.js";
import { encodeModel } from "../../src/compiler/onnx/encode.js";
import type { Graph, OnnxNode } from "../../src/compiler/onnx/graph.js";
import { integers } from "../../src/compiler/onnx/lists.js";
import { assertGraph } from "../../src/compiler/onnx/verify.js";

/** Σ over rows and positions of log-softmax entries, made by a loop over the positions, and its gradient; `metric` of the sum. */
function lossWithGradient(metric: "plain" | "exponential"): Graph {
  const builder = createGraphBuilder("loss");
  const x = builder.input("x", "float32", ["row", "pos", 5]);
  const step = createGraphBuilder("step");
  const own = step.input("step/x", "float32", ["places", 5]);
  const log = step.scope("step").node("LogSoftmax", [own], { axis: int(-1) });
  const body = step.finish([{ name: log, type: "float32", shape: ["places", 5] }]);
  const scanned = builder.node("Scan", [x], { num_scan_inputs: int(1), body: subgraph(body) });
  const shorter = builder.node("Slice", [
    scanned,
    integers(builder, 1),
    integers(builder, 2 ** 31 - 1),
    integers(builder, 1),
  ]);
  const flat = builder.node("Reshape", [shorter, integers(builder, -1)]);
  const sum = builder.node("ReduceSum", [flat], { keepdims: int(0) });
  const target = metric === "plain" ? sum : builder.node("Exp", [sum]);
  const graph = builder.finish();
  const gradients = differentiate(graph, target, [x], "gradient/");
  const outputs = [target, gradients.of.get(x) ?? ""];
  const named = outputs.map((name, i): OnnxNode => ({
    op: "Identity",
    domain: "",
    inputs: [name],
    outputs: [`out${i}`],
    attributes: {},
  }));
  return {
    ...appendNodes(graph, [...gradients.nodes, ...named], gradients.constants),
    outputs: named.map(({ outputs: [name = ""] }, i) => ({
      name,
      type: "float32",
      shape: i === 0 ? [] : ["a", "b", 5],
    })),
  };
}

async function valuesOf(graph: Graph): Promise<readonly (readonly number[])[]> {
  const session = await InferenceSession.create(encodeModel(assertGraph(graph)), { graphOptimizationLevel: "basic" });
  const data = Float32Array.from({ length: 2 * 3 * 5 }, (_, i) => Math.sin(i));
  const results = await session.run({ x: new Tensor("float32", data, [2, 3, 5]) });
  return ["out0", "out1"].map((name) => Array.from(results[name]?.data as Float32Array));
}

const loops = ({ nodes }: Graph): number => nodes.filter(({ op }) => op === "Scan").length;

test("a loop and the loop of its gradient become one, with the same bits", async () => {
  const graph = lossWithGradient("plain");
  const tidy = tidied(graph);
  assert.deepEqual([loops(graph), loops(tidy)], [2, 1]);
  assert.deepEqual(await valuesOf(tidy), await valuesOf(graph));
});

test("a loop whose gradient needs its result stays before the gradient's", async () => {
  const graph = lossWithGradient("exponential");
  const tidy = tidied(graph);
  assert.deepEqual([loops(graph), loops(tidy)], [2, 2]);
  assert.deepEqual(await valuesOf(tidy), await valuesOf(graph));
});
