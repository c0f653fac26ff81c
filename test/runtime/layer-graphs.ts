/** A small network in layers, whole or cut anywhere, for tests of chains. */
import { encodeModel } from "../../src/compiler/onnx/encode.js";
import type { Graph, OnnxNode, ValueInfo } from "../../src/compiler/onnx/graph.js";
import type { ChainGraph } from "../../src/runtime/engine/chain.js";
import type { EngineTensors } from "../../src/runtime/engine/messages.js";

export const layerWidth = 16;

function node(op: string, inputs: readonly string[], output: string): OnnxNode {
  return { op, domain: "", inputs, outputs: [output], attributes: {} };
}

function constant(name: string, shape: readonly number[], seed: number): Graph["initializers"][number] {
  const size = shape.reduce((product, length) => product * length, 1);
  const values = Array.from({ length: size }, (_, i) => Math.fround(Math.sin(seed + 1.7 * i)));
  return { name, type: "float32", shape, data: { kind: "inline", values } };
}

function hidden(layer: number): ValueInfo {
  return { name: `h${layer}`, type: "float32", shape: ["row", layerWidth] };
}

const mask: ValueInfo = { name: "mask", type: "bool", shape: ["row", 1] };

/**
 * Layers `from` to `to` (not included): h(l+1) [row, 16] = tanh(h(l) · W(l) + b(l)), but layer 2 takes h1 for h2 in rows
 * where `mask` [row, 1] is set: it needs an input from outside and a value from further back. All hidden values are
 * outputs; `h1` is an input of a graph that has layer 2 and not layer 0.
 */
export function layersGraph(from: number, to: number): Graph {
  const layers = Array.from({ length: to - from }, (_, i) => from + i);
  const gated = layers.includes(2);
  const inputs = [hidden(from), ...(gated ? [mask] : []), ...(gated && from > 1 ? [hidden(1)] : [])];
  return {
    name: "layers",
    opset: 17,
    inputs,
    outputs: layers.map((layer) => hidden(layer + 1)),
    nodes: layers.flatMap((layer) => [
      ...(layer === 2 ? [node("Where", ["mask", "h1", "h2"], "gated")] : []),
      node("MatMul", [layer === 2 ? "gated" : `h${layer}`, `W${layer}`], `product${layer}`),
      node("Add", [`product${layer}`, `b${layer}`], `sum${layer}`),
      node("Tanh", [`sum${layer}`], `h${layer + 1}`),
    ]),
    initializers: layers.flatMap((layer) => [
      constant(`W${layer}`, [layerWidth, layerWidth], layer),
      constant(`b${layer}`, [layerWidth], layer + 0.5),
    ]),
  };
}

export function layersBytes(from: number, to: number): Uint8Array {
  return encodeModel(layersGraph(from, to));
}

/** The same as its session would report it. */
export function layersChainGraph(from: number, to: number): ChainGraph {
  return layersGraph(from, to);
}

/** Feeds of all layers together, for three rows; the mask is set in the second. */
export function layersFeeds(): EngineTensors {
  const data = Float32Array.from({ length: 3 * layerWidth }, (_, i) => Math.cos(i));
  return {
    h0: { type: "float32", dims: [3, layerWidth], data },
    mask: { type: "bool", dims: [3, 1], data: Uint8Array.of(0, 1, 0) },
  };
}

/** A graph that passes a value on under another name, [row, 256] f32. */
export function renamingGraph(from: string, to: string): Uint8Array {
  const value = (name: string): ValueInfo => ({ name, type: "float32", shape: ["row", 256] });
  const nodes = [node("Identity", [from], to)];
  return encodeModel({
    name: "rename",
    opset: 17,
    inputs: [value(from)],
    outputs: [value(to)],
    nodes,
    initializers: [],
  });
}

/** x [1, 256] repeated in `rows` rows as `to` [row, 256]. */
export function repeatingGraph(to: string, rows: number): Uint8Array {
  return encodeModel({
    name: "repeat",
    opset: 17,
    inputs: [{ name: "x", type: "float32", shape: [1, 256] }],
    outputs: [{ name: to, type: "float32", shape: ["row", 256] }],
    nodes: [node("Expand", ["x", "shape"], to)],
    initializers: [{ name: "shape", type: "int64", shape: [2], data: { kind: "inline", values: [rows, 256] } }],
  });
}

/** The largest value of `from` [row, 256], as `largest` [1, 1]. */
export function largestGraph(from: string): Uint8Array {
  return encodeModel({
    name: "largest",
    opset: 17,
    inputs: [{ name: from, type: "float32", shape: ["row", 256] }],
    outputs: [{ name: "largest", type: "float32", shape: [1, 1] }],
    nodes: [node("ReduceMax", [from], "largest")],
    initializers: [],
  });
}
