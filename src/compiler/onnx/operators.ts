/** How many inputs and outputs an operator has, and which attributes it takes. */
export interface OperatorDescription {
  readonly domain: "" | "com.microsoft";
  readonly inputs: readonly [minimum: number, maximum: number];
  readonly outputs: readonly [minimum: number, maximum: number];
  readonly attributes: readonly string[];
}

const many = Number.POSITIVE_INFINITY;

function standard(
  inputs: readonly [number, number],
  attributes: readonly string[] = [],
  outputs: readonly [number, number] = [1, 1],
): OperatorDescription {
  return { domain: "", inputs, outputs, attributes };
}

const unary = standard([1, 1]);
const binary = standard([2, 2]);
const reduction = standard([1, 2], ["keepdims", "noop_with_empty_axes"]);

/**
 * Every operator that atlasc emits, at operator set 18 (https://onnx.ai/onnx/operators/) and com.microsoft 1. An
 * operator that is not listed is a fault of ours, which the verifier reports before onnxruntime has to: add it here
 * together with the code that emits it.
 */
export const operators: Readonly<Record<string, OperatorDescription>> = {
  Abs: unary,
  Acos: unary,
  Add: binary,
  And: binary,
  ArgMax: standard([1, 1], ["axis", "keepdims", "select_last_index"]),
  ArgMin: standard([1, 1], ["axis", "keepdims", "select_last_index"]),
  Cast: standard([1, 1], ["to"]),
  Ceil: unary,
  Clip: standard([1, 3]),
  Compress: standard([2, 2], ["axis"]),
  Concat: standard([1, many], ["axis"]),
  ConstantOfShape: standard([1, 1]),
  Cos: unary,
  CumSum: standard([2, 2], ["exclusive", "reverse"]),
  Div: binary,
  Einsum: standard([1, many], ["equation"]),
  Equal: binary,
  Erf: unary,
  Exp: unary,
  Expand: binary,
  FastGelu: { domain: "com.microsoft", inputs: [1, 2], outputs: [1, 1], attributes: [] },
  Floor: unary,
  FusedMatMul: {
    domain: "com.microsoft",
    inputs: [2, 2],
    outputs: [1, 1],
    attributes: ["alpha", "transA", "transB", "transBatchA", "transBatchB"],
  },
  Gather: standard([2, 2], ["axis"]),
  GatherElements: standard([2, 2], ["axis"]),
  GatherND: standard([2, 2], ["batch_dims"]),
  Gelu: { domain: "com.microsoft", inputs: [1, 1], outputs: [1, 1], attributes: [] },
  Gemm: standard([2, 3], ["alpha", "beta", "transA", "transB"]),
  Greater: binary,
  GreaterOrEqual: binary,
  Identity: unary,
  IsInf: standard([1, 1], ["detect_negative", "detect_positive"]),
  IsNaN: unary,
  LayerNormalization: standard([2, 3], ["axis", "epsilon", "stash_type"], [1, 3]),
  Less: binary,
  LessOrEqual: binary,
  Log: unary,
  LogSoftmax: standard([1, 1], ["axis"]),
  MatMul: binary,
  Max: standard([1, many]),
  Min: standard([1, many]),
  Mod: standard([2, 2], ["fmod"]),
  Mul: binary,
  Neg: unary,
  Not: unary,
  Or: binary,
  Pad: standard([2, 4], ["mode"]),
  Pow: binary,
  QuickGelu: { domain: "com.microsoft", inputs: [1, 1], outputs: [1, 1], attributes: ["alpha"] },
  Range: standard([3, 3]),
  Reciprocal: unary,
  ReduceL1: reduction,
  ReduceL2: reduction,
  ReduceLogSumExp: reduction,
  ReduceMax: reduction,
  ReduceMean: reduction,
  ReduceMin: reduction,
  ReduceProd: reduction,
  ReduceSum: reduction,
  ReduceSumSquare: reduction,
  Relu: unary,
  Reshape: standard([2, 2], ["allowzero"]),
  Scan: standard([1, many], ["body", "num_scan_inputs"], [1, many]),
  ScatterElements: standard([3, 3], ["axis", "reduction"]),
  ScatterND: standard([3, 3], ["reduction"]),
  Shape: standard([1, 1], ["start", "end"]),
  Sigmoid: unary,
  Sign: unary,
  Sin: unary,
  Slice: standard([3, 5]),
  Softmax: standard([1, 1], ["axis"]),
  Split: standard([1, 2], ["axis", "num_outputs"], [1, many]),
  Sqrt: unary,
  Squeeze: standard([1, 2]),
  Sub: binary,
  Sum: standard([1, many]),
  Tanh: unary,
  Tile: binary,
  TopK: standard([2, 2], ["axis", "largest", "sorted"], [2, 2]),
  Transpose: standard([1, 1], ["perm"]),
  Trilu: standard([1, 2], ["upper"]),
  Unsqueeze: binary,
  Where: standard([3, 3]),
  Xor: binary,
};

/** Domain of an operator that atlasc emits; throws (a fault of ours) for any other. */
export function domainOf(op: string): "" | "com.microsoft" {
  const description = operators[op];
  if (description === undefined) throw new RangeError(`domainOf: ${op} is not in the operator table`);
  return description.domain;
}
