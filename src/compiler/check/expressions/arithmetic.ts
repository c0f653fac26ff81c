/** Operators of the measurement language: on numbers known now, on layers, on tensors. */
import type { BinaryOperator, Expression } from "../../syntax/ast.js";
import { reasonInWords } from "../../operations/reasons.js";
import { infixOperations, prefixOperations } from "../../operations/written.js";
import { applyOperation, beyondFloat32, fitsFloat32, wrongKind } from "../faults.js";
import { errorValue, type Elaboration, type Environment, type Value } from "./values.js";

function fold(operator: BinaryOperator, a: number, b: number): number | null {
  switch (operator) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
      return b === 0 ? null : a / b;
    case "^":
      return a ** b;
    default:
      return null;
  }
}

/** How arithmetic on two numbers lost its result, which is not 0 and has an end; null when it did not. */
function lostIn(operator: BinaryOperator, a: number, b: number, value: number | null): "large" | "small" | null {
  if (value === Infinity || value === -Infinity) return operator === "^" && a === 0 ? null : "large";
  if (value !== 0 || a === 0 || operator === "+" || operator === "-") return null;
  return operator === "*" && b === 0 ? null : "small";
}

export function elaborateUnary(
  cx: Elaboration,
  environment: Environment,
  expression: Extract<Expression, { kind: "unary" }>,
): Value {
  const operand = cx.elaborate(cx, environment, expression.operand);
  if (operand.kind === "error") return errorValue;
  // Not `-0`, which no text means and JSON does not keep.
  if (expression.operator === "-" && operand.kind === "number") return { kind: "number", value: 0 - operand.value };
  const operation = prefixOperations.get(expression.operator);
  if (operation === undefined) throw new RangeError(`elaborateUnary: no operation is written ${expression.operator}`);
  return applyOperation(cx, operation.name, [operand], {}, expression);
}

export function elaborateBinary(
  cx: Elaboration,
  environment: Environment,
  expression: Extract<Expression, { kind: "binary" }>,
): Value {
  const { operator } = expression;
  const operation = infixOperations.get(operator);
  if (operation === undefined) {
    return wrongKind(
      cx,
      expression.span,
      "arithmetic, a comparison with <, >, <=, >= or is, and, or",
      `\`${operator}\``,
    );
  }
  const sides = [expression.left, expression.right].map((side) => cx.elaborate(cx, environment, side));
  const [left = errorValue, right = errorValue] = comparedLayers(operator, sides) ?? sides;
  if (left.kind === "error" || right.kind === "error") return errorValue;
  if (left.kind === "layer" || right.kind === "layer") {
    const moved = moveLayer(operator, left, right);
    if (moved !== null) return { kind: "layer", index: moved };
    return wrongKind(
      cx,
      expression.span,
      "a layer plus or minus a whole number, or two layers compared",
      cx.sourceOf(expression.span),
    );
  }
  if (left.kind === "number" && right.kind === "number") {
    const value = fold(operator, left.value, right.value);
    const lost = lostIn(operator, left.value, right.value, value);
    if (lost !== null) return beyondFloat32(cx, expression.span, cx.sourceOf(expression.span), lost);
    // What cannot be folded (a division by zero, a comparison) goes into the graph, which knows how to fail with a reason.
    if (value !== null && Number.isFinite(value)) return { kind: "number", value: value + 0 };
  }
  // Where the number stands says more than where it is used.
  for (const [side, value] of [
    [expression.left, left],
    [expression.right, right],
  ] as const) {
    if (value.kind === "number" && !fitsFloat32(cx, value.value, side.span)) return errorValue;
  }
  const reason = reasonInWords(
    operation.name,
    [expression.left, expression.right].map((side) => cx.sourceOf(side.span)),
  );
  const [a, b] = operation.sameUnit === true ? withSharedUnit(cx, left, right, expression) : [left, right];
  return applyOperation(cx, operation.name, [a, b], {}, expression, reason);
}

const comparisons: ReadonlySet<BinaryOperator> = new Set(["<", ">", "<=", ">=", "is"]);

/** Two layers that are compared, as the numbers of the layers; null for anything else. */
function comparedLayers(operator: BinaryOperator, sides: readonly Value[]): readonly Value[] | null {
  if (!comparisons.has(operator)) return null;
  const layers = sides.flatMap((side): Value[] =>
    side.kind === "layer" ? [{ kind: "number", value: side.index }] : [],
  );
  return layers.length === sides.length ? layers : null;
}

/** The layer that `layer + 1`, `layer - 1` and `1 + layer` mean; null for any other arithmetic. */
function moveLayer(operator: BinaryOperator, left: Value, right: Value): number | null {
  const [layer, step] = left.kind === "layer" ? [left, right] : [right, left];
  if (layer.kind !== "layer" || step.kind !== "number" || !Number.isInteger(step.value)) return null;
  if (operator === "+") return layer.index + step.value;
  return operator === "-" && left.kind === "layer" ? layer.index - step.value : null;
}

/** Both operands; a number known now takes the unit of the tensor beside it (`loss > 3` compares nats with 3 nats). */
function withSharedUnit(cx: Elaboration, left: Value, right: Value, at: Expression): readonly [Value, Value] {
  const adopt = (value: Value, other: Value): Value => {
    if (value.kind !== "number" || other.kind !== "tensor") return value;
    const { unit } = cx.builder.typeOf(other.node);
    return { kind: "tensor", node: cx.builder.constant(value.value, at.span, unit) };
  };
  return [adopt(left, right), adopt(right, left)];
}
