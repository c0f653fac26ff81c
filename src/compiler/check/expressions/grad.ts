/** `grad(metric, site)`: checked, and not yet run. */
import { typeText } from "../../ir/tensor-type.js";
import type { CallExpression } from "../../syntax/ast.js";
import { asTensor, reportError, wrongKind } from "../faults.js";
import { errorValue, type Elaboration, type Environment, type Value } from "./values.js";

/**
 * The gradient of a number with respect to a site has the site's axes. The value given here is the site itself, which
 * stands for its gradient in everything that is checked; an experiment with one is never planned.
 */
export function elaborateGrad(cx: Elaboration, environment: Environment, call: CallExpression): Value {
  const [metric, site, extra] = call.positional;
  const words = call.named.length + call.over.length + call.between.length;
  if (metric === undefined || site === undefined || extra !== undefined || words > 0) {
    return wrongKind(cx, call.span, "grad(METRIC, SITE)", cx.sourceOf(call.span));
  }
  const value = cx.elaborate(cx, environment, metric);
  const place = cx.elaborate(cx, environment, site);
  if (value.kind === "error" || place.kind === "error") return errorValue;
  const node = asTensor(cx, value, metric.span);
  if (node === null) return errorValue;
  const type = cx.builder.typeOf(node);
  if (type.axes.length > 0 || type.element !== "real") {
    return reportError(
      cx,
      "A3001",
      metric.span,
      { fault: "grad: the gradient is that of one number" },
      { expected: "scalar", found: typeText(type), hint: "reduce it first: grad(mean(…), …)" },
    );
  }
  if (place.kind !== "tensor" || cx.builder.nodeAt(place.node).kind !== "site") {
    return wrongKind(cx, site.span, "a site such as z[L5]", cx.sourceOf(site.span));
  }
  cx.cannotRun(call.callee.span, "`grad`");
  return place;
}
