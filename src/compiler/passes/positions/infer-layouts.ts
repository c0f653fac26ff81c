/** Layouts of what a node makes, from the layouts of what it reads: one rule for each kind of operator. */
import type { OnnxNode } from "../../onnx/graph.js";
import { dimensionOf, integerAttribute } from "../../onnx/attributes.js";
import {
  dropsOne,
  isPositional,
  isPositionalList,
  numbersOf,
  sliceOf,
  type Layout,
  type Layouts,
  type Length,
  type ListEntry,
} from "./layout.js";
import { broadcastOperators, reductions, samePlaceOperators } from "./operators.js";
import { regroup } from "./regroup.js";

type Rule = (node: OnnxNode, inputs: readonly (Layout | undefined)[], layouts: Layouts) => readonly (Layout | null)[];

/** One layout (or null where nothing is known) for each output of a node. */
export function inferLayouts(node: OnnxNode, layouts: Layouts): readonly (Layout | null)[] {
  const inputs = node.inputs.map((name) => layouts.get(name));
  const rule = rules[node.op] ?? (broadcastOperators.has(node.op) ? broadcast : null);
  if (rule !== null) return rule(node, inputs, layouts);
  if (samePlaceOperators.has(node.op)) return [inputs[0] === undefined ? null : plain(inputs[0].dimensions)];
  if (reductions.has(node.op)) return [reduced(node, inputs)];
  return node.outputs.map(() => null);
}

function plain(dimensions: readonly Length[]): Layout {
  return { dimensions, list: null };
}

/** Dimensions of values that are broadcast against each other; null when a rank is unknown. */
function broadcastDimensions(all: readonly (readonly Length[] | undefined)[]): readonly Length[] | null {
  const known = all.filter((dimensions) => dimensions !== undefined);
  if (known.length < all.length) return null;
  const rank = Math.max(0, ...known.map((dimensions) => dimensions.length));
  return Array.from({ length: rank }, (_, i): Length => {
    const lengths = known.map((dimensions) => {
      const place = i - rank + dimensions.length;
      return place < 0 ? 1 : (dimensions[place] ?? null);
    });
    // What is not 1 decides, and an unknown length that stands beside it can only be 1 or the same.
    const decisive = lengths.find((length) => length !== 1 && length !== null);
    return decisive ?? (lengths.includes(null) ? null : 1);
  });
}

const broadcast: Rule = (_node, inputs) => {
  const dimensions = broadcastDimensions(inputs.map((input) => input?.dimensions));
  return [dimensions === null ? null : plain(dimensions)];
};

function reduced(node: OnnxNode, [input, axes]: readonly (Layout | undefined)[]): Layout | null {
  if (input === undefined) return null;
  const { dimensions } = input;
  const given = node.inputs.length < 2 ? dimensions.map((_, i) => i) : numbersOf(axes);
  if (given === null) return null;
  const removed = given.map((axis) => dimensionOf(axis, dimensions.length));
  const kept = integerAttribute(node, "keepdims", 1) === 1;
  return plain(dimensions.flatMap((length, i) => (!removed.includes(i) ? [length] : kept ? [1] : [])));
}

/** The dimensions that entries of a Reshape's list mean. */
function reshaped(node: OnnxNode, [input, shape]: readonly (Layout | undefined)[]): Layout | null {
  if (shape === undefined) return null;
  const [rank] = shape.dimensions;
  const entries = shape.list ?? (typeof rank === "number" ? Array.from({ length: rank }, () => null) : null);
  if (entries === null) return null;
  const copies = integerAttribute(node, "allowzero", 0) === 0;
  const lengths = entries.map((entry, i): Length => {
    if (entry?.length === 0 && copies) return input?.dimensions[i] ?? null;
    return entry?.length ?? null;
  });
  const regrouped = input === undefined ? null : regroup(input.dimensions, lengths);
  return plain(lengths.map((length, i) => (length === -1 ? (regrouped?.at === i ? regrouped.length : null) : length)));
}

function withoutPositions(list: readonly ListEntry[] | null | undefined): boolean {
  return list?.every((entry) => !isPositional(entry.length)) ?? false;
}

