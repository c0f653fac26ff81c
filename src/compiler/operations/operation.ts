import type { OperationAttributes } from "../ir/expression.js";
import type { Origins } from "../ir/origin.js";
import type { TensorType } from "../ir/tensor-type.js";
import type { GraphBuilder } from "../onnx/builder.js";

/** Why an operation does not apply to its inputs, for the checker to show as a diagnostic. */
export interface TypeFault {
  readonly fault: string;
  readonly expected: string;
  readonly found: string;
  readonly hint?: string;
}

/**
 * A value in the ONNX graph under construction: layout [row, …axes of `type` in order]. `fault` names an int32 tensor
 * of the same rank, each dimension either 1 or full, that is 0 where the value is sound and else the number of the
 * reason (see {@link LoweringContext.reason}); null when nothing before it can fail.
 */
export interface Lowered {
  readonly value: string;
  readonly fault: string | null;
  readonly type: TensorType;
}

/** What an operation may use while it is lowered. */
export interface LoweringContext {
  readonly builder: GraphBuilder;
  /** The number (≥ 1) that stands for this operation's reason in fault tensors. */
  readonly reason: number;
  /** The number that stands for a NaN which leaves an operation undecided; see {@link Operation.decides}. */
  readonly undecided: number;
}

/**
 * A value of the reference evaluation, for one row: float64, row-major over `axes`. `fault` as in {@link Lowered},
 * full size or null.
 */
export interface ReferenceTensor {
  readonly axes: readonly { readonly name: string; readonly size: number }[];
  readonly data: Float64Array;
  readonly fault: Int32Array | null;
}

/**
 * An operation of the measurement language. Three independent meanings (types, ONNX, float64 reference) that a test
 * compares on random tensors.
 */
export interface Operation {
  readonly name: string;
  /** One sentence for `atlasc doc` and hovers; formulas with named axes. */
  readonly documentation: string;
  readonly source?: string;
  /** Number of tensor inputs. */
  readonly arity: number;
  /** Attribute names it accepts and what they are. `axes` lists are consumed axes (`over`). */
  readonly attributes: Readonly<Record<string, "axes" | "axis" | "count" | "integer">>;
  /** True when the operation itself can produce a NaN with a reason. */
  readonly canFail: boolean;
  /**
   * True when the operation compares or looks up, so that the result does not show a NaN that it read. Where it reads one
   * it is undecided, which is a fault; every other operation hands a NaN on as a NaN.
   */
  readonly decides: boolean;
  readonly type: (inputs: readonly TensorType[], attributes: OperationAttributes) => TensorType | TypeFault;
  readonly lower: (
    context: LoweringContext,
    inputs: readonly Lowered[],
    attributes: OperationAttributes,
    type: TensorType,
  ) => Lowered;
  readonly reference: (
    inputs: readonly ReferenceTensor[],
    attributes: OperationAttributes,
    reason: number,
    undecided: number,
  ) => ReferenceTensor;
  /**
   * Which tokens the entries of the result belong to. Absent: each axis keeps what the inputs say of it, and where they
   * disagree the later token counts.
   */
  readonly origins?: (
    inputs: readonly { readonly type: TensorType; readonly origins: Origins }[],
    attributes: OperationAttributes,
  ) => Origins;
  /** Why reverse mode is not defined, or "pending" until the autodiff issue writes the rule. */
  readonly gradient: string;
}

export function isFault(result: TensorType | TypeFault): result is TypeFault {
  return "fault" in result;
}
