/**
 * Definitions that nothing uses are wrong all the same: names in the bodies of metrics, types and names of their
 * parameters, parameters of the protocol. What needs a model or a type (layers, axes, shapes) is found where they are
 * used.
 */
import { nearestNames } from "../base/suggest.js";
import { isSite } from "../models/sites.js";
import type { Expression, MetricStatement } from "../syntax/ast.js";
import { parameterTypes } from "./arguments.js";
import { cycleText, unknownArgument, unknownCallee } from "./calls.js";
import { unknownName, unknownSite } from "./elaborate.js";
import { reportError } from "./faults.js";
import { functionNames, futureFunctions } from "./functions.js";
import { limits } from "./limits.js";
import type { Elaboration } from "./values.js";

type Context = Pick<Elaboration, "report" | "scope">;

/** Checks every metric outside the standard library and every `param`. */
export function checkDefinitions(cx: Context): void {
  for (const value of cx.scope.params.values()) checkNames(cx, value, new Set());
  for (const metric of cx.scope.metrics.values()) {
    if (!metric.span.file.startsWith("@stdlib/")) checkMetric(cx, metric);
  }
}

function checkMetric(cx: Context, metric: MetricStatement): void {
  const bound = new Set<string>();
  for (const parameter of metric.parameters) {
    const { name, type } = parameter;
    if (bound.has(name.text)) reportError(cx, "A1003", name.span, { what: `the parameter ${name.text}` });
    if (parameter.default !== null) checkNames(cx, parameter.default, bound);
    bound.add(name.text);
    if (type?.kind === "named" && !(parameterTypes as readonly string[]).includes(type.name)) {
      const suggestions = nearestNames(type.name, parameterTypes);
      const hint = `types are ${parameterTypes.join(", ")}, and tensors such as [row, *]`;
      reportError(cx, "A2008", type.span, { name: type.name }, { suggestions, hint });
    }
  }
  checkNames(cx, metric.body, bound);
}

/** Reports every name in `expression` that means nothing; `bound` are parameters and `let` names around it. */
function checkNames(cx: Context, expression: Expression, bound: ReadonlySet<string>): void {
  const visit = (inner: Expression): void => {
    checkNames(cx, inner, bound);
  };
  const { metrics, params } = cx.scope;
  switch (expression.kind) {
    case "name": {
      const { text } = expression;
      const known = bound.has(text) || isSite(text) || metrics.has(text) || params.has(text);
      if (!known && !["period", "tokens", "bytes"].includes(text)) unknownName(cx, expression, bound);
      return;
    }
    case "call":
    case "metricUse": {
      const callee = expression.kind === "call" ? expression.callee : expression.metric;
      const named = expression.kind === "call" ? expression.named : expression.arguments;
      const metric = metrics.get(callee.text);
      const isFunction = functionNames.includes(callee.text) || futureFunctions.has(callee.text);
      if (metric === undefined && !isFunction && !isSite(callee.text)) {
        unknownCallee(cx, callee, expression.kind === "call");
      }
      for (const argument of named) {
        if (metric !== undefined && !metric.parameters.some((p) => p.name.text === argument.name.text)) {
          unknownArgument(cx, metric, argument);
        }
        visit(argument.value);
      }
      if (expression.kind === "call") expression.positional.forEach(visit);
      return;
    }
    case "index": {
      const { base } = expression;
      if (base.kind !== "name") visit(base);
      else if (!bound.has(base.text) && !isSite(base.text) && !metrics.has(base.text)) unknownSite(cx, base);
      expression.indices.forEach(visit);
      return;
    }
    case "let":
      visit(expression.value);
      checkNames(cx, expression.body, new Set([...bound, expression.name.text]));
      return;
    case "list":
      expression.items.forEach(visit);
      return;
    case "last":
      visit(expression.base);
      visit(expression.count);
      return;
    case "where":
      visit(expression.base);
      visit(expression.condition);
      return;
    case "binary":
      visit(expression.left);
      visit(expression.right);
      return;
    case "unary":
      visit(expression.operand);
      return;
    case "at":
    case "of":
      visit(expression.base);
      return;
    default:
  }
}

/** Reports definitions that go in a circle, each circle once. */
export function checkCycles(cx: Context): void {
  const done = new Set<string>();
  const visit = (name: string, path: readonly string[]): void => {
    const metric = cx.scope.metrics.get(name);
    const body = metric?.body ?? cx.scope.params.get(name);
    // A longer chain than that is too deep to be used anyway.
    if (body === undefined || done.has(name) || path.length > limits.depth) return;
    if (path.includes(name)) {
      const span = metric?.name.span ?? body.span;
      reportError(cx, "A2006", span, { name, path: cycleText(path, name) });
      for (const part of path) done.add(part);
      return;
    }
    const defaults = metric?.parameters.flatMap((p) => (p.default === null ? [] : [p.default])) ?? [];
    const bound = new Set(metric?.parameters.map((p) => p.name.text));
    for (const used of [body, ...defaults].flatMap((e) => namesIn(e))) {
      if (!bound.has(used)) visit(used, [...path, name]);
    }
    done.add(name);
  };
  for (const name of [...cx.scope.metrics.keys(), ...cx.scope.params.keys()]) visit(name, []);
}

/** Names that an expression may refer to. */
function namesIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(namesIn);
  if (typeof value !== "object" || value === null) return [];
  const node = value as Partial<Expression>;
  const own =
    node.kind === "name" && node.text !== undefined
      ? [node.text]
      : node.kind === "call" && node.callee !== undefined
        ? [node.callee.text]
        : node.kind === "metricUse" && node.metric !== undefined
          ? [node.metric.text]
          : [];
  return [...own, ...Object.values(value).flatMap(namesIn)];
}
