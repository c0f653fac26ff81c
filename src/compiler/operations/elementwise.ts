/** Operations that compute every place of a tensor by itself; tensors broadcast by axis name. */
import type { GraphBuilder } from "../onnx/builder.js";
import { typeText, type TensorType, type Unit } from "../ir/tensor-type.js";
import { elementwiseOperation, infix, type ElementwiseDescription } from "./elementwise-operation.js";
import { cast, emitLog, spoilWhere, zero } from "./lowering.js";
import type { Failure, Operation, TypeFault } from "./operation.js";
import { ordinary, type RangeRule } from "./range.js";
import { numberFault, truthFault, typeFault, unitFault } from "./typing.js";

const pending = "pending";

function real(unit: Unit): Pick<TensorType, "element" | "unit"> {
  return { element: "real", unit };
}

/** Addition and comparison need one unit on both sides; a literal has been given the other side's unit before. */
function unitsAgree(operation: string, inputs: readonly TensorType[]): TypeFault | null {
  const truth = numberFault(operation, inputs);
  if (truth !== null) return truth;
  const [left, right] = inputs;
  if (left === undefined || right === undefined || left.unit === right.unit) return null;
  const units = [left.unit, right.unit].map((unit) => (unit === "none" ? "no unit" : unit));
  return typeFault(
    `${operation} mixes units: ${units.join(" and ")}`,
    "the same unit on both sides",
    `${typeText(left)} and ${typeText(right)}`,
    "divide by a value in the same unit to get a number without one",
  );
}

/** Arithmetic shows an infinite input, and can be infinite of itself. */
const arithmetic: RangeRule = { kind: "transparent", alone: true, tail: "places" };

/** What an operation on two tensors says about itself, with the sign between them. */
interface BinaryDescription extends Omit<ElementwiseDescription, "arity" | "written" | "emit" | "compute"> {
  readonly sign: string;
  /** Name of the ONNX operator. */
  readonly op: string;
  readonly compute: (left: number, right: number) => number;
}

function binary({ sign, op, compute, ...description }: BinaryDescription): Operation {
  return elementwiseOperation({
    ...description,
    arity: 2,
    written: infix(sign),
    emit: (builder, inputs) => builder.node(op, inputs),
    compute: ([left = Number.NaN, right = Number.NaN]) => compute(left, right),
  });
}

function additive(
  name: string,
  sign: string,
  documentation: string,
  op: string,
  compute: (a: number, b: number) => number,
): Operation {
  return binary({
    name,
    sign,
    documentation,
    op,
    compute,
    gradient: pending,
    range: arithmetic,
    sameUnit: true,
    resultOf: (inputs) => unitsAgree(name, inputs) ?? real(inputs[0]?.unit ?? "none"),
  });
}

/** `shown` is the sign as formulas have it. */
function comparison(
  name: string,
  sign: string,
  shown: string,
  op: string,
  compute: (a: number, b: number) => boolean,
): Operation {
  return binary({
    name,
    sign,
    documentation: `Truth value of x ${shown} y at every place, broadcast by axis name; a comparison with NaN is undecided.`,
    op,
    compute: (a, b) => (compute(a, b) ? 1 : 0),
    gradient: "none: piecewise constant",
    range: { kind: "bounded" },
    sameUnit: true,
    decides: true,
    resultOf: (inputs) => unitsAgree(name, inputs) ?? { element: "truth", unit: "none" },
  });
}

/** Unit of a product: of the factor that has one. */
function productUnit(inputs: readonly TensorType[]): ReturnType<typeof real> | TypeFault {
  const truth = numberFault("multiply", inputs);
  if (truth !== null) return truth;
  const units = inputs.map((input) => input.unit).filter((unit) => unit !== "none");
  if (units.length < 2) return real(units[0] ?? "none");
  return typeFault(
    `multiply: the unit ${units.join(" · ")} is not supported`,
    "at most one factor with a unit",
    inputs.map(typeText).join(" and "),
  );
}

/** Unit of a quotient: the same unit cancels; a unit below the line alone is not supported. */
function quotientUnit(inputs: readonly TensorType[]): ReturnType<typeof real> | TypeFault {
  const truth = numberFault("divide", inputs);
  if (truth !== null) return truth;
  const [dividend = "none", divisor = "none"] = inputs.map((input) => input.unit);
  if (divisor === "none") return real(dividend);
  if (divisor === dividend) return real("none");
  return typeFault(
    `divide: the unit ${dividend === "none" ? "1" : dividend} / ${divisor} is not supported`,
    `a dividend in ${divisor}`,
    inputs.map(typeText).join(" and "),
  );
}

function unitless(operation: string, inputs: readonly TensorType[], hint: string, unit: Unit = "none") {
  return numberFault(operation, inputs) ?? unitFault(operation, inputs, hint) ?? real(unit);
}

function keepsUnit(operation: string) {
  return (inputs: readonly TensorType[]) => numberFault(operation, inputs) ?? real(inputs[0]?.unit ?? "none");
}

const add = additive("add", "+", "x + y, broadcast by axis name; both in the same unit.", "Add", (a, b) => a + b);
const subtract = additive(
  "subtract",
  "-",
  "x − y, broadcast by axis name; both in the same unit.",
  "Sub",
  (a, b) => a - b,
);
const multiply = binary({
  name: "multiply",
  sign: "*",
  documentation: "x · y, broadcast by axis name; at most one has a unit.",
  op: "Mul",
  compute: (a, b) => a * b,
  gradient: pending,
  range: { ...arithmetic, grows: ([left, right]) => Math.max(left ?? 0, right ?? 0) > ordinary.factor },
  resultOf: productUnit,
});

