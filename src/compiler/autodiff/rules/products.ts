/** Derivative rules of matrix products. */
import { float, int, integerAttribute } from "../../onnx/attributes.js";
import { integers } from "../../onnx/lists.js";
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
  const shared = context.wants(1) && !transposedA ? ofSharedMatrix(context, ofB, a, b) : null;
  const gradientOfB = (): string => (shared === null ? summed(ofB, b) : multiplied(context, shared, alpha));
  return [context.wants(0) ? summed(ofA, a) : null, context.wants(1) ? gradientOfB() : null];
};

/**
 * The gradient of a matrix that all matrices of the other factor share, such as a weight: their rows below one another make
 * it one product. Null where the matrix is not shared, or its sides are not known.
 */
function ofSharedMatrix(context: RuleContext, product: Product, a: string, b: string): Product | null {
  const { builder, shape } = context;
  const [first, second, ...more] = shape(b);
  if (more.length > 0 || shape(a).length < 3 || typeof first !== "number" || typeof second !== "number") return null;
  // The gradient of [in, out] is that of x [.., in] and y [.., out]; of its transpose, the other way round.
  const rows = (value: string, width: number): string => builder.node("Reshape", [value, integers(builder, -1, width)]);
  return { ...product, a: rows(product.a, first), b: rows(product.b, second) };
}

function multiplied({ builder }: RuleContext, { a, b, transposeA, transposeB }: Product, alpha: number): string {
  if (!transposeA && !transposeB && alpha === 1) return builder.node("MatMul", [a, b]);
  return builder.node("FusedMatMul", [a, b], {
    ...(transposeA ? { transA: int(1) } : {}),
    ...(transposeB ? { transB: int(1) } : {}),
    ...(alpha === 1 ? {} : { alpha: float(alpha) }),
  });
}

export const productRules: Readonly<Record<string, GradientRule>> = { FusedMatMul: product, MatMul: product };
