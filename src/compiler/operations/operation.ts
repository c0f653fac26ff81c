import type { OperationAttributes } from "../ir/expression.js";
import type { Origins } from "../ir/origin.js";
import type { TensorType } from "../ir/tensor-type.js";
import type { GraphBuilder } from "../onnx/builder.js";
import type { Notation } from "./notation.js";
import type { RangeRule } from "./range.js";

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

/** Why an operation may have no result. */
export interface Failure {
  /** A sentence that fits wherever the operation is used. */
  readonly reason: string;
  /** The sentence for an application whose operands a protocol writes so. */
  readonly written: (operands: readonly string[], attributes: OperationAttributes) => string;
}

/**
 * An operation of the measurement language. Three independent meanings (types, ONNX, float64 reference) that a test
 * compares on random tensors, and all that the rest of the compiler needs to know of it: nothing else goes by its name,
 * except what makes or rewrites exactly this operation.
 */
export interface Operation {
  readonly name: string;
  /** One sentence for `atlasc doc` and hovers; formulas with named axes. */
  readonly documentation: string;
  readonly source?: string;
  /** Number of tensor inputs. */
  readonly arity: number;
  /** True when the inputs must agree in unit, so that a number written beside one takes the unit of the other. */
  readonly sameUnit?: true;
  /** Attribute names it accepts and what they are. `axes` lists are consumed axes (`over`). */
  readonly attributes: Readonly<Record<string, "axes" | "axis" | "count" | "integer">>;
  readonly written: Notation;
  /** Null when the operation itself never produces a NaN with a reason. */
  readonly failure: Failure | null;
  readonly range: RangeRule;
  /**
   * True when no graph can compute it: `reference` does, from what the graph yields, when results are read, and so does that
   * of whatever is computed from it (`tail.ts`). Its `lower` is never called.
   */
  readonly outside?: true;
  /**
   * True when the value depends on how the graph makes its inputs, and not on the inputs alone: the gradient. `reference` is
   * never called.
   */
  readonly ofGraph?: true;
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
  /**
   * What it does along the positions of a document that a model reads in windows. `sum`, `mean`, `max`, `min`: one value
   * for all of them, which is made of the windows' in this way. `positions`: one value, which takes the windows' positions
   * one after the other. `ends`: it leaves out positions at the ends. Absent: it relates positions in a way that windows
   * cannot, wherever it takes them at all.
   */
  readonly windows?: "sum" | "mean" | "max" | "min" | "positions" | "ends";
  /**
   * What a call whose argument is `x where condition` makes of the entries for which it holds. `all`: the operation itself,
   * with 0 for the others. `largest`, `smallest`: the same with an entry for the others that it never takes. Absent: it does
   * not choose entries.
   */
  readonly chosen?: "all" | "largest" | "smallest" | "count" | "mean" | "deviation" | "variance";
  /** Why it has no derivative; null where the operators that it is lowered to have rules (`autodiff/`). */
  readonly gradient: string | null;
}

export function isFault(result: TensorType | TypeFault): result is TypeFault {
  return "fault" in result;
}
