/** What a value that is put in may read: what the model has computed before. */
import type { MeasureExpression } from "../../ir/expression.js";
import type { ModelSignature } from "../../models/model.js";
import { siteRank } from "../../models/site-order.js";
import type { SiteReference } from "../../models/sites.js";

/** The first site that an expression reads and that the model computes after `written`. The site itself is fine. */
export function readTooLate(
  expression: MeasureExpression,
  written: SiteReference,
  signature: ModelSignature,
): SiteReference | null {
  const [layer, step] = siteRank(signature, written);
  for (const node of expression.nodes) {
    if (node.kind !== "site") continue;
    const [otherLayer, otherStep] = siteRank(signature, node.site);
    if (otherLayer > layer || (otherLayer === layer && otherStep > step)) return node.site;
  }
  return null;
}
