/** Watches that the weights under the paths that engines open are still those that were hashed. */
import { fileChange, type IdentifiedFile } from "./file-identity.js";

/**
 * Why the weights of a model are no longer what they were, as a sentence that names file and model; null while they are.
 * What was said once is said for ever, since a file that was put back does not undo what was opened meanwhile.
 */
export type WeightsGuard = (model: string) => string | null;

/** A guard of models by their names in the protocol. Asking it costs the system a look at each of the model's files. */
export function createWeightsGuard(
  models: ReadonlyMap<string, { readonly weightFiles: readonly IdentifiedFile[] }>,
): WeightsGuard {
  const found = new Map<string, string>();
  return (model) => {
    const known = found.get(model);
    if (known !== undefined) return known;
    for (const file of models.get(model)?.weightFiles ?? []) {
      const change = fileChange(file);
      if (change === null) continue;
      const sentence = `the weights of ${model} changed during the run: ${file.path} ${change}`;
      found.set(model, sentence);
      return sentence;
    }
    return null;
  };
}
