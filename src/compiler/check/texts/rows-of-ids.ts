/** Whether a model has a row in its embedding for every token of a text: a tokenizer may know more ids than that. */
import type { Span } from "../../base/span.js";
import { diagnostic } from "../../diagnostics/create.js";
import type { Diagnostic } from "../../diagnostics/diagnostic.js";
import type { ModelInstance, TokenizedTexts } from "../../ir/protocol.js";
import type { ModelSignature } from "../../models/model.js";

/** The first id that a model has no row for; undefined when it has one for each. */
export function idWithoutRow(ids: readonly number[], { vocab }: ModelSignature): number | undefined {
  return ids.find((id) => !(id >= 0 && id < vocab));
}

/** Reports (A4007) the first text with an id that the model has no row for, answers included; true when there is none. */
export function haveRows(
  { name, prompts, documents }: TokenizedTexts,
  instance: ModelInstance,
  signature: ModelSignature,
  span: Span,
  report: (d: Diagnostic) => void,
): boolean {
  for (const { index, ids, numbers } of prompts) {
    const answers = [numbers.answer, numbers.distractor].filter((id) => id !== undefined);
    const id = idWithoutRow([...ids, ...answers], signature);
    if (id === undefined) continue;
    const what = documents === null ? `prompt ${index} of ${name}` : `window ${index} of ${name}`;
    const last = signature.vocab - 1;
    report(diagnostic("A4007", span, { model: instance.name, id, what, last }));
    return false;
  }
  return true;
}
