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
  Add: binary,
  And: binary,
  ArgMax: standard([1, 1], ["axis", "keepdims", "select_last_index"]),
  Cast: standard([1, 1], ["to"]),
  Compress: standard([2, 2], ["axis"]),
  Concat: standard([1, many], ["axis"]),
  Cos: unary,
  Div: binary,
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
  Gelu: { domain: "com.microsoft", inputs: [1, 1], outputs: [1, 1], attributes: [] },
  /** Only between lowering and the expansion of gradients (autodiff/expand-gradients.ts). */
  Gradient: binary,
  Greater: binary,
  GreaterOrEqual: binary,
  Identity: unary,
  IsInf: standard([1, 1], ["detect_negative", "detect_positive"]),
  IsNaN: unary,
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
  ReduceMax: reduction,
  ReduceMean: reduction,
  ReduceMin: reduction,
  ReduceProd: reduction,
  ReduceSum: reduction,
  Relu: unary,
  Reshape: standard([2, 2], ["allowzero"]),
  Scan: standard([1, many], ["body", "num_scan_inputs"], [1, many]),
  ScatterElements: standard([3, 3], ["axis", "reduction"]),
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
  Tanh: unary,
  TopK: standard([2, 2], ["axis", "largest", "sorted"], [2, 2]),
  Transpose: standard([1, 1], ["perm"]),
  Unsqueeze: binary,
  Where: standard([3, 3]),
};

/** Domain of an operator that atlasc emits; throws (a fault of ours) for any other. */
export function domainOf(op: string): "" | "com.microsoft" {
  const description = operators[op];
  if (description === undefined) throw new RangeError(`domainOf: ${op} is not in the operator table`);
  return description.domain;
}
