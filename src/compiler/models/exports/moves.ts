/**
 * Operators that only move, repeat or leave out entries. Each says of every entry of its result where it comes from, so that
 * one description serves to compute shapes, known values and the way back from a result to its source.
 */
import { dimensionOf } from "../../onnx/attributes.js";
import { intOf, intsOf } from "./attributes.js";
import type { ExportedNode } from "../../onnx/exported-graph.js";
import { broadcastIndices, broadcastShapes, sameShape, sizeOf, stridedIndices, stridesOf } from "./tensors.js";

/** One output of a node that moves entries. */
export interface Move {
  readonly shape: readonly number[];
  /** For each entry of the output: which input it comes from (absent: the first), and which entry of that. */
  readonly from: () => { readonly inputs?: Int32Array; readonly entries: Int32Array };
}

/** What is known of a node's inputs. */
export interface MoveInputs {
  readonly shapes: readonly (readonly number[])[];
  /** The values of an input; null where only a run tells them. */
  readonly values: (input: number) => ArrayLike<number> | null;
}

type Mover = (node: ExportedNode, inputs: MoveInputs) => readonly Move[] | null;

/**
 * The outputs of a node that moves entries; null for every other operator, and where what the node is told (a shape, indices)
 * is not known or does not fit.
 */
export function movesOf(node: ExportedNode, inputs: MoveInputs): readonly Move[] | null {
  if (node.domain !== "" || inputs.shapes.length === 0) return null;
  return movers.get(node.op)?.(node, inputs) ?? null;
}

export function isMove(node: ExportedNode): boolean {
  return node.domain === "" && movers.has(node.op);
}

/** All entries in their order. */
function inOrder(shape: readonly number[]): Move {
  return { shape, from: () => ({ entries: Int32Array.from({ length: sizeOf(shape) }, (_, i) => i) }) };
}

/** Entries at places that grow by steps. */
function strided(shape: readonly number[], strides: readonly number[], start = 0): Move {
  return { shape, from: () => ({ entries: stridedIndices(shape, strides, start) }) };
}

const same: Mover = (_, { shapes: [shape = []] }) => [inOrder(shape)];

function listOf(
  node: ExportedNode,
  { values }: MoveInputs,
  input: number,
  attribute: string,
): readonly number[] | null {
  if ((node.inputs[input] ?? "") === "") return intsOf(node, attribute);
  const known = values(input);
  return known === null ? null : Array.from(known);
}

const movers: ReadonlyMap<string, Mover> = new Map<string, Mover>([
  ["Identity", same],
  ["Cast", same],
  ["CastLike", same],
  ["Dropout", same],
  ["Reshape", reshape],
  ["Flatten", flatten],
  ["Squeeze", squeeze],
  ["Unsqueeze", unsqueeze],
  ["Transpose", transpose],
  ["Expand", expand],
  ["Tile", tile],
  ["Slice", slice],
  ["Split", split],
  ["Concat", concat],
  ["Gather", gather],
  ["GatherElements", gatherElements],
  ["GatherND", gatherNd],
]);

function reshape(node: ExportedNode, inputs: MoveInputs): readonly Move[] | null {
  const [shape = []] = inputs.shapes;
  const target = listOf(node, inputs, 1, "shape");
  if (target === null) return null;
  const keepsZero = intOf(node, "allowzero", 0) === 1;
  const sizes = target.map((size, axis) => (size === 0 && !keepsZero ? (shape[axis] ?? 0) : size));
  const known = sizeOf(sizes.filter((size) => size >= 0));
  const whole = sizes.map((size) => (size < 0 ? (known === 0 ? 0 : sizeOf(shape) / known) : size));
  return sizeOf(whole) === sizeOf(shape) && whole.every(Number.isInteger) ? [inOrder(whole)] : null;
}

function flatten(node: ExportedNode, { shapes: [shape = []] }: MoveInputs): readonly Move[] {
  const axis = dimensionOf(intOf(node, "axis", 1), shape.length);
  return [inOrder([sizeOf(shape.slice(0, axis)), sizeOf(shape.slice(axis))])];
}

function squeeze(node: ExportedNode, inputs: MoveInputs): readonly Move[] | null {
  const [shape = []] = inputs.shapes;
  const axes = listOf(node, inputs, 1, "axes")?.map((axis) => dimensionOf(axis, shape.length));
  if (axes === undefined && (node.inputs[1] ?? "") !== "") return null;
  return [inOrder(shape.filter((size, axis) => !(axes === undefined ? size === 1 : axes.includes(axis))))];
}

