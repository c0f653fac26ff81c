/** Calls of the measurement language: operations of the table, and metrics, which are unfolded. */
import { nearestNames } from "../base/suggest.js";
import type { Span } from "../base/span.js";
import { diagnostic } from "../diagnostics/create.js";
import type { OperationAttributes } from "../ir/expression.js";
import { typeText } from "../ir/tensor-type.js";
import { operations } from "../operations/index.js";
import type { Expression, MetricStatement, Name, NamedArgument, Parameter } from "../syntax/ast.js";
import { isSite } from "../models/sites.js";
import { describe, elaborateCount, elaborateLayer } from "./literals.js";
import { applyOperation, asTensor, notYet, reportError, wrongKind } from "./faults.js";
import { resolvePlace } from "./places.js";
import { errorValue, type Elaboration, type Environment, type Value } from "./values.js";

/** Functions that a call may name, beside metrics, and how their words map to an operation's attributes. */
const functions: Readonly<Record<string, "over" | "row" | "plain" | "offset">> = {
  sum: "over",
  mean: "over",
  max: "over",
  min: "over",
  var: "over",
  std: "over",
  norm: "over",
  softmax: "over",
  log_softmax: "over",
  dot: "over",
  gram: "row",
  exp: "plain",
  log: "plain",
  sqrt: "plain",
  abs: "plain",
  entr: "plain",
  trace: "plain",
  diagonal: "offset",
};

/** Functions of the language's design that this build does not have yet. */
const futureFunctions = new Set(["pearson", "spearman", "cosine", "kl", "top", "flatten", "grad", "argmax", "rank"]);

/** Names that can be called, for suggestions and completion. */
export const functionNames: readonly string[] = Object.keys(functions);

const failureReasons: Readonly<Record<string, (argument: string) => string>> = {
  log: (argument) => `the logarithm needs a positive number, and ${argument} is not`,
  sqrt: (argument) => `the square root needs a number that is not negative, and ${argument} is`,
  entr: (argument) => `the entropy needs probabilities, and ${argument} is negative`,
};

type CallLike = Extract<Expression, { kind: "call" | "metricUse" }>;

export function elaborateCall(cx: Elaboration, environment: Environment, call: CallLike): Value {
  const callee = call.kind === "call" ? call.callee : call.metric;
  const named = call.kind === "call" ? call.named : call.arguments;
  const metric = cx.scope.metrics.get(callee.text);
  if (metric !== undefined) {
    const positional = call.kind === "call" ? call.positional : [];
    if (call.kind === "call" && (call.over.length > 0 || call.between.length > 0)) {
      const axis = [...call.over, ...call.between][0];
      return reportError(
        cx,
        "A3008",
        axis?.span ?? call.span,
        { metric: callee.text },
        { hint: `reduce its result instead: mean(${callee.text}(…) over ${axis?.text ?? "head"})` },
      );
    }
    return unfoldMetric(cx, environment, metric, positional, named, call.span);
  }
  const shape = functions[callee.text];
  if (call.kind === "call" && shape !== undefined) return elaborateFunction(cx, environment, call, shape);
  if (futureFunctions.has(callee.text)) return notYet(cx, callee.span, `\`${callee.text}\``);
  if (isSite(callee.text)) {
    return wrongKind(cx, call.span, `${callee.text}[L5] with square brackets`, cx.sourceOf(call.span));
  }
  const valid = call.kind === "call" ? [...cx.scope.metrics.keys(), ...functionNames] : [...cx.scope.metrics.keys()];
  return reportError(
    cx,
    "A2001",
    callee.span,
    { name: callee.text },
    { suggestions: nearestNames(callee.text, valid) },
  );
}

