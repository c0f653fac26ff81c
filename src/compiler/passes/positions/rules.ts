/**
 * What a node has to read to compute its result at some positions only: one rule for each kind of operator that works on
 * every position by itself. A node without a rule reads all positions.
 */
import type { OnnxNode } from "../../onnx/graph.js";
import { dimensionOf, integerAttribute } from "../../onnx/attributes.js";
import { dropsOne, isPositional, isPositionalList, numbersOf, sliceOf, type Layout, type Layouts } from "./layout.js";
import { broadcastOperators, normalisations, reductions, samePlaceOperators } from "./operators.js";
import type { Part } from "./range.js";
import { regroup } from "./regroup.js";

/** A part of one of a node's inputs. Inputs that are not named are read as a whole. */
export interface Need extends Part {
  readonly input: number;
}

type Inputs = readonly (Layout | undefined)[];
type Rule = (node: OnnxNode, part: Part, inputs: Inputs, rank: number, layouts: Layouts) => readonly Need[] | null;

/** The parts that a node reads to compute `part` of its outputs; null when it cannot compute just that. */
export function needsOf(node: OnnxNode, part: Part, layouts: Layouts): readonly Need[] | null {
  const inputs = node.inputs.map((name) => layouts.get(name));
  const output = layouts.get(node.outputs.find((name) => layouts.has(name)) ?? "");
  if (output === undefined) return null;
  const rule = rules[node.op] ?? (broadcastOperators.has(node.op) ? aligned : undefined) ?? reductionRule(node);
  const needs = rule?.(node, part, inputs, output.dimensions.length, layouts) ?? null;
  return needs !== null && needs.length > 0 && needs.every((need) => isThere(need, inputs[need.input])) ? needs : null;
}

/** Whether a part is one of positions: a dimension, or an entry of a list, that is as long as the text. */
function isThere({ dimension }: Part, layout: Layout | undefined): boolean {
  if (isPositionalList(layout)) return isPositional(layout?.list?.[dimension]?.length);
  return isPositional(layout?.dimensions[dimension]);
}

function at(input: number, dimension: number, { range }: Part): Need {
  return { input, dimension, range };
}

function reductionRule({ op }: OnnxNode): Rule | undefined {
  if (samePlaceOperators.has(op)) return normalisations.has(op) ? normalised : same;
  return reductions.has(op) ? reduced : undefined;
}

const same: Rule = (_node, part) => [at(0, part.dimension, part)];

const normalised: Rule = (node, part, _inputs, rank) =>
  dimensionOf(integerAttribute(node, "axis", -1), rank) === part.dimension ? null : [at(0, part.dimension, part)];

/** Every input that has the dimension, counted from the last one, and does not repeat one entry along it. */
const aligned: Rule = (_node, part, inputs, rank) => {
  const needs: Need[] = [];
  for (const [i, input] of inputs.entries()) {
    if (input === undefined) return null;
    const dimension = part.dimension - rank + input.dimensions.length;
    const length = dimension < 0 ? 1 : (input.dimensions[dimension] ?? null);
    if (length === 1) continue;
    if (!isPositional(length)) return null;
    needs.push(at(i, dimension, part));
  }
  return needs;
};

const reduced: Rule = (node, part, [input, axes]) => {
  const given = numbersOf(axes);
  if (input === undefined || given === null) return null;
  const removed = given.map((axis) => dimensionOf(axis, input.dimensions.length));
  const kept = input.dimensions.map((_, i) => i).filter((i) => !removed.includes(i));
  const dimension = integerAttribute(node, "keepdims", 1) === 1 ? part.dimension : kept[part.dimension];
  return dimension === undefined || removed.includes(dimension) ? null : [at(0, dimension, part)];
};

/** Rows of the left matrices only: what has the positions among its columns, or mixes them, needs all of them. */
const product: Rule = (node, part, [left, right], rank) => {
  if (left === undefined || integerAttribute(node, "transA", 0) === 1) return null;
  if (integerAttribute(node, "transBatchA", 0) === 1 || part.dimension > rank - 2) return null;
  // One matrix for all serves further dimensions too; otherwise each of them would have its own.
  if (part.dimension < rank - 2 && right?.dimensions.length !== 2) return null;
  return [at(0, part.dimension - rank + left.dimensions.length, part)];
};

/** Every input, unless they stand one after the other along the positions; of lists the one that has the entry. */
const joined: Rule = (node, part, inputs, rank) => {
  if (!inputs.some(isPositionalList)) {
    const axis = dimensionOf(integerAttribute(node, "axis", 0), rank);
    return axis === part.dimension ? null : inputs.map((_, i) => at(i, part.dimension, part));
  }
  let before = 0;
  for (const [i, input] of inputs.entries()) {
    const count = input?.dimensions[0];
    if (typeof count !== "number") return null;
    if (part.dimension < before + count) return [at(i, part.dimension - before, part)];
    before += count;
  }
  return null;
};

