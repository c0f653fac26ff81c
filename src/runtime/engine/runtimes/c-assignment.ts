/** Which nodes of a session its device does not compute, and whether that is as it should be. */
import { elementTypes } from "../../../compiler/onnx/element-types.js";
import type { Graph, OnnxNode } from "../../../compiler/onnx/graph.js";
import { textAt, type CApi, type Pointer } from "./c-functions.js";

/** The entry of a session's configuration with which onnxruntime notes who computes what. */
export const recordAssignment = { record_ep_graph_assignment_info: "1" } as const;

const processorsName = "CPUExecutionProvider";

/** A node as onnxruntime calls it. */
export interface PlacedNode {
  readonly name: string;
  readonly op: string;
}

/** The nodes that the processor computes in a session with a device. */
export function nodesOfProcessor(api: CApi, session: Pointer): readonly PlacedNode[] {
  const { entries } = api.list("Session_GetEpGraphAssignmentInfo", session);
  return entries
    .filter((part) => textAt(api.pointer("EpAssignedSubgraph_GetEpName", part)) === processorsName)
    .flatMap((part) => api.list("EpAssignedSubgraph_GetNodes", part).entries)
    .map((node) => ({
      name: textAt(api.pointer("EpAssignedNode_GetName", node)),
      op: textAt(api.pointer("EpAssignedNode_GetOperatorType", node)),
    }));
}

/** Element types in which nothing is rounded: sizes, indices and truth values. */
const exact: ReadonlySet<string> = new Set(["int64", "int32", "bool"]);

/**
 * Operators that onnxruntime puts into graphs by itself to rearrange sizes, such as the shape of something that it has transposed.
 * They round nothing.
 */
const moving: ReadonlySet<string> = new Set([
  "Concat",
  "Gather",
  "Identity",
  "Reshape",
  "Slice",
  "Squeeze",
  "Unsqueeze",
]);

/**
 * The nodes among these that compute numbers, in words: `MatMul "L0.q"`. onnxruntime keeps sizes and indices on the processor on
 * purpose, since it needs them there; numbers would be rounded otherwise and travel to and fro. A node has the name of its
 * first output (`encode.ts`); one that is not in the graph is of onnxruntime's making.
 */
export function misplacedNodes(graph: Graph, placed: readonly PlacedNode[]): readonly string[] {
  if (placed.length === 0) return [];
  const types = elementTypes(graph);
  const nodes = new Map(graph.nodes.map((node) => [node.outputs[0] ?? "", node]));
  return placed
    .filter(({ name, op }) => {
      const node = nodes.get(name);
      return node === undefined ? !moving.has(op) : !isExact(node, types);
    })
    .map(({ name, op }) => `${op} "${name}"`);
}

function isExact(node: OnnxNode, types: ReadonlyMap<string, string>): boolean {
  const exactly = (name: string): boolean => exact.has(types.get(name) ?? "");
  if (node.outputs.every((name) => name === "" || exactly(name))) return true;
  // A size that becomes a number, such as the divisor of a mean.
  return node.op === "Cast" && node.inputs.every(exactly);
}