function elaborateFunction(
  cx: Elaboration,
  environment: Environment,
  call: Extract<Expression, { kind: "call" }>,
  shape: "over" | "row" | "plain" | "offset",
): Value {
  const name = call.callee.text;
  const operation = operations.get(name);
  if (operation === undefined) return notYet(cx, call.callee.span, `\`${name}\``);
  if (call.positional.length !== operation.arity) {
    const s = operation.arity === 1 ? "" : "s";
    return wrongKind(
      cx,
      call.span,
      `${operation.arity} argument${s} to ${name}`,
      `${call.positional.length}: ${cx.sourceOf(call.span)}`,
    );
  }
  const unknown = call.named.find((a) => !(shape === "offset" && a.name.text === "offset"));
  if (unknown !== undefined) {
    return reportError(
      cx,
      "A2005",
      unknown.name.span,
      { name: unknown.name.text, metric: name },
      { hint: shape === "offset" ? `${name} has the parameter offset` : `${name} has no named parameters` },
    );
  }
  const [between] = call.between;
  if (between !== undefined) return notYet(cx, between.span, "`between`");
  if (call.over.length > 0 && shape !== "over" && shape !== "row") {
    return wrongKind(cx, call.span, `${name}(…) without \`over\``, cx.sourceOf(call.span));
  }
  const axes = call.over.map((axis) => axisName(environment, axis));
  const inputs = call.positional.map((argument) => cx.elaborate(cx, environment, argument));
  if (inputs.some((input) => input.kind === "error")) return errorValue;

  let attributes: OperationAttributes = {};
  if (shape === "over") attributes = { over: axes };
  if (shape === "row") {
    const [row] = axes;
    if (row === undefined || axes.length > 1) {
      return wrongKind(cx, call.span, `${name}(x over ROW) with one axis`, cx.sourceOf(call.span));
    }
    attributes = { row };
  }
  if (shape === "offset") {
    const argument = call.named[0];
    const offset = argument === undefined ? 0 : elaborateCount(cx, environment, argument.value);
    if (offset === null) return errorValue;
    attributes = { offset };
  }
  const argumentText = call.positional.map((a) => cx.sourceOf(a.span)).join(", ");
  const reason = failureReasons[name]?.(argumentText) ?? `there is nothing to take ${name} of`;
  return applyOperation(cx, name, inputs, attributes, call, reason);
}

/** The real name of an axis: tensor parameters give axes names of their own. */
function axisName(environment: Environment, axis: Name): string {
  return environment.axes.get(axis.text) ?? axis.text;
}

/** Unfolds a metric: binds its parameters and elaborates its body. */
export function unfoldMetric(
  cx: Elaboration,
  environment: Environment,
  metric: MetricStatement,
  positional: readonly Expression[],
  named: readonly NamedArgument[],
  span: Span,
): Value {
  const name = metric.name.text;
  if (environment.unfolding.includes(name)) {
    return reportError(cx, "A2006", span, { name, path: [...environment.unfolding, name].join(" → ") });
  }
  const { parameters } = metric;
  const byName = new Map<string, { argument: Expression; span: Span }>();
  if (positional.length > parameters.length) {
    return wrongKind(cx, span, `at most ${parameters.length} arguments to ${name}`, `${positional.length}`);
  }
  positional.forEach((argument, i) => {
    const parameter = parameters[i];
    if (parameter !== undefined) byName.set(parameter.name.text, { argument, span: argument.span });
  });
  for (const argument of named) {
    const key = argument.name.text;
    if (!parameters.some((p) => p.name.text === key)) {
      return reportError(
        cx,
        "A2005",
        argument.name.span,
        { name: key, metric: name },
        {
          suggestions: nearestNames(
            key,
            parameters.map((p) => p.name.text),
          ),
          ...(parameters.length === 0
            ? { hint: `${name} has no parameters` }
            : { hint: `${name} has ${parameters.map((p) => p.name.text).join(", ")}` }),
        },
      );
    }
    if (byName.has(key)) {
      return reportError(cx, "A2002", argument.name.span, { kind: "argument", name: key });
    }
    byName.set(key, { argument: argument.value, span: argument.span });
  }

  const values = new Map<string, Value>();
  const axes = new Map<string, string>();
  for (const parameter of parameters) {
    const given = byName.get(parameter.name.text);
    const expression = given?.argument ?? parameter.default;
    if (expression === null) {
      return reportError(cx, "A2007", span, { name: parameter.name.text, metric: name });
    }
    // A default is written in the metric's own file: its mistakes are shown where the metric is used.
    const inner: Elaboration =
      given === undefined ? { ...cx, report: (d) => cx.report(atUse(d, span, parameter, metric)) } : cx;
    const scope = given === undefined ? { ...environment, values, axes } : environment;
    const value = bindParameter(inner, scope, parameter, expression, axes);
    if (value.kind === "error") return errorValue;
    values.set(parameter.name.text, value);
  }
  const inner = { values, axes, unfolding: [...environment.unfolding, name] };
  return cx.elaborate(cx, inner, metric.body);
}

/** The same diagnostic with the use of the metric as its place, and the default's own place as a related one. */
function atUse(
  d: ReturnType<typeof diagnostic>,
  span: Span,
  parameter: Parameter,
  metric: MetricStatement,
): ReturnType<typeof diagnostic> {
  if (d.primary === null || d.primary.span.file === span.file) return d;
  return {
    ...d,
    primary: { span, text: `uses the default of ${parameter.name.text}` },
    related: [...d.related, { span: d.primary.span, text: "the default is written here" }],
    hint: d.hint ?? `give it explicitly: ${metric.name.text} ${parameter.name.text} …`,
  };
}