const rules: Readonly<Record<string, Rule>> = {
  Identity: (_node, [input]) => [input ?? null],
  Cast: (_node, [input]) => [input ?? null],
  MatMul: product,
  FusedMatMul: product,
  Reshape: (node, inputs) => [reshaped(node, inputs)],
  Transpose(node, [input]) {
    const perm = node.attributes["perm"];
    if (input === undefined || perm?.kind !== "ints") return [null];
    return [plain(perm.value.map((from) => input.dimensions[from] ?? null))];
  },
  Split(node, [input, sizes]) {
    if (input === undefined) return node.outputs.map(() => null);
    const at = dimensionOf(integerAttribute(node, "axis", 0), input.dimensions.length);
    const lengths = numbersOf(sizes);
    return node.outputs.map((_, k) => plain(replaceAt(input.dimensions, at, lengths?.[k] ?? null)));
  },
  Concat(node, inputs) {
    const [first] = inputs;
    if (first === undefined || inputs.includes(undefined)) return [null];
    const layouts = inputs.filter((input) => input !== undefined);
    const at = dimensionOf(integerAttribute(node, "axis", 0), first.dimensions.length);
    const lengths = layouts.map((layout) => layout.dimensions[at] ?? null);
    const sum = lengths.reduce<Length>(
      (total, length) => (typeof total === "number" && typeof length === "number" ? total + length : null),
      0,
    );
    const dimensions = first.dimensions.map(
      (_, i) => layouts.map((layout) => layout.dimensions[i] ?? null).find((length) => length !== null) ?? null,
    );
    // A part whose entries are unknown still has a known number of them.
    const parts = layouts.map(
      ({ list, dimensions: [count] }) =>
        list ?? (typeof count === "number" ? Array.from({ length: count }, () => ({ length: null, of: null })) : null),
    );
    const isList = first.dimensions.length === 1 && layouts.some(({ list }) => list !== null) && !parts.includes(null);
    return [{ dimensions: replaceAt(dimensions, at, sum), list: isList ? parts.flatMap((part) => part ?? []) : null }];
  },
  Slice(node, [input], layouts) {
    if (input === undefined) return [null];
    const taken = sliceOf(node, layouts);
    if (taken === null) return [plain(input.dimensions.map(() => null))];
    const { dimension } = taken;
    const isNext = input.dimensions[dimension] === "pos" && dropsOne(taken);
    return [plain(replaceAt(input.dimensions, dimension, isNext ? "next" : null))];
  },
  Unsqueeze(_node, [input, axes]) {
    const given = numbersOf(axes);
    if (input === undefined || given === null) return [null];
    const rank = input.dimensions.length + given.length;
    const added = given.map((axis) => dimensionOf(axis, rank));
    const rest = [...input.dimensions];
    return [plain(Array.from({ length: rank }, (_, i) => (added.includes(i) ? 1 : (rest.shift() ?? null))))];
  },
  Squeeze(_node, [input, axes]) {
    const given = numbersOf(axes);
    if (input === undefined || given === null) return [null];
    const removed = given.map((axis) => dimensionOf(axis, input.dimensions.length));
    return [{ dimensions: input.dimensions.filter((_, i) => !removed.includes(i)), list: input.list }];
  },
  Gather(node, [data, indices]) {
    if (data === undefined || indices === undefined) return [null];
    const at = dimensionOf(integerAttribute(node, "axis", 0), data.dimensions.length);
    const chosen = numbersOf(indices)?.map((i) => data.list?.at(i));
    const list = chosen?.every((entry) => entry !== undefined) === true ? chosen : null;
    const dimensions = [...data.dimensions.slice(0, at), ...indices.dimensions, ...data.dimensions.slice(at + 1)];
    return [{ dimensions, list }];
  },
  GatherElements: (_node, [, indices]) => [indices === undefined ? null : plain(indices.dimensions)],
  Expand(_node, [input, shape]) {
    if (input === undefined || typeof shape?.dimensions[0] !== "number") return [null];
    const target = shape.list?.map((entry) => entry.length) ?? Array.from({ length: shape.dimensions[0] }, () => null);
    const dimensions = broadcastDimensions([input.dimensions, target]);
    return [dimensions === null ? null : plain(dimensions)];
  },
  Pad(_node, [input, pads]) {
    const rank = input?.dimensions.length ?? 0;
    const padded = (i: number): boolean => [i, i + rank].some((place) => pads?.list?.[place]?.length !== 0);
    return [input === undefined ? null : plain(input.dimensions.map((length, i) => (padded(i) ? null : length)))];
  },
  Shape(node, [input]) {
    const name = node.inputs[0] ?? "";
    if (input === undefined) {
      const [start, end] = [integerAttribute(node, "start", 0), integerAttribute(node, "end", -1)];
      return [start >= 0 && end > start ? plain([end - start]) : null];
    }
    const rank = input.dimensions.length;
    const from = dimensionOf(integerAttribute(node, "start", 0), rank);
    const to = dimensionOf(integerAttribute(node, "end", rank), rank);
    const list = input.dimensions.map((length, dimension) => ({ length, of: { value: name, dimension } }));
    return [{ dimensions: [to - from], list: list.slice(from, to) }];
  },
  ReduceProd(node, [input, ...axes]) {
    if (input === undefined || isPositionalList(input)) return [null];
    const layout = reduced(node, [input, ...axes]);
    return [
      layout === null || !withoutPositions(input.list) ? layout : { ...layout, list: [{ length: null, of: null }] },
    ];
  },
  Range(_node, [first, count, step]) {
    const [start, by] = [numbersOf(first)?.[0], numbersOf(step)?.[0]];
    const length = count?.list?.[0]?.length ?? null;
    return [plain([start === 0 && by === 1 ? length : null])];
  },
};

function product(node: OnnxNode, [left, right]: readonly (Layout | undefined)[]): readonly (Layout | null)[] {
  if (left === undefined || right === undefined) return [null];
  const [a, b] = [left.dimensions, right.dimensions];
  if (a.length < 2 || b.length < 2) return [null];
  const own = (name: string): boolean => integerAttribute(node, name, 0) === 1;
  if (own("transA") || own("transBatchA") || own("transBatchB")) return [null];
  const batch = broadcastDimensions([a.slice(0, -2), b.slice(0, -2)]);
  if (batch === null) return [null];
  return [plain([...batch, a.at(-2) ?? null, (own("transB") ? b.at(-2) : b.at(-1)) ?? null])];
}

function replaceAt(dimensions: readonly Length[], at: number, length: Length): readonly Length[] {
  return dimensions.map((before, i) => (i === at ? length : before));
}
