/** Results with the words of their texts, as files hold them. */
import { entryOf } from "../compiler/base/entry.js";
import { experimentsIn } from "../compiler/ir/result-expression.js";
import type { Coordinates, NamedResult } from "../compiler/ir/protocol.js";
import type { ResultType } from "../compiler/ir/result-type.js";
import type { ResultRow, ResultSet, SavedRow } from "../compiler/ir/results.js";
import { evaluateResult, type OnNote } from "../compiler/results/evaluate.js";
import { isTokenAxis, pieceAt, sharedPrompt, sharedText, type TokenTexts } from "./report/token-texts.js";

/** The values of a named result as rows of a results table: its name stands for experiment and metric. */
export function rowsOfValue(
  name: string,
  { expression, unit }: NamedResult,
  results: ResultSet,
  tokens: TokenTexts,
  onNote: OnNote,
): readonly SavedRow[] {
  const array = evaluateResult(expression, results, onNote);
  const experiments = experimentsIn(expression);
  const along = array.ragged.find(isTokenAxis) ?? null;
  const tokenAt = (place: Coordinates): string | null =>
    along === null ? null : pieceAt(sharedText(tokens, experiments, place), entryOf(place, along));
  return array.cells.map(({ coordinates, value, reason }) => ({
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
  }));
}

/** The name that a label stands for; null for any other value. */
function textOf(value: number, labels: readonly string[] | null): string | null {
  return labels?.[value] ?? null;
}

/** Rows with the words of their texts and tokens. */
export function savedRows(rows: readonly ResultRow[], { types }: ResultSet, tokens: TokenTexts): readonly SavedRow[] {
  return rows.map((row) => {
    const { experiment, axes } = row;
    const axis = positionAxis(types.get(experiment));
    const position = axis === null ? undefined : axes[axis];
    const text = position === undefined ? null : tokens.textAt(experiment, axes);
    return {
      ...row,
      promptText: tokens.promptAt(experiment, axes),
      token: pieceAt(text, position),
      valueText:
        row.unit === "token" && Number.isFinite(row.value) ? tokens.tokenAt(experiment, axes, row.value) : null,
    };
  });
}

/** The axis along which measured values run; an intervention's own positions are written from the end. */
function positionAxis(type: ResultType | undefined): string | null {
  const along = type?.axes.filter(({ kind }) => kind === "position").map(({ name }) => name) ?? [];
  return along.find(isTokenAxis) ?? null;
}
