/** Derivative rules of matrix products. */
import { float, int, integerAttribute } from "../../onnx/attributes.js";
import { sumToShape } from "../emit.js";
import { floatOf, gradientOfOutput, inputOf, outputOf, type GradientRule, type RuleContext } from "../rule.js";

/** op(a) · op(b) · alpha, where op transposes the last two axes or nothing. */
interface Product {
  readonly a: string;
  readonly b: string;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/**
 * Y = α · op(A) op(B): the gradient of op(A) is α · G op(B)ᵀ and that of op(B) is α · op(A)ᵀ G. Transposed operands are read
 * in place, so that no weight is copied.
 */
const product: GradientRule = (context) => {
  const gradient = gradientOfOutput(context);
  const [a, b] = [inputOf(context, 0), inputOf(context, 1)];
  const alpha = floatOf(context, "alpha", 1);
  const transposedA = integerAttribute(context.node, "transA", 0) === 1;
  const transposedB = integerAttribute(context.node, "transB", 0) === 1;
  if (
    integerAttribute(context.node, "transBatchA", 0) === 1 ||
    integerAttribute(context.node, "transBatchB", 0) === 1
  ) {
    throw new RangeError("a product with transposed batches has no rule");
  }
  if (context.shape(a).length < 2 || context.shape(b).length < 2)
    throw new RangeError("a product with a vector has no rule");
  const ofA: Product = transposedA
    ? { a: b, b: gradient, transposeA: transposedB, transposeB: true }
    : { a: gradient, b, transposeA: false, transposeB: !transposedB };
  const ofB: Product = transposedB
    ? { a: gradient, b: a, transposeA: true, transposeB: transposedA }
    : { a, b: gradient, transposeA: !transposedA, transposeB: false };
  // The axes before the matrices are broadcast.
  const summed = (part: Product, operand: string): string =>
    sumToShape(context, multiplied(context, part, alpha), operand, outputOf(context, 0), 2);
  return [context.wants(0) ? summed(ofA, a) : null, context.wants(1) ? summed(ofB, b) : null];
};

function multiplied({ builder }: RuleContext, { a, b, transposeA, transposeB }: Product, alpha: number): string {
  if (!transposeA && !transposeB && alpha === 1) return builder.node("MatMul", [a, b]);
  return builder.node("FusedMatMul", [a, b], {
    ...(transposeA ? { transA: int(1) } : {}),
    ...(transposeB ? { transB: int(1) } : {}),
    ...(alpha === 1 ? {} : { alpha: float(alpha) }),
  });
}

export const productRules: Readonly<Record<string, GradientRule>> = { FusedMatMul: product, MatMul: product };
