/** How the weights that a blueprint names follow from the tensors of a file: as they are stored, or turned and cut. */
import type { Attribute } from "../../onnx/graph.js";
import { ints, int } from "../../onnx/attributes.js";
import { operators } from "../../onnx/operators.js";
import type { ExportedAttribute } from "../../onnx/exported-graph.js";
import { placeOf, type Walk } from "./interpret.js";
import { stop } from "./stop.js";
import { sameShape, sizeOf } from "./tensors.js";

/** Plain data. Stored tensors count as float32, whatever they are stored in. */
export type Recipe =
  | { readonly kind: "tensor"; readonly name: string }
  | {
      readonly kind: "numbers";
      readonly type: "float32" | "int64";
      readonly shape: readonly number[];
      readonly values: readonly number[];
    }
  | {
      readonly kind: "node";
      readonly op: string;
      readonly inputs: readonly Recipe[];
      readonly attributes: Readonly<Record<string, Attribute>>;
    };

function node(op: string, inputs: readonly Recipe[], attributes: Readonly<Record<string, Attribute>> = {}): Recipe {
  return { kind: "node", op, inputs, attributes };
}

function integerList(values: readonly number[]): Recipe {
  return { kind: "numbers", type: "int64", shape: [values.length], values };
}

export function numbers(shape: readonly number[], values: readonly number[]): Recipe {
  return { kind: "numbers", type: "float32", shape, values };
}

/** A vector of one number. */
export function filled(length: number, value: number): Recipe {
  return numbers([length], Array<number>(length).fill(value));
}

/** A matrix the other way round; twice is not at all. */
export function transposed(matrix: Recipe): Recipe {
  if (matrix.kind === "node" && matrix.op === "Transpose") return matrix.inputs[0] ?? matrix;
  return node("Transpose", [matrix], { perm: ints([1, 0]) });
}

/** Entries of the last axis, which has `width` of them: all, a slice, or any. */
export function picked(recipe: Recipe, rank: 1 | 2, width: number, entries: readonly number[]): Recipe {
  const [first = 0] = entries;
  if (!entries.every((entry, i) => entry === first + i)) {
    return node("Gather", [recipe, integerList(entries)], { axis: int(rank - 1) });
  }
  if (entries.length === width) return recipe;
  return node("Slice", [recipe, ...[first, first + entries.length, rank - 1].map((value) => integerList([value]))]);
}

/** Rows of a matrix in another order. */
export function rows(matrix: Recipe, entries: readonly number[]): Recipe {
  return entries.every((entry, i) => entry === i)
    ? matrix
    : node("Gather", [matrix, integerList(entries)], { axis: int(0) });
}

/** A vector with another shape. */
export function reshaped(recipe: Recipe, shape: readonly number[]): Recipe {
  return node("Reshape", [recipe, integerList(shape)]);
}

/**
 * The recipe of a value that stored tensors alone decide.
 *
 * @throws a stop at a value that follows from anything else, or by an operator that weights are not computed with
 */
export function recipeOf(walk: Walk, name: string): Recipe {
  const tensor = walk.tensors.get(name);
  if (tensor?.type === "other")
    stop(name, `its element type (number ${tensor.storedType} of ONNX) is not computed with`);
  if (tensor?.data.kind === "file") return { kind: "tensor", name };
  const value = walk.values.get(name);
  if (tensor?.data.kind === "values") {
    const { type, shape, data } = tensor;
    if (!data.values.every(Number.isFinite) || data.values.length !== sizeOf(shape)) {
      stop(name, "it holds numbers that are not finite, or too few of them");
    }
    const isWhole = type === "int64" || type === "int32" || type === "bool";
    return { kind: "numbers", type: isWhole ? "int64" : "float32", shape, values: data.values };
  }
  const maker = walk.makers.get(name);
  if (maker === undefined || value?.origin !== "parameter")
    return stop(name, "it is no weight: tokens or positions decide it");
  if (["Cast", "Identity", "CastLike", "Dropout"].includes(maker.op)) return recipeOf(walk, maker.inputs[0] ?? "");
  const inputs = maker.inputs.filter((input) => input !== "");
  const from = walk.values.get(inputs[0] ?? "")?.shape ?? [];
  if (maker.op === "Transpose" && sameShape([...from].reverse(), value.shape) && from.length === 2) {
    return transposed(recipeOf(walk, inputs[0] ?? ""));
  }
  if (maker.domain !== "" || operators[maker.op] === undefined || maker.outputs.length > 1) {
    return stop(placeOf(maker), `weights that ${maker.op} computes are not understood here`);
  }
  return node(
    maker.op,
    inputs.map((input) => recipeOf(walk, input)),
    Object.fromEntries([...maker.attributes].map(([key, attribute]) => [key, attributeOf(attribute)])),
  );
}

function attributeOf(attribute: ExportedAttribute): Attribute {
  switch (attribute.kind) {
    case "int":
    case "float":
      return { kind: attribute.kind, value: attribute.value };
    case "ints":
      return ints(attribute.value);
    default:
      return stop(null, "weights are computed with an attribute that is not understood here");
  }
}
