/** Outputs of kind `table`: which rows and columns they have. Rendering is in `text-table.ts` and `html-table.ts`. */
import { entryOf } from "../../compiler/base/entry.js";
import type { Coordinates, NamedResult, Output } from "../../compiler/ir/protocol.js";
import { experimentsIn } from "../../compiler/ir/result-expression.js";
import type { ResultSet } from "../../compiler/ir/results.js";
import { zeroBaseline } from "../../compiler/ir/result-row.js";
import { countOf, describeMean, describeMeans, describeRepeated } from "../../compiler/results/describe.js";
import { conditionAxes, evaluateResult, filterWhere } from "../../compiler/results/evaluate.js";
import { filterAxes } from "../../compiler/results/filter-axes.js";
import {
  agreeOver,
  averagedAxes,
  averageOver,
  columnsOf,
  emptyArray,
  type ResultArray,
} from "../../compiler/results/result-array.js";
import { listOf } from "./sentences.js";
import { shownIntervals } from "./shown-intervals.js";
import { standardErrors } from "./standard-errors.js";
import { columnBlock, countsOf, levelsAcross, type ShownColumn } from "./table-columns.js";
import { axisColumn, textColumn, type TableCell, type TableData } from "./table-data.js";
import { lookup, placesOf, rowAxes, sortDescending, splitCondition } from "./table-places.js";
import { inContext, isTokenAxis, noTokenTexts, sharedText, tokenText, type TokenTexts } from "./token-texts.js";

export type { TableCell, TableColumn, TableData } from "./table-data.js";

/** An output of kind table. */
export type TableOutput = Extract<Output, { kind: "table" }>;

/**
 * The table of `output`. All axes but `prompt` and the fields of prompt files are kept and values are averaged over the
 * rest; when there is no other axis, the prompts are the rows. The expressions of `by` and `where` are averaged in the same way after they
 * are computed; a test of an axis applies before averaging. Sorted descending with NaN last; ties keep their order.
 * With `context` every axis is kept, and a last column shows each row's token in the text around it. Ids of tokens are
 * shown as what they stand for, and have no mean. Where the protocol names the rows, means have their standard errors.
 */
