/** A run in plain sentences. */
import { countOf } from "../../compiler/results/describe.js";
import type { StudySummary } from "./report-input.js";

/** One sentence for each experiment and prompt set: what was measured on what, and what was changed. */
export function studySentences(studies: readonly StudySummary[]): readonly string[] {
  const groups = new Map<string, StudySummary[]>();
  for (const study of studies) {
    // Models of one experiment differ in nothing that the sentence says.
    const { model: _model, ...rest } = study;
    const key = JSON.stringify(rest);
    groups.set(key, [...(groups.get(key) ?? []), study]);
  }
  return [...groups.values()].map((group) => {
    const [study] = group;
    if (study === undefined) return "";
    const count = (number: number, thing: string): string => (number === 1 ? `1 ${thing}` : countOf(number, thing));
    const windows = study.documents === undefined ? "" : ` in ${count(study.prompts, "window")}`;
    const on = study.documents === undefined ? count(study.prompts, "prompt") : count(study.documents, "text");
    const models = modelsText(group.map((one) => one.model));
    const measured = `measured ${listOf(study.metrics)} on ${on} of ${study.texts}${windows} with ${models}`;
    if (study.intervention === null || study.conditions === 0) {
      return `Experiment ${study.experiment} ${measured}, without changing the model.`;
    }
    const conditions = countOf(study.conditions, "condition");
    return `Experiment ${study.experiment} ${measured}, under ${conditions} (${study.intervention}) and in the unmodified model.`;
  });
}

/** A few models by name, many by their number and the first and last of them. */
function modelsText(models: readonly string[]): string {
  if (models.length <= 3) return listOf(models);
  return `${models.length} models (${models[0] ?? ""} to ${models.at(-1) ?? ""})`;
}

/** `a`, `a and b`, `a, b and c`. */
export function listOf(items: readonly string[]): string {
  if (items.length <= 1) return items.join("");
  return `${items.slice(0, -1).join(", ")} and ${items.at(-1) ?? ""}`;
}
