/** Which weights a part of a model consists of, found in the model's graph: the same for every family. */
import { headParts, type CurvaturePart } from "../ir/curvature.js";
import type { DifferentiatedWeight } from "./hessian-products.js";
import type { ModelGraph } from "../models/model.js";
import { siteKey, type SiteName } from "../models/sites.js";
import { createGraphBuilder } from "../onnx/builder.js";
import { elementTypes } from "../onnx/element-types.js";
import type { Graph, OnnxNode } from "../onnx/graph.js";
import { integers } from "../onnx/lists.js";
import { producersIn } from "../onnx/producers.js";

/** A weight by the checkpoint's name, and the value of the graph that stands for it. */
export interface BlockWeight extends DifferentiatedWeight {
  readonly name: string;
}

/** Weights with respect to which is differentiated, in the order in which their entries make one vector. */
export interface WeightBlock {
  /** The model; with an increment of 0 added to a matrix where the block is a part of it. */
  readonly graph: Graph;
  readonly weights: readonly BlockWeight[];
  /** Of a block whose entries belong to heads: `stride` entries of the first, as many of the next, and so round and round. */
  readonly heads: { readonly count: number; readonly stride: number } | null;
}

/** The block of a part, of one layer or of the model; or why there is none, in a sentence without a full stop. */
export function weightBlock(model: ModelGraph, part: CurvaturePart, layer: number | null): WeightBlock | string {
  if (headParts.has(part)) return headMatrix(model, part, layer ?? 0);
  const { graph } = model;
  const found = namesOf(model, part, layer);
  if (typeof found === "string") return found;
  const types = elementTypes(graph);
  const weights: BlockWeight[] = [];
  for (const { name, shape, data } of graph.initializers) {
    if (data.kind !== "external" || !found.has(name)) continue;
    const value = asFloat32(graph, name, types);
    if (value === null) {
      const type = types.get(name) ?? "?";
      const state = type === "float32" ? "rounded to the dtype" : `stored as ${type}`;
      const when = type === "float32" ? "that" : "they become float32";
      return `${name} is ${state}, and its rows are chosen before ${when}`;
    }
    weights.push({ name, value, shape });
  }
  if (weights.length === 0) return "it has no weights there";
  return { graph, weights, heads: null };
}

function namesOf(model: ModelGraph, part: CurvaturePart, layer: number | null): ReadonlySet<string> | string {
  const { graph, values } = model;
  const at = (site: SiteName, of: number | null = layer): string => values[siteKey({ site, layer: of })] ?? "";
  switch (part) {
    case "all":
      return new Set(graph.initializers.map(({ name }) => name));
    case "embeddings":
      return behind(graph, at("embed", null), new Set());
    case "layer":
      return behind(graph, at("resid_post"), new Set([at("resid_pre")]));
    case "attention": {
      const input = productBefore(graph, at("v"), true)?.inputs[0];
      if (input === undefined) return "what its attention reads is not told by the graph";
      return behind(graph, at("attn_out"), new Set([input, at("resid_pre")]));
    }
    default: {
      const input = productBefore(graph, at("mlp_pre") || at("router_logits"), true)?.inputs[0];
      if (input === undefined) return "what its MLP reads is not told by the graph";
      return behind(graph, at("mlp_out"), new Set([input, at("resid_pre"), at("resid_mid")]));
    }
  }
}

/** Everything that a value is computed from, without going beyond the values in `stop`. */
function behind(graph: Graph, value: string, stop: ReadonlySet<string>): ReadonlySet<string> {
  const needed = new Set([value]);
  for (const node of [...graph.nodes].reverse()) {
    if (!node.outputs.some((output) => needed.has(output) && !stop.has(output))) continue;
    for (const input of node.inputs) needed.add(input);
  }
  return needed;
}

/**
 * The value that the model computes with in place of a stored weight: in float32, and behind the rounding to a dtype, through
 * which there is no derivative. Null where there is no single one.
 */
function asFloat32(graph: Graph, name: string, types: ReadonlyMap<string, string>): string | null {
  const readers = graph.nodes.filter(({ inputs }) => inputs.includes(name));
  if (types.get(name) === "float32" && !readers.some((node) => isRounded(graph, node, types))) return name;
  const [only, ...others] = readers;
  const [next] = only?.outputs ?? [];
  return only?.op !== "Cast" || others.length > 0 || next === undefined ? null : asFloat32(graph, next, types);
}

