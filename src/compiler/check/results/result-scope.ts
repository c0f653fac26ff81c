/** What results a protocol will have, for checking the statements that read them. */
import type { ResultType } from "../../ir/result-type.js";
import type { LetStatement } from "../../syntax/ast.js";

export interface ExperimentShape {
  readonly name: string;
  readonly type: ResultType;
  /** False when something about it was wrong: its axes and metrics are then incomplete, and nothing is said of them. */
  readonly complete: boolean;
}

export interface ResultScope {
  readonly experiments: ReadonlyMap<string, ExperimentShape>;
  readonly lets: ReadonlyMap<string, LetStatement>;
}

/** Names of an experiment's metrics, in the order of its `measure` clause. */
export function metricNames({ type }: ExperimentShape): readonly string[] {
  return type.metrics.map((metric) => metric.name);
}
