/** What results a protocol will have, for checking the statements that read them: columns and axes of experiments. */
import type { Study } from "../ir/protocol.js";
import type { TokenizedTexts } from "../ir/protocol.js";
import type { LetStatement } from "../syntax/ast.js";
import { resultAxis } from "./measures.js";

export interface ExperimentShape {
  readonly name: string;
  readonly metrics: readonly string[];
  readonly axes: readonly string[];
  readonly hasIntervention: boolean;
  /** False when something about it was wrong: its axes and metrics are then incomplete, and nothing is said of them. */
  readonly complete: boolean;
}

export interface ResultScope {
  readonly experiments: ReadonlyMap<string, ExperimentShape>;
  readonly lets: ReadonlyMap<string, LetStatement>;
}

/** Axes of all the studies of one experiment, in the order in which a table shows them. */
export function experimentShape(
  name: string,
  studies: readonly Study[],
  texts: readonly TokenizedTexts[],
  metrics: readonly string[],
  complete: boolean,
): ExperimentShape {
  const axes = new Set<string>();
  for (const study of studies) {
    for (const axis of Object.keys(study.coordinates)) axes.add(axis);
    axes.add("prompt");
    for (const set of texts) {
      if (set.name !== study.texts || set.model !== study.model) continue;
      for (const prompt of set.prompts) for (const column of Object.keys(prompt.columns)) axes.add(column);
    }
    const conditionAxes = new Set(study.conditions.flatMap((c) => Object.keys(c.coordinates)));
    for (const axis of conditionAxes) axes.add(axis);
    for (const measure of study.measures) {
      for (const axis of Object.keys(measure.coordinates)) axes.add(axis);
      for (const axis of measure.type.axes) axes.add(resultAxis(axis.name, conditionAxes));
    }
  }
  return {
    name,
    metrics,
    axes: [...axes],
    hasIntervention: studies.some((s) => s.conditions.length > 1),
    complete,
  };
}
