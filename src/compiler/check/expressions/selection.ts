/** Selection of entries: `v[late]`, `z[L5.H3]`, `logits[answer]`, `x at token "Mary"`, `select(x, key: 0)`. */
import type { CallExpression, Expression, PlaceLiteral, Positions } from "../../syntax/ast.js";
import { extentSize, typeText } from "../../ir/tensor-type.js";
import { reasonInWords } from "../../operations/reasons.js";
import { isSite, sites, type SiteName } from "../../models/sites.js";
import { firstPosition } from "./alignment.js";
import { behindParam } from "./arguments.js";
import { applyOperation, reportError, wrongKind } from "../faults.js";
import { describe, elaborateCount } from "./literals.js";
import { resolvePlace } from "../models/places.js";
import { functions } from "../../operations/written.js";
import { everyPromptHas, nextTokens } from "./quantities.js";
import { hiddenTokens } from "./prompt-part.js";
import { siteValue, unknownSite } from "./site-values.js";
import { errorValue, type Elaboration, type Environment, type Value } from "./values.js";

type IndexExpression = Extract<Expression, { kind: "index" }>;

/** `resid_post[layer - 1]`, `head_out[L28.H11]`, `logits[answer]`, `p[" Mary"]`. */
export function elaborateIndex(cx: Elaboration, environment: Environment, expression: IndexExpression): Value {
  const { base, indices } = expression;
  const named = base.kind === "name" && !environment.values.has(base.text) ? base.text : null;
  if (base.kind === "name" && named !== null && !isSite(named) && !cx.scope.params.has(named)) {
    if (!cx.scope.metrics.has(named)) return unknownSite(cx, base);
    if (indices.some((index) => index.kind === "place")) {
      const use = `${named} layer L5, or ${named}(layer: L5) inside an expression`;
      return wrongKind(cx, expression.span, use, cx.sourceOf(expression.span));
    }
  }
  const [index, ...more] = indices;
  const site = named !== null && isSite(named) && sites[named].perLayer ? named : null;
  if (index === undefined || more.length > 0) {
    const expected = site === null ? "one token" : "one layer";
    const parameters = { expected, found: `${indices.length} indices` };
    return reportError(cx, "A3004", expression.span, parameters, { hint: insteadOfIndices(cx, base, indices) });
  }
  return site === null
    ? lookUp(cx, environment, expression, index)
    : elaborateLayerOf(cx, environment, site, expression, index);
}

/** What to write for indices in the manner of other languages: `x[L3, -1]`, `x[0, 3]`, `logits[-1]`. */
function insteadOfIndices(cx: Elaboration, base: Expression, indices: readonly Expression[]): string {
  const source = cx.sourceOf(base.span);
  const numbers = indices.flatMap((index) =>
    index.kind === "number" || (index.kind === "unary" && index.operand.kind === "number")
      ? [cx.sourceOf(index.span)]
      : [],
  );
  const [place] = indices;
  const [number] = numbers;
  const chosen = place?.kind === "place" ? `${source}[${cx.sourceOf(place.span)}]` : source;
  if (number !== undefined && numbers.length === 1) {
    return `brackets take a layer, a head or a token; a position is \`${chosen} at ${number}\``;
  }
  return "one head is L5.H3; positions are chosen with `at`, entries of other axes with `select(x, query: -1, key: 0)`";
}

/** A site of one layer, or one head or neuron of it. */
function elaborateLayerOf(
  cx: Elaboration,
  environment: Environment,
  site: SiteName,
  expression: IndexExpression,
  index: Expression,
): Value {
  const written = behindParam(cx, environment, index);
  if (written.kind === "place" && written.unit !== "none") return selectUnit(cx, site, written, expression);
  const layer = index.kind === "string" ? null : cx.elaborate(cx, environment, index);
  if (layer?.kind === "error") return errorValue;
  if (layer?.kind !== "layer") {
    const example = layer?.kind === "number" && layer.value >= 0 ? Math.floor(layer.value) : 5;
    const found = layer === null ? cx.sourceOf(index.span) : describe(cx, layer);
    return wrongKind(cx, index.span, `a layer such as L${example}, or a parameter of type layer`, found);
  }
  return siteValue(cx, site, layer.index, expression, index);
}