/** Whether what a node makes of a weight, or the rows that it chooses from one, are no float32 any more. */
function isRounded(graph: Graph, { op, outputs: [made = ""] }: OnnxNode, types: ReadonlyMap<string, string>): boolean {
  if (op === "Cast") return types.get(made) !== "float32";
  if (op !== "Gather") return false;
  return graph.nodes.some((node) => node.op === "Cast" && node.inputs.includes(made) && isRounded(graph, node, types));
}

/** What stands between a product with a weight and the site that it makes, where the site is linear in the weight. */
const linearSteps: ReadonlySet<string> = new Set(["Add", "Identity", "Reshape", "Split"]);
const products: ReadonlySet<string> = new Set(["FusedMatMul", "MatMul"]);

/**
 * The product of activations and a weight that a value comes from; null where anything but a bias or a change of shape
 * stands between. `anyStep`: whatever stands between.
 */
function productBefore(graph: Graph, value: string, anyStep = false): OnnxNode | null {
  const makers = producersIn(graph);
  for (let node = makers.get(value); node !== undefined; node = makers.get(node.inputs[0] ?? "")) {
    if (products.has(node.op)) return node;
    if (!anyStep && !linearSteps.has(node.op)) return null;
  }
  return null;
}

/**
 * One matrix of the attention of a layer: W_Q, W_K and W_V as [d_model, head · d_head], W_O as [head · d_head, d_model],
 * however the checkpoint stores them. The block is an increment of 0 that is added to the matrix: a derivative with
 * respect to it is one with respect to the matrix.
 */
function headMatrix(model: ModelGraph, part: CurvaturePart, layer: number): WeightBlock | string {
  const { graph, values, signature } = model;
  const { dModel, dHead } = signature;
  const count = headParts.get(part) === "head" ? signature.heads : signature.kvHeads;
  const width = count * dHead;
  const site = part === "W_O" ? "attn_out" : ({ W_Q: "q", W_K: "k", W_V: "v" } as const)[part as "W_Q"];
  const value = values[siteKey({ site, layer })] ?? "";
  const product = productBefore(graph, value, part === "W_O");
  const [x] = product?.inputs ?? [];
  const [made] = product?.outputs ?? [];
  if (x === undefined || made === undefined) return `${site} of layer ${layer} is not linear in ${part}`;
  const shape = part === "W_O" ? [width, dModel] : [dModel, width];
  const builder = createGraphBuilder("increment").scope(`increment/${part}`);
  const zero = builder.constant("float32", [], [0]);
  const increment = builder.node("Expand", [zero, integers(builder, ...shape)]);
  const added = builder.node("MatMul", [x, increment]);
  const target = part === "W_O" ? made : value;
  const shaped = part === "W_O" ? added : builder.node("Reshape", [added, integers(builder, 0, 0, count, dHead)]);
  const { nodes, initializers } = builder.finish();
  return {
    graph: withIncrement(graph, target, shaped, nodes, initializers),
    weights: [{ name: `${part}[${layer}]`, value: increment, shape }],
    heads: { count, stride: part === "W_O" ? dHead * dModel : dHead },
  };
}

/** The graph with a value increased; whatever read the value, or finds it by its name, gets the sum. */
function withIncrement(
  graph: Graph,
  value: string,
  increment: string,
  nodes: readonly OnnxNode[],
  constants: Graph["initializers"],
): Graph {
  const before = `${value}/without_increment`;
  const at = graph.nodes.findIndex(({ outputs }) => outputs.includes(value));
  const renamed = graph.nodes.slice(0, at + 1).map((node) => {
    return { ...node, outputs: node.outputs.map((output) => (output === value ? before : output)) };
  });
  const sum: OnnxNode = { op: "Add", domain: "", inputs: [before, increment], outputs: [value], attributes: {} };
  const known = new Set(graph.initializers.map(({ name }) => name));
  return {
    ...graph,
    nodes: [...renamed, ...nodes, sum, ...graph.nodes.slice(at + 1)],
    initializers: [...graph.initializers, ...constants.filter(({ name }) => !known.has(name))],
  };
}
