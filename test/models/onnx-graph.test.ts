import assert from "node:assert/strict";
import { test } from "node:test";
import { float, int, ints, text } from "../../src/compiler/onnx/attributes.js";
import { createGraphBuilder } from "../../src/compiler/onnx/builder.js";
import { decodeModel } from "../../src/compiler/onnx/decode.js";
import {
  addOutput,
  appendNodes,
  eliminateDeadNodes,
  gateNames,
  insertGate,
  replaceByInput,
} from "../../src/compiler/onnx/edit.js";
import { encodeModel } from "../../src/compiler/onnx/encode.js";
import type { Graph } from "../../src/compiler/onnx/graph.js";
import { verifyGraph } from "../../src/compiler/onnx/verify.js";

/** a → double → square → (out), with a dead branch. */
function example(): Graph {
  const builder = createGraphBuilder("example");
  const a = builder.input("a", "float32", ["row", 3]);
  const two = builder.constant("float32", [], [2]);
  const double = builder.node("Mul", [a, two], {}, "double");
  const square = builder.scope("inner").node("Mul", [double, double]);
  builder.node("Add", [square, builder.constant("float32", [3], [0.1, 0.2, 0.3])], {}, "dead");
  builder.external("weights", "bfloat16", [2, 2], { file: "w.safetensors", offset: 80, length: 8 });
  return builder.finish([{ name: square, type: "float32", shape: ["row", 3] }]);
}

test("builder: readable unique names, equal constants once", () => {
  const builder = createGraphBuilder("names");
  const a = builder.input("a", "float32", ["row"]);
  assert.equal(builder.node("Abs", [a]), "Abs");
  assert.equal(builder.node("Abs", [a]), "Abs_2");
  assert.equal(builder.scope("layer.0").scope("mlp").node("Abs", [a]), "layer.0/mlp/Abs");
  assert.equal(builder.constant("int64", [2], [0, -1]), "constant/int64[2]=0,-1");
  assert.equal(builder.constant("int64", [2], [0, -1]), "constant/int64[2]=0,-1");
  assert.equal(builder.finish().initializers.length, 1);
  assert.throws(() => builder.node("Abs", [a], {}, "Abs"), /taken/);
  assert.throws(() => builder.node("Frobnicate", [a]), /operator table/);
  assert.throws(() => builder.constant("float32", [], [Infinity]), /finite/);
  assert.throws(() => builder.constant("float32", [2], [1]), /shape/);
});

test("encode and decode are inverse, also through JSON", () => {
  const graph = example();
  const attributes = { axis: int(-1), perm: ints([1, 0]), alpha: float(0.1), mode: text("über") };
  const [first] = graph.nodes;
  assert.ok(first !== undefined);
  const nodes = [...graph.nodes, { ...first, outputs: ["more"], attributes }];
  const odd = { ...graph, nodes };
  assert.deepEqual(decodeModel(encodeModel(odd)), odd);
  assert.deepEqual(JSON.parse(JSON.stringify(odd)), odd);
});

test("the verifier accepts what we build and names every fault", () => {
  const graph = example();
  assert.deepEqual(verifyGraph(graph), []);
  const [first, second] = graph.nodes;
  assert.ok(first !== undefined && second !== undefined);
  const faultsOf = (change: Partial<Graph>): string => verifyGraph({ ...graph, ...change }).join("; ");
  assert.match(faultsOf({ nodes: [second, first] }), /reads "double", which is not defined yet/);
  assert.match(faultsOf({ nodes: [...graph.nodes, first] }), /"double" is defined more than once/);
  assert.match(faultsOf({ outputs: [{ name: "x", type: "float32", shape: [] }] }), /output "x" does not exist/);
  assert.match(faultsOf({ outputs: [...graph.outputs, ...graph.outputs] }), /listed more than once/);
  assert.match(faultsOf({ nodes: [{ ...first, op: "Frobnicate" }, ...graph.nodes.slice(1)] }), /unknown operator/);
  assert.match(faultsOf({ nodes: [{ ...first, inputs: ["a"] }, ...graph.nodes.slice(1)] }), /has 1 inputs/);
  const attributed = { ...first, attributes: { axis: int(0) } };
  assert.match(faultsOf({ nodes: [attributed, ...graph.nodes.slice(1)] }), /no attribute axis/);
  const input = { name: "weights", type: "bfloat16" as const, shape: [2, 2] };
  assert.match(faultsOf({ inputs: [...graph.inputs, input] }), /both an input and an initializer/);
});

test("dead code goes, with its constants, initializers and inputs", () => {
  const graph = eliminateDeadNodes(example());
  assert.deepEqual(
    graph.nodes.map((node) => node.outputs[0]),
    ["double", "inner/Mul"],
  );
  assert.equal(graph.initializers.length, 1);
  assert.deepEqual(eliminateDeadNodes({ ...graph, outputs: [] }).inputs, []);
});

test("a gate redirects every reader and keeps the graph well formed; edits leave their argument alone", () => {
  const graph = example();
  const before = JSON.stringify(graph);
  const gated = insertGate(graph, "double", "k", 2);
  const names = gateNames("double", "k");
  assert.deepEqual(verifyGraph(gated), []);
  const readers = gated.nodes.filter((node) => node.inputs.includes("double")).map((node) => node.outputs[0]);
  assert.deepEqual(readers, [names.gated, "gate/k/difference", "gate/k/difference/none"]);
  assert.deepEqual(gated.nodes.find((node) => node.outputs[0] === "inner/Mul")?.inputs, [names.gated, names.gated]);
  const clean = eliminateDeadNodes(gated);
  assert.ok(!clean.nodes.some((node) => node.outputs[0] === names.change));
  assert.deepEqual(
    clean.inputs.map((input) => input.name),
    ["a", names.mask, names.replacement],
  );
  assert.equal(JSON.stringify(graph), before);
  assert.throws(() => insertGate(graph, "nowhere", "k", 2), /no value "nowhere"/);
});

test("a gate on a graph input, and two gates in a row of one graph", () => {
  const graph = insertGate(insertGate(example(), "a", "first", 2), "double", "second", 2);
  assert.deepEqual(verifyGraph(graph), []);
});

test("outputs, appended nodes and segment starts", () => {
  const graph = example();
  const info = { name: "tapped weights", type: "bfloat16" as const, shape: [2, 2] };
  const tapped = addOutput(addOutput(graph, "weights", info), "double", {
    name: "double",
    type: "float32",
    shape: ["row", 3],
  });
  assert.deepEqual(verifyGraph(tapped), []);
  assert.equal(tapped.nodes.at(-1)?.op, "Identity");
  const cut = eliminateDeadNodes(replaceByInput(graph, "double", "float32", ["row", 3]));
  assert.deepEqual(verifyGraph(cut), []);
  assert.deepEqual(
    cut.inputs.map((input) => input.name),
    ["double"],
  );
  const constant = graph.initializers.filter((initializer) => initializer.data.kind === "inline");
  const more = appendNodes(
    graph,
    [{ op: "Abs", domain: "", inputs: ["double"], outputs: ["size"], attributes: {} }],
    constant,
  );
  assert.deepEqual(verifyGraph(more), []);
  assert.equal(more.initializers.length, graph.initializers.length);
});
