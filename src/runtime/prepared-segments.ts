/** From the segments of a plan to what the engine is asked to open. */
import { digestOf } from "../compiler/base/digest.js";
import { expressionsOf, takesGradients } from "../compiler/analysis/reads.js";
import type { Capabilities } from "../compiler/ir/capabilities.js";
import type { Plan } from "../compiler/ir/plan.js";
import type { Segment } from "../compiler/lower/segments.js";
import { encodeModel } from "../compiler/onnx/encode.js";
import { externalBytes } from "../compiler/onnx/external-bytes.js";
import type { PreparedSegment } from "./engine/keeper.js";
import type { ReadModel } from "./models/read-model.js";
import { weightsOf } from "./models/weight-files.js";
import { once } from "./once.js";

/** The segments of each graph by its id, as the engine opens them: with rearranged weights or without. */
export function preparedSegments(
  plan: Plan,
  segments: ReadonlyMap<string, readonly Segment[]>,
  models: ReadonlyMap<string, Pick<ReadModel, "weightFiles">>,
  { mappedWeights }: Capabilities,
): ReadonlyMap<string, (prepacked: boolean) => readonly PreparedSegment[]> {
  return new Map(
    plan.graphs.map((graphPlan) => {
      const { id, model } = graphPlan;
      // Thousands of values are kept from the way forward. onnxruntime compares the size of each with every free block, and where
      // it is not told the sizes, none fits: it took minutes to open a graph.
      const shapes = takesGradients(expressionsOf(graphPlan));
      const chain = segments.get(id) ?? [];
      const opened = models.get(model);
      if (opened === undefined) throw new RangeError(`the model ${model} is not open`);
      const prepared = (prepacked: boolean): readonly PreparedSegment[] =>
        chain.map(({ key, graph }) => ({
          id: digestOf([model, key, prepacked]),
          weights: weightsOf(graph, opened),
          prepacked,
          weightBytes: prepacked || !mappedWeights.holds ? externalBytes(graph) : 0,
          arena: chain.length === 1,
          bytes: () => encodeModel(graph, { shapes }),
        }));
      const [packed, unpacked] = [once(() => prepared(true)), once(() => prepared(false))];
      return [id, (prepacked) => (prepacked ? packed() : unpacked())] as const;
    }),
  );
}