export function buildTable(output: TableOutput, results: ResultSet, tokens: TokenTexts = noTokenTexts): TableData {
  const { columns, notations, left } = withoutEmptyRelatives(output, results);
  const warnings = new Set<string>();
  const onNote = (sentence: string): void => void warnings.add(sentence);
  const { before, after } = splitCondition(output.where);
  const restrict = (array: ResultArray): ResultArray => filterAxes(array, before);
  const evaluate = (named: NamedResult): ResultArray => restrict(evaluateResult(named.expression, results, onNote));
  const full = columns.map(evaluate);
  const by = output.by === null ? null : evaluate(output.by);

  const { context, across } = output;
  const experiments = [...new Set(columns.flatMap((named) => experimentsIn(named.expression)))];
  // An intervention's own positions are written as the protocol has them, and are not those of the value.
  const along = full.flatMap((array) => array.ragged).find(isTokenAxis) ?? "position";
  const rows = rowsOf(output, full, results, experiments);
  const keep = [...rows, ...across];
  const reduce = (array: ResultArray, named: NamedResult): ResultArray =>
    array.labels !== null
      ? agreeOver(array, keep, "labels")
      : named.unit === "token"
        ? agreeOver(array, keep, "tokens")
        : averageOver(array, keep, onNote);
  const averages = columns.map((named, i) => reduce(full[i] ?? emptyArray, named));
  const measured = columns.flatMap((named, i) => {
    const array = full[i] ?? emptyArray;
    return array.labels === null && named.unit !== "token" ? [{ label: named.label, array }] : [];
  });
  const mean =
    measured.length === 0
      ? describeMean(averagedAxes(full[0] ?? emptyArray, keep))
      : describeMeans(measured.map(({ label, array }) => ({ label, averaged: averagedAxes(array, keep) })));
  const repeated = describeRepeated(
    measured.map(({ label, array }) => ({ label, axes: array.axes })),
    rows,
  );
  const selected = averages.map((array) => (after === null ? array : filterWhere(array, after, results, restrict)));
  const places = placesOf(selected, rows);
  const possible = after === null ? places.length : placesOf(averages, rows).length;

  const showBy = output.by !== null && by !== null && needsOwnColumn(output.by, columns, mean !== null);
  const sortKeys = by === null ? null : averageOver(by, rows);
  const sorted = sortKeys === null ? places : sortDescending(places, sortKeys);
  const shown = output.top === null ? sorted : sorted.slice(0, output.top);

  const valueArrays = showBy && sortKeys !== null ? [...selected, sortKeys] : selected;
  const valueColumns = showBy ? [...columns, output.by] : columns;
  const infinite = selected.reduce((sum, { cells }) => sum + cells.filter(({ value }) => isInfinite(value)).length, 0);
  if (infinite > 0) onNote(`${countOf(infinite, "value")} ${infinite === 1 ? "is" : "are"} infinite`);
  const averaged = showBy && sortKeys !== null ? [...averages, sortKeys] : averages;
  const { intervals, words } = shownIntervals(output.ci, valueColumns, averaged, before, keep, results);
  // Who names the rows asks for means of groups, and a mean says how sure it is.
  const withErrors = output.rows !== null && output.ci?.when !== "asked";
  const blocks = valueColumns.map((named, i): ShownColumn => {
    const array = valueArrays[i] ?? emptyArray;
    const isNumber = array.labels === null && named.unit !== "token" && i < columns.length;
    return {
      named,
      array,
      notation: notations[i] ?? null,
      intervals: intervals[i] ?? null,
      errors: withErrors && isNumber && intervals[i] == null ? standardErrors(full[i] ?? emptyArray, keep) : null,
      inWords: (place, cell) => {
        const { labels } = array;
        if (labels !== null && typeof cell.value === "number")
          return { ...cell, value: labels[cell.value] ?? cell.value };
        if (named.unit !== "token" || typeof cell.value !== "number" || Number.isNaN(cell.value)) return cell;
        const text = tokens.tokenAt(output.experiment, place, cell.value);
        return text === null ? cell : { ...cell, shown: tokenText(text, cell.value) };
      },
    };
  });
  const levels = levelsAcross(selected, across);
  const counts = countsOf(blocks, shown, levels);
  const values = [
    ...blocks.map((block) => columnBlock(block, across, levels, blocks.length > 1)),
    ...(counts.block === null ? [] : [counts.block]),
  ];
  const rank = output.ranked && sortKeys !== null ? ranksOf(places, sortKeys) : null;
  return {
    title: output.title,
    ...(output.caption === null ? {} : { caption: output.caption }),
    columns: [
      ...(rank === null ? [] : [axisColumn("rank")]),
      ...rows.map(axisColumn),
      ...values.flatMap((block) => block.columns),
      ...(context === null ? [] : [textColumn("in its text")]),
    ],
    rows: shown.map((place) => [
      ...(rank === null ? [] : [{ value: rank(place), reason: null }]),
      ...rows.map((axis): TableCell => ({ value: entryOf(place, axis) ?? null, reason: null })),
      ...values.flatMap((block) => block.cellsAt(place)),
      ...(context === null ? [] : [inContext(sharedText(tokens, experiments, place), entryOf(place, along), context)]),
    ]),
    note: joined([
      noteOf(mean, output, shown.length, places.length, possible),
      repeated,
      words?.text ?? null,
      counts.words,
      left,
    ]),
    warnings: [...warnings],
  };
}

/** The axes of the rows. */
function rowsOf(
  { rows, across, context, where }: TableOutput,
  full: readonly ResultArray[],
  { types }: ResultSet,
  experiments: readonly string[],
): readonly string[] {
  const { after } = splitCondition(where);
  const axes = rows ?? (context === null ? rowAxes(full, after === null ? [] : conditionAxes(after)) : allAxes(full));
  // Published values are shown with all that is said of them.
  const isPublished = experiments.length > 0 && experiments.every((name) => types.get(name)?.texts.length === 0);
  const said = isPublished && rows === null ? full.flatMap((array) => [...columnsOf(array)]) : [];
  return [...new Set([...axes, ...said])].filter((axis) => !across.includes(axis));
}

