/** How every elementwise operation is made from what it computes at one place. */
import type { OperationAttributes } from "../ir/expression.js";
import type { TensorType } from "../ir/tensor-type.js";
import type { GraphBuilder } from "../onnx/builder.js";
import { alignLowered, broadcastTypes } from "./broadcast.js";
import { addOwnFault, addOwnReferenceFault, addUndecided, mergeFaults, mergeReferenceFaults } from "./faults.js";
import type { Notation } from "./notation.js";
import type { Failure, Lowered, LoweringContext, Operation, TypeFault } from "./operation.js";
import type { RangeRule } from "./range.js";
import { broadcastAxes, broadcastTo, elementCount } from "./reference-tensor.js";

/** What an elementwise operation says about itself; everything else follows. */
export interface ElementwiseDescription {
  readonly name: string;
  readonly documentation: string;
  readonly source?: string;
  readonly arity: number;
  readonly gradient: string | null;
  /** Absent for a function of its name that is called with its tensors alone. */
  readonly written?: Notation;
  readonly range: RangeRule;
  readonly sameUnit?: true;
  /** Element and unit of the result, or why the inputs do not fit. Axes are joined by name afterwards. */
  readonly resultOf: (inputs: readonly TensorType[]) => Pick<TensorType, "element" | "unit"> | TypeFault;
  /** Absent when a NaN that it reads shows in the result; see {@link Operation.decides}. */
  readonly decides?: true;
  /** The ONNX value for aligned inputs (same rank, axes by name in the same place). */
  readonly emit: (builder: GraphBuilder, inputs: readonly string[]) => string;
  /** The value at one place, in float64. Truth values are 1 and 0. */
  readonly compute: (values: readonly number[]) => number;
  /** Where the operation has no result: as an ONNX bool value and at one place. Absent when it cannot fail. */
  readonly failsWhere?: Failure & {
    readonly emit: (builder: GraphBuilder, inputs: readonly string[]) => string;
    readonly compute: (values: readonly number[]) => boolean;
  };
}

/** The operation of a description: types, lowering and reference broadcast by axis name. */
export function elementwiseOperation(description: ElementwiseDescription): Operation {
  const { name, documentation, source, arity, gradient, range, sameUnit, resultOf, emit, compute, failsWhere } =
    description;
  const decides = description.decides === true;
  return {
    name,
    documentation,
    ...(source === undefined ? {} : { source }),
    arity,
    attributes: {},
    written: description.written ?? functionOf(name, arity),
    failure: failsWhere === undefined ? null : { reason: failsWhere.reason, written: failsWhere.written },
    range,
    ...(sameUnit === undefined ? {} : { sameUnit }),
    decides,
    gradient,
    type: (inputs: readonly TensorType[]): TensorType | TypeFault => {
      const result = resultOf(inputs);
      if ("fault" in result) return result;
      const axes = broadcastTypes(name, inputs);
      return "fault" in axes ? axes : { axes, ...result };
    },
    lower: (context, inputs, _attributes: OperationAttributes, type) => {
      const aligned = inputs.map((input) => alignLowered(context, input, type.axes));
      const values = aligned.map((input) => input.value);
      const merged = mergeFaults(
        context,
        aligned.map((input) => input.fault),
      );
      const value = emit(context.builder, values);
      const inputFault = decides ? withUndecided(context, merged, inputs, values) : merged;
      if (failsWhere === undefined) return { value, fault: inputFault, type };
      return { value, fault: addOwnFault(context, inputFault, failsWhere.emit(context.builder, values)), type };
    },
    reference: (inputs, _attributes, reason, undecided) => {
      const axes = broadcastAxes(inputs);
      const aligned = inputs.map((input) => broadcastTo(input, axes));
      const at = (place: number): readonly number[] => aligned.map((input) => input.data[place] ?? Number.NaN);
      const data = Float64Array.from({ length: elementCount(axes) }, (_, place) => compute(at(place)));
      const merged = mergeReferenceFaults(aligned);
      const spoiled = (place: number): boolean => at(place).some(Number.isNaN);
      const inputFault = decides ? addOwnReferenceFault(axes, merged, undecided, spoiled) : merged;
      if (failsWhere === undefined) return { axes, data, fault: inputFault };
      const fails = (place: number): boolean => failsWhere.compute(at(place));
      return { axes, data, fault: addOwnReferenceFault(axes, inputFault, reason, fails) };
    },
  };
}

/** `f(x)`, `f(x, y)`. */
function functionOf(name: string, arity: number): Notation {
  const operands = ["x", "y", "z"].slice(0, arity).join(", ");
  return { form: `${name}(${operands})`, call: { kind: "tensors" }, operator: null };
}

/** What stands between its operands: `x + y`. */
export function infix(sign: string, form = `x ${sign} y`): Notation {
  return { form, call: null, operator: { kind: "infix", sign } };
}

/** What an operation on two tensors says about itself, with the sign between them. */
export interface BinaryDescription extends Omit<ElementwiseDescription, "arity" | "written" | "emit" | "compute"> {
  readonly sign: string;
  /** Name of the ONNX operator. */
  readonly op: string;
  readonly compute: (left: number, right: number) => number;
}

/** An operation on two tensors that is one ONNX operator. */
export function binary({ sign, op, compute, ...description }: BinaryDescription): Operation {
  return elementwiseOperation({
    ...description,
    arity: 2,
    written: infix(sign),
    emit: (builder, inputs) => builder.node(op, inputs),
    compute: ([left = Number.NaN, right = Number.NaN]) => compute(left, right),
  });
}

/** The inputs' fault, and `undecided` where a sound input is NaN. Ids of tokens are never NaN without a fault. */
function withUndecided(
  context: LoweringContext,
  inputFault: string | null,
  inputs: readonly Lowered[],
  values: readonly string[],
): string | null {
  const numbers = values.filter((_, i) => inputs[i]?.type.unit !== "token");
  const [spoiled, ...others] = numbers.map((value) => context.builder.node("IsNaN", [value]));
  if (spoiled === undefined) return inputFault;
  const any = others.reduce((left, right) => context.builder.node("Or", [left, right]), spoiled);
  return addUndecided(context, inputFault, any);
}
