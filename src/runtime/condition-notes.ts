/** What a reader must know of conditions that changed nothing. */
import type { Assembled } from "../compiler/results/assemble.js";

/** A sentence for each experiment with conditions that could not, or did not, change anything. */
export function conditionNotes(assembled: Assembled): readonly string[] {
  const notes = assembled.unaffected.map(
    ({ experiment, conditions }) =>
      `${experiment}: ${conditions} of its conditions cannot influence what it measures (nothing measured lies ` +
      `downstream); their values are the baseline's`,
  );
  const byExperiment = new Map<string, string[]>();
  for (const { experiment, coordinates } of assembled.noOps) {
    const place = Object.entries(coordinates)
      .map(([axis, value]) => `${axis} ${value}`)
      .join(" ");
    byExperiment.set(experiment, [...(byExperiment.get(experiment) ?? []), place === "" ? "the intervention" : place]);
  }
  for (const [experiment, places] of byExperiment) {
    const shown = places.slice(0, 5).join("; ") + (places.length > 5 ? `; and ${places.length - 5} more` : "");
    notes.push(`${experiment}: no-op: the site did not change at all (max |Δ| = 0) at ${shown}`);
  }
  return notes;
}
