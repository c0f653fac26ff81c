/** Graphs written otherwise, for engines that lack an operator or are asked for another element type of products. */
import { int, integerAttribute, ints } from "./attributes.js";
import { dataTypes } from "./data-types.js";
import type { ElementType, Graph, Initializer, OnnxNode } from "./graph.js";
import { producersIn } from "./producers.js";
import { valueRanks } from "./ranks.js";

/** Element types that products with weights may be computed in. */
export type ProductType = "float32" | "bfloat16" | "float16";

/**
 * The graph with MatMul, Transpose and Mul in place of FusedMatMul, which only some engines have. The same sums, of terms that
 * may be added in another order.
 *
 * @throws RangeError for a product of transposed batches, or of values of unknown rank, which atlasc does not emit
 */
export function withoutFusedProducts(graph: Graph): Graph {
  if (!graph.nodes.some((node) => node.op === "FusedMatMul")) return graph;
  const ranks = valueRanks(graph);
  const scales: Initializer[] = [];
  const nodes = graph.nodes.flatMap((node): readonly OnnxNode[] => {
    if (node.op !== "FusedMatMul") return [node];
    if (integerAttribute(node, "transBatchA", 0) !== 0 || integerAttribute(node, "transBatchB", 0) !== 0) {
      throw new RangeError("withoutFusedProducts: transposed batches");
    }
    const [a = "", b = ""] = node.inputs;
    const [output = ""] = node.outputs;
    const turns: OnnxNode[] = [];
    const turned = (name: string, side: "A" | "B"): string => {
      if (integerAttribute(node, `trans${side}`, 0) === 0) return name;
      const rank = ranks.get(name);
      if (rank === undefined || rank < 2) throw new RangeError(`withoutFusedProducts: the rank of "${name}"`);
      const order = Array.from({ length: rank }, (_, axis) => axis);
      [order[rank - 2], order[rank - 1]] = [rank - 1, rank - 2];
      const result = `${output}/turned ${side}`;
      turns.push(standard("Transpose", [name], result, { perm: ints(order) }));
      return result;
    };
    const inputs = [turned(a, "A"), turned(b, "B")];
    const alpha = node.attributes["alpha"];
    const scale = alpha?.kind === "float" ? alpha.value : 1;
    if (scale === 1) return [...turns, standard("MatMul", inputs, output)];
    const factor = `${output}/scale`;
    scales.push({ name: factor, type: "float32", shape: [], data: { kind: "inline", values: [scale] } });
    const unscaled = `${output}/unscaled`;
    return [...turns, standard("MatMul", inputs, unscaled), standard("Mul", [unscaled, factor], output)];
  });
  return { ...graph, nodes, initializers: [...graph.initializers, ...scales] };
}

/**
 * The graph with Tanh, Mul and Add in place of FastGelu, which only some engines have: x · (½ + ½ · tanh(x · (a + b · x²))). The inner
 * values are of the size of x.
 */
export function withoutFastGelu(graph: Graph): Graph {
  if (!graph.nodes.some((node) => node.op === "FastGelu")) return graph;
  const constants = { a: Math.sqrt(2 / Math.PI), b: 0.044715 * Math.sqrt(2 / Math.PI), half: 0.5 };
  const prefix = "FastGelu/";
  const initializers = Object.entries(constants).map(([name, value]): Initializer => {
    return { name: prefix + name, type: "float32", shape: [], data: { kind: "inline", values: [value] } };
  });
  const nodes = graph.nodes.flatMap((node): readonly OnnxNode[] => {
    if (node.op !== "FastGelu") return [node];
    const [input = "", bias = ""] = node.inputs;
    const [output = ""] = node.outputs;
    const made: OnnxNode[] = [];
    const step = (op: string, inputs: readonly string[], name = `${output}/gelu ${made.length}`): string => {
      made.push(standard(op, inputs, name));
      return name;
    };
    const x = bias === "" ? input : step("Add", [input, bias]);
    const inner = step("Add", [step("Mul", [step("Mul", [x, x]), `${prefix}b`]), `${prefix}a`]);
    const share = step("Mul", [step("Tanh", [step("Mul", [x, inner])]), `${prefix}half`]);
    step("Mul", [x, step("Add", [share, `${prefix}half`])], output);
    return made;
  });
  return { ...graph, nodes, initializers: [...graph.initializers, ...initializers] };
}

const products: ReadonlySet<string> = new Set(["MatMul", "FusedMatMul", "Gemm"]);

/** Operators through which a weight is still a weight. */
const rearranging: ReadonlySet<string> = new Set(["Cast", "Reshape", "Transpose"]);

/** Values of measures, which are computed in float32 whatever the model is. */
const measurePrefix = "measure";

/**
 * The graph with the products of activations and weights in another element type: what goes into them is rounded to it, and so
 * is what comes out; libraries add the terms in float32. All the rest (norms, softmax, products of attention, the residual
 * stream, measures) stays as it is. Weights that are stored in the type are read as they are.
 */
export function withProductsIn(graph: Graph, type: ProductType): Graph {
  if (type === "float32") return graph;
  const makers = producersIn(graph);
  const weights = new Map(
    graph.initializers.filter(({ data }) => data.kind === "external").map((own) => [own.name, own]),
  );
  const isWeight = (name: string): boolean => {
    if (weights.has(name)) return true;
    const maker = makers.get(name);
    return maker !== undefined && rearranging.has(maker.op) && isWeight(maker.inputs[0] ?? "");
  };
  const nodes = graph.nodes.flatMap((node): readonly OnnxNode[] => {
    const [a = "", b = "", ...others] = node.inputs;
    const [output = ""] = node.outputs;
    if (!products.has(node.op) || !isWeight(b) || isWeight(a) || output.startsWith(measurePrefix)) return [node];
    const rounded = `${output}/rounded`;
    const [left, right] = [`${rounded} A`, `${rounded} B`];
    const stored = makers.get(b);
    const isStored = stored?.op === "Cast" && weights.get(stored.inputs[0] ?? "")?.type === type;
    return [
      castNode(a, left, type),
      ...(isStored ? [] : [castNode(b, right, type)]),
      { ...node, inputs: [left, isStored ? (stored.inputs[0] ?? "") : right, ...others], outputs: [rounded] },
      castNode(rounded, output, "float32"),
    ];
  });
  return { ...graph, nodes };
}

function standard(
  op: string,
  inputs: readonly string[],
  output: string,
  attributes: OnnxNode["attributes"] = {},
): OnnxNode {
  return { op, domain: "", inputs, outputs: [output], attributes };
}

function castNode(from: string, to: string, type: ElementType): OnnxNode {
  return standard("Cast", [from], to, { to: int(dataTypes[type]) });
}