/** The rank of a place by its key, from 1: equal keys share one, as `rank` of results does not. Null where the key is NaN. */
function ranksOf(places: readonly Coordinates[], keys: ResultArray): (place: Coordinates) => number | null {
  const find = lookup(keys);
  const all = places.map((place) => Number(find(place).value ?? NaN)).filter((key) => !Number.isNaN(key));
  const first = new Map<number, number>();
  for (const [i, key] of all.sort((a, b) => b - a).entries()) if (!first.has(key)) first.set(key, i + 1);
  return (place) => first.get(Number(find(place).value ?? NaN)) ?? null;
}

/**
 * The columns of a table without the `relative` of metrics whose baseline is 0 everywhere, as that of `kl` is by definition:
 * it would be NaN in every row. A column that is asked for by name is kept.
 */
function withoutEmptyRelatives(
  { columns, notations, by }: TableOutput,
  results: ResultSet,
): {
  readonly columns: readonly NamedResult[];
  readonly notations: TableOutput["notations"];
  readonly left: string | null;
} {
  const [, second] = columns;
  const isEmpty = ({ expression, label }: NamedResult): boolean => {
    if (second === undefined || expression.kind !== "column" || expression.column !== "relative") return false;
    if (by?.label === label) return false;
    const { cells } = evaluateResult(expression, results);
    return (
      cells.length > 0 &&
      cells.every(({ value, reason }) => Number.isNaN(value) && reason?.endsWith(zeroBaseline) === true)
    );
  };
  const empty = columns.filter(isEmpty);
  if (empty.length === 0) return { columns, notations, left: null };
  const names = listOf(empty.map(({ label }) => label));
  return {
    columns: columns.filter((column) => !empty.includes(column)),
    notations: notations.filter((_, i) => columns[i] === undefined || !empty.includes(columns[i])),
    left: `${names} ${empty.length === 1 ? "is" : "are"} not shown: the baseline is 0 everywhere`,
  };
}

function joined(parts: readonly (string | null)[]): string | null {
  const said = parts.filter((part) => part !== null);
  return said.length === 0 ? null : said.join("; ");
}

function isInfinite(value: number): boolean {
  return value === Infinity || value === -Infinity;
}

/** Every axis, except what merely describes the prompts. */
function allAxes(arrays: readonly ResultArray[]): readonly string[] {
  const described = new Set(arrays.flatMap((array) => [...columnsOf(array)]));
  return [...new Set(arrays.flatMap((array) => array.axes))].filter((axis) => !described.has(axis));
}

/**
 * Whether the reader needs to see what the rows are sorted by. A displayed column needs no second one, and neither does
 * its absolute value, except after averaging: the mean of absolute values is not the absolute value of the mean.
 */
function needsOwnColumn(by: NamedResult, columns: readonly NamedResult[], averaged: boolean): boolean {
  const texts = columns.map((column) => JSON.stringify(column.expression));
  if (texts.includes(JSON.stringify(by.expression))) return false;
  const isAbsolute = by.expression.kind === "call" && by.expression.operation === "abs";
  if (!isAbsolute || averaged) return true;
  return !texts.includes(JSON.stringify(by.expression.argument));
}

function noteOf(
  mean: string | null,
  output: TableOutput,
  shown: number,
  places: number,
  possible: number,
): string | null {
  const sorting = output.by === null ? null : `sorted by ${output.by.label}, largest first`;
  const cut = shown < places ? `${shown} of ${countOf(places, "row")}` : null;
  const left = possible - places;
  // The same condition selects other rows where other values stand in them: what it was tested on is said.
  const tested = mean !== null ? " on these means" : output.context !== null ? " on each token" : "";
  const hidden = left > 0 ? `${countOf(left, "row")} left out by the condition${tested}` : null;
  const parts = [mean, cut, sorting, hidden].filter((part) => part !== null);
  return parts.length === 0 ? null : parts.join("; ");
}
