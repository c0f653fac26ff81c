/** Products with a matrix of weights. */
import { floatOf, intOf } from "./attributes.js";
import { placeOf, type Walk } from "./interpret.js";
import { recipeOf, transposed, type Recipe } from "./recipes.js";
import { stop } from "./stop.js";
import { plain } from "./trace.js";
import { sizeOf } from "./tensors.js";

export interface FoundLinear {
  readonly input: string;
  /** [in, out]. */
  readonly weight: Recipe;
  /** [out]. */
  readonly bias: Recipe | null;
  readonly from: number;
  readonly to: number;
}

/** The product of a matrix, with its bias, that a value is; null where it is none. */
export function linearOf(walk: Walk, name: string): FoundLinear | null {
  const own = plain(walk, name);
  const maker = walk.makers.get(own);
  if (maker?.op !== "Add") return productOf(walk, own);
  const [a = "", b = ""] = maker.inputs;
  for (const [x, y] of [
    [a, b],
    [b, a],
  ] as const) {
    const [value, bias] = [walk.values.get(x), walk.values.get(y)];
    if (value?.origin !== "token" || bias?.origin !== "parameter") continue;
    const product = productOf(walk, plain(walk, x));
    if (product?.bias !== null || sizeOf(bias.shape) !== product.to) return null;
    return { ...product, bias: recipeOf(walk, plain(walk, y)) };
  }
  return null;
}

function productOf(walk: Walk, name: string): FoundLinear | null {
  const maker = walk.makers.get(name);
  if (maker === undefined || !["MatMul", "Gemm", "FusedMatMul"].includes(maker.op)) return null;
  const [x = "", matrix = "", bias = ""] = maker.inputs;
  const shape = walk.values.get(matrix)?.shape ?? [];
  if (walk.values.get(x)?.origin !== "token" || walk.values.get(matrix)?.origin !== "parameter") return null;
  if (shape.length !== 2 || intOf(maker, "transA", 0) !== 0) return null;
  if (floatOf(maker, "alpha", 1) !== 1 || floatOf(maker, "beta", 1) !== 1) {
    stop(placeOf(maker), "products with a factor are not understood here");
  }
  const stored = recipeOf(walk, matrix);
  const isTurned = intOf(maker, "transB", 0) === 1;
  const [from = 0, to = 0] = isTurned ? [...shape].reverse() : shape;
  return {
    input: plain(walk, x),
    weight: isTurned ? transposed(stored) : stored,
    bias: bias === "" ? null : recipeOf(walk, bias),
    from,
    to,
  };
}
