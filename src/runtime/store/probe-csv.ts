/** What a linear probe came to as a CSV file: a row for each group. */
import type { DecisionOutcome } from "../../compiler/ir/decision-outcome.js";
import { csvField } from "./csv.js";

/** Axes of `by`, then numbers; a number that is not there is empty, and `reason` says why there is no score. */
export function probeCsv({ parts, predicts }: Extract<DecisionOutcome, { kind: "probe" }>): string {
  const axes = [...new Set(parts.flatMap(({ coordinates }) => Object.keys(coordinates)))];
  const score = predicts === "classes" ? "accuracy" : "r_squared";
  const header = [
    ...axes,
    score,
    "low",
    "high",
    "baseline",
    "p",
    "p_corrected",
    "texts",
    "units",
    "features",
    "reason",
  ];
  const rows = parts.map((part) => [
    ...axes.map((axis) => part.coordinates[axis] ?? null),
    part.score,
    part.interval?.low ?? null,
    part.interval?.high ?? null,
    part.baseline,
    part.pValue,
    part.adjusted,
    part.n,
    part.units,
    part.features,
    part.reason,
  ]);
  return [header, ...rows].map((row) => `${row.map(csvField).join(",")}\n`).join("");
}
