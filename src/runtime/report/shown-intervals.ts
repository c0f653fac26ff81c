/** Which of the values that an output shows have intervals, and what is said of them. */
import { intervalsOf, type Intervals } from "../../compiler/decide/intervals.js";
import { intervalWords, type IntervalWords } from "../../compiler/decide/interval-words.js";
import type { IntervalRequest, NamedResult, ResultCondition } from "../../compiler/ir/protocol.js";
import { experimentsIn } from "../../compiler/ir/result-expression.js";
import type { ResultSet } from "../../compiler/ir/results.js";
import type { ResultArray } from "../../compiler/results/result-array.js";

export interface ShownIntervals {
  /** For each value its intervals; null for a value that has none. */
  readonly intervals: readonly (Intervals | null)[];
  /** What the intervals are, or why there are none; null where there is nothing to say. */
  readonly words: IntervalWords | null;
}

/**
 * @param values what is shown, with `arrays`: the means as they are shown.
 * @param conditions of the output, on axes: they choose what is averaged.
 * @param keep axes that are not averaged.
 */
export function shownIntervals(
  request: IntervalRequest | null,
  values: readonly NamedResult[],
  arrays: readonly ResultArray[],
  conditions: readonly ResultCondition[],
  keep: readonly string[],
  results: ResultSet,
): ShownIntervals {
  if (request === null) return { intervals: values.map(() => null), words: null };
  const made = values.map(({ expression, unit }, i) => {
    // Ids of tokens have no mean.
    if (unit === "token") return null;
    const isMine = request.when === "asked" || isOverDocuments(values[i], arrays[i], results);
    return isMine ? intervalsOf({ expression, conditions, keep }, results, request) : null;
  });
  const all = made.filter((one) => one !== null);
  // A value without any interval has no columns and no bars: the note says why.
  const intervals = made.map((one) => (one?.cells.some(({ reason }) => reason === null) === true ? one : null));
  return { intervals, words: intervalWords(all, request) };
}

/** Whether a value is measured on documents alone and no longer has a place for each. */
function isOverDocuments(value: NamedResult | undefined, array: ResultArray | undefined, results: ResultSet): boolean {
  if (value === undefined || array === undefined || array.axes.includes("document")) return false;
  return experimentsIn(value.expression).every(
    (experiment) => results.types.get(experiment)?.axes.some(({ name }) => name === "document") === true,
  );
}
