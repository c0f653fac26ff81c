/** What is wrong or missing in a run that came to its end, or did not: parts without results, undecided, not finite. */
import type { Protocol } from "../compiler/ir/protocol.js";
import { visitRows } from "../compiler/ir/result-table.js";
import type { ResultRows } from "../compiler/ir/results.js";
import { countOf } from "../compiler/results/describe.js";
import type { ExecutionSummary } from "./execution.js";
import { listOf } from "./report/sentences.js";
import type { RecordedDecision } from "./store/record.js";

/** How much of an experiment there is. */
export interface ExperimentPart {
  readonly name: string;
  /** Measured values. */
  readonly values: number;
  readonly nan: number;
  readonly infinite: number;
}

export interface RunParts {
  /** In the order of the protocol. */
  readonly experiments: readonly ExperimentPart[];
  /** Why values are NaN, the most frequent reason first. */
  readonly reasons: readonly { readonly reason: string; readonly count: number }[];
  /** Statements that are not decided, because results are missing. */
  readonly undecided: readonly RecordedDecision[];
  /** Tables, figures and files that have nothing to show yet, as `table NAME`. */
  readonly missingOutputs: readonly string[];
  readonly units: ExecutionSummary["units"];
}

export function partsOf(
  protocol: Protocol,
  rows: ResultRows,
  decisions: readonly RecordedDecision[],
  missingOutputs: readonly string[],
  units: ExecutionSummary["units"],
): RunParts {
  const parts = new Map(
    protocol.studies.map(({ experiment }) => [experiment, { name: experiment, values: 0, nan: 0, infinite: 0 }]),
  );
  const reasons = new Map<string, number>();
  visitRows(rows, (row) => {
    const part = parts.get(row.experiment);
    if (part === undefined) return;
    part.values += 1;
    const { value } = row;
    if (Number.isNaN(value)) {
      part.nan += 1;
      const why = row.reason ?? "no reason recorded";
      reasons.set(why, (reasons.get(why) ?? 0) + 1);
    } else if (!Number.isFinite(value)) part.infinite += 1;
  });
  return {
    experiments: [...parts.values()],
    reasons: [...reasons].map(([reason, count]) => ({ reason, count })).sort((a, b) => b.count - a.count),
    undecided: decisions.filter(({ outcome }) => outcome === null),
    missingOutputs,
    units,
  };
}

/** Names that a remark holds; `run --json` has all of them. */
const namedParts = 3;

/** What there is to say, each a phrase after `finished with`; none for a run of which every part is there and finite. */
export function remarksOf({ experiments, undecided, missingOutputs, units }: RunParts): readonly string[] {
  const without = units.left + units.failed + units.skipped;
  const empty = experiments.filter(({ values }) => values === 0).map(({ name }) => name);
  const total = experiments.reduce((sum, { values }) => sum + values, 0);
  const nan = experiments.reduce((sum, part) => sum + part.nan, 0);
  const infinite = experiments.reduce((sum, part) => sum + part.infinite, 0);
  return [
    ...(without === 0 ? [] : [`${without} of ${countOf(units.total, "unit")} without a result`]),
    ...(empty.length === 0 ? [] : [`nothing measured of ${named(empty)}`]),
    ...(missingOutputs.length === 0 ? [] : [`nothing to show in ${named(missingOutputs)}`]),
    ...(undecided.length === 0 ? [] : [`${countOf(undecided.length, "statement")} not decided`]),
    ...(nan === 0 ? [] : [`${nan} of ${countOf(total, "value")} NaN`]),
    ...(infinite === 0 ? [] : [`${infinite} of ${countOf(total, "value")} infinite`]),
  ];
}

/** `Finished with 2 statements not decided, 3 of 40 values NaN.`; null when there is nothing to say. */
export function remarkLine(status: ExecutionSummary["status"], parts: RunParts): string | null {
  const remarks = remarksOf(parts);
  if (remarks.length === 0) return null;
  return `${status.charAt(0).toUpperCase()}${status.slice(1)} with ${remarks.join(", ")}.`;
}

function named(names: readonly string[]): string {
  if (names.length <= namedParts) return listOf(names);
  return `${names.slice(0, namedParts).join(", ")} and ${names.length - namedParts} more`;
}
