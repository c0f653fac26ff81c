/**
 * Elaboration: an expression of the measurement language becomes a DAG of operations over sites, with metrics
 * unfolded, layers resolved to numbers and every type checked. Mistakes are reported once and silence what depends on
 * them.
 */
import type { Span } from "../../base/span.js";
import { reasonInWords } from "../../operations/reasons.js";
import { siteNames, sites } from "../../models/sites.js";
import type { Expression } from "../../syntax/ast.js";
import { elaborateBinary, elaborateUnary } from "./arithmetic.js";
import { cycleText, elaborateCall, mayUnfold, unfoldMetric } from "./calls.js";
import { applyOperation, reportError } from "../faults.js";
import { functionNames, quantityNames } from "../names/functions.js";
import { meaningOf } from "../names/meaning.js";
import { limits } from "../limits.js";
import { meantBy, meantByMember } from "../names/meant.js";
import { elaborateConditional } from "./conditional.js";
import { elaborateCount, elaborateLayer } from "./literals.js";
import { elaborateOf, outermostOf } from "./other-runs.js";
import { elaborateQuantity, elaborateToken } from "./quantities.js";
import { elaborateAtContinuation } from "./prompt-part.js";
import { elaborateAt, elaborateIndex } from "./selection.js";
import { siteValue } from "./site-values.js";
import { noteParts, noteValue } from "./value-notes.js";
import { errorValue, type Elaboration, type Environment, type Value } from "./values.js";

/** Elaborates `expression` where names mean what `environment` says. */
export function elaborate(cx: Elaboration, environment: Environment, expression: Expression): Value {
  if (cx.work.depth >= limits.depth) return reportError(cx, "A1005", expression.span, { limit: limits.depth });
  cx.work.depth++;
  const value = elaborateExpression(cx, environment, expression);
  cx.work.depth--;
  if (cx.work.visited !== null) {
    cx.work.visited.add(expression);
    noteValue(cx, expression.span, value);
    if (value.kind === "error") noteParts(cx, environment, expression);
  }
  return value;
}

function elaborateExpression(cx: Elaboration, environment: Environment, expression: Expression): Value {
  switch (expression.kind) {
    case "number":
      return { kind: "number", value: expression.value };
    case "place":
      return elaborateLayer(cx, expression, "layer");
    case "name":
      return elaborateName(cx, environment, expression);
    case "metricUse":
    case "call":
      return elaborateCall(cx, environment, expression);
    case "index":
      return elaborateIndex(cx, environment, expression);
    case "last": {
      const other = outermostOf(expression);
      if (other !== null) return elaborateOf(cx, environment, other, "paired");
      const base = elaborate(cx, environment, expression.base);
      const count = elaborateCount(cx, environment, expression.count);
      if (count === null) return errorValue;
      if (count < 1) {
        return reportError(cx, "A3005", expression.count.span, { value: count, expected: "a count of at least 1" });
      }
      return applyOperation(cx, "last", [base], { count }, expression);
    }
    case "at": {
      const other = outermostOf(expression);
      if (other !== null) return elaborateOf(cx, environment, other, "paired");
      const { positions } = expression;
      if (positions.at.kind === "continuation") return elaborateAtContinuation(cx, environment, expression, positions);
      const base = elaborate(cx, environment, expression.base);
      return elaborateAt(cx, base, expression.positions, expression);
    }
    case "where": {
      const base = elaborate(cx, environment, expression.base);
      const condition = elaborate(cx, environment, expression.condition);
      const operands = [expression.base, expression.condition].map((side) => cx.sourceOf(side.span));
      return applyOperation(cx, "where", [base, condition], {}, expression, reasonInWords("where", operands));
    }
    case "let": {
      const value = elaborate(cx, environment, expression.value);
      noteValue(cx, expression.name.span, value);
      const values = new Map(environment.values).set(expression.name.text, value);
      return elaborate(cx, { ...environment, values }, expression.body);
    }
    case "conditional":
      return elaborateConditional(cx, environment, expression);
    case "unary":
      return elaborateUnary(cx, environment, expression);
    case "binary":
      return elaborateBinary(cx, environment, expression);
    case "of":
      return elaborateOf(cx, environment, expression, "paired");
    case "string":
      return elaborateToken(cx, expression);
    case "member": {
      const { member } = expression;
      const found = cx.sourceOf(expression.span);
      const details = meantByMember(found, member.text, functionNames.includes(member.text));
      return reportError(cx, "A3004", expression.span, { expected: "a tensor, a number or a layer", found }, details);
    }
    case "list":
    case "range": {
      const hint =
        "a list is swept as a parameter, `NAME(size: [1, 2])`; `steer` and `scale` take one as factors: `by [-2, 2] * v`";
      const found = cx.sourceOf(expression.span);
      return reportError(cx, "A3004", expression.span, { expected: "a tensor, a number or a layer", found }, { hint });
    }
    case "missing":
      return errorValue;
  }
}

function elaborateName(
  cx: Elaboration,
  environment: Environment,
  expression: Extract<Expression, { kind: "name" }>,
): Value {
  const name = expression.text;
  const bound = environment.values.get(name);
  if (bound !== undefined) return bound;
  const meaning = meaningOf(cx.scope, name);
  switch (meaning?.kind) {
    case "site":
      if (!sites[meaning.site].perLayer) return siteValue(cx, meaning.site, null, expression);
      return reportError(
        cx,
        "A3003",
        expression.span,
        { site: name },
        { hint: `${name}[L5], ${name}[L-1] or ${name}[L*]` },
      );
    case "quantity":
      return elaborateQuantity(cx, meaning.quantity, expression.span);
    case "param": {
      if (environment.unfolding.includes(name)) {
        return reportError(cx, "A2006", expression.span, { name, path: cycleText(environment.unfolding, name) });
      }
      if (!mayUnfold(cx, expression.span, name, "uses of parameters")) return errorValue;
      const unfolding = [...environment.unfolding, name];
      return elaborate(cx, { values: new Map(), axes: new Map(), unfolding }, meaning.value);
    }
    case "metric":
      return unfoldMetric(cx, environment, meaning.metric, [], [], expression.span);
    case undefined:
      return unknownName(cx, expression, environment.values.keys());
  }
}

/** Reports a name that means nothing in an expression; `bound` are the names of the surrounding metric. */
export function unknownName(
  cx: Pick<Elaboration, "report" | "scope">,
  at: { readonly text: string; readonly span: Span },
  bound: Iterable<string>,
): Value {
  const { metrics, params } = cx.scope;
  const valid = [...bound, ...siteNames, ...metrics.keys(), ...params.keys(), ...quantityNames];
  const isFunction = functionNames.includes(at.text);
  return reportError(
    cx,
    "A2003",
    at.span,
    { name: at.text },
    isFunction ? { hint: `${at.text} is a function: write ${at.text}(…)` } : meantBy(at.text, valid),
  );
}
