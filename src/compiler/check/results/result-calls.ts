/** Functions of results: `mean(x over prompt)`, `quantile(x, 0.9 over head)`, `argmax(x over layer)`, `max(x, 0)`. */
import type { ResultExpression } from "../../ir/protocol.js";
import type { Expression } from "../../syntax/ast.js";
import { reportError } from "../faults.js";
import { unknownResultFunction } from "../names/unknown-results.js";
import { axesOf, checkAxis, checkReducible, resultTypeOfOperation, type ResultAxes } from "./result-axes.js";
import { constantOf } from "./result-constants.js";
import type { ResultContext } from "./result-context.js";
import { checkRename } from "./rename-call.js";
import { bad, fits, meets, type Check } from "./result-faults.js";
import { elementwise, reductions, resultFunction, resultFunctionNames } from "../../ir/result-functions.js";

type Call = Extract<Expression, { kind: "call" }>;
type Applied = Extract<ResultExpression, { kind: "call" | "reduce" | "quantile" | "argmax" | "rank" | "binary" }>;

/** Null after an error, which has been reported. */
export function checkResultCall(cx: ResultContext, call: Call, check: Check): ResultExpression | null {
  const name = call.callee.text;
  const known = resultFunction(name);
  if (known === null) {
    const details = unknownResultFunction(name, resultFunctionNames);
    reportError(cx, "A2001", call.callee.span, { kind: "function of results", name }, details);
    return null;
  }
  if (name === "rename") return checkRename(cx, call, check);
  const [first, second, ...more] = call.positional;
  const isPair = (name === "max" || name === "min") && second !== undefined;
  const count = isPair || name === "quantile" ? 2 : 1;
  if (first !== undefined && count === 2 && second === undefined) {
    const hint = "write quantile(x, 0.9 over prompt) for the value that nine tenths of x lie below";
    reportError(cx, "A2007", call.span, { metric: name, name: "the level, from 0 to 1" }, { hint });
    return null;
  }
  const extra = more.length > 0 || (count === 1 && second !== undefined);
  if (first === undefined || extra || call.named.length > 0 || call.between.length > 0) {
    const [form = ""] = known.form.split("\n");
    const wanted = name === "max" || name === "min" ? "one argument or two" : count === 2 ? "two arguments" : "one argument"; // prettier-ignore
    return bad(cx, call, `${wanted} to ${name}, as in ${form}`);
  }
  const argument = check(cx, first);
  const other = isPair ? check(cx, second) : null;
  if (argument === null || (isPair && other === null)) return null;
  const simple = elementwise.find((operation) => operation === name);
  if ((simple !== undefined || other !== null) && call.over.length > 0) {
    return bad(cx, call, `${other === null ? `${name}(…)` : `${name} of two values`} without \`over\``);
  }
  if (simple !== undefined) return applied(cx, call, { kind: "call", operation: simple, argument });
  if (other !== null) {
    const operation = name === "max" ? "max" : "min";
    const joined = applied(cx, call, { kind: "binary", operation, left: argument, right: other });
    return joined !== null && meets(cx, call, argument, other) ? joined : null;
  }
  const of = axesOf(cx.results, argument);
  const axes = reducedAxes(cx, call, of);
  if (axes === null) return null;
  const over = axes.length === 0 ? null : axes;
  const reduction = reductions.find((operation) => operation === name);
  if (reduction !== undefined) return applied(cx, call, { kind: "reduce", operation: reduction, argument, over });
  if (name === "quantile") {
    const level = second === undefined ? null : levelOf(cx, second, check);
    return level === null ? null : applied(cx, call, { kind: "quantile", level, argument, over });
  }
  const [axis, another] = axes;
  if (axis === undefined) {
    const names = [...of.axes.keys()];
    const example = names.filter((own) => !of.decided.some((decided) => decided.name === own)).at(-1) ?? "layer";
    const listed = names.length > 1 ? `; its axes are ${names.join(", ")}` : "";
    const hint = `write ${name}(${cx.sourceOf(first.span)} over ${example})${listed}`;
    reportError(cx, "A2007", call.span, { metric: name, name: "`over`" }, { hint });
    return null;
  }
  if (name === "rank") return applied(cx, call, { kind: "rank", argument, over: axes });
  if (another !== undefined) {
    const hint = `reduce the others first, as in ${name}(mean(… over ${another}) over ${axis})`;
    const found = `${axes.length} axes, ${axes.join(", ")}`;
    const last = call.over.at(-1)?.span ?? call.span;
    const span = { ...last, start: call.over[0]?.span.start ?? last.start };
    reportError(cx, "A3004", span, { expected: `one axis, along which ${name} looks`, found }, { hint });
    return null;
  }
  return applied(cx, call, {
    kind: "argmax",
    which: name === "argmax" ? "largest" : "smallest",
    argument,
    over: axis,
  });
}

/** The application, unless it does not apply to its values, which is reported. */
function applied(cx: ResultContext, call: Call, expression: Applied): ResultExpression | null {
  return fits(cx, call, call.callee.text, resultTypeOfOperation(cx.results, expression)) ? expression : null;
}

/** The axes after `over`, each once and each one that can be reduced; empty where none is named, null after an error. */
function reducedAxes(cx: ResultContext, call: Call, of: ResultAxes): readonly string[] | null {
  for (const [i, axis] of call.over.entries()) {
    if (!checkAxis(cx, axis, of) || !checkReducible(cx, axis, call.over, of, call.callee.text)) return null;
    if (call.over.findIndex((other) => other.text === axis.text) < i) {
      reportError(cx, "A1003", axis.span, { what: `the axis ${axis.text}` });
      return null;
    }
  }
  return call.over.map(({ text }) => text);
}

/** The level of a quantile; null after an error. */
function levelOf(cx: ResultContext, at: Expression, check: Check): number | null {
  const level = check(cx, at);
  if (level === null) return null;
  const value = level.kind === "number" ? level.value : constantOf(cx.results.params, at);
  if (value === null) {
    bad(cx, at, "a number from 0 to 1");
    return null;
  }
  if (value >= 0 && value <= 1) return value;
  const percent = value > 1 && value <= 100 ? { hint: `a level is a fraction: ${value / 100} for ${value} %` } : {};
  reportError(cx, "A3005", at.span, { value: cx.sourceOf(at.span), expected: "a level from 0 to 1" }, percent);
  return null;
}
