import type { NamedResult } from "../compiler/ir/protocol.js";
import type { ResultType } from "../compiler/ir/result-type.js";
import type { ResultRow, ResultSet, SavedRow } from "../compiler/ir/results.js";
import { evaluateResult, type OnNote } from "../compiler/results/evaluate.js";

import type { TokenTexts } from "./report/token-texts.js";

/** The values of a named result as rows of a results table: its name stands for experiment and metric. */
export function rowsOfValue(
  name: string,
  { expression, unit }: NamedResult,
  results: ResultSet,
  onNote: OnNote,
): readonly SavedRow[] {
  return evaluateResult(expression, results, onNote).cells.map(({ coordinates, value, reason }) => ({
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
    promptText: null,
    token: null,
    valueText: null,
  }));
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
      token: text?.pieces[Number(position) - text.first] ?? null,
      valueText:
        row.unit === "token" && Number.isFinite(row.value) ? tokens.tokenAt(experiment, axes, row.value) : null,
    };
  });
}

/** The axis along which measured values run; an intervention's own positions are written from the end. */
function positionAxis(type: ResultType | undefined): string | null {
  const along = type?.axes.filter(({ kind }) => kind === "position").map(({ name }) => name) ?? [];
  return along.find((name) => name === "position" || name === "measured_position") ?? null;
}
