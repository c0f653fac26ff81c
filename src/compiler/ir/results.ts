import type { Coordinates } from "./result-expression.js";
import type { Unit } from "./tensor-type.js";

/**
 * One measured value: what `results.parquet` holds, a row each. NaN is kept as NaN and `reason` says why.
 * `baseline`, `impact` (value − baseline) and `relative` (impact / |baseline|) are null in rows of the unmodified model
 * (its own rows carry every axis but those of the intervention).
 */
export interface ResultRow {
  readonly experiment: string;
  /** model, revision, prompts, prompt, group, layer, head, … whichever the row has. */
  readonly axes: Coordinates;
  readonly metric: string;
  readonly unit: Unit;
  readonly value: number;
  readonly baseline: number | null;
  readonly impact: number | null;
  readonly relative: number | null;
  readonly reason: string | null;
}

/** Formats of saved results, each the ending of its files' names. */
export const saveFormats = ["csv", "jsonl", "json", "parquet"] as const;
export type SaveFormat = (typeof saveFormats)[number];
