import type { ExportedNode } from "../../onnx/exported-graph.js";

/** An integer attribute, or what the operator takes without it. */
export function intOf({ attributes }: ExportedNode, name: string, otherwise: number): number {
  const attribute = attributes.get(name);
  return attribute?.kind === "int" ? attribute.value : otherwise;
}

export function floatOf({ attributes }: ExportedNode, name: string, otherwise: number): number {
  const attribute = attributes.get(name);
  return attribute?.kind === "float" ? attribute.value : otherwise;
}

/** A list of integers; null where there is none. */
export function intsOf({ attributes }: ExportedNode, name: string): readonly number[] | null {
  const attribute = attributes.get(name);
  return attribute?.kind === "ints" ? attribute.value : null;
}

export function stringOf({ attributes }: ExportedNode, name: string, otherwise: string): string {
  const attribute = attributes.get(name);
  return attribute?.kind === "string" ? attribute.value : otherwise;
}
