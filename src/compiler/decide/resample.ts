/** Results as they would be with other texts: units drawn with replacement, everything measured on them drawn along. */
import { entryOf } from "../base/entry.js";
import type { ResultExpression } from "../ir/result-expression.js";
import { experimentsRead } from "../ir/result-expression.js";
import { rowsOfExperiments } from "../ir/result-table.js";
import type { ResultRow, ResultSet } from "../ir/results.js";

type Unit = "prompt" | "document";

/** Rows of one prompt or document in all experiments that are looked at. */
export interface DrawnUnit {
  readonly rows: readonly ResultRow[];
  readonly axis: Unit;
  readonly number: number;
  /** The number that it goes by in a draw; by default that of the unit in its place. */
  readonly as?: number;
}

export interface Resampling {
  /** Which kinds of units are drawn: `prompt`, `document`. */
  readonly unit: string;
  /** Units by stratum (a set of texts, or a group of it). Draws stay within them. */
  readonly strata: readonly (readonly DrawnUnit[])[];
  /** How many rows all units have together. */
  readonly rows: number;
  /** The results if these units, in each stratum, were what had been measured. */
  readonly resultsOf: (strata: readonly (readonly DrawnUnit[])[]) => ResultSet;
}

/**
 * Of each stratum the units that a statistic depends on: those for which it is another number when all their values are NaN.
 * A text that a selection names (`where prompt is 3`) is the only one that matters; what it leaves out is not drawn.
 */
export function unitsThatMatter(
  strata: readonly (readonly DrawnUnit[])[],
  valueOf: (strata: readonly (readonly DrawnUnit[])[]) => number,
): readonly (readonly DrawnUnit[])[] {
  const whole = valueOf(strata);
  return strata.map((units, s) =>
    units.filter((_, u) => {
      const without = strata.map((all, i) =>
        i === s ? all.map((unit, j) => (j === u ? unmeasured(unit) : unit)) : all,
      );
      return !Object.is(valueOf(without), whole);
    }),
  );
}

function unmeasured({ rows, ...unit }: DrawnUnit): DrawnUnit {
  const nothing = { value: Number.NaN, baseline: Number.NaN, impact: Number.NaN, relative: Number.NaN };
  return { ...unit, rows: rows.map((row) => ({ ...row, ...nothing, reason: "not measured" })) };
}

/** The rows that an expression reads, by unit; null where they belong to no text. */
export function resampled(expressions: readonly ResultExpression[], results: ResultSet): Resampling | null {
  const read = expressions.flatMap(experimentsRead);
  // Published values are the same whichever texts are drawn.
  const published = read.filter((name) => results.types.get(name)?.texts.length === 0);
  const fixed = [...rowsOfExperiments(results.rows, (experiment) => published.includes(experiment))];
  const experiments = new Set(read.filter((name) => !published.includes(name)));
  const strata = new Map<string, Map<number, ResultRow[]>>();
  const axisOf = new Map<string, Unit>();
  let count = 0;
  for (const row of rowsOfExperiments(results.rows, (experiment) => experiments.has(experiment))) {
    const axis: Unit = entryOf(row.axes, "document") === undefined ? "prompt" : "document";
    const number = entryOf(row.axes, axis);
    if (number === undefined) return null;
    const texts = entryOf(row.axes, "prompts") ?? (results.types.get(row.experiment)?.texts ?? []).join(" and ");
    const stratum = JSON.stringify([axis, texts, entryOf(row.axes, "group") ?? null]);
    const units = strata.get(stratum) ?? new Map<number, ResultRow[]>();
    strata.set(stratum, units);
    axisOf.set(stratum, axis);
    const rows = units.get(Number(number)) ?? [];
    units.set(Number(number), rows);
    rows.push(row);
    count++;
  }
  if (count === 0) return null;
  const drawn = [...strata].map(([stratum, units]) =>
    [...units].map(([number, rows]): DrawnUnit => ({ rows, number, axis: axisOf.get(stratum) ?? "prompt" })),
  );
  return {
    unit: [...new Set(axisOf.values())].join(" or "),
    strata: drawn,
    rows: count,
    resultsOf: (chosen) => ({
      types: results.types,
      // The i-th draw takes the number of the i-th unit: no two are the same unit, and what is joined by unit stays joined.
      rows: [
        ...chosen.flatMap((units, stratum) =>
          units.flatMap((unit, i) => renumbered(unit, unit.as ?? drawn[stratum]?.[i]?.number ?? unit.number)),
        ),
        ...fixed,
      ],
    }),
  };
}

function renumbered({ rows, axis, number }: DrawnUnit, as: number): readonly ResultRow[] {
  return as === number ? rows : rows.map((row) => ({ ...row, axes: { ...row.axes, [axis]: as } }));
}
