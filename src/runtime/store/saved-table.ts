/** Results as files hold them: columns of cells, of which a part at a time is made. */
import type { Hash } from "node:crypto";
import { entryOf } from "../../compiler/base/entry.js";
import { reservedNames } from "../../compiler/ir/result-type.js";
import type { SavedRow } from "../../compiler/ir/results.js";

export type Cell = string | number | null;

export interface SavedTable {
  readonly length: number;
  /** Every axis and column of any row, in the order in which the rows bring them. */
  readonly axes: readonly string[];
  /** Every coordinate that some row has on an axis, in any order and as often as one likes. */
  readonly coordinatesOn: (axis: string) => Iterable<Cell>;
  /** Columns in the order of {@link columnNames}, each with the cells of the rows from `from` to before `to`. */
  readonly cells: (from: number, to: number) => readonly Cell[][];
  /** Puts everything that the cells depend on into a digest. */
  readonly digestInto: (hash: Hash) => void;
}

/** The columns after the axes, by name. */
const closing = {
  prompt_text: (row) => row.promptText,
  token: (row) => row.token,
  metric: (row) => row.metric,
  unit: (row) => row.unit,
  value: (row) => row.value,
  value_text: (row) => row.valueText,
  baseline: (row) => row.baseline,
  impact: (row) => row.impact,
  relative: (row) => row.relative,
  reason: (row) => row.reason,
} satisfies Readonly<Record<string, (row: SavedRow) => Cell>>;

/** Names of the columns after the axes. */
export type ClosingColumn = keyof typeof closing;
export const closingColumns = Object.keys(closing) as readonly ClosingColumn[];

/** Names of all columns: experiment, condition, axes, then the rest. An axis that a row lacks is null there. */
export function columnNames(axes: readonly string[]): readonly string[] {
  // No axis is called like a column that all results have.
  return [
    ...new Set(["experiment", "condition", ...axes.filter((axis) => !reservedNames.has(axis)), ...closingColumns]),
  ];
}

/** The table of rows that are objects, made by `rowAt` when they are asked for. */
export function savedTableOf(length: number, rowAt: (index: number) => SavedRow): SavedTable {
  const names = new Set<string>();
  for (let i = 0; i < length; i++) for (const axis of Object.keys(rowAt(i).axes)) names.add(axis);
  const axes = [...names];
  const readers: readonly ((row: SavedRow) => Cell)[] = columnNames(axes).map((name) => {
    if (name === "experiment") return (row: SavedRow) => row.experiment;
    if (name === "condition") return (row: SavedRow) => row.condition;
    const close = entryOf<(row: SavedRow) => Cell>(closing, name);
    return close ?? ((row: SavedRow) => entryOf(row.axes, name) ?? null);
  });
  return {
    length,
    axes,
    *coordinatesOn(axis) {
      for (let i = 0; i < length; i++) yield entryOf(rowAt(i).axes, axis) ?? null;
    },
    cells(from, to) {
      const columns = readers.map((): Cell[] => new Array<Cell>(to - from));
      for (let i = from; i < to; i++) {
        const row = rowAt(i);
        readers.forEach((read, c) => {
          const column = columns[c];
          if (column !== undefined) column[i - from] = read(row);
        });
      }
      return columns;
    },
    digestInto(hash) {
      for (let i = 0; i < length; i++) {
        const row = rowAt(i);
        hash.update(`${JSON.stringify(row)}\n`);
        hash.update(numbersOf(row));
      }
    },
  };
}

/** The table of rows that are there. */
export function savedTableOfRows(rows: readonly SavedRow[]): SavedTable {
  return savedTableOf(rows.length, (i) => {
    const row = rows[i];
    if (row === undefined) throw new RangeError(`savedTableOfRows: there is no row ${i}`);
    return row;
  });
}

/** JSON has no NaN and no −0. A missing number is 0 here and null in JSON, a NaN is NaN here and null there. */
function numbersOf({ value, baseline, impact, relative }: SavedRow): Float64Array {
  return Float64Array.of(value, baseline ?? 0, impact ?? 0, relative ?? 0);
}