function unsqueeze(node: ExportedNode, inputs: MoveInputs): readonly Move[] | null {
  const [shape = []] = inputs.shapes;
  const axes = listOf(node, inputs, 1, "axes");
  if (axes === null) return null;
  const rank = shape.length + axes.length;
  const added = axes.map((axis) => dimensionOf(axis, rank));
  const kept = [...shape];
  return [inOrder(Array.from({ length: rank }, (_, axis) => (added.includes(axis) ? 1 : (kept.shift() ?? 1))))];
}

function transpose(node: ExportedNode, { shapes: [shape = []] }: MoveInputs): readonly Move[] {
  const perm = intsOf(node, "perm") ?? shape.map((_, axis) => shape.length - 1 - axis);
  const strides = stridesOf(shape);
  return [
    strided(
      perm.map((axis) => shape[axis] ?? 1),
      perm.map((axis) => strides[axis] ?? 0),
    ),
  ];
}

function expand(node: ExportedNode, inputs: MoveInputs): readonly Move[] | null {
  const [shape = []] = inputs.shapes;
  const target = listOf(node, inputs, 1, "shape");
  const whole = target === null ? null : broadcastShapes([shape, target]);
  return whole === null ? null : [{ shape: whole, from: () => ({ entries: broadcastIndices(shape, whole) }) }];
}

function tile(node: ExportedNode, inputs: MoveInputs): readonly Move[] | null {
  const [shape = []] = inputs.shapes;
  const repeats = listOf(node, inputs, 1, "repeats");
  if (repeats?.length !== shape.length) return null;
  // Axes in pairs: the repetitions, which all begin at the same place, and the entries.
  const strides = stridesOf(shape);
  const pairs = shape.flatMap((size, axis) => [repeats[axis] ?? 1, size]);
  const steps = shape.flatMap((_, axis) => [0, strides[axis] ?? 0]);
  const whole = shape.map((size, axis) => size * (repeats[axis] ?? 1));
  return [{ shape: whole, from: () => ({ entries: stridedIndices(pairs, steps) }) }];
}

function slice(node: ExportedNode, inputs: MoveInputs): readonly Move[] | null {
  const [shape = []] = inputs.shapes;
  const starts = listOf(node, inputs, 1, "starts");
  const ends = listOf(node, inputs, 2, "ends");
  if (starts === null || ends === null) return null;
  const axes = listOf(node, inputs, 3, "axes") ?? starts.map((_, i) => i);
  const steps = listOf(node, inputs, 4, "steps") ?? starts.map(() => 1);
  const sizes = [...shape];
  const strides = [...stridesOf(shape)];
  let first = 0;
  for (const [i, own] of axes.entries()) {
    const axis = dimensionOf(own, shape.length);
    const size = shape[axis] ?? 0;
    const step = steps[i] ?? 1;
    const clamp = (place: number, least: number, most: number): number =>
      Math.min(most, Math.max(least, place < 0 ? place + size : place));
    const [start, end] =
      step > 0
        ? [clamp(starts[i] ?? 0, 0, size), clamp(ends[i] ?? 0, 0, size)]
        : [clamp(starts[i] ?? 0, 0, size - 1), clamp(ends[i] ?? 0, -1, size - 1)];
    sizes[axis] = Math.max(0, Math.ceil((end - start) / step));
    first += start * (strides[axis] ?? 0);
    strides[axis] = (strides[axis] ?? 0) * step;
  }
  return [strided(sizes, strides, first)];
}

function split(node: ExportedNode, inputs: MoveInputs): readonly Move[] | null {
  const [shape = []] = inputs.shapes;
  const axis = dimensionOf(intOf(node, "axis", 0), shape.length);
  const size = shape[axis] ?? 0;
  const parts = node.outputs.length;
  const each = Math.ceil(size / parts);
  const stated = listOf(node, inputs, 1, "split");
  if (stated === null && (node.inputs[1] ?? "") !== "") return null;
  const sizes = stated ?? node.outputs.map((_, i) => Math.min(each, size - i * each));
  const strides = stridesOf(shape);
  let start = 0;
  return sizes.map((own) => {
    const first = start * (strides[axis] ?? 0);
    start += own;
    return strided(
      shape.map((whole, i) => (i === axis ? own : whole)),
      strides,
      first,
    );
  });
}