/** `z[L28.H11]`: one head (or neuron, or expert) of a site; several make the sweep axes `layer` and `head`. */
function selectUnit(cx: Elaboration, site: SiteName, place: PlaceLiteral, expression: Expression): Value {
  const axes = sites[site].axes as readonly string[];
  const named = place.unit === "none" ? "head" : place.unit;
  const axis = named === "head" && axes.includes("kv_head") ? "kv_head" : named;
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

/** The entry of the axis vocab that a token names. With `target` the value loses its last position, like nll. */
function lookUp(cx: Elaboration, environment: Environment, expression: IndexExpression, index: Expression): Value {
  const base = cx.elaborate(cx, environment, expression.base);
  const token = cx.elaborate(cx, environment, index);
  if (base.kind === "error" || token.kind === "error") return errorValue;
  if (base.kind !== "tensor") {
    return wrongKind(cx, expression.base.span, "a tensor with the axis vocab, such as logits", describe(cx, base));
  }
  const type = cx.builder.typeOf(base.node);
  if (!type.axes.some((axis) => axis.name === "vocab")) {
    const parameters = { expected: "a tensor with the axis vocab, such as logits", found: typeText(type) };
    const details = { hint: insteadOfIndices(cx, expression.base, [index]) };
    return reportError(cx, "A3004", expression.base.span, parameters, details);
  }
  if (token.kind !== "tensor" || cx.builder.typeOf(token.node).unit !== "token") {
    const expected = 'a token: answer, distractor, target or a string such as " Mary"';
    const found = token.kind === "tensor" ? typeText(cx.builder.typeOf(token.node)) : describe(cx, token);
    const hint = token.kind === "number" ? { hint: insteadOfIndices(cx, expression.base, [index]) } : {};
    return reportError(cx, "A3004", index.span, { expected, found }, hint);
  }
  const attributes = { axis: "vocab" };
  const operands = [expression.base, index].map((side) => cx.sourceOf(side.span));
  const reason = reasonInWords("pick", operands, attributes);
  const target = nextTokens(cx, index.span);
  const isTarget = target.kind === "tensor" && target.node === token.node;
  const aligned = isTarget ? withoutLastPosition(cx, base, expression) : base;
  return applyOperation(cx, "pick", [aligned, token], attributes, expression, reason);
}

/** The predictions of every token but the first: the value at every position but the last. */
function withoutLastPosition(
  cx: Elaboration,
  base: Extract<Value, { kind: "tensor" }>,
  expression: IndexExpression,
): Value {
  const type = cx.builder.typeOf(base.node);
  const extent = type.axes.find((axis) => axis.name === "pos")?.extent;
  const hidden = hiddenTokens(cx);
  if (extent?.kind === "positions" && extent.minus === hidden) {
    return applyOperation(cx, "slice", [base], { first: 0, last: -2 }, expression);
  }
  // One position fewer already: the caller has left out the last one.
  if (extent?.kind === "positions" && extent.minus === hidden + 1 && firstPosition(cx.builder, base.node) === 0)
    return base;
  const expected = "a tensor with every position of the text: choose positions after [target]";
  return wrongKind(cx, expression.base.span, expected, typeText(type));
}

/** `x at 3`, `x at -4..-1`, `x at last`, `x at token "Mary"`. */
export function elaborateAt(
  cx: Elaboration,
  base: Value,
  { at }: Positions,
  expression: Extract<Expression, { kind: "at" }>,
): Value {
  const type = base.kind === "tensor" ? cx.builder.typeOf(base.node) : null;
  const of = expression.base;
  if (of.kind === "call" && of.over.length === 0 && type?.axes.length === 0 && functions.has(of.callee.text)) {
    // All axes are gone: positions are chosen before.
    const inner = of.positional.map(({ span }) => cx.sourceOf(span)).join(", ");
    const positions = cx.sourceOf(expression.positions.span).replace(/^at\s+/, "");
    const hint = `${of.callee.text}(…) takes all axes together: choose positions inside, ${of.callee.text}(${inner} at ${positions})`;
    const details = { expected: "a tensor with the axis pos", found: typeText(type), hint };
    return reportError(cx, "A3001", expression.span, { fault: "`at` needs the axis pos" }, details);
  }
  switch (at.kind) {
    case "all": {
      const found = cx.sourceOf(expression.positions.span);
      const hint = `without \`at\` it has every position: ${cx.sourceOf(of.span)}`;
      return reportError(
        cx,
        "A3004",
        expression.positions.span,
        { expected: "some of the positions", found },
        { hint },
      );
    }
    case "range":
      if (at.step !== null) {
        return wrongKind(cx, expression.positions.span, "positions next to one another", cx.sourceOf(expression.positions.span)); // prettier-ignore
      }
      return applyOperation(cx, "slice", [base], { first: at.first, last: at.last }, expression);
    case "token":
      return elaborateAtToken(cx, base, at.text, expression);
    case "continuation":
      throw new RangeError("elaborateAt: a continuation is elaborated with whole rows");
    case "index":
    case "last": {
      const attributes = { index: at.kind === "last" ? -1 : at.index };
      const reason = reasonInWords("at", [cx.sourceOf(expression.base.span)], attributes);
      return applyOperation(cx, "at", [base], attributes, expression, reason);
    }
  }
}

/** The entry of each row's own position of a token. */
function elaborateAtToken(
  cx: Elaboration,
  base: Value,
  text: string,
  expression: Extract<Expression, { kind: "at" }>,
): Value {
  if (base.kind === "error") return base;
  const { span } = expression.positions;
  if (base.kind !== "tensor" || !cx.builder.typeOf(base.node).axes.some((axis) => axis.name === "pos")) {
    return applyOperation(cx, "at", [base], { index: 0 }, expression);
  }
  const type = cx.builder.typeOf(base.node);
  const first = firstPosition(cx.builder, base.node);
  if (first === null) {
    return wrongKind(cx, expression.base.span, "every position of the text: write `at token` first", typeText(type));
  }
  if (!everyPromptHas(cx, `position of ${text}`, span, "")) return errorValue;
  const position: Value = { kind: "tensor", node: cx.builder.text(`position of ${text}`, span) };
  const place =
    first === 0
      ? position
      : applyOperation(cx, "subtract", [position, { kind: "number", value: first }], {}, expression);
  const attributes = { axis: "pos" };
  const reason = reasonInWords("pick", [cx.sourceOf(expression.base.span), JSON.stringify(text)], attributes);
  return applyOperation(cx, "pick", [base, place], attributes, expression, reason);
}

/** `select(x, key: 0)`: entries of axes by number, from 0, or from the end when negative. */
export function elaborateSelect(cx: Elaboration, environment: Environment, call: CallExpression): Value {
  const [argument] = call.positional;
  if (argument === undefined || call.named.length === 0) {
    return wrongKind(cx, call.span, "select(x, AXIS: NUMBER), such as select(pattern[L5], key: 0)", cx.sourceOf(call.span)); // prettier-ignore
  }
  let value = cx.elaborate(cx, environment, argument);
  for (const { name, value: written } of call.named) {
    if (value.kind === "error") return value;
    const axis = environment.axes.get(name.text) ?? name.text;
    const index = elaborateCount(cx, environment, written);
    if (index === null) return errorValue;
    if (value.kind !== "tensor") return wrongKind(cx, argument.span, "a tensor", describe(cx, value));
    const type = cx.builder.typeOf(value.node);
    const extent = type.axes.find((a) => a.name === axis)?.extent;
    if (extent === undefined) {
      const expected = `an axis of ${typeText(type)}`;
      return reportError(cx, "A3001", name.span, { fault: `select: the tensor has no axis ${axis}` }, { expected, found: axis }); // prettier-ignore
    }
    if (extent.kind === "fixed") {
      const size = extentSize(extent, 0);
      if (index < -size || index >= size) {
        return reportError(cx, "A3005", written.span, { value: index, expected: `an entry of ${axis}, which has ${size}` }); // prettier-ignore
      }
      value = applyOperation(cx, "select", [value], { axis, index }, call);
    } else {
      const attributes = axis === "pos" ? { index } : { index, axis };
      const reason = reasonInWords("at", [cx.sourceOf(argument.span)], attributes);
      value = applyOperation(cx, "at", [value], attributes, call, reason);
    }
  }
  return value;
}
