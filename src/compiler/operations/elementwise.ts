/** Operations that compute every place of a tensor by itself; tensors broadcast by axis name. */
import type { GraphBuilder } from "../onnx/builder.js";
import { typeText, type TensorType, type Unit } from "../ir/tensor-type.js";
import { elementwiseOperation } from "./elementwise-operation.js";
import { cast, emitLog, spoilWhere, zero } from "./lowering.js";
import type { Operation, TypeFault } from "./operation.js";
import { numberFault, truthFault, typeFault, unitFault } from "./typing.js";

const pending = "pending";

function real(unit: Unit): Pick<TensorType, "element" | "unit"> {
  return { element: "real", unit };
}

/** Addition and comparison need one unit on both sides; a literal has been given the other side's unit before. */
function sameUnit(operation: string, inputs: readonly TensorType[]): TypeFault | null {
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

function binary(
  name: string,
  documentation: string,
  op: string,
  compute: (left: number, right: number) => number,
  resultOf: (inputs: readonly TensorType[]) => Pick<TensorType, "element" | "unit"> | TypeFault,
  gradient = pending,
  decides: { readonly decides?: true } = {},
): Operation {
  return elementwiseOperation({
    name,
    documentation,
    arity: 2,
    gradient,
    ...decides,
    resultOf,
    emit: (builder, inputs) => builder.node(op, inputs),
    compute: ([left = Number.NaN, right = Number.NaN]) => compute(left, right),
  });
}

function additive(
  name: string,
  documentation: string,
  op: string,
  compute: (a: number, b: number) => number,
): Operation {
  return binary(
    name,
    documentation,
    op,
    compute,
    (inputs) => sameUnit(name, inputs) ?? real(inputs[0]?.unit ?? "none"),
  );
}

function comparison(name: string, sign: string, op: string, compute: (a: number, b: number) => boolean): Operation {
  return binary(
    name,
    `Truth value of x ${sign} y at every place, broadcast by axis name; a comparison with NaN is undecided.`,
    op,
    (a, b) => (compute(a, b) ? 1 : 0),
    (inputs) => sameUnit(name, inputs) ?? { element: "truth", unit: "none" },
    "none: piecewise constant",
    { decides: true },
  );
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

const add = additive("add", "x + y, broadcast by axis name; both in the same unit.", "Add", (a, b) => a + b);
const subtract = additive("subtract", "x − y, broadcast by axis name; both in the same unit.", "Sub", (a, b) => a - b);
const multiply = binary(
  "multiply",
  "x · y, broadcast by axis name; at most one has a unit.",
  "Mul",
  (a, b) => a * b,
  productUnit,
);

const divide = elementwiseOperation({
  name: "divide",
  documentation: "x / y, broadcast by axis name; NaN with a reason where y = 0. Equal units cancel.",
  arity: 2,
  gradient: pending,
  resultOf: quotientUnit,
  emit: (builder, inputs) => builder.node("Div", inputs),
  compute: ([dividend = Number.NaN, divisor = Number.NaN]) => dividend / divisor,
  failsWhere: {
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

function unary(
  name: string,
  documentation: string,
  resultOf: (inputs: readonly TensorType[]) => Pick<TensorType, "element" | "unit"> | TypeFault,
  emit: (builder: GraphBuilder, value: string) => string,
  compute: (value: number) => number,
  /** The comparison with 0 under which the operation fails. */
  failing?: {
    readonly op: "Less" | "LessOrEqual";
    readonly compute: (value: number) => boolean;
    readonly source?: string;
  },
): Operation {
  return elementwiseOperation({
    name,
    documentation,
    ...(failing?.source === undefined ? {} : { source: failing.source }),
    arity: 1,
    gradient: pending,
    resultOf,
    emit: (builder, [value = ""]) => emit(builder, value),
    compute: ([value = Number.NaN]) => compute(value),
    ...(failing === undefined
      ? {}
      : {
          failsWhere: {
            emit: (builder: GraphBuilder, [value = ""]: readonly string[]) =>
              builder.node(failing.op, [value, zero(builder)]),
            compute: ([value = Number.NaN]: readonly number[]) => failing.compute(value),
          },
        }),
  });
}

function direct(op: string) {
  return (builder: GraphBuilder, value: string): string => builder.node(op, [value]);
}

const negate = unary("negate", "−x.", keepsUnit("negate"), direct("Neg"), (x) => -x);
const abs = unary("abs", "|x|, in the unit of x.", keepsUnit("abs"), direct("Abs"), Math.abs);

const exp = unary(
  "exp",
  "e ^ x; of a value in nats or without unit, the result has none.",
  (inputs) => {
    const bits = inputs.filter((input) => input.unit === "bits");
    return (
      numberFault("exp", inputs) ?? unitFault("exp", bits, "bits are exponents of 2, exp is for nats") ?? real("none")
    );
  },
  direct("Exp"),
  Math.exp,
);

const log = unary(
  "log",
  "Natural logarithm of a value without unit, in nats; NaN with a reason where x ≤ 0.",
  (inputs) => unitless("log", inputs, "divide by a value in that unit first", "nats"),
  emitLog,
  Math.log,
  { op: "LessOrEqual", compute: (x) => x <= 0 },
);

const sqrt = unary(
  "sqrt",
  "Square root of a value without unit; NaN with a reason where x < 0.",
  (inputs) => unitless("sqrt", inputs, "roots of units are not supported: std keeps the unit"),
  direct("Sqrt"),
  Math.sqrt,
  { op: "Less", compute: (x) => x < 0 },
);

const entr = unary(
  "entr",
  "−p · ln p in nats, 0 where p = 0; NaN with a reason where p < 0. Σ entr(p) over an axis is the entropy.",
  (inputs) => unitless("entr", inputs, "entr takes probabilities", "nats"),
  (builder, value) => {
    // At 0 the product would be 0 · −∞: the logarithm of 1 stands in, and 0 · 0 is the limit.
    const inside = builder.node("Where", [
      builder.node("Equal", [value, zero(builder)]),
      builder.constant("float32", [1], [1]),
      value,
    ]);
    return builder.node("Neg", [builder.node("Mul", [value, emitLog(builder, inside)])]);
  },
  (p) => (p === 0 ? 0 : -p * Math.log(p)),
  { op: "Less", compute: (p) => p < 0, source: "scipy.special.entr" },
);

const where = elementwiseOperation({
  name: "where",
  documentation:
    "where(value, condition): the value where the condition holds, NaN with a reason elsewhere; broadcast by axis name.",
  arity: 2,
  gradient: pending,
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
  comparison("less", "<", "Less", (a, b) => a < b),
  comparison("greater", ">", "Greater", (a, b) => a > b),
  comparison("lessEqual", "≤", "LessOrEqual", (a, b) => a <= b),
  comparison("greaterEqual", "≥", "GreaterOrEqual", (a, b) => a >= b),
  where,
];
