/** The gates that a study's conditions need, and which gate carries a write. */
import { digestOf } from "../base/digest.js";
import type { MeasureExpression } from "../ir/expression.js";
import { expressionKey } from "../ir/expression-key.js";
import type { Gate } from "../ir/plan.js";
import type { Condition, SiteWrite } from "../ir/protocol.js";
import type { ModelGraph } from "../models/model.js";
import { siteKey } from "../models/sites.js";
import { carrierOf, computedValueOf, isDense } from "../replacements/index.js";
import { sitesOf } from "./reads.js";
import { ancestors } from "./reachability.js";

/** Identifies the gate that a write goes through: its site, and how the replacement is carried. */
export function gateKey({ site, replacement }: SiteWrite): string {
  const key = siteKey(site);
  const carrier = carrierOf(replacement);
  switch (carrier.gate) {
    case "replace":
      return key;
    case "scale":
      return `${key}/scale`;
    case "compute": {
      const { expression, add } = carrier;
      return `${key}/${add ? "add" : "set"}/${digestOf(expressionKey(expression)).slice(0, 8)}`;
    }
  }
}

/** The first layer that a condition changes through these gates; `none` when it changes nothing. */
export function firstLayer({ writes }: Condition, gates: readonly Gate[], none: number): number {
  const keys = new Set(gates.map((gate) => gate.key));
  // A site without a layer is the embedding, or lies after every layer.
  const layers = writes.flatMap((write) =>
    keys.has(gateKey(write)) ? [write.site.layer ?? (write.site.site === "embed" ? 0 : none)] : [],
  );
  return Math.min(none, ...layers);
}

/** The gates that the writes of these conditions go through, each once; only of writes that `matters` lets pass. */
export function gatesOf(conditions: readonly Condition[], matters: (write: SiteWrite) => boolean): readonly Gate[] {
  const gates = new Map<string, Gate>();
  for (const write of conditions.flatMap(({ writes }) => writes.filter(matters))) {
    const key = gateKey(write);
    const { site, replacement } = write;
    const carrier = carrierOf(replacement);
    const { gate: kind } = carrier;
    const { expression, add } = carrier.gate === "compute" ? carrier : { expression: null, add: false };
    const dense = (carrier.gate !== "compute" && isDense(carrier.fed)) || gates.get(key)?.dense === true;
    gates.set(key, { key, site, kind, expression, add, dense });
  }
  return [...gates.values()];
}

/** Tells the writes of these conditions that can change something measured from those that cannot. */
export function writesThatMatter(
  model: ModelGraph,
  conditions: readonly Condition[],
  measured: readonly MeasureExpression[],
): (write: SiteWrite) => boolean {
  const computed = conditions.flatMap(({ writes }) =>
    writes.flatMap(({ replacement }) => computedValueOf(replacement) ?? []),
  );
  // What a replacement reads counts as measured: changing it changes the replacement.
  const read = sitesOf([...measured, ...computed]).map((site) => model.values[siteKey(site)] ?? "");
  const upstream = ancestors(model.graph, read);
  return ({ site }) => upstream.has(model.values[siteKey(site)] ?? "");
}
