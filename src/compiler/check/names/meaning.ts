/** What a name of the measurement language means where no parameter and no `let` around it has that name. */
import { isSite, type SiteName } from "../../models/sites.js";
import type { Expression, MetricStatement } from "../../syntax/ast.js";
import type { CallForm } from "../../operations/notation.js";
import { functions } from "../../operations/written.js";
import { isQuantity, type QuantityName } from "./functions.js";
import type { Scope } from "./scope.js";

type Declared = Pick<Scope, "metrics" | "params">;

export type Meaning =
  | { readonly kind: "site"; readonly site: SiteName }
  | { readonly kind: "quantity"; readonly quantity: QuantityName }
  | { readonly kind: "param"; readonly value: Expression }
  | { readonly kind: "metric"; readonly metric: MetricStatement };

/** Null for a name that means nothing. */
export function meaningOf({ metrics, params }: Declared, name: string): Meaning | null {
  const metric = metrics.get(name);
  if (isSite(name)) return { kind: "site", site: name };
  if (isQuantity(name) && metric === undefined) return { kind: "quantity", quantity: name };
  const value = params.get(name);
  if (value !== undefined) return { kind: "param", value };
  return metric === undefined ? null : { kind: "metric", metric };
}

export type CalleeMeaning =
  | { readonly kind: "metric"; readonly metric: MetricStatement }
  | { readonly kind: "function"; readonly shape: CallForm }
  /** A site, which is no function. */
  | { readonly kind: "site" };

/**
 * What is called. A metric may have the name of a function (`kl`): what names axes is the function, which metrics never
 * do. Null for a name that cannot be called.
 */
export function calleeMeaning(
  { metrics }: Declared,
  call: Extract<Expression, { kind: "call" | "metricUse" }>,
): CalleeMeaning | null {
  const name = call.kind === "call" ? call.callee.text : call.metric.text;
  const shape = call.kind === "call" ? functions.get(name) : undefined;
  const consumes = call.kind === "call" && (call.over.length > 0 || call.between.length > 0);
  const metric = metrics.get(name);
  if (metric !== undefined && !(shape !== undefined && consumes)) return { kind: "metric", metric };
  if (shape !== undefined) return { kind: "function", shape };
  return isSite(name) ? { kind: "site" } : null;
}
