/** What becomes of the units of a run, in the order in which it does. */
import type { Plan } from "../compiler/ir/plan.js";
import type { Protocol } from "../compiler/ir/protocol.js";
import type { ListedUnit } from "./store/unit-list.js";
import type { UnitStore } from "./store/units.js";
import type { UnitOutcome } from "./unit-outcomes.js";

export interface UnitLog {
  /** Notes what became of a unit just now. */
  readonly note: (unit: string, outcome: UnitOutcome) => void;
  /** What was noted, with what the store knows of the units and what the plan says of their work. */
  readonly list: (protocol: Protocol, plan: Plan, store: UnitStore) => readonly ListedUnit[];
}

export function createUnitLog(): UnitLog {
  const noted: { readonly unit: string; readonly outcome: UnitOutcome; readonly finished: string | null }[] = [];
  const known = new Set<string>();
  return {
    note(unit, outcome) {
      // A later stage, or a unit that needs it, finds again what was computed before.
      if (outcome === "reused" && known.has(unit)) return;
      known.add(unit);
      noted.push({ unit, outcome, finished: outcome === "reused" ? null : new Date().toISOString() });
    },
    list(protocol, plan, store) {
      const works = new Map(
        plan.evaluations.flatMap((evaluation) => {
          const study = evaluation.study === null ? undefined : protocol.studies[evaluation.study];
          const what = study === undefined ? "values" : study.experiment;
          const work = `${what} on ${evaluation.model} with ${evaluation.texts}`;
          return evaluation.units.map(({ id, rows }) => [id, { work, rows: rows.length }] as const);
        }),
      );
      return noted.map(({ unit, outcome, finished }) => ({
        unit,
        ...(works.get(unit) ?? {
          work: plan.curvatures === undefined ? "" : "product of a Hessian and a vector",
          rows: 0,
        }),
        outcome,
        finished,
        sha256: outcome === "failed" || outcome === "skipped" ? null : store.digestOf(unit),
      }));
    },
  };
}
