/** Facts of models that results can be drawn over: how large a model is, how far its training had come. */
import type { Coordinate, Coordinates, ModelInstance } from "../../ir/protocol.js";
import type { ModelGraph, OpenedModel } from "../../models/model.js";
import type { FactValue } from "../../syntax/ast.js";
import { stepOf } from "../../models/steps.js";

/** A fact by model instance; one that lacks it is absent. */
export interface ModelColumn {
  readonly name: string;
  readonly values: ReadonlyMap<string, Coordinate>;
}

/** Facts that are found in the model itself or in the name of its revision. */
export const knownFacts: ReadonlySet<string> = new Set(["params", "layers", "norm", "step"]);

/**
 * `params`: the number of weights, each counted once. `layers`: how many there are. `norm`: LayerNorm or RMSNorm. `step`: the
 * training step that a revision is named for, such as `step512`, `step-1000` or `checkpoint-20000`. Then what the
 * declarations say after `facts`.
 */
export function modelColumnsOf(
  instances: Iterable<ModelInstance>,
  models: ReadonlyMap<string, OpenedModel | null>,
): readonly ModelColumn[] {
  const columns = new Map<string, Map<string, Coordinate>>([...knownFacts].map((name) => [name, new Map()]));
  const note = (name: string, id: string, value: Coordinate | null): void => {
    if (value !== null) columns.set(name, (columns.get(name) ?? new Map<string, Coordinate>()).set(id, value));
  };
  for (const { id, revision, facts } of instances) {
    const opened = models.get(id) ?? null;
    note("params", id, opened === null ? null : parameterCount(opened.graph));
    note("layers", id, opened?.signature.layers ?? null);
    note("norm", id, opened === null ? null : normNames[opened.signature.norm]);
    note("step", id, revision === null ? null : stepOf(revision));
    for (const [name, value] of Object.entries(facts)) note(name, id, value);
  }
  return [...columns].map(([name, values]) => ({ name, values }));
}

const normNames = { layer: "LayerNorm", rms: "RMSNorm" } as const;

/** A number, or a text. */
export function factOf(value: FactValue): Coordinate {
  if (value.kind === "string") return value.value;
  return value.negative ? -value.number.value : value.number.value;
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
