/**
 * Definitions that nothing uses are wrong all the same: names in the bodies of metrics, types and names of their
 * parameters, parameters of the protocol. What needs a model or a type (layers, axes, shapes) is found where they are
 * used.
 */
import { nearestNames } from "../../base/suggest.js";
import { isSite } from "../../models/sites.js";
import type { Expression, MetricStatement } from "../../syntax/ast.js";
import { parameterTypes } from "../expressions/arguments.js";
import { cycleText, unknownArgument, unknownCallee } from "../expressions/calls.js";
import { unknownName } from "../expressions/elaborate.js";
import { reportError } from "../faults.js";
import { functions } from "../../operations/written.js";
import { functionNames, resultFunctions } from "../names/functions.js";
import { meaningOf } from "../names/meaning.js";
import { unknownSite } from "../expressions/site-values.js";
import type { Elaboration } from "../expressions/values.js";

type Context = Pick<Elaboration, "report" | "scope">;

/** What other languages call the types of parameters. */
const typeCalled: ReadonlyMap<string, string> = new Map([
  ["int", "count"],
  ["integer", "count"],
  ["float", "scalar"],
  ["number", "scalar"],
  ["real", "scalar"],
  ["str", "token"],
  ["string", "token"],
  ["place", "layer"],
]);

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
      const suggestions = typeCalled.has(type.name)
        ? [typeCalled.get(type.name) ?? ""]
        : nearestNames(type.name, parameterTypes);
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
      const isMeant = bound.has(expression.text) || meaningOf(cx.scope, expression.text) !== null;
      if (!isMeant) unknownName(cx, expression, bound);
      return;
    }
    case "call":
    case "metricUse": {
      const callee = expression.kind === "call" ? expression.callee : expression.metric;
      const named = expression.kind === "call" ? expression.named : expression.arguments;
      const metric = metrics.get(callee.text);
      const { text } = callee;
      const isFunction = functionNames.includes(text) || resultFunctions.has(text);
      if (metric === undefined && !isFunction && !isSite(callee.text)) {
        unknownCallee(cx, callee, expression.kind === "call");
      }
      for (const argument of named) {
        if (metric !== undefined && !metric.parameters.some((p) => p.name.text === argument.name.text)) {
          unknownArgument(cx, metric, argument);
        }
        // What an axis is renamed to is a new name.
        if (functions.get(text)?.kind !== "names") visit(argument.value);
      }
      if (expression.kind === "call") expression.positional.forEach(visit);
      return;
    }
    case "index": {
      const { base } = expression;
      if (base.kind !== "name") visit(base);
      else if (![bound, metrics, params].some((names) => names.has(base.text)) && !isSite(base.text)) {
        unknownSite(cx, base);
      }
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
    case "conditional":
      visit(expression.condition);
      visit(expression.yes);
      visit(expression.no);
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

/** Reports definitions that go in a circle, each circle once. A walk without recursion: chains may be long. */
export function checkCycles(cx: Context): void {
  const { metrics, params } = cx.scope;
  const done = new Set<string>();
  for (const start of [...metrics.keys(), ...params.keys()]) {
    // The definitions from `start` to the one at hand, each with what it uses and has not been followed yet.
    const path = new Map<string, string[]>();
    const enter = (name: string): void => void path.set(name, [...usedBy(cx.scope, name)]);
    if (!done.has(start)) enter(start);
    for (let current = [...path.keys()].at(-1); current !== undefined;) {
      const next = path.get(current)?.pop();
      if (next === undefined) {
        path.delete(current);
        done.add(current);
        current = [...path.keys()].at(-1);
      } else if (path.has(next)) {
        const span = metrics.get(next)?.name.span ?? params.get(next)?.span;
        if (span !== undefined) reportError(cx, "A2006", span, { name: next, path: cycleText([...path.keys()], next) });
      } else if (!done.has(next)) {
        enter(next);
        current = next;
      }
    }
  }
}

/** Metrics and parameters that a definition uses. */
function usedBy({ metrics, params }: Elaboration["scope"], name: string): readonly string[] {
  const metric = metrics.get(name);
  const bound = new Set(metric?.parameters.map((p) => p.name.text));
  const expressions = [
    metric?.body ?? params.get(name),
    ...(metric?.parameters.flatMap((p) => (p.default === null ? [] : [p.default])) ?? []),
  ];
  const used = new Set(expressions.flatMap(namesIn));
  return [...used].filter((other) => !bound.has(other) && (metrics.has(other) || params.has(other)));
}

/** Names that an expression may refer to. */
function namesIn(value: unknown): readonly string[] {
  const names: string[] = [];
  const visit = (part: unknown): void => {
    if (typeof part !== "object" || part === null) return;
    const node = part as Partial<Expression>;
    if (node.kind === "name" && node.text !== undefined) names.push(node.text);
    else if (node.kind === "call" && node.callee !== undefined) names.push(node.callee.text);
    else if (node.kind === "metricUse" && node.metric !== undefined) names.push(node.metric.text);
    for (const [key, inner] of Object.entries(part)) if (key !== "span") visit(inner);
  };
  visit(value);
  return names;
}
