/**
 * Elaboration: an expression of the measurement language becomes a DAG of operations over sites, with metrics
 * unfolded, layers resolved to numbers and every type checked. Mistakes are reported once and silence what depends on
 * them.
 */
import type { Span } from "../base/span.js";
import type { Expression, PlaceLiteral } from "../syntax/ast.js";
import { describe, elaborateCount, elaborateLayer } from "./literals.js";
import { isSite, siteNames, sites, type SiteName } from "../models/sites.js";
import { nearestNames } from "../base/suggest.js";
import { cycleText, elaborateCall, unfoldMetric } from "./calls.js";
import { functionNames, futureFunctions } from "./functions.js";
import { elaborateBinary, elaborateUnary } from "./arithmetic.js";
import { limits } from "./limits.js";
import { resolvePlace } from "./places.js";
import { siteType } from "./site-types.js";
import { applyOperation, notYet, reportError, wrongKind } from "./faults.js";
import { errorValue, type Elaboration, type Environment, type Value } from "./values.js";

/** Elaborates `expression` where names mean what `environment` says. */
export function elaborate(cx: Elaboration, environment: Environment, expression: Expression): Value {
  if (cx.work.depth >= limits.depth) return reportError(cx, "A1005", expression.span, { limit: limits.depth });
  cx.work.depth++;
  const value = elaborateExpression(cx, environment, expression);
  cx.work.depth--;
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
      const base = elaborate(cx, environment, expression.base);
      const count = elaborateCount(cx, environment, expression.count);
      if (count === null) return errorValue;
      if (count < 1) {
        return reportError(cx, "A3005", expression.count.span, { value: count, expected: "a count of at least 1" });
      }
      return applyOperation(cx, "last", [base], { count }, expression);
    }
    case "at": {
      const base = elaborate(cx, environment, expression.base);
      const { at } = expression.positions;
      if (at.kind === "token") return notYet(cx, expression.positions.span, "`at token`");
      if (at.kind === "range") {
        return applyOperation(cx, "slice", [base], { first: at.first, last: at.last }, expression);
      }
      const index = at.kind === "last" ? -1 : at.index;
      return applyOperation(cx, "at", [base], { index }, expression, `the text has no position ${index}`);
    }
    case "where": {
      const base = elaborate(cx, environment, expression.base);
      const condition = elaborate(cx, environment, expression.condition);
      return applyOperation(
        cx,
        "where",
        [base, condition],
        {},
        expression,
        `requires ${cx.sourceOf(expression.condition.span)}`,
      );
    }
    case "let": {
      const value = elaborate(cx, environment, expression.value);
      const values = new Map(environment.values).set(expression.name.text, value);
      return elaborate(cx, { ...environment, values }, expression.body);
    }
    case "unary":
      return elaborateUnary(cx, environment, expression);
    case "binary":
      return elaborateBinary(cx, environment, expression);
    case "of":
      return notYet(cx, expression.span, "a site `of` other texts");
    case "string":
    case "list":
    case "range":
    case "member":
      return wrongKind(cx, expression.span, "a tensor, a number or a layer", cx.sourceOf(expression.span));
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
  if (isSite(name)) {
    if (!sites[name].perLayer) return siteValue(cx, name, null, expression);
    return reportError(
      cx,
      "A3003",
      expression.span,
      { site: name },
      { hint: `${name}[L5], ${name}[L-1] or ${name}[layer]` },
    );
  }
  if (name === "period") {
    if (cx.period !== null) return { kind: "number", value: cx.period };
    return reportError(
      cx,
      "A3007",
      expression.span,
      { texts: cx.textsName },
      { hint: "declare the prompts with `random tokens 50 repeat 2`, or give the period as a parameter" },
    );
  }
  if ((name === "tokens" || name === "bytes") && !cx.scope.metrics.has(name)) {
    return { kind: "tensor", node: cx.builder.text(name, expression.span) };
  }
  const param = cx.scope.params.get(name);
  if (param !== undefined) {
    if (environment.unfolding.includes(name)) {
      return reportError(cx, "A2006", expression.span, { name, path: cycleText(environment.unfolding, name) });
    }
    return elaborate(cx, { values: new Map(), axes: new Map(), unfolding: [...environment.unfolding, name] }, param);
  }
  const metric = cx.scope.metrics.get(name);
  if (metric !== undefined) return unfoldMetric(cx, environment, metric, [], [], expression.span);
  return unknownName(cx, expression, environment.values.keys());
}

/** Reports a name that means nothing in an expression; `bound` are the names of the surrounding metric. */
export function unknownName(
  cx: Pick<Elaboration, "report" | "scope">,
  at: { readonly text: string; readonly span: Span },
  bound: Iterable<string>,
): Value {
  const { metrics, params } = cx.scope;
  const valid = [...bound, ...siteNames, ...metrics.keys(), ...params.keys(), "period", "tokens", "bytes"];
  const isFunction = functionNames.includes(at.text) || futureFunctions.has(at.text);
  return reportError(
    cx,
    "A2003",
    at.span,
    { name: at.text },
    isFunction
      ? { hint: `${at.text} is a function: write ${at.text}(…)` }
      : { suggestions: nearestNames(at.text, valid) },
  );
}

