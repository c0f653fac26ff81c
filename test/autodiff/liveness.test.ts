/** Memory and arithmetic of graphs, counted from the graphs, against counts by hand. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { peakBytesOf, productFlopsOf } from "../../src/compiler/lower/liveness.js";
import { int, subgraph } from "../../src/compiler/onnx/attributes.js";
import { createGraphBuilder } from "../../src/compiler/onnx/builder.js";

test("a value lives from the node that makes it to the last one that reads it", () => {
  const builder = createGraphBuilder("chain");
  const x = builder.input("x", "float32", ["row", "pos", 4]);
  const kept = builder.node("Transpose", [x], {});
  const turned = builder.node("Transpose", [kept], {});
  const exp = builder.node("Exp", [turned]);
  builder.node("Mul", [exp, exp], {}, "y");
  builder.node("Identity", [kept], {}, "z");
  const graph = builder.finish([
    { name: "y", type: "float32", shape: ["row", "pos", 4] },
    { name: "z", type: "float32", shape: [4, "pos", "row"] },
  ]);
  // `kept` to the end, and beside it one value that becomes the next in its place.
  assert.equal(peakBytesOf(graph, 64)(3, 5), 2 * 4 * (3 * 5 * 4));
});

test("a loop holds a chunk at a time, and multiplies for all its places", () => {
  const builder = createGraphBuilder("loop");
  const x = builder.input("x", "float32", ["row", "pos", 2]);
  const step = createGraphBuilder("step");
  const own = step.input("step/x", "float32", ["step.place", 2]);
  const product = step.scope("step").node("MatMul", [own, "w"]);
  const body = step.finish([{ name: product, type: "float32", shape: ["step.place", 10] }]);
  builder.node("Scan", [x], { num_scan_inputs: int(1), body: subgraph(body) }, "y");
  const graph = builder.finish([{ name: "y", type: "float32", shape: ["row", "pos", 10] }]);
  const weight = { name: "w", type: "float32" as const, shape: [2, 10], data: { kind: "inline" as const, values: [] } };
  const whole = { ...graph, initializers: [...graph.initializers, weight] };
  // All of the result, and a chunk of 8 places while it is made.
  assert.equal(peakBytesOf(whole, 8)(4, 6), 4 * 10 * (4 * 6 + 8));
  assert.equal(productFlopsOf(whole)(4, 6), 2 * 4 * 6 * 2 * 10);
});