const divide = elementwiseOperation({
  name: "divide",
  documentation: "x / y, broadcast by axis name; NaN with a reason where y = 0. Equal units cancel.",
  arity: 2,
  gradient: pending,
  written: infix("/"),
  range: {
    ...arithmetic,
    vanishing: [1],
    grows: ([dividend, divisor]) => (dividend ?? 0) > ordinary.factor || (divisor ?? 1) < 1 / ordinary.factor,
  },
  resultOf: quotientUnit,
  emit: (builder, inputs) => builder.node("Div", inputs),
  compute: ([dividend = Number.NaN, divisor = Number.NaN]) => dividend / divisor,
  failsWhere: {
    reason: "the divisor is 0",
    written: ([, divisor = ""]) => `the divisor ${divisor} is 0`,
    emit: (builder, [, divisor = ""]) => builder.node("Equal", [divisor, zero(builder)]),
    compute: ([, divisor]) => divisor === 0,
  },
});

const power = elementwiseOperation({
  name: "power",
  documentation:
    "x ^ y, broadcast by axis name, without units; NaN with a reason where x < 0 and y is no integer, and where x = 0 and y < 0.",
  arity: 2,
  gradient: pending,
  written: infix("^"),
  range: {
    kind: "growing",
    alone: true,
    vanishing: [0, 1],
    honest: ([base]) => base?.kind === "constant",
    tail: "places",
    grows: ([, exponent]) => (exponent ?? Infinity) > ordinary.exponent,
  },
  resultOf: (inputs) =>
    unitless("power", inputs, "squared units are not supported: divide by a value in that unit first"),
  // float64 inside: for a single exponent of 2 or 3 onnxruntime multiplies instead, and whether an exponent is single
  // depends on the number of rows.
  emit: (builder, inputs) => {
    const wide = inputs.map((input) => cast(builder, input, "float64"));
    // IEEE 754 has NaN ^ 0 = 1 and 1 ^ NaN = 1, which would hide that something is no number.
    const spoiled = builder.node(
      "Or",
      inputs.map((input) => builder.node("IsNaN", [input])),
    );
    return spoilWhere(builder, spoiled, cast(builder, builder.node("Pow", wide), "float32"));
  },
  // IEEE 754 pow otherwise, as ONNX has it: JavaScript differs for (±1) ^ ±∞.
  compute: ([base = Number.NaN, exponent = Number.NaN]) => {
    if (Number.isNaN(base) || Number.isNaN(exponent)) return Number.NaN;
    return Math.abs(base) === 1 && Math.abs(exponent) === Number.POSITIVE_INFINITY ? 1 : base ** exponent;
  },
  failsWhere: {
    reason: "a root of a negative number, or 0 to a negative power",
    written: ([base = ""]) => `${base} is negative and its exponent not a whole number, or 0 and its exponent negative`,
    emit: (builder, [base = "", exponent = ""]) => {
      const fraction = builder.node("Less", [builder.node("Floor", [exponent]), exponent]);
      const root = builder.node("And", [builder.node("Less", [base, zero(builder)]), fraction]);
      const pole = builder.node("And", [
        builder.node("Equal", [base, zero(builder)]),
        builder.node("Less", [exponent, zero(builder)]),
      ]);
      return builder.node("Or", [root, pole]);
    },
    compute: ([base = Number.NaN, exponent = Number.NaN]) =>
      (base < 0 && Math.floor(exponent) < exponent) || (base === 0 && exponent < 0),
  },
});

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
    gradient: pending,
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

const where = elementwiseOperation({
  name: "where",
  documentation:
    "where(value, condition): the value where the condition holds, NaN with a reason elsewhere; broadcast by axis name.",
  arity: 2,
  gradient: pending,
  written: infix("where", "x where condition"),
  range: { kind: "view", tail: "places" },
  resultOf: ([value, condition]) => {
    if (value === undefined || condition === undefined) throw new RangeError("where: two inputs are needed");
    if (condition.element !== "truth") {
      return typeFault("where needs a condition", "truth values", typeText(condition), "compare: x > 0");
    }
    return truthFault("where", [value]) ?? real(value.unit);
  },
  // Both branches are the value: Where only repeats it along the axes that the condition adds.
  emit: (builder, [value = "", condition = ""]) => builder.node("Where", [condition, value, value]),
  compute: ([value = Number.NaN]) => value,
  failsWhere: {
    reason: "the condition does not hold",
    written: ([, condition = ""]) => `requires ${condition}`,
    emit: (builder, [, condition = ""]) => builder.node("Not", [condition]),
    compute: ([, condition]) => condition !== 1,
  },
});

/** The elementwise operations in the order of the language reference. */
export const elementwiseOperations: readonly Operation[] = [
  add,
  subtract,
  multiply,
  divide,
  power,
  negate,
  exp,
  log,
  sqrt,
  abs,
  entr,
  comparison("less", "<", "<", "Less", (a, b) => a < b),
  comparison("greater", ">", ">", "Greater", (a, b) => a > b),
  comparison("lessEqual", "<=", "≤", "LessOrEqual", (a, b) => a <= b),
  comparison("greaterEqual", ">=", "≥", "GreaterOrEqual", (a, b) => a >= b),
  where,
];
