/** `grad(metric, site)`. */
import { isOperation, type MeasureNode } from "../../ir/expression.js";
import { typeText } from "../../ir/tensor-type.js";
import { operationNamed } from "../../operations/index.js";
import type { CallExpression } from "../../syntax/ast.js";
import { applyOperation, asTensor, reportError, wrongKind } from "../faults.js";
import { promptPart } from "./prompt-part.js";
import { errorValue, type Elaboration, type Environment, type Value } from "./values.js";

/**
 * The gradient of a number with respect to a site, which has the site's axes. Reports A3001 for a metric that is not one number,
 * or that changes in steps or not at all, and A3004 for anything but a site.
 */
export function elaborateGradient(cx: Elaboration, environment: Environment, call: CallExpression): Value {
  const [metric, site] = call.positional;
  if (metric === undefined || site === undefined) return errorValue;
  const value = cx.elaborate(cx, environment, metric);
  // The site whole, and of its gradient the part of prompts: a part would be a value of its own, which nothing is computed from.
  const place = cx.elaborate({ ...cx, wholeRows: true }, environment, site);
  if (value.kind === "error" || place.kind === "error") return errorValue;
  const node = asTensor(cx, value, metric.span);
  if (node === null) return errorValue;
  if (place.kind !== "tensor" || cx.builder.nodeAt(place.node).kind !== "site") {
    return wrongKind(cx, site.span, "a site such as z[L5]", cx.sourceOf(site.span));
  }
  const type = cx.builder.typeOf(node);
  if (type.axes.length > 0 || type.element !== "real") {
    const details = { expected: "scalar", found: typeText(type), hint: "reduce it first: grad(mean(…), …)" };
    return reportError(cx, "A3001", metric.span, { fault: "grad: the gradient is that of one number" }, details);
  }
  const slope = slopeOf((index) => cx.builder.nodeAt(index), node);
  if (slope.kind !== "smooth") {
    const found = slope.kind === "constant" ? "a number that no site of this run changes" : slope.found;
    const fault = "grad: this metric has no gradient";
    return reportError(cx, "A3001", metric.span, { fault }, { expected: "a metric that changes smoothly", found });
  }
  const made = applyOperation(cx, call.callee.text, [{ kind: "tensor", node }, place], {}, call);
  return made.kind === "tensor" ? promptPart(cx, made.node, call.span) : made;
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
      const { gradient } = operationNamed(node.operation);
      const smooth = inputs.find(({ kind }) => kind === "smooth");
      const steps = inputs.find(({ kind }) => kind === "steps");
      if (smooth === undefined) slope = steps ?? slope;
      else slope = gradient === null ? smooth : { kind: "steps", found: `\`${node.operation}\`: ${gradient}` };
    }
    known.set(index, slope);
    return slope;
  };
  return find(result);
}
