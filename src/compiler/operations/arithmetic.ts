/** Arithmetic of two tensors, place by place; tensors broadcast by axis name. */
import { typeText, type TensorType } from "../ir/tensor-type.js";
import { binary, elementwiseOperation, infix } from "./elementwise-operation.js";
import { cast, spoilWhere, zero } from "./lowering.js";
import type { Operation, TypeFault } from "./operation.js";
import { ordinary, type RangeRule } from "./range.js";
import { mixedUnitsFault, numberFault, real, typeFault, unitless } from "./typing.js";

/** Arithmetic shows an infinite input, and can be infinite of itself. */
const arithmetic: RangeRule = { kind: "transparent", alone: true, tail: "places" };

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
    gradient: null,
    range: arithmetic,
    sameUnit: true,
    resultOf: (inputs) => mixedUnitsFault(name, inputs) ?? real(inputs[0]?.unit ?? "none"),
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
  gradient: null,
  range: { ...arithmetic, grows: ([left, right]) => Math.max(left ?? 0, right ?? 0) > ordinary.factor },
  resultOf: productUnit,
});

const divide = elementwiseOperation({
  name: "divide",
  documentation: "x / y, broadcast by axis name; NaN with a reason where y = 0. Equal units cancel.",
  arity: 2,
  gradient: null,
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
  gradient: null,
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

/** Arithmetic in the order of the language reference. */
export const arithmeticOperations: readonly Operation[] = [add, subtract, multiply, divide, power];
