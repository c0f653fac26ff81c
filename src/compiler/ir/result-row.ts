/** One row of results, and rows in order. */
import type { Coordinates } from "./result-expression.js";
import type { Unit } from "./tensor-type.js";

/**
 * One measured value: what `results.parquet` holds, a row each. NaN is kept as NaN and `reason` says why.
 * `baseline`, `impact` (value − baseline) and `relative` (impact / |baseline|) are null in rows of the unmodified model
 * (its own rows carry every axis but those of the intervention). Tokens have no `impact` and no `relative`.
 */
export interface ResultRow {
  readonly experiment: string;
  /**
   * What was done to the model: the intervention's coordinates in words, `baseline` for nothing; `unmodified` in an
   * experiment that changes nothing.
   */
  readonly condition: string;
  /** Coordinates on the axes that the row has, and the columns that follow from them, by the names of its result type. */
  readonly axes: Coordinates;
  readonly metric: string;
  readonly unit: Unit;
  readonly value: number;
  readonly baseline: number | null;
  readonly impact: number | null;
  readonly relative: number | null;
  readonly reason: string | null;
}

/** Rows in their order. There may be millions: those of studies are kept in columns, and made when they are asked for. */
export interface ResultRows extends Iterable<ResultRow> {
  readonly length: number;
}

/** Why a row has no `relative`: what is said where the row has no other reason. */
export const zeroBaseline = "the baseline is 0";
