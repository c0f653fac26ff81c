/** The element type of every value of a graph. */
import { bodyOf } from "./attributes.js";
import type { ElementType, Graph, OnnxNode } from "./graph.js";

const truths: ReadonlySet<string> = new Set([
  "And",
  "Equal",
  "Greater",
  "GreaterOrEqual",
  "IsInf",
  "IsNaN",
  "Less",
  "LessOrEqual",
  "Not",
  "Or",
]);

const indices: ReadonlySet<string> = new Set(["ArgMax", "Shape"]);

/** ONNX's numbers of element types, as `Cast` writes them. */
const castTypes: Readonly<Record<number, ElementType>> = {
  1: "float32",
  6: "int32",
  7: "int64",
  9: "bool",
  10: "float16",
  11: "float64",
  16: "bfloat16",
};

/**
 * Name → element type: what an operator yields is decided by its kind or by its first input of values, as in ONNX's own
 * type constraints for the operators that atlasc emits (operators.ts).
 */
export function elementTypes(graph: Graph): ReadonlyMap<string, ElementType> {
  const types = new Map<string, ElementType>();
  for (const { name, type } of [...graph.inputs, ...graph.initializers]) types.set(name, type);
  for (const node of graph.nodes) {
    node.outputs.forEach((output, i) => types.set(output, resultOf(node, i, types)));
  }
  return types;
}

function resultOf(node: OnnxNode, output: number, types: ReadonlyMap<string, ElementType>): ElementType {
  if (truths.has(node.op)) return "bool";
  if (indices.has(node.op) || (node.op === "TopK" && output === 1)) return "int64";
  if (node.op === "Cast") {
    const to = node.attributes["to"];
    const type = to?.kind === "int" ? castTypes[to.value] : undefined;
    if (type === undefined) throw new RangeError(`elementTypes: Cast "${node.outputs[0] ?? ""}" to an unknown type`);
    return type;
  }
  const body = node.op === "Scan" ? bodyOf(node) : null;
  if (body !== null) return body.outputs[output]?.type ?? "float32";
  const from = node.inputs[node.op === "Where" ? 1 : 0] ?? "";
  const type = types.get(from);
  if (type === undefined) throw new RangeError(`elementTypes: ${node.op} reads "${from}", which has no type`);
  return type;
}
