/** Conditions of plans. */
import { lastGatedLayers } from "../analysis/gates.js";
import { expressionsOf, lastLayerNeeded } from "../analysis/reads.js";
import type { Evaluation, Unit } from "../ir/plan.js";
import { depthOf } from "../models/site-order.js";
import type { Condition } from "./condition.js";
import type { PlannedDraft } from "./pass.js";

/** How an evaluation is called where something is wrong with it. */
function nameOf({ study, texts, model }: Evaluation): string {
  return study === null ? `the values of ${texts} on ${model}` : `study ${study}`;
}

export const batchesEachRowOnce: Condition<PlannedDraft> = {
  name: "batches-each-row-once",
  says: "each prompt under each condition that is not answered from the baseline is in one batch",
  violations: ({ plan, textsOf }) =>
    plan.evaluations.flatMap((evaluation) => {
      const { conditions, unaffected, units, texts, model } = evaluation;
      const rows = units.flatMap((unit) => unit.rows.map(({ prompt, condition }) => `${condition}, prompt ${prompt}`));
      const times = new Map<string, number>();
      for (const row of rows) times.set(row, (times.get(row) ?? 0) + 1);
      const { prompts } = textsOf(texts, model);
      const wanted = new Set(
        conditions.flatMap((_, condition) =>
          unaffected.includes(condition) ? [] : prompts.map((_, index) => `${condition}, prompt ${index}`),
        ),
      );
      return [...new Set([...wanted, ...rows])].flatMap((row) => {
        const expected = wanted.has(row) ? 1 : 0;
        const count = times.get(row) ?? 0;
        return count === expected ? [] : [`${nameOf(evaluation)}: condition ${row} is in ${count} batches`];
      });
    }),
};

export const batchesOneLength: Condition<PlannedDraft> = {
  name: "batches-one-length",
  says: "the texts of a batch have as many tokens as it says",
  violations: ({ plan, textsOf }) =>
    plan.evaluations.flatMap((evaluation) => {
      const { prompts } = textsOf(evaluation.texts, evaluation.model);
      const lengths = new Map(prompts.map(({ ids }, index) => [index, ids.length]));
      return evaluation.units.flatMap(({ rows, positions }) =>
        rows
          .filter(({ prompt }) => lengths.get(prompt) !== positions)
          .map(({ prompt }) => `${nameOf(evaluation)}: prompt ${prompt} is in a batch of ${positions} tokens`),
      );
    }),
};

/** What holds of every plan. */
export const ofEveryPlan: readonly Condition<PlannedDraft>[] = [batchesEachRowOnce, batchesOneLength];

export const endsAtLastNeed: Condition<PlannedDraft> = {
  name: "ends-at-last-need",
  says: "no graph computes layers after the last site that a measure reads or a gate changes",
  violations: ({ plan, modelOf, layersOf }) =>
    plan.graphs.flatMap((graph) => {
      const { signature } = modelOf(graph.model);
      const gates = graph.gates.map(({ site }) => depthOf(site, signature));
      const end = Math.max(lastLayerNeeded(expressionsOf(graph), signature), ...gates);
      const layers = layersOf(graph);
      return graph.start + layers <= Math.max(graph.start, end)
        ? []
        : [`a graph computes ${layers} layers from layer ${graph.start} on, where ${end} are needed`];
    }),
};

export const batchesAreFull: Condition<PlannedDraft> = {
  name: "batches-are-full",
  says: "no two batches of an evaluation, of one graph and one length, could be one",
  violations: ({ plan, mostRows }) =>
    plan.evaluations.flatMap((evaluation) => {
      const alike = new Map<string, Unit[]>();
      for (const unit of evaluation.units) {
        const key = `${unit.graph} ${unit.positions}`;
        alike.set(key, [...(alike.get(key) ?? []), unit]);
      }
      return [...alike.values()].flatMap((units) => {
        const [smallest, next] = [...units].sort((a, b) => a.rows.length - b.rows.length);
        if (smallest === undefined || next === undefined) return [];
        const together = smallest.rows.length + next.rows.length;
        const most = mostRows(smallest);
        return together > most ? [] : [`${nameOf(evaluation)}: ${together} of ${most} rows are in two batches`];
      });
    }),
};

export const cutsFollowGates: Condition<PlannedDraft> = {
  name: "cuts-follow-gates",
  says: "models with several graphs are cut right after the last gated layer of each, in order, and others are not cut",
  violations: ({ plan, modelOf }) =>
    Object.entries(plan.cuts).flatMap(([model, cuts]) => {
      const { layers } = modelOf(model).signature;
      const graphs = plan.graphs.filter((graph) => graph.model === model);
      const after = new Set(
        graphs.flatMap(({ gates }) => lastGatedLayers(gates)).map((at) => Math.min(layers, at + 1)),
      );
      return [
        ...(graphs.length > 1 ? [] : [`${model} has ${graphs.length} graphs and is cut`]),
        ...cuts.flatMap((cut, i) => [
          ...(after.has(cut) ? [] : [`${model} is cut before layer ${cut}, which follows no gate`]),
          ...(i === 0 || cut > (cuts[i - 1] ?? 0) ? [] : [`${model} is cut before layer ${cut} out of order`]),
        ]),
      ];
    }),
};
