/**
 * Where models are cut into segments: graphs of one model that begin at different layers, or change different ones, are the
 * same from some layer on, and a segment that they have in common is one session, whose weights are held (and rearranged
 * for the matrix products) once.
 *
 * Precondition: the graphs of a plan for a backend with the capability `segments`. Postcondition: for each
 * model with several graphs, the layers right after the last gate of each, in order. A model with one graph is not cut:
 * its session holds every weight once anyway.
 */
import type { OpenedModel } from "../models/model.js";
import type { GraphPlan } from "../ir/plan.js";

export function cutsOf(
  graphs: readonly GraphPlan[],
  modelOf: (id: string) => OpenedModel,
): Readonly<Record<string, readonly number[]>> {
  const byModel = new Map<string, GraphPlan[]>();
  for (const graph of graphs) byModel.set(graph.model, [...(byModel.get(graph.model) ?? []), graph]);
  return Object.fromEntries(
    [...byModel].flatMap(([model, own]) => {
      if (own.length < 2) return [];
      const { layers } = modelOf(model).signature;
      const cuts = new Set(own.flatMap((graph) => lastGatedLayer(graph)).map((layer) => Math.min(layers, layer + 1)));
      return cuts.size === 0 ? [] : [[model, [...cuts].sort((a, b) => a - b)]];
    }),
  );
}

/** The last layer with a gate; nothing for a graph without gates in layers. */
function lastGatedLayer({ gates }: GraphPlan): readonly number[] {
  const layers = gates.flatMap(({ site }) => site.layer ?? []);
  return layers.length === 0 ? [] : [Math.max(...layers)];
}
