/**
 * Where the change of a condition begins: everything that is not computed from a changed site has the value of the
 * unmodified run. The sites at that border are what a graph has to be given instead of computing what comes before them;
 * for a head's `z` that is `z` itself and the residual stream that attention is added to, so that the attention of the
 * first changed layer is not computed again.
 */
import type { MeasureExpression } from "../ir/expression.js";
import type { Gate } from "../ir/plan.js";
import type { ModelGraph } from "../models/model.js";
import { allSites } from "../models/site-values.js";
import { siteKey, type SiteReference } from "../models/sites.js";
import { sitesOf } from "../analysis/reads.js";
import { producersIn } from "../onnx/producers.js";

/** The sites of the unmodified run from which a graph with these gates computes these expressions, in graph order. */
export function cleanInputs(
  model: ModelGraph,
  gates: readonly Gate[],
  expressions: readonly MeasureExpression[],
): readonly SiteReference[] {
  const valueOf = (site: SiteReference): string => model.values[siteKey(site)] ?? "";
  const gated = new Set(gates.map((gate) => valueOf(gate.site)));
  const changed = changedValues(model, gated);
  const producers = producersIn(model.graph);
  const sites = keptSites(model);
  const computed = gates.flatMap((gate) => (gate.expression === null ? [] : [gate.expression]));

  const found = new Set<string>();
  const seen = new Set<string>();
  const waiting = [...gated, ...sitesOf([...expressions, ...computed]).map(valueOf)];
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    if (seen.has(value)) continue;
    seen.add(value);
    if (!changed.has(value) && sites.has(value)) found.add(value);
    else waiting.push(...(producers.get(value)?.inputs ?? []));
  }
  return [...sites].filter(([value]) => found.has(value)).map(([, site]) => site);
}

/** Values that are computed from a gated one; a gated value itself only when another gate is before it. */
export function changedValues(model: ModelGraph, gated: ReadonlySet<string>): ReadonlySet<string> {
  const changed = new Set<string>();
  for (const node of model.graph.nodes) {
    if (!node.inputs.some((input) => changed.has(input) || gated.has(input))) continue;
    for (const output of node.outputs) changed.add(output);
  }
  return changed;
}

/** Kept sites by the name of their value, in the order in which the model computes them. */
function keptSites({ graph, values, signature }: ModelGraph): ReadonlyMap<string, SiteReference> {
  const byValue = new Map<string, SiteReference>();
  for (const reference of allSites(signature)) {
    const value = values[siteKey(reference)];
    if (value !== undefined && signature.keptSites.includes(reference.site)) byValue.set(value, reference);
  }
  const ordered = graph.nodes.flatMap(({ outputs }) =>
    outputs.flatMap((output): readonly (readonly [string, SiteReference])[] => {
      const site = byValue.get(output);
      return site === undefined ? [] : [[output, site]];
    }),
  );
  return new Map(ordered);
}