function bindParameter(
  cx: Elaboration,
  environment: Environment,
  parameter: Parameter,
  expression: Expression,
  axes: Map<string, string>,
): Value {
  const name = parameter.name.text;
  const type = parameter.type;
  if (type?.kind === "tensor") {
    const value = cx.elaborate(cx, environment, expression);
    if (value.kind === "error") return value;
    const node = asTensor(cx, value, expression.span);
    if (node === null || !bindAxes(cx, parameter, node, expression.span, axes)) return errorValue;
    return { kind: "tensor", node };
  }
  const kind = type?.name ?? "scalar";
  if (expression.kind === "list") return chooseFromList(cx, environment, name, kind, expression);
  if (expression.kind === "place" && kind === "layer") return elaborateLayer(cx, expression, name);
  if (expression.kind === "name" && kind === "layer") {
    const param = cx.scope.params.get(expression.text);
    if (param?.kind === "place" && !environment.values.has(expression.text)) return elaborateLayer(cx, param, name);
  }
  const value = cx.elaborate(cx, environment, expression);
  return checkKind(cx, kind, value, expression.span);
}

function checkKind(cx: Elaboration, kind: string, value: Value, span: Span): Value {
  if (value.kind === "error") return value;
  switch (kind) {
    case "layer":
      return value.kind === "layer" ? value : wrongKind(cx, span, "a layer such as L5", describe(cx, value));
    case "count":
      if (value.kind === "number" && Number.isInteger(value.value) && value.value >= 0) return value;
      return wrongKind(cx, span, "a count", describe(cx, value));
    case "scalar":
      return value.kind === "layer" ? wrongKind(cx, span, "a number or a tensor", describe(cx, value)) : value;
    case "token":
      return notYet(cx, span, "a parameter of type token");
    default:
      return reportError(
        cx,
        "A2008",
        span,
        { name: kind },
        { suggestions: nearestNames(kind, ["layer", "count", "scalar", "token"]) },
      );
  }
}

/** `layer [L15, L18]`, `window [8, 16]`: one axis named after the parameter. */
function chooseFromList(
  cx: Elaboration,
  environment: Environment,
  name: string,
  kind: string,
  list: Extract<Expression, { kind: "list" }>,
): Value {
  const values: number[] = [];
  for (const item of list.items) {
    if (kind === "layer" && item.kind === "place" && item.unit === "none") {
      const resolved = resolvePlace(item, cx.model, "head", cx.report);
      if (resolved === null) return errorValue;
      values.push(...resolved.layers);
      continue;
    }
    const value = checkKind(cx, kind, cx.elaborate(cx, environment, item), item.span);
    if (value.kind === "error") return value;
    if (value.kind === "tensor") return wrongKind(cx, item.span, "a number or a layer", describe(cx, value));
    values.push(value.kind === "layer" ? value.index : value.value);
  }
  if (values.length === 0) return wrongKind(cx, list.span, "a list with at least one value", "[]");
  const chosen = cx.sweeps.choose(name, values, list.span);
  return kind === "layer" ? { kind: "layer", index: chosen } : { kind: "number", value: chosen };
}

/**
 * Binds the axis names of a tensor parameter to the argument's axes: a name that the argument has means that axis, any
 * other name takes the argument's next free axis in order, `*` takes the rest.
 */
function bindAxes(cx: Elaboration, parameter: Parameter, node: number, span: Span, axes: Map<string, string>): boolean {
  if (parameter.type?.kind !== "tensor") return true;
  const type = cx.builder.typeOf(node);
  const pattern = parameter.type.axes.map((a) => a.text);
  const free = type.axes.map((a) => a.name);
  const take = (name: string): void => void free.splice(free.indexOf(name), 1);
  const waiting: string[] = [];
  for (const name of pattern) {
    if (name === "*") continue;
    if (free.includes(name)) take(name);
    else waiting.push(name);
  }
  for (const name of waiting) {
    const next = free.shift();
    if (next !== undefined) axes.set(name, next);
    else free.push("…missing");
  }
  const fits = free.length === 0 || (pattern.includes("*") && !free.includes("…missing"));
  if (fits) return true;
  const expected = `[${pattern.join(", ")}]`;
  wrongKind(cx, span, `a tensor with axes ${expected} for ${parameter.name.text}`, typeText(type));
  return false;
}
