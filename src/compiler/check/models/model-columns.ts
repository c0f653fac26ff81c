/** Facts of models that results can be drawn over: how large a model is, how far its training had come. */
import type { Coordinates, ModelInstance } from "../../ir/protocol.js";
import type { ModelGraph } from "../../models/model.js";
import { stepOf } from "../../models/steps.js";

/** A fact by model instance; one that lacks it is absent. */
export interface ModelColumn {
  readonly name: "params" | "step";
  readonly values: ReadonlyMap<string, number>;
}

/**
 * `params`: the number of weights, each counted once. `step`: the training step that a revision is named for, such as
 * `step512`, `step-1000` or `checkpoint-20000`.
 */
export function modelColumnsOf(
  instances: Iterable<ModelInstance>,
  models: ReadonlyMap<string, { readonly graph: ModelGraph } | null>,
): readonly ModelColumn[] {
  const params = new Map<string, number>();
  const step = new Map<string, number>();
  for (const { id, revision } of instances) {
    const opened = models.get(id) ?? null;
    if (opened !== null) params.set(id, parameterCount(opened.graph));
    const found = revision === null ? null : stepOf(revision);
    if (found !== null) step.set(id, found);
  }
  return [
    { name: "params", values: params },
    { name: "step", values: step },
  ];
}

/** The facts of one instance, by name. */
export function factsOf(columns: readonly ModelColumn[], instance: string): Coordinates {
  return Object.fromEntries(
    columns.flatMap(({ name, values }) => {
      const value = values.get(instance);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** Counts of graphs that were asked about before: a protocol asks once for each experiment. */
const counted = new WeakMap<ModelGraph, number>();

function parameterCount(model: ModelGraph): number {
  const known = counted.get(model) ?? countParameters(model);
  counted.set(model, known);
  return known;
}

function countParameters({ graph }: ModelGraph): number {
  const places = new Map<string, number>();
  for (const { shape, data } of graph.initializers) {
    if (data.kind !== "external") continue;
    // Tied weights lie at the same place of the file.
    places.set(
      `${data.file} ${data.offset}`,
      shape.reduce((product, size) => product * size, 1),
    );
  }
  return [...places.values()].reduce((sum, count) => sum + count, 0);
}