/** Reports a name that stands where a site is indexed and is none. */
export function unknownSite(
  cx: Pick<Elaboration, "report">,
  at: { readonly text: string; readonly span: Span },
): Value {
  const suggestions = nearestNames(at.text, siteNames);
  const hint = `sites are ${siteNames.join(", ")}`;
  return reportError(cx, "A2004", at.span, { name: at.text }, { suggestions, hint });
}

/** The value of a site; `index` is how its layer was written. */
function siteValue(
  cx: Elaboration,
  site: SiteName,
  layer: number | null,
  expression: Expression,
  index: Expression = expression,
): Value {
  const { signature } = cx.model;
  if (!cx.model.assumed && !signature.sites.includes(site)) {
    return reportError(
      cx,
      "A4203",
      expression.span,
      { site, model: cx.model.name },
      {
        expected: `one of ${signature.sites.join(", ")}`,
        found: site,
        ...(site === "resid_mid" && signature.parallelResidual
          ? { hint: "attention and MLP read the same residual stream in this family: there is no middle" }
          : {}),
      },
    );
  }
  if (layer !== null && !cx.model.assumed && (layer < 0 || layer >= signature.layers)) {
    return reportError(
      cx,
      "A4201",
      index.span,
      {
        // `L-1` would read as the last layer.
        place: layer < 0 ? `${cx.sourceOf(index.span)} (layer number ${layer})` : `L${layer}`,
        model: cx.model.name,
        last: `L${signature.layers - 1}`,
        count: signature.layers,
      },
      {
        expected: `L0..${signature.layers - 1}`,
        found: `layer number ${layer}`,
        ...(layer < 0 ? { hint: "the first layer has no layer before it: begin at L1" } : {}),
      },
    );
  }
  return { kind: "tensor", node: cx.builder.site({ site, layer }, siteType(site, signature), expression.span) };
}

/** `v[late]`, `resid_post[layer - 1]`, `head_out[L28.H11]`. */
function elaborateIndex(
  cx: Elaboration,
  environment: Environment,
  expression: Extract<Expression, { kind: "index" }>,
): Value {
  const { base, indices } = expression;
  if (base.kind !== "name" || environment.values.has(base.text) || !isSite(base.text)) {
    if (base.kind === "name" && !environment.values.has(base.text)) {
      if (!cx.scope.metrics.has(base.text)) return unknownSite(cx, base);
      const use = `${base.text} layer L5, or ${base.text}(layer: L5) inside an expression`;
      return wrongKind(cx, expression.span, use, cx.sourceOf(expression.span));
    }
    return notYet(cx, expression.span, "selection by token or target");
  }
  const site = base.text;
  if (!sites[site].perLayer) return notYet(cx, expression.span, `an index on \`${site}\``);
  const [index, ...more] = indices;
  if (index === undefined || more.length > 0) {
    return wrongKind(cx, expression.span, "one layer", `${indices.length} indices`);
  }
  if (index.kind === "place" && index.unit !== "none") return selectUnit(cx, site, index, expression);
  const layer = elaborate(cx, environment, index);
  if (layer.kind === "error") return errorValue;
  if (layer.kind !== "layer") {
    const example = layer.kind === "number" && layer.value >= 0 ? Math.floor(layer.value) : 5;
    return wrongKind(cx, index.span, `a layer such as L${example}, or a parameter of type layer`, describe(cx, layer));
  }
  return siteValue(cx, site, layer.index, expression, index);
}

/** `z[L28.H11]`: one head (or neuron) of a site; several make the sweep axes `layer` and `head`. */
function selectUnit(cx: Elaboration, site: SiteName, place: PlaceLiteral, expression: Expression): Value {
  const axes = sites[site].axes as readonly string[];
  const axis = place.unit === "neuron" ? "neuron" : axes.includes("kv_head") ? "kv_head" : "head";
  if (!axes.includes(axis)) {
    const expected = `one of ${axes.join(", ")}`;
    return reportError(cx, "A3002", place.span, { site, axis }, { expected, found: `${axis} (${place.text})` });
  }
  const resolved = resolvePlace(place, cx.model, axis, cx.report);
  if (resolved?.units == null) return errorValue;
  const layer =
    resolved.layers.length === 1 ? (resolved.layers[0] ?? 0) : cx.sweeps.choose("layer", resolved.layers, place.span);
  const unit =
    resolved.units.length === 1 ? (resolved.units[0] ?? 0) : cx.sweeps.choose(axis, resolved.units, place.span);
  const whole = siteValue(cx, site, layer, expression, place);
  return applyOperation(cx, "select", [whole], { axis, index: unit }, expression);
}
