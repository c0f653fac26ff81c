/** Sites as values of an expression, checked against the model at hand. */
import { siteCalled, valueCalled } from "../../base/foreign-words.js";
import { nearestNames } from "../../base/suggest.js";
import type { Span } from "../../base/span.js";
import { siteNames, type SiteName } from "../../models/sites.js";
import type { Expression } from "../../syntax/ast.js";
import { reportError } from "../faults.js";
import { siteType } from "../../ir/site-types.js";
import { promptPart } from "./prompt-part.js";
import { noteValue } from "./value-notes.js";
import type { Elaboration, Value } from "./values.js";

/** Reports a name that stands where a site is indexed and is none. */
export function unknownSite(
  cx: Pick<Elaboration, "report">,
  at: { readonly text: string; readonly span: Span },
): Value {
  const called = siteCalled(at.text);
  const suggestions = called === null ? nearestNames(at.text, siteNames) : [called];
  const hint = (called === null ? valueCalled(at.text) : null) ?? `sites are ${siteNames.join(", ")}`;
  return reportError(cx, "A2004", at.span, { name: at.text }, { suggestions, hint });
}

/** The value of a site; `index` is how its layer was written. */
export function siteValue(
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
  const node = cx.builder.site({ site, layer }, siteType(site, signature), expression.span);
  const value = promptPart(cx, node, expression.span);
  if (expression.kind === "index") noteValue(cx, expression.base.span, value);
  return value;
}
