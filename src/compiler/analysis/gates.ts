/** The gates that a study's conditions need, and which gate carries a write. */
import type { MeasureExpression } from "../ir/expression.js";
import { expressionDigest } from "../ir/expression-key.js";
import type { Gate } from "../ir/plan.js";
import type { Condition, SiteWrite } from "../ir/protocol.js";
import type { ModelGraph, ModelSignature } from "../models/model.js";
import { siteRank } from "../models/site-order.js";
import { siteKey } from "../models/sites.js";
import { carrierOf, computedValueOf, isDense } from "../replacements/index.js";
import { sitesOf } from "./reads.js";
import { ancestors } from "../onnx/reachability.js";

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
      const { expression, add, through } = carrier;
      if (through !== null) return `${key}/path/${siteKey(through)}/${expressionDigest(expression).slice(0, 8)}`;
      return `${key}/${add ? "add" : "set"}/${expressionDigest(expression).slice(0, 8)}`;
    }
  }
}

/**
 * The first layer that a condition changes through these gates, 0 for what comes before the layers; `none` when it changes
 * nothing up to the end of the last one.
 */
export function firstLayer(
  { writes }: Condition,
  gates: readonly Gate[],
  signature: ModelSignature,
  none: number,
): number {
  const keys = new Set(gates.map((gate) => gate.key));
  const layers = writes
    .filter((write) => keys.has(gateKey(write)))
    .map(({ site }) => Math.max(0, siteRank(signature, site)[0]));
  return Math.min(none, ...layers);
}

/** The last layer with a gate; nothing where no gate is in a layer. */
export function lastGatedLayers(gates: readonly Gate[]): readonly number[] {
  const layers = gates.flatMap(({ site }) => site.layer ?? []);
  return layers.length === 0 ? [] : [Math.max(...layers)];
}

/** The gates that the writes of these conditions go through, each once; only of writes that `matters` lets pass. */
export function gatesOf(conditions: readonly Condition[], matters: (write: SiteWrite) => boolean): readonly Gate[] {
  const gates = new Map<string, Gate>();
  for (const write of conditions.flatMap(({ writes }) => writes.filter(matters))) {
    const key = gateKey(write);
    const { site, replacement } = write;
    const carrier = carrierOf(replacement);
    const { gate: kind } = carrier;
    const { expression, add, through } =
      carrier.gate === "compute" ? carrier : { expression: null, add: false, through: null };
    const dense = (carrier.gate !== "compute" && isDense(carrier.fed)) || gates.get(key)?.dense === true;
    gates.set(key, { key, site, kind, expression, add, ...(through === null ? {} : { through }), dense });
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
