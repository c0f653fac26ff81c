/** Results with the words of their texts, as files hold them. */
import { entryOf } from "../compiler/base/entry.js";
import { experimentsIn } from "../compiler/ir/result-expression.js";
import type { Coordinates, NamedResult } from "../compiler/ir/protocol.js";
import type { ResultSet, SavedRow } from "../compiler/ir/results.js";
import { evaluateResult, type OnNote } from "../compiler/results/evaluate.js";
import { isTokenAxis, pieceAt, sharedPrompt, sharedText, type TokenTexts } from "./report/token-texts.js";
import { savedTableOf, type SavedTable } from "./store/saved-table.js";

/** The values of a named result as rows of a results table: its name stands for experiment and metric. */
export function tableOfValue(
  name: string,
  { expression, unit }: NamedResult,
  results: ResultSet,
  tokens: TokenTexts,
  onNote: OnNote,
): SavedTable {
  const array = evaluateResult(expression, results, onNote);
  const experiments = experimentsIn(expression);
  const along = array.ragged.find(isTokenAxis) ?? null;
  const tokenAt = (place: Coordinates): string | null =>
    along === null ? null : pieceAt(sharedText(tokens, experiments, place), entryOf(place, along));
  return savedTableOf(array.cells.length, (i): SavedRow => {
    const cell = array.cells.at(i);
    if (cell === undefined) throw new RangeError(`tableOfValue: there is no value ${i}`);
    const { coordinates, value, reason } = cell;
    return {
      experiment: name,
      condition: null,
      axes: coordinates,
      metric: name,
      unit,
      value,
      baseline: null,
      impact: null,
      relative: null,
      reason,
      promptText: "prompt" in coordinates ? sharedPrompt(tokens, experiments, coordinates) : null,
      token: tokenAt(coordinates),
      valueText: textOf(value, array.labels),
    };
  });
}

/** The name that a label stands for; null for any other value. */
function textOf(value: number, labels: readonly string[] | null): string | null {
  return labels?.[value] ?? null;
}
