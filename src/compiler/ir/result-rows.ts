/** The promise that no two rows of an experiment have the same coordinates, checked where it is made. */
import { wholeName, type Coordinates, type Study, type TokenizedTexts } from "./protocol.js";
import type { ResultType } from "./result-type.js";
import { labelledTexts } from "./labelled-texts.js";

/**
 * A row is named by its study, text, condition, measure and entry. Each of the five is unique among its own kind and no
 * two kinds share an axis, so that rows are unique, too, without looking at each of them.
 *
 * @throws RangeError (a fault of ours) naming what is there twice.
 */
export function assertUniqueRows(type: ResultType, studies: readonly Study[], texts: readonly TokenizedTexts[]): void {
  const names = [...type.axes, ...type.columns].map(({ name }) => name);
  assertDifferent(type, "axes and columns", names);
  assertDifferent(
    type,
    "studies",
    // Parts of one set have different prompts.
    studies.map(({ coordinates, texts: set }) => `${keyOf(coordinates)}${set === wholeName(set) ? "" : ` on ${set}`}`),
  );
  for (const study of studies) {
    const set = texts.find(({ name, model }) => name === study.texts && model === study.model);
    assertDifferent(type, "texts", set === undefined ? [] : labelledTexts(set).map(({ place }) => keyOf(place)));
    assertDifferent(
      type,
      "conditions",
      study.conditions.slice(1).map(({ coordinates }) => keyOf(coordinates)),
    );
    assertDifferent(
      type,
      "measures",
      study.measures.map(({ metric, coordinates }) => JSON.stringify([metric, keyOf(coordinates)])),
    );
  }
}

function keyOf(coordinates: Coordinates): string {
  return JSON.stringify(Object.entries(coordinates).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function assertDifferent({ experiment }: ResultType, what: string, keys: readonly string[]): void {
  const seen = new Set<string>();
  for (const key of keys) {
    if (seen.has(key)) throw new RangeError(`results of ${experiment}: two ${what} are ${key}`);
    seen.add(key);
  }
}
