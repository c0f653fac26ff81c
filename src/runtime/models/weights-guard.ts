/** Watches that the weights under the paths that engines open are there, and still those that were hashed. */
import type { ModelFacts } from "../../compiler/models/model.js";
import { fileChange } from "./file-identity.js";
import type { HashedWeights } from "./open-model.js";

/**
 * Why a model cannot be run: its revision is missing, or its weights are no longer what they were, as a sentence; null while it can.
 * What was said once is said for ever, since a file that was put back does not undo what was opened meanwhile.
 */
export type WeightsGuard = (model: string) => string | null;

/**
 * A guard of models by their names in the protocol. Asking it costs the system a look at each of the model's files, and
 * at those of the same content that other models have: engines know files by their content and may open either.
 */
export function createWeightsGuard(
  models: ReadonlyMap<
    string,
    { readonly weightFiles: readonly HashedWeights[]; readonly facts?: Pick<ModelFacts, "missing"> }
  >,
): WeightsGuard {
  const sentences = new Map<string, string>();
  const all = [...models.values()].flatMap(({ weightFiles }) => weightFiles);
  const filesOf = (model: string): readonly HashedWeights[] => {
    const digests = new Set(models.get(model)?.weightFiles.map(({ digest }) => digest));
    return all.filter(({ digest }) => digests.has(digest));
  };
  return (model) => {
    const known = sentences.get(model);
    if (known !== undefined) return known;
    const missing = models.get(model)?.facts?.missing;
    if (missing !== undefined) return missing;
    for (const file of filesOf(model)) {
      const change = fileChange(file);
      if (change === null) continue;
      const sentence = `the weights of ${model} changed during the run: ${file.path} ${change}`;
      sentences.set(model, sentence);
      return sentence;
    }
    return null;
  };
}