/** Dimensions up to the one of the positions stay as they are, or heads are stacked along it. */
const reshaped: Rule = (node, part, [input, shape]) => {
  const copies = integerAttribute(node, "allowzero", 0) === 0;
  const list = shape?.list ?? [];
  const entries = list.slice(0, part.dimension + 1);
  const stays = entries.every(({ length, of }, i) => {
    if (length === 0) return copies;
    if (of !== null) return of.value === node.inputs[0] && of.dimension === i;
    return typeof length === "number" && length > 0 && length === input?.dimensions[i];
  });
  if (entries.length <= part.dimension || input === undefined) return null;
  if (stays) {
    const own = at(0, part.dimension, part);
    return isPositional(entries[part.dimension]?.length) ? [own, at(1, part.dimension, part)] : [own];
  }
  const lengths = list.map(({ length }, i) => (length === 0 && copies ? (input.dimensions[i] ?? null) : length));
  const keepsRow = list[0]?.length === 0 && copies;
  return keepsRow && regroup(input.dimensions, lengths)?.at === part.dimension ? [at(0, part.dimension, part)] : null;
};

const rules: Readonly<Record<string, Rule>> = {
  MatMul: product,
  FusedMatMul: product,
  Concat: joined,
  Reshape: reshaped,
  Transpose(node, part) {
    const perm = node.attributes["perm"];
    const from = perm?.kind === "ints" ? perm.value[part.dimension] : undefined;
    return from === undefined ? null : [at(0, from, part)];
  },
  Split: (node, part, _inputs, rank) =>
    dimensionOf(integerAttribute(node, "axis", 0), rank) === part.dimension ? null : [at(0, part.dimension, part)],
  Slice(node, part, _inputs, _rank, layouts) {
    const { dimension, range } = part;
    const taken = sliceOf(node, layouts);
    if (taken?.dimension !== dimension) return taken === null ? null : [at(0, dimension, part)];
    return dropsOne(taken) ? [at(0, dimension, { dimension, range: { ...range, count: range.count + 1 } })] : null;
  },
  Unsqueeze(_node, part, [, axes], rank) {
    const added = numbersOf(axes)?.map((axis) => dimensionOf(axis, rank));
    if (added === undefined || added.includes(part.dimension)) return null;
    return [at(0, part.dimension - added.filter((axis) => axis < part.dimension).length, part)];
  },
  Squeeze(_node, part, [input, axes]) {
    const given = numbersOf(axes);
    if (input === undefined || given === null || isPositionalList(input)) return null;
    const removed = given.map((axis) => dimensionOf(axis, input.dimensions.length));
    const kept = input.dimensions.map((_, i) => i).filter((i) => !removed.includes(i));
    const dimension = kept[part.dimension];
    return dimension === undefined ? null : [at(0, dimension, part)];
  },
  Gather(node, part, [data, indices]) {
    if (data === undefined || indices === undefined || isPositionalList(data)) return null;
    const axis = dimensionOf(integerAttribute(node, "axis", 0), data.dimensions.length);
    const added = indices.dimensions.length;
    if (part.dimension < axis) return [at(0, part.dimension, part)];
    if (part.dimension < axis + added) return [at(1, part.dimension - axis, part)];
    return [at(0, part.dimension - added + 1, part)];
  },
  GatherElements(node, part, [data, indices], rank) {
    const { dimension, range } = part;
    if (dimensionOf(integerAttribute(node, "axis", 0), rank) === dimension) return null;
    const [whole, chosen] = [data?.dimensions[dimension], indices?.dimensions[dimension]];
    if (whole === chosen) return [at(0, dimension, part), at(1, dimension, part)];
    if (whole !== "pos" || chosen !== "next") return null;
    // Entry i stands beside entry i: the last n of one fewer stand beside the first n of the last n + 1.
    const count = range.side === "last" ? range.count + 1 : range.count;
    return [at(0, dimension, { dimension, range: { ...range, count } }), at(1, dimension, part)];
  },
  Expand(_node, part, [input, shape], rank) {
    if (input === undefined || shape?.list?.length !== rank) return null;
    const target = shape.list[part.dimension]?.length ?? null;
    const dimension = part.dimension - rank + input.dimensions.length;
    const own = dimension < 0 ? 1 : (input.dimensions[dimension] ?? null);
    if (target === null || own === null) return null;
    return [...(own === 1 ? [] : [at(0, dimension, part)]), ...(target === 1 ? [] : [at(1, part.dimension, part)])];
  },
  Pad(_node, part, [input, pads], rank) {
    const isKept = [part.dimension, part.dimension + rank].every((place) => pads?.list?.[place]?.length === 0);
    return input === undefined || !isKept ? null : [at(0, part.dimension, part)];
  },
  Shape(node, part, [input]) {
    if (input === undefined) return null;
    const start = dimensionOf(integerAttribute(node, "start", 0), input.dimensions.length);
    return [at(0, start + part.dimension, part)];
  },
};
