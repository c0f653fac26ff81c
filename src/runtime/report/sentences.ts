/** A run in plain sentences. */
import { countOf } from "../../compiler/results/describe.js";
import type { StudySummary } from "./report-input.js";

/** One sentence for each study: what was measured on what, and what was changed. */
export function studySentences(studies: readonly StudySummary[]): readonly string[] {
  return studies.map((study) => {
    const prompts = study.prompts === 1 ? "1 prompt" : countOf(study.prompts, "prompt");
    const measured = `measured ${listOf(study.metrics)} on ${prompts} of ${study.texts} with ${study.model}`;
    if (study.intervention === null || study.conditions === 0) {
      return `Experiment ${study.experiment} ${measured}, without changing the model.`;
    }
    const conditions = countOf(study.conditions, "condition");
    return `Experiment ${study.experiment} ${measured}, under ${conditions} (${study.intervention}) and in the unmodified model.`;
  });
}

/** `a`, `a and b`, `a, b and c`. */
export function listOf(items: readonly string[]): string {
  if (items.length <= 1) return items.join("");
  return `${items.slice(0, -1).join(", ")} and ${items.at(-1) ?? ""}`;
}
