import type { NamedResult } from "../compiler/ir/protocol.js";
import type { ResultRow } from "../compiler/ir/results.js";
import { unitOf } from "../compiler/results/describe.js";
import { evaluateResult } from "../compiler/results/evaluate.js";

/** The values of a named result as rows of a results table: its name stands for experiment and metric. */
export function rowsOfValue(
  name: string,
  { expression }: NamedResult,
  rows: readonly ResultRow[],
): readonly ResultRow[] {
  const unit = unitOf(expression, rows) ?? "none";
  return evaluateResult(expression, rows).cells.map(({ coordinates, value, reason }) => ({
    experiment: name,
    axes: coordinates,
    metric: name,
    unit,
    value,
    baseline: null,
    impact: null,
    relative: null,
    reason,
  }));
}
