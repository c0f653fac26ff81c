import type { Attribute, Graph, OnnxNode } from "./graph.js";

/** An integer attribute of a node (`axis`, `transB`). */
export function int(value: number): Attribute {
  return { kind: "int", value };
}

/** A list of integers (`perm`). */
export function ints(value: readonly number[]): Attribute {
  return { kind: "ints", value };
}

/** A float32 attribute (`alpha`); rounded here, so that a graph that went through protobuf is equal to the original. */
export function float(value: number): Attribute {
  return { kind: "float", value: Math.fround(value) };
}

/** A string attribute (`reduction`, `equation`). */
export function text(value: string): Attribute {
  return { kind: "string", value };
}

/** A graph inside a node (`body`). It must have the operator set of the graph around it. */
export function subgraph(value: Graph): Attribute {
  return { kind: "graph", value };
}

/** An integer attribute, or what the operator takes without it. */
export function integerAttribute({ attributes }: OnnxNode, name: string, otherwise: number): number {
  const attribute = attributes[name];
  return attribute?.kind === "int" ? attribute.value : otherwise;
}

/** The graph inside a node, such as a Scan's; null where it has none. */
export function bodyOf({ attributes: { body } }: OnnxNode): Graph | null {
  return body?.kind === "graph" ? body.value : null;
}

/** The dimension that a (possibly negative) axis means. */
export function dimensionOf(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}
