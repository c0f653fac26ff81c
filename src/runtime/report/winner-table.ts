/** `table … winner`: which of several metrics is the lowest or highest at each place. */
import { entryOf } from "../../compiler/base/entry.js";
import type { Coordinates, Output } from "../../compiler/ir/protocol.js";
import type { ResultSet } from "../../compiler/ir/results.js";
import { countOf, describeMean, isSigned, unitOf } from "../../compiler/results/describe.js";
import { conditionAxes, evaluateResult, filterWhere } from "../../compiler/results/evaluate.js";
import { filterAxes } from "../../compiler/results/filter-axes.js";
import { averagedAxes, averageOver, type ResultArray } from "../../compiler/results/result-array.js";
import { axisColumn, textColumn, valueColumn, type TableCell, type TableData } from "./table-data.js";
import { lookup, placesOf, rowAxes, splitCondition } from "./table-places.js";

/** An output of kind winner. */
export type WinnerOutput = Extract<Output, { kind: "winner" }>;

/**
 * A row for each place on the axes of `by` (without any: on every axis but those of prompts), with each metric's mean
 * over the rest and the name of the winner. Equal means are a tie and are named together; where one metric is NaN or
 * missing nobody wins, and that is said.
 */
export function buildWinnerTable(output: WinnerOutput, results: ResultSet): TableData {
  const warnings = new Set<string>();
  const onNote = (sentence: string): void => void warnings.add(sentence);
  const { before, after } = splitCondition(output.where);
  const restrict = (array: ResultArray): ResultArray => filterAxes(array, before);
  const full = output.among.map((named) => restrict(evaluateResult(named.expression, results, onNote)));
  const keep = output.by.length > 0 ? output.by : rowAxes(full, after === null ? [] : conditionAxes(after));
  const means = full.map((array) => averageOver(array, keep, onNote));
  const kept = means.map((array) => (after === null ? array : filterWhere(array, after, results, restrict)));
  const places = placesOf(kept, keep);
  const finds = kept.map(lookup);
  const names = output.among.map((named) => named.label);
  const outcomes = places.map((place) => outcomeAt(place, finds, names, output.which));
  const longest = full.reduce<ResultArray | null>(
    (most, array) => (most === null || array.cells.length > most.cells.length ? array : most),
    null,
  );
  const mean = longest === null ? null : describeMean(averagedAxes(longest, keep));
  return {
    title: output.title,
    columns: [
      ...keep.map(axisColumn),
      ...output.among.map((named) => valueColumn(named.label, unitOf(named), isSigned(named.expression))),
      textColumn(output.which),
    ],
    rows: places.map((place, i) => [
      ...keep.map((axis): TableCell => ({ value: entryOf(place, axis) ?? null, reason: null })),
      ...finds.map((find) => find(place)),
      outcomes[i]?.cell ?? { value: null, reason: null },
    ]),
    note: [mean, tally(outcomes, names, output.which)].filter((part) => part !== null).join("; "),
    warnings: [...warnings],
  };
}

interface Outcome {
  /** Names of those that share the first place; none where it is undecided. */
  readonly winners: readonly string[];
  readonly cell: TableCell;
}

function outcomeAt(
  place: Coordinates,
  finds: readonly ((place: Coordinates) => TableCell)[],
  names: readonly string[],
  which: WinnerOutput["which"],
): Outcome {
  const cells = finds.map((find) => find(place));
  const values = cells.map((cell) => (typeof cell.value === "number" ? cell.value : NaN));
  const faulty = values.findIndex((value) => Number.isNaN(value));
  if (faulty >= 0) {
    // Why it is NaN stands with the NaN itself, in the same row.
    const why = cells[faulty]?.value == null ? "is missing" : "is NaN";
    return { winners: [], cell: { value: `undecided: ${names[faulty] ?? ""} ${why}`, reason: null } };
  }
  const best = values.reduce((a, b) => (which === "lowest" ? Math.min(a, b) : Math.max(a, b)));
  const winners = names.filter((_, i) => values[i] === best);
  const [only, ...more] = winners;
  const value = more.length === 0 ? (only ?? "") : `tie: ${winners.join(", ")}`;
  return { winners, cell: { value, reason: null } };
}

/** `lowest at 6 places: attn_pr 4, mlp_pr 1, ties 1`. */
function tally(outcomes: readonly Outcome[], names: readonly string[], which: string): string {
  const alone = names.map((name) => outcomes.filter((o) => o.winners.length === 1 && o.winners[0] === name).length);
  const ties = outcomes.filter((o) => o.winners.length > 1).length;
  const undecided = outcomes.filter((o) => o.winners.length === 0).length;
  const parts = [
    ...names.map((name, i) => `${name} ${alone[i] ?? 0}`),
    ...(ties === 0 ? [] : [`ties ${ties}`]),
    ...(undecided === 0 ? [] : [`undecided ${undecided}`]),
  ];
  return `${which} at ${countOf(outcomes.length, "place")}: ${parts.join(", ")}`;
}
