/** What became of a plan's units in a run. */
import type { Plan, Unit } from "../compiler/ir/plan.js";

/** A unit without a result. `skipped`: it needs values of another evaluation that there are none of. */
export interface UnitFault {
  readonly kind: "failed" | "skipped";
  readonly evaluation: string;
  readonly unit: string;
  readonly message: string;
}

/** What became of a unit in a run. */
export type UnitOutcome = "computed" | "reused" | UnitFault["kind"];

export interface UnitCounts {
  readonly total: number;
  readonly computed: number;
  readonly reused: number;
  readonly failed: number;
  readonly skipped: number;
  /** Without a result because the run was interrupted or had to stop. */
  readonly left: number;
}

/** Units of a plan by their ids: several evaluations may list one, which is computed, and counted, once. */
export function unitsOf(plan: Plan): ReadonlyMap<string, Unit> {
  return new Map(plan.evaluations.flatMap(({ units }) => units.map((unit) => [unit.id, unit] as const)));
}

/** Rows of those units that were computed. */
export function rowsComputedOf(units: ReadonlyMap<string, Unit>, outcomes: ReadonlyMap<string, UnitOutcome>): number {
  return [...units.values()].reduce(
    (sum, { id, rows }) => (outcomes.get(id) === "computed" ? sum + rows.length : sum),
    0,
  );
}

/** How many of these units came to what. */
export function countOutcomes(ids: Iterable<string>, outcomes: ReadonlyMap<string, UnitOutcome>): UnitCounts {
  const counts = { total: 0, computed: 0, reused: 0, failed: 0, skipped: 0, left: 0 };
  for (const id of ids) {
    counts.total += 1;
    counts[outcomes.get(id) ?? "left"] += 1;
  }
  return counts;
}

/** Times that a unit is computed again in one go because its file is not there when it is read. */
export const recoveries = 2;

/** What is said of a unit whose file vanishes or is damaged again and again. */
export function lostText(path: string): string {
  return `it was computed, and its file is lost or damaged each time: ${path}`;
}
