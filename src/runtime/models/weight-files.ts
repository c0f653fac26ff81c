/** From opened models to what engines are told of their weights. */
import { externalFiles } from "../../compiler/onnx/external-files.js";
import type { Graph } from "../../compiler/onnx/graph.js";
import type { LocalWeights, WeightFile } from "../engine/weights.js";
import type { OpenedModel } from "./open-model.js";
import type { ReadModel } from "./read-model.js";

/** Where the weights of these models lie on this machine. */
export function localWeights(
  models: Iterable<Pick<OpenedModel, "externalDataFolder" | "weightFiles">>,
): readonly LocalWeights[] {
  return [...models].flatMap(({ externalDataFolder: folder, weightFiles }) =>
    weightFiles.map(({ digest, name }) => ({ digest, name, folder })),
  );
}

/** Those of a model's weight files that a graph of it reads. */
export function weightsOf(graph: Graph, { weightFiles }: Pick<ReadModel, "weightFiles">): readonly WeightFile[] {
  const read = externalFiles(graph);
  return weightFiles.filter(({ name }) => read.has(name)).map(({ digest, name }) => ({ digest, name }));
}
