/** What a named probe answers about each text, as rows of results. */
import { entryOf } from "../base/entry.js";
import type { Coordinate, Coordinates } from "../ir/result-expression.js";
import { observedCondition, type ResultType } from "../ir/result-type.js";
import type { ResultRow } from "../ir/results.js";
import { coordinateKey, type ResultArray } from "../results/result-array.js";
import type { Probed, ProbeScore } from "../statistics/cross-validation.js";

/** For each text, in the order of the observations. */
export interface Answers {
  /** `right` for classes, 1 or 0; `error` for numbers, squared. */
  readonly metric: "right" | "error";
  readonly own: readonly number[];
  /** The same of the baseline's guess. */
  readonly chance: readonly number[];
}

/** How the predictions of a probe compare with what is there. */
export function answersOf({ y, classes }: Probed, { predictions, guesses }: ProbeScore): Answers {
  const compared = (guessed: readonly number[]): readonly number[] =>
    y.map((label, i) => {
      const difference = label - (guessed[i] ?? Number.NaN);
      return classes === null ? difference ** 2 : Number(difference === 0);
    });
  return { metric: classes === null ? "error" : "right", own: compared(predictions), chance: compared(guesses) };
}

/**
 * Rows of the answers about one group of texts.
 * @param array the values that the probe reads, whose coordinates have the columns that follow from a text.
 * @param places of the texts, by `axes`.
 * @param answers null where there is no probe; `reason` then says why.
 */
export function answerRows(
  type: ResultType,
  array: ResultArray,
  { axes, places }: { readonly axes: readonly string[]; readonly places: readonly Coordinates[] },
  answers: Answers | null,
  reason: string | null,
): readonly ResultRow[] {
  const names = [...type.axes, ...type.columns].map(({ name }) => name);
  const found = new Map<string, Coordinates>();
  for (const { coordinates } of array.cells) {
    const key = coordinateKey(coordinates, axes);
    if (!found.has(key)) found.set(key, coordinates);
  }
  const nothing = { baseline: null, impact: null, relative: null } as const;
  return places.flatMap((place, i) => {
    const whole = found.get(coordinateKey(place, axes)) ?? place;
    const own = names.flatMap((name): [string, Coordinate][] => {
      const at = entryOf(whole, name);
      return at === undefined ? [] : [[name, at]];
    });
    return type.metrics.map(({ name, unit }): ResultRow => {
      const values = name === "chance" ? answers?.chance : name === answers?.metric ? answers.own : undefined;
      const value = values?.[i] ?? Number.NaN;
      const why = Number.isNaN(value) ? (reason ?? "among these texts alone, the field is predicted otherwise") : null;
      const labels = { experiment: type.experiment, condition: observedCondition, axes: Object.fromEntries(own) };
      return { ...labels, metric: name, unit, value, ...nothing, reason: why };
    });
  });
}
