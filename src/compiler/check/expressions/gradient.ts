/** `grad(metric, site)`. */
import type { Span } from "../../base/span.js";
import { diagnostic } from "../../diagnostics/create.js";
import { isOperation, type MeasureNode } from "../../ir/expression.js";
import { wholeName } from "../../ir/protocol.js";
import { mayInfluence } from "../../models/site-order.js";
import { sites, type SiteName, type SiteReference } from "../../models/sites.js";
import { siteText } from "../../operations/text.js";
import { operationNamed } from "../../operations/index.js";
import { isFault } from "../../operations/operation.js";
import type { CallExpression } from "../../syntax/ast.js";
import { applyOperation, asTensor, reportError, reportFault } from "../faults.js";
import { hiddenTokens, promptPart, readsWholeRows } from "./prompt-part.js";
import { errorValue, type Elaboration, type Environment, type Value } from "./values.js";

/**
 * The gradient of a number with respect to a site, which has the site's axes. Reports A3001 for a metric that is not one number,
 * or that changes in steps or not at all, and A3004 for anything but a site, or for one that the model computes nothing
 * from. A8034 says where the gradient is 0 because the metric comes before the site.
 */
export function elaborateGradient(cx: Elaboration, environment: Environment, call: CallExpression): Value {
  const [metric, site] = call.positional;
  if (metric === undefined || site === undefined) return errorValue;
  // `grad(M, z[L5]) at continuation` asks for more of the site, and not for another metric.
  const value = cx.elaborate({ ...cx, wholeRows: false }, environment, metric);
  // The site whole, and of its gradient the part of prompts: a part would be a value of its own, which nothing is computed from.
  const place = cx.elaborate({ ...cx, wholeRows: true }, environment, site);
  if (value.kind === "error" || place.kind === "error") return errorValue;
  const node = asTensor(cx, value, metric.span);
  if (node === null) return errorValue;
  const at = place.kind === "tensor" ? cx.builder.nodeAt(place.node) : null;
  if (place.kind !== "tensor" || at?.kind !== "site") {
    const found = cx.sourceOf(site.span);
    return reportError(cx, "A3004", site.span, { expected: "a site such as z[L5]", found }, { hint: partHint(at) });
  }
  if (!sites[at.site.site].writable) return refuseOutput(cx, at.site.site, site.span);
  const { builder } = cx;
  const type = operationNamed("grad").type([builder.typeOf(node), builder.typeOf(place.node)], {});
  if (isFault(type)) return reportFault(cx, metric.span, "grad", type, []);
  const slope = slopeOf((index) => builder.nodeAt(index), node);
  if (slope.kind !== "smooth") {
    const found = slope.kind === "constant" ? "a number that no site of this run changes" : slope.found;
    const fault = "grad: this metric has no gradient";
    return reportError(cx, "A3001", metric.span, { fault }, { expected: "a metric that changes smoothly", found });
  }
  if (!readsAfter(cx, node, at.site)) {
    cx.report(diagnostic("A8034", call.span, { metric: cx.sourceOf(metric.span), site: siteText(at.site) }));
  }
  warnOfContinuation(cx, node, at.site, call);
  const made = applyOperation(cx, call.callee.text, [{ kind: "tensor", node }, place], {}, call);
  return made.kind === "tensor" ? promptPart(cx, made.node, call.span) : made;
}

/**
 * A metric that reads a continuation of several tokens depends on the sites at these tokens, too; of one token it depends on
 * the prompt alone.
 */
function warnOfContinuation(
  cx: Elaboration,
  metric: number,
  site: SiteReference,
  { positional, span }: CallExpression,
): void {
  const { texts } = cx;
  const hasPositions = sites[site.site].axes.some((axis) => axis === "pos" || axis === "query" || axis === "key");
  if (texts === null || hiddenTokens(cx) < 2 || !hasPositions || !readsWholeRows(cx, metric)) return;
  const parameters = {
    metric: cx.sourceOf(positional[0]?.span ?? span),
    site: site.site,
    texts: wholeName(texts.name),
  };
  cx.report(diagnostic("A8038", span, parameters));
}

/** What to write in place of a part of a site, or of a site of another run. */
function partHint(node: MeasureNode | null): string {
  if (node?.kind === "given") return "a gradient is that of one run: grad(metric, z[L5]) of corrupt";
  return "take the gradient of a whole site, and the part of it: grad(metric, z[L5]) at last, or select(grad(metric, z[L5]), head: 0)";
}

/** What is computed beside the way from the text to the logits has a gradient of 0, which nobody means. */
function refuseOutput(cx: Elaboration, site: SiteName, span: Span): Value {
  const expected = "a site that the model computes from, such as z[L5] or resid_post[L5]";
  const hint =
    site === "head_out" ? "a head's output is linear in z: grad(metric, z[L5])" : "take it there: grad(metric, logits)";
  return reportError(
    cx,
    "A3004",
    span,
    { expected, found: `${cx.sourceOf(span)}, which nothing is computed from` },
    { hint },
  );
}

/** Whether a value reads a site that the given one may influence. */
function readsAfter({ builder, model }: Elaboration, result: number, from: SiteReference): boolean {
  const seen = new Set<number>();
  const left = [result];
  for (let index = left.pop(); index !== undefined; index = left.pop()) {
    if (seen.has(index)) continue;
    seen.add(index);
    const node = builder.nodeAt(index);
    if (isOperation(node)) left.push(...node.inputs);
    else if (node.kind === "site" && mayInfluence(model.signature, from, node.site)) return true;
  }
  return false;
}

/** How a value depends on the sites of its run: smoothly in some part, in steps only, or not at all. */
export type Slope =
  { readonly kind: "smooth" } | { readonly kind: "constant" } | { readonly kind: "steps"; readonly found: string };

/** @param nodeAt the nodes of the expression, each after those that it reads */
export function slopeOf(nodeAt: (index: number) => MeasureNode, result: number): Slope {
  const known = new Map<number, Slope>();
  const find = (index: number): Slope => {
    const before = known.get(index);
    if (before !== undefined) return before;
    const node = nodeAt(index);
    let slope: Slope = { kind: node.kind === "site" ? "smooth" : "constant" };
    if (isOperation(node)) {
      const inputs = node.inputs.map(find);
      const { gradient, written } = operationNamed(node.operation);
      const smooth = inputs.find(({ kind }) => kind === "smooth");
      const steps = inputs.find(({ kind }) => kind === "steps");
      if (smooth === undefined) slope = steps ?? slope;
      else
        slope =
          gradient === null
            ? smooth
            : { kind: "steps", found: `\`${written.operator?.sign ?? node.operation}\`: ${gradient}` };
    }
    known.set(index, slope);
    return slope;
  };
  return find(result);
}