function concat(node: ExportedNode, { shapes }: MoveInputs): readonly Move[] | null {
  // What is empty (a past without tokens) may have any sizes.
  const shape = shapes.find((own) => sizeOf(own) > 0) ?? shapes[0] ?? [];
  const axis = dimensionOf(intOf(node, "axis", 0), shape.length);
  const total = shapes.reduce((sum, own) => sum + (own[axis] ?? 0), 0);
  const whole = shape.map((size, i) => (i === axis ? total : size));
  const fits = (own: readonly number[]): boolean =>
    sizeOf(own) === 0 || (own.length === whole.length && own.every((size, i) => i === axis || size === whole[i]));
  if (!shapes.every(fits)) return null;
  return [
    {
      shape: whole,
      from() {
        const inputs = new Int32Array(sizeOf(whole));
        const entries = new Int32Array(inputs.length);
        const inner = sizeOf(whole.slice(axis + 1));
        const outer = sizeOf(whole.slice(0, axis));
        let to = 0;
        for (let row = 0; row < outer; row++) {
          for (const [input, own] of shapes.entries()) {
            const length = (own[axis] ?? 0) * inner;
            for (let i = 0; i < length; i++, to++) {
              inputs[to] = input;
              entries[to] = row * length + i;
            }
          }
        }
        return { inputs, entries };
      },
    },
  ];
}

function gather(node: ExportedNode, { shapes: [shape = [], chosen = []], values }: MoveInputs): readonly Move[] | null {
  const rows = values(1);
  if (rows === null) return null;
  const axis = dimensionOf(intOf(node, "axis", 0), shape.length);
  const size = shape[axis] ?? 0;
  const inner = sizeOf(shape.slice(axis + 1));
  const outer = sizeOf(shape.slice(0, axis));
  const whole = [...shape.slice(0, axis), ...chosen, ...shape.slice(axis + 1)];
  return [
    {
      shape: whole,
      from() {
        const entries = new Int32Array(sizeOf(whole));
        let to = 0;
        for (let o = 0; o < outer; o++) {
          for (let r = 0; r < rows.length; r++) {
            const row = dimensionOf(rows[r] ?? 0, size);
            for (let i = 0; i < inner; i++) entries[to++] = (o * size + row) * inner + i;
          }
        }
        return { entries };
      },
    },
  ];
}

function gatherElements(
  node: ExportedNode,
  { shapes: [shape = [], chosen = []], values }: MoveInputs,
): readonly Move[] | null {
  const rows = values(1);
  if (rows === null || chosen.length !== shape.length) return null;
  const axis = dimensionOf(intOf(node, "axis", 0), shape.length);
  const strides = stridesOf(shape);
  const others = strides.map((stride, i) => (i === axis ? 0 : stride));
  const along = (i: number): number => dimensionOf(rows[i] ?? 0, shape[axis] ?? 0) * (strides[axis] ?? 0);
  return [
    { shape: chosen, from: () => ({ entries: stridedIndices(chosen, others).map((entry, i) => entry + along(i)) }) },
  ];
}

function gatherNd(
  node: ExportedNode,
  { shapes: [shape = [], chosen = []], values }: MoveInputs,
): readonly Move[] | null {
  const places = values(1);
  const batch = intOf(node, "batch_dims", 0);
  const depth = chosen.at(-1) ?? 0;
  if (places === null || batch !== 0 || depth > shape.length) return null;
  const strides = stridesOf(shape);
  const inner = sizeOf(shape.slice(depth));
  const whole = [...chosen.slice(0, -1), ...shape.slice(depth)];
  return [
    {
      shape: whole,
      from() {
        const entries = new Int32Array(sizeOf(whole));
        for (let i = 0; i < entries.length; i++) {
          const row = Math.floor(i / inner);
          let at = i % inner;
          for (let axis = 0; axis < depth; axis++) {
            at += dimensionOf(places[row * depth + axis] ?? 0, shape[axis] ?? 0) * (strides[axis] ?? 0);
          }
          entries[i] = at;
        }
        return { entries };
      },
    },
  ];
}

/** Whether a move leaves every entry where it is, in the order of memory. */
export function keepsOrder(node: ExportedNode, from: readonly number[], to: readonly number[]): boolean {
  const reshapes = ["Identity", "Cast", "CastLike", "Dropout", "Reshape", "Flatten", "Squeeze", "Unsqueeze"];
  return reshapes.includes(node.op) || (node.op === "Expand" && sizeOf(from) === sizeOf(to)) || isWhole(node, from, to);
}

/** A slice or a concatenation that takes everything. */
function isWhole({ op }: ExportedNode, from: readonly number[], to: readonly number[]): boolean {
  return (op === "Slice" || op === "Concat" || op === "Split" || op === "Tile") && sameShape(from, to);
}
