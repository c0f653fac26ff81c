/** Truth values: comparisons, what joins conditions and what they choose. Places without a result stay without one. */
import { typeText, type TensorType } from "../ir/tensor-type.js";
import { binary, elementwiseOperation, infix } from "./elementwise-operation.js";
import type { Operation, TypeFault } from "./operation.js";
import type { RangeRule } from "./range.js";
import { mixedUnitsFault, real, truthFault, typeFault } from "./typing.js";

const range: RangeRule = { kind: "bounded" };
const truth: Pick<TensorType, "element" | "unit"> = { element: "truth", unit: "none" };

/** The fault of a condition that is a number; null when all inputs are truth values. */
function conditionFault(operation: string, inputs: readonly TensorType[]): TypeFault | null {
  const found = inputs.find((input) => input.element !== "truth");
  if (found === undefined) return null;
  return typeFault(`${operation} joins truth values`, "truth values", typeText(found), "compare first: x > 0");
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
    gradient: "it is piecewise constant",
    range,
    sameUnit: true,
    decides: true,
    resultOf: (inputs) => mixedUnitsFault(name, inputs) ?? truth,
  });
}

const where = elementwiseOperation({
  name: "where",
  documentation:
    "where(value, condition): the value where the condition holds, NaN with a reason elsewhere; broadcast by axis name.",
  arity: 2,
  gradient: null,
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

const equal = elementwiseOperation({
  name: "equal",
  documentation:
    "Truth value of x = y at every place, broadcast by axis name: numbers in one unit, or two tokens; a comparison with NaN is undecided.",
  arity: 2,
  gradient: "it is piecewise constant",
  written: infix("is"),
  range,
  sameUnit: true,
  decides: true,
  resultOf: (inputs) => {
    const wrong = truthFault("equal", inputs);
    if (wrong !== null) return wrong;
    const [left, right] = inputs;
    if (left === undefined || right === undefined || left.unit === right.unit) return truth;
    const kinds = [left.unit, right.unit].map((unit) => (unit === "none" ? "no unit" : unit));
    return typeFault(
      `equal compares different units: ${kinds.join(" and ")}`,
      "the same unit on both sides",
      `${typeText(left)} and ${typeText(right)}`,
    );
  },
  emit: (builder, inputs) => builder.node("Equal", inputs),
  compute: ([left = Number.NaN, right = Number.NaN]) => (left === right ? 1 : 0),
});

function joining(
  name: string,
  documentation: string,
  op: "And" | "Or",
  compute: (a: boolean, b: boolean) => boolean,
): Operation {
  return elementwiseOperation({
    name,
    documentation,
    arity: 2,
    gradient: "it is piecewise constant",
    written: infix(name, `condition ${name} condition`),
    range,
    resultOf: (inputs) => conditionFault(name, inputs) ?? truth,
    emit: (builder, inputs) => builder.node(op, inputs),
    compute: ([left, right]) => (compute(left === 1, right === 1) ? 1 : 0),
  });
}

const not = elementwiseOperation({
  name: "not",
  documentation: "Holds where the condition does not.",
  arity: 1,
  gradient: "it is piecewise constant",
  written: { form: "not condition", call: null, operator: { kind: "prefix", sign: "not" } },
  range,
  resultOf: (inputs) => conditionFault("not", inputs) ?? truth,
  emit: (builder, inputs) => builder.node("Not", inputs),
  compute: ([value]) => (value === 1 ? 0 : 1),
});

/** Comparisons and the operations on truth values, in the order of the language reference. */
export const logicOperations: readonly Operation[] = [
  comparison("less", "<", "<", "Less", (a, b) => a < b),
  comparison("greater", ">", ">", "Greater", (a, b) => a > b),
  comparison("lessEqual", "<=", "≤", "LessOrEqual", (a, b) => a <= b),
  comparison("greaterEqual", ">=", "≥", "GreaterOrEqual", (a, b) => a >= b),
  where,
  equal,
  joining("and", "Holds where both conditions do, broadcast by axis name.", "And", (a, b) => a && b),
  joining("or", "Holds where one of the conditions does, or both, broadcast by axis name.", "Or", (a, b) => a || b),
  not,
];
