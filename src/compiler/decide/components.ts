/** `pca of VALUE over AXIS components N`: levels of the axis are observations, every other place is a feature. */
import { entryOf } from "../base/entry.js";
import type { DecisionOutcome } from "../ir/decision-outcome.js";
import type { Decision } from "../ir/decisions.js";
import { alsoRemoved } from "../ir/result-type.js";
import type { ResultSet } from "../ir/results.js";
import { evaluateResult } from "../results/evaluate.js";
import { columnsOf, coordinateKey, levelsOf, pickCoordinates } from "../results/result-array.js";
import { undecided } from "../statistics/outcome.js";
import { mixedTexts } from "./series.js";
import { principalComponents } from "../statistics/principal-components.js";

type Pca = Extract<Decision, { kind: "pca" }>;

export function decidePca({ value, over, components, text: statement }: Pca, results: ResultSet): DecisionOutcome {
  const notes = new Set<string>(["features are centred, not scaled; the largest loading of a component is positive"]);
  const array = evaluateResult(value.expression, results, (sentence) => notes.add(sentence));
  const columns = columnsOf(array);
  // What follows from the observation, such as the group of a prompt, tells no features apart.
  const follows = alsoRemoved(array.decided, new Set([over]));
  const featureAxes = array.axes.filter((axis) => axis !== over && !columns.has(axis) && !follows.includes(axis));
  const observations = levelsOf(array, over);
  const places = new Map(
    array.cells.map(({ coordinates }) => [
      coordinateKey(coordinates, featureAxes),
      pickCoordinates(coordinates, featureAxes),
    ]),
  );
  const values = new Map(
    array.cells.map((cell) => [
      `${coordinateKey(cell.coordinates, featureAxes)}|${String(entryOf(cell.coordinates, over))}`,
      cell.value,
    ]),
  );
  const complete = [...places].filter(([key]) => observations.every((level) => values.has(`${key}|${String(level)}`)));
  if (complete.length < places.size) {
    notes.add(
      `${places.size - complete.length} of ${places.size} features are left out: some ${over} has no value there`,
    );
  }
  const matrix = observations.map((level) =>
    complete.map(([key]) => values.get(`${key}|${String(level)}`) ?? Number.NaN),
  );
  const mixed = mixedTexts(array, over, []);
  const outcome = mixed === null ? principalComponents(matrix, components) : undecided(mixed);
  const common = { kind: "pca", statement, over, observations, notes: [...notes] } as const;
  if (outcome.kind === "undecided")
    return { ...common, features: [], spectrum: [], components: [], reason: outcome.reason };
  return {
    ...common,
    features: complete.map(([, coordinates]) => coordinates),
    spectrum: outcome.spectrum,
    components: outcome.explained.map((explained, c) => ({
      explained,
      variance: outcome.variances[c] ?? Number.NaN,
      scores: outcome.scores[c] ?? [],
      loadings: outcome.loadings[c] ?? [],
    })),
    reason: null,
  };
}
