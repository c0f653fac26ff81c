/** Functions that are computed at every place of a tensor by itself. */
import type { TensorType } from "../ir/tensor-type.js";
import type { GraphBuilder } from "../onnx/builder.js";
import { elementwiseOperation, type ElementwiseDescription } from "./elementwise-operation.js";
import { emitLog, zero } from "./lowering.js";
import type { Failure, Operation } from "./operation.js";
import { numberFault, real, unitFault, unitless } from "./typing.js";

function keepsUnit(operation: string) {
  return (inputs: readonly TensorType[]) => numberFault(operation, inputs) ?? real(inputs[0]?.unit ?? "none");
}

/** What an operation on one tensor says about itself; it is called by its name unless it says otherwise. */
interface UnaryDescription extends Pick<
  ElementwiseDescription,
  "name" | "documentation" | "source" | "written" | "range" | "resultOf"
> {
  readonly emit: (builder: GraphBuilder, value: string) => string;
  readonly compute: (value: number) => number;
  /** The comparison with 0 under which the operation fails. */
  readonly fails?: Failure & {
    readonly op: "Less" | "LessOrEqual";
    readonly compute: (value: number) => boolean;
  };
}

function unary({ emit, compute, fails, ...description }: UnaryDescription): Operation {
  return elementwiseOperation({
    ...description,
    arity: 1,
    gradient: null,
    emit: (builder, [value = ""]) => emit(builder, value),
    compute: ([value = Number.NaN]) => compute(value),
    ...(fails === undefined
      ? {}
      : {
          failsWhere: {
            ...fails,
            emit: (builder: GraphBuilder, [value = ""]: readonly string[]) =>
              builder.node(fails.op, [value, zero(builder)]),
            compute: ([value = Number.NaN]: readonly number[]) => fails.compute(value),
          },
        }),
  });
}

function direct(op: string) {
  return (builder: GraphBuilder, value: string): string => builder.node(op, [value]);
}

const negate = unary({
  name: "negate",
  documentation: "−x.",
  written: { form: "-x", call: null, operator: { kind: "prefix", sign: "-" } },
  range: { kind: "transparent", tail: "places" },
  resultOf: keepsUnit("negate"),
  emit: direct("Neg"),
  compute: (x) => -x,
});

const abs = unary({
  name: "abs",
  documentation: "|x|, in the unit of x.",
  range: { kind: "transparent", tail: "places" },
  resultOf: keepsUnit("abs"),
  emit: direct("Abs"),
  compute: Math.abs,
});

const exp = unary({
  name: "exp",
  documentation: "e ^ x; of a value in nats or without unit, the result has none.",
  range: { kind: "growing", alone: true, honest: () => true, tail: "places", grows: () => true },
  resultOf: (inputs) => {
    const bits = inputs.filter((input) => input.unit === "bits");
    return (
      numberFault("exp", inputs) ?? unitFault("exp", bits, "bits are exponents of 2, exp is for nats") ?? real("none")
    );
  },
  emit: direct("Exp"),
  compute: Math.exp,
});

const log = unary({
  name: "log",
  documentation: "Natural logarithm of a value without unit, in nats; NaN with a reason where x ≤ 0.",
  range: { kind: "transparent", tail: "places" },
  resultOf: (inputs) => unitless("log", inputs, "divide by a value in that unit first", "nats"),
  emit: emitLog,
  compute: Math.log,
  fails: {
    reason: "the logarithm of a number that is not positive",
    written: ([x = ""]) => `the logarithm needs a positive number, and ${x} is not`,
    op: "LessOrEqual",
    compute: (x) => x <= 0,
  },
});

const sqrt = unary({
  name: "sqrt",
  documentation: "Square root of a value without unit; NaN with a reason where x < 0.",
  range: { kind: "transparent", tail: "places" },
  resultOf: (inputs) => unitless("sqrt", inputs, "roots of units are not supported: std keeps the unit"),
  emit: direct("Sqrt"),
  compute: Math.sqrt,
  fails: {
    reason: "the square root of a negative number",
    written: ([x = ""]) => `the square root needs a number that is not negative, and ${x} is`,
    op: "Less",
    compute: (x) => x < 0,
  },
});

const entr = unary({
  name: "entr",
  documentation:
    "−p · ln p in nats, 0 where p = 0; NaN with a reason where p < 0. Σ entr(p) over an axis is the entropy.",
  source: "scipy.special.entr",
  range: { kind: "growing", tail: "places" },
  resultOf: (inputs) => unitless("entr", inputs, "entr takes probabilities", "nats"),
  emit: (builder, value) => {
    // At 0 the product would be 0 · −∞: the logarithm of 1 stands in, and 0 · 0 is the limit.
    const inside = builder.node("Where", [
      builder.node("Equal", [value, zero(builder)]),
      builder.constant("float32", [1], [1]),
      value,
    ]);
    return builder.node("Neg", [builder.node("Mul", [value, emitLog(builder, inside)])]);
  },
  compute: (p) => (p === 0 ? 0 : -p * Math.log(p)),
  fails: {
    reason: "the entropy of a negative number",
    written: ([p = ""]) => `the entropy needs probabilities, and ${p} is negative`,
    op: "Less",
    compute: (p) => p < 0,
  },
});

/** The functions of every place by itself, in the order of the language reference. */
export const elementwiseOperations: readonly Operation[] = [negate, exp, log, sqrt, abs, entr];
