/** Parameters of metrics and what is given for them: kinds, sweeps, axes of tensors. */
import type { Span } from "../../base/span.js";
import { typeText } from "../../ir/tensor-type.js";
import type { Expression, Parameter } from "../../syntax/ast.js";
import { describe, elaborateLayer } from "./literals.js";
import { asTensor, reportError, tooMany, wrongKind } from "../faults.js";
import { limits } from "../limits.js";
import { rangeValues } from "../ranges.js";
import { resolvePlace } from "../models/places.js";
import { behindParams } from "../names/param-values.js";
import { errorValue, type Elaboration, type Environment, type Value } from "./values.js";

/** Types that a parameter can have, beside tensors. */
export const parameterTypes = ["layer", "count", "scalar", "token"] as const;

/** Kind of a parameter: its type, or without one whatever is given (`any`), a layer when its default is one. */
function kindOf(parameter: Parameter): string {
  if (parameter.type?.kind === "named") return parameter.type.name;
  return parameter.default?.kind === "place" ? "layer" : "any";
}

/** {@link behindParams} for what no parameter or `let` around it means. */
export function behindParam(cx: Elaboration, environment: Environment, expression: Expression): Expression {
  const isLocal = expression.kind === "name" && environment.values.has(expression.text);
  return isLocal ? expression : behindParams(cx.scope.params, expression);
}

/**
 * The value of a parameter. A list, a range, and a place with several layers become the sweep axis called after the
 * parameter. For a tensor parameter `axes` receives what its axis names mean. Reports what does not fit.
 */
export function bindParameter(
  cx: Elaboration,
  environment: Environment,
  parameter: Parameter,
  expression: Expression,
  axes: Map<string, string>,
): Value {
  if (parameter.type?.kind === "tensor") {
    const value = cx.elaborate(cx, environment, expression);
    if (value.kind === "error") return value;
    const node = asTensor(cx, value, expression.span);
    if (node === null || !bindAxes(cx, parameter, node, expression.span, axes)) return errorValue;
    return { kind: "tensor", node };
  }
  const name = parameter.name.text;
  const kind = kindOf(parameter);
  const written = behindParam(cx, environment, expression);
  if (written.kind === "list" || written.kind === "range") return sweepOver(cx, environment, name, kind, written);
  if (written.kind === "place" && (kind === "layer" || kind === "any")) return elaborateLayer(cx, written, name);
  return checkKind(cx, kind, cx.elaborate(cx, environment, expression), expression.span);
}

function checkKind(cx: Elaboration, kind: string, value: Value, span: Span): Value {
  if (value.kind === "error") return value;
  switch (kind) {
    case "any":
      return value;
    case "layer":
      return value.kind === "layer" ? value : wrongKind(cx, span, "a layer such as L5", describe(cx, value));
    case "count":
      if (value.kind === "number" && Number.isInteger(value.value) && value.value >= 0) return value;
      return wrongKind(cx, span, "a count: a whole number that is not negative", describe(cx, value));
    case "scalar":
      return value.kind === "layer" ? wrongKind(cx, span, "a number or a tensor", describe(cx, value)) : value;
    case "token":
      if (value.kind === "tensor" && cx.builder.typeOf(value.node).unit === "token") return value;
      return wrongKind(
        cx,
        span,
        'a token: answer, distractor, target or a string such as " Mary"',
        describe(cx, value),
      );
    default:
      // The definition says what is wrong with the type.
      return errorValue;
  }
}

/** `layer [L15, L18]`, `window [8, 16]`, `window 8..16`: one axis named after the parameter, every value once. */
function sweepOver(
  cx: Elaboration,
  environment: Environment,
  name: string,
  kind: string,
  written: Extract<Expression, { kind: "list" | "range" }>,
): Value {
  const items = written.kind === "list" ? written.items : [written];
  const values = new Map<number, Span>();
  let layers = kind === "layer";
  const add = (value: number, span: Span): boolean => {
    // Layers of an assumed model are all one.
    const twice = values.has(value) && !cx.model.assumed;
    if (twice) reportError(cx, "A1003", span, { what: `the value ${layers ? "L" : ""}${value} of ${name}` });
    values.set(value, span);
    return !twice;
  };
  for (const item of items) {
    if (values.size > limits.expressions) {
      const what = `this sweep of ${name}`;
      return tooMany(cx, written.span, "expressions", values.size, what, "expressions", "name fewer values");
    }
    if (item.kind === "place" && item.unit === "none" && (kind === "layer" || kind === "any")) {
      layers = true;
      const resolved = resolvePlace(item, cx.model, "head", cx.report);
      if (resolved?.layers.every((layer) => add(layer, item.span)) !== true) return errorValue;
      continue;
    }
    if (item.kind === "range") {
      if (layers)
        return wrongKind(cx, item.span, `layers such as L${item.first}..${item.last}`, cx.sourceOf(item.span));
      const what = `this sweep of ${name}`;
      const most = limits.expressions;
      const of = { limit: "expressions", most, what, things: "expressions", hint: "name fewer values" } as const;
      const numbers = rangeValues(cx, item, of);
      if (numbers === null) return errorValue;
      for (const value of numbers) {
        const checked = checkKind(cx, kind, { kind: "number", value }, item.span);
        if (checked.kind === "error" || !add(value, item.span)) return errorValue;
      }
      continue;
    }
    const value = checkKind(cx, kind, cx.elaborate(cx, environment, item), item.span);
    if (value.kind === "error") return value;
    if (value.kind === "tensor") return wrongKind(cx, item.span, "a number or a layer", describe(cx, value));
    if (value.kind === "layer") layers = true;
    if (!add(value.kind === "layer" ? value.index : value.value, item.span)) return errorValue;
  }
  if (values.size === 0) return wrongKind(cx, written.span, "a list with at least one value", "[]");
  const chosen = cx.sweeps.choose(name, [...values.keys()], written.span);
  return layers ? { kind: "layer", index: chosen } : { kind: "number", value: chosen };
}

/**
 * Binds the axis names of a tensor parameter to the argument's axes: a name that the argument has means that axis, any
 * other name takes the argument's next free axis in order, `*` takes the rest. A name that an earlier tensor parameter
 * has bound must mean the same axis again.
 */
function bindAxes(cx: Elaboration, parameter: Parameter, node: number, span: Span, axes: Map<string, string>): boolean {
  if (parameter.type?.kind !== "tensor") return true;
  const type = cx.builder.typeOf(node);
  const pattern = parameter.type.axes.map((a) => a.text);
  const free = type.axes.map((a) => a.name);
  const take = (name: string): void => void free.splice(free.indexOf(name), 1);
  const waiting: string[] = [];
  let fits = true;
  for (const name of pattern) {
    if (name === "*") continue;
    const known = axes.get(name) ?? name;
    if (free.includes(known)) take(known);
    else waiting.push(name);
  }
  for (const name of waiting) {
    const next = free.shift();
    if (next === undefined || axes.has(name)) fits = false;
    else axes.set(name, next);
  }
  if (fits && (free.length === 0 || pattern.includes("*"))) return true;
  const expected = `[${pattern.map((name) => axes.get(name) ?? name).join(", ")}]`;
  wrongKind(cx, span, `a tensor with axes ${expected} for ${parameter.name.text}`, typeText(type));
  return false;
}
