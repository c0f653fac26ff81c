/** Whether a computed value fits where it is put, and the simplest replacement that it is. */
import type { Span } from "../../base/span.js";
import type { MeasureExpression } from "../../ir/expression.js";
import type { ReplacementValue } from "../../ir/protocol.js";
import { markedTypeText, sameExtent, type TensorType } from "../../ir/tensor-type.js";
import { operationNamed } from "../../operations/index.js";
import { outsideInputs } from "../../operations/tail.js";
import { siteText } from "../../operations/text.js";
import { siteKey, type SiteReference } from "../../models/sites.js";
import { reportError } from "../faults.js";
import type { TypedExpression } from "../measures/measures.js";
import { siteType } from "../../ir/site-types.js";
import type { InterventionContext } from "./context.js";
import { readTooLate } from "./read-too-late.js";
import { type Spot, unitOf } from "../../ir/targets.js";

/** The type of what a spot holds: a site, or one entry of its unit axis. */
function spotType(cx: InterventionContext, { site, unit }: Spot): TensorType {
  const type = siteType(site.site, cx.model.signature);
  return unit === null ? type : { ...type, axes: type.axes.filter((axis) => axis.name !== unitOf(site.site)) };
}

/**
 * Reports a value that does not fit a spot: every axis of it must be one of the site's (A4311), and it must not depend
 * on what is computed later (A4309).
 */
export function checkValue(
  cx: InterventionContext,
  { expression, type }: TypedExpression,
  spot: Spot,
  span: Span,
): boolean {
  if (outsideInputs(expression) !== null) {
    const found = expression.nodes.flatMap((node) => (node.kind === "operation" && operationNamed(node.operation).outside === true ? [node.operation] : []))[0]; // prettier-ignore
    const expected = `a value that the model's graph can compute, which ${found ?? "this"} is not`;
    reportError(cx, "A3004", span, { expected, found: cx.sourceOf(span) });
    return false;
  }
  const wanted = spotType(cx, spot);
  const site = siteText(spot.site);
  if ((cx.texts?.continuation ?? 0) > 0 && type.axes.some(({ name }) => ["pos", "query", "key"].includes(name))) {
    const hint = "reduce positions first: a mean over pos, or `at last`";
    const parameters = { what: "a value for every position", texts: cx.textsName };
    reportError(cx, "A4122", span, parameters, { hint });
    return false;
  }
  const odd = type.axes.find((axis) => {
    const own = wanted.axes.find((a) => a.name === axis.name);
    return own === undefined || !sameExtent(own.extent, axis.extent);
  });
  if (odd !== undefined || type.unit !== wanted.unit || type.element !== "real") {
    const name = odd?.name ?? null;
    const known = wanted.axes.some((axis) => axis.name === name);
    const hint =
      name === null
        ? "a value that is put in has no unit"
        : known && name === "pos"
          ? "leave `last` and `at` out of the value: the clause's own `at` chooses the positions"
          : `reduce ${name} first, with a mean or by selecting one`;
    const details = { expected: markedTypeText(wanted, known ? name : null), found: markedTypeText(type, name), hint };
    reportError(cx, "A4311", span, { site }, details);
    return false;
  }
  const late = readTooLate(expression, spot.site, cx.model.signature);
  if (late === null) return true;
  const hint = "read what comes before it, or take the value from other texts with `of`";
  reportError(cx, "A4309", span, { read: siteText(late), site }, { hint });
  return false;
}

/**
 * The replacement that a value is. What is a number everywhere, or the same site in the run of other prompts, is written
 * as what `ablate` and `patch` would make of it: such conditions share gates and stored results with theirs.
 */
export function replacementOf(
  cx: InterventionContext,
  expression: MeasureExpression,
  spots: readonly Spot[],
  add: boolean,
): ReplacementValue {
  const node = expression.nodes[expression.result];
  if (add || node === undefined) return { kind: "expression", expression, add };
  if (node.kind === "constant") {
    return node.value === 0 ? { kind: "zero" } : { kind: "constant", value: node.value };
  }
  if (node.kind === "given" && node.source.take === "paired" && cx.texts !== null) {
    const { texts: of, expression: taken } = node.source;
    const prompts = [...cx.texts.prompts.keys()];
    if (spots.every((spot) => isSpot(taken, spot))) return { kind: "activation", of, prompts };
  }
  return { kind: "expression", expression, add };
}

/** True for an expression that is exactly what a spot holds. */
function isSpot({ nodes, result }: MeasureExpression, { site, unit }: Spot): boolean {
  const same = (other: SiteReference): boolean => siteKey(other) === siteKey(site);
  const node = nodes[result];
  if (unit === null) return node?.kind === "site" && same(node.site);
  if (node?.kind !== "operation" || node.operation !== "select") return false;
  const of = nodes[node.inputs[0] ?? result];
  const { axis, index } = node.attributes;
  return of?.kind === "site" && same(of.site) && axis === unitOf(site.site) && index === unit;
}
