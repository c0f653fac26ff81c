/**
 * How faults travel, for every operation. A fault tensor is 0 where a value is sound and else the number of a reason.
 *
 * 1. An operation sets its own number only where everything that it read is sound. So along every path of the
 *    computation the innermost (earliest) failing operation is the one that is reported, whatever the numbers are.
 * 2. Where several faulty values meet (two inputs of an addition, elements of a sum) the largest number wins. The numbers
 *    follow the topological order of the expression, so that is the latest of several independent causes; all are true.
 * 3. Elementwise operations merge the faults of their inputs; reductions take the maximum over the axes they consume;
 *    index operations apply the same view to the fault; operations that mix (softmax, gram) take the maximum over what
 *    they consume and broadcast it back.
 * 4. The *value* under a fault is unspecified until the end of the expression, where it becomes NaN (`lowerMeasure`,
 *    `evaluateReference`).
 * 5. A NaN or infinity that comes from the model, or from a number beyond float32's range, sets no fault: it travels as
 *    the value, as IEEE 754 has it, and `causes.ts` says where it comes from. Only an operation whose result would not
 *    show a NaN (a comparison, the place of the largest entry) makes a fault of it, the number `undecided`.
 */
import { int } from "../onnx/attributes.js";
import type { TensorType } from "../ir/tensor-type.js";
import type { GraphBuilder } from "../onnx/builder.js";
import type { Lowered, LoweringContext, ReferenceTensor } from "./operation.js";
import { elementCount, type ReferenceAxes } from "./reference-tensor.js";

/** Elementwise maximum of int32 fault tensors that are already aligned; null when none of them can be non-zero. */
export function mergeFaults(context: LoweringContext, faults: readonly (string | null)[]): string | null {
  const present = [...new Set(faults.filter((fault) => fault !== null))];
  return present.length < 2 ? (present[0] ?? null) : context.builder.node("Max", present);
}

/**
 * The fault of an operation: its own reason where `fails` (a bool tensor of the same rank) holds and the inputs are
 * sound, and the inputs' fault everywhere else.
 */
export function addOwnFault(context: LoweringContext, inputFault: string | null, fails: string): string {
  const { builder, reason } = context;
  const own = builder.constant("int32", [1], [reason]);
  const sound = builder.constant("int32", [1], [0]);
  if (inputFault === null) return builder.node("Where", [fails, own, sound]);
  const first = builder.node("And", [builder.node("Equal", [inputFault, sound]), fails]);
  return builder.node("Where", [first, own, inputFault]);
}

/** {@link addOwnFault} for a NaN that leaves the operation undecided. */
export function addUndecided(context: LoweringContext, inputFault: string | null, spoiled: string): string {
  return addOwnFault({ ...context, reason: context.undecided }, inputFault, spoiled);
}

/** A fault whose dimensions of size 1 are repeated to the size of the value, so that the same view applies to both. */
export function expandFault(builder: GraphBuilder, fault: string, value: string): string {
  return builder.node("Expand", [fault, builder.node("Shape", [value])]);
}

/**
 * The largest fault over the given axes (positions in the layout, row = 0), which are removed or kept with size 1.
 * `value` has the full size of the fault.
 */
export function reduceFault(
  context: LoweringContext,
  fault: string,
  value: string,
  axes: readonly number[],
  keepDimensions = false,
): string {
  if (axes.length === 0) return fault;
  const { builder } = context;
  const full = expandFault(context.builder, fault, value);
  const reduced = builder.node("ReduceMax", [full, builder.constant("int64", [axes.length], axes)], {
    keepdims: int(keepDimensions ? 1 : 0),
  });
  // Over an empty axis onnxruntime gives the smallest int32: nothing was read, so nothing is at fault.
  return builder.node("Max", [reduced, builder.constant("int32", [1], [0])]);
}

/** {@link mergeFaults} for references: tensors of equal axes. */
export function mergeReferenceFaults(tensors: readonly ReferenceTensor[]): Int32Array | null {
  const present = tensors.map((tensor) => tensor.fault).filter((fault) => fault !== null);
  const first = present[0];
  if (first === undefined) return null;
  return first.map((value, i) => present.reduce((largest, fault) => Math.max(largest, fault[i] ?? 0), value));
}

/** {@link addOwnFault} for references: `fails` is asked for every place. */
export function addOwnReferenceFault(
  axes: ReferenceAxes,
  inputFault: Int32Array | null,
  reason: number,
  fails: (place: number) => boolean,
): Int32Array | null {
  const fault = Int32Array.from({ length: elementCount(axes) }, (_, place) => {
    const before = inputFault?.[place] ?? 0;
    return before === 0 && fails(place) ? reason : before;
  });
  return inputFault === null && fault.every((value) => value === 0) ? null : fault;
}

/**
 * {@link reduceFault} for references: `targets` gives for every place of the fault the place of the result that it
 * belongs to.
 */
export function reduceReferenceFault(
  fault: Int32Array | null,
  targets: Int32Array,
  resultCount: number,
): Int32Array | null {
  if (fault === null) return null;
  const result = new Int32Array(resultCount);
  targets.forEach((target, place) => {
    result[target] = Math.max(result[target] ?? 0, fault[place] ?? 0);
  });
  return result;
}

/** The same view of value and fault. */
export function view(
  context: LoweringContext,
  input: Lowered,
  type: TensorType,
  take: (name: string) => string,
): Lowered {
  const fault = input.fault === null ? null : take(expandFault(context.builder, input.fault, input.value));
  return { value: take(input.value), fault, type };
}
