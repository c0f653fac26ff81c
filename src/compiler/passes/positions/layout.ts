/** What is known of the dimensions of a value of a graph. */
import { dimensionOf } from "../../onnx/attributes.js";
import type { OnnxNode } from "../../onnx/graph.js";
import { toTheEnd } from "../../operations/lowering.js";

/**
 * Length of a dimension: a number; `pos`, as many as the text has tokens; `next`, one fewer (the tokens that are
 * predicted); `grouped n`, n times the positions one after the other (queries of the n heads that share keys); null
 * where that is unknown. A dimension that is `pos` never stands for a broadcast one of size 1.
 */
export type Length = number | "pos" | "next" | `grouped ${number}` | null;

/** An entry of a list of lengths, and the dimension of a value that it was read from. */
export interface ListEntry {
  readonly length: Length;
  readonly of: { readonly value: string; readonly dimension: number } | null;
}

/** What is known of a value. `list`: its entries, where it is a list of integers (or a single one) with known ones. */
export interface Layout {
  readonly dimensions: readonly Length[];
  readonly list: readonly ListEntry[] | null;
}

/** Layouts by value name; a value that is not there is of unknown rank. */
export type Layouts = ReadonlyMap<string, Layout>;

/** Whether a length is that of the text, so that it changes where positions are left out. */
export function isPositional(length: Length | undefined): boolean {
  return typeof length === "string";
}

/** Whether the entries of a dimension are positions, so that some of them can be cut out. */
export function isCuttable(length: Length | undefined): boolean {
  return length === "pos" || length === "next";
}

/** Whether a value is a list in which the length of the text occurs. */
export function isPositionalList(layout: Layout | undefined): boolean {
  return layout?.list?.some((entry) => isPositional(entry.length)) ?? false;
}

/** The numbers of a list of constants; null for anything else. */
export function numbersOf(layout: Layout | undefined): readonly number[] | null {
  const numbers = layout?.list?.map((entry) => entry.length) ?? null;
  return numbers?.every((number) => typeof number === "number") === true ? numbers : null;
}

/** One Slice along one dimension by constant bounds and steps of 1; `end` is null where it goes to the end. */
export interface ConstantSlice {
  readonly dimension: number;
  readonly start: number;
  readonly end: number | null;
}

/** What a Slice takes; null for any other node and for a Slice whose bounds are computed. */
export function sliceOf(node: OnnxNode, layouts: Layouts): ConstantSlice | null {
  if (node.op !== "Slice") return null;
  const [value, ...bounds] = node.inputs.map((name) => layouts.get(name));
  const numbers = bounds.map(numbersOf);
  if (value === undefined || numbers.length < 3 || numbers.some((list) => list?.length !== 1)) return null;
  const [start = 0, end = 0, axis = 0, step = 1] = numbers.map((list) => list?.[0]);
  if (step !== 1) return null;
  return { dimension: dimensionOf(axis, value.dimensions.length), start, end: end >= toTheEnd ? null : end };
}

/** Whether a Slice leaves out just the first or the last entry, so that it makes `next` of `pos`. */
export function dropsOne({ start, end }: ConstantSlice): boolean {
  return (start === 1 && end === null) || (start === 0 && end === -1);
}
