/** Rows of several studies, and rows that are objects, one after the other. */
import { rowAt, rowView, walkRows, type RowPlace, type StudyRows } from "./study-rows.js";
import type { ResultRow, ResultRows } from "./result-row.js";

/** Rows from `from` to before `to` of a study, or of a list. */
export type RowSegment =
  | { readonly kind: "study"; readonly rows: StudyRows; readonly from: number; readonly to: number }
  | { readonly kind: "list"; readonly rows: readonly ResultRow[] };

/** Rows whose columns can be read without making them. */
export interface ResultTable extends ResultRows {
  readonly segments: readonly RowSegment[];
}

export function segmentLength(segment: RowSegment): number {
  return segment.kind === "list" ? segment.rows.length : segment.to - segment.from;
}

export function resultTable(segments: readonly RowSegment[]): ResultTable {
  const length = segments.reduce((sum, segment) => sum + segmentLength(segment), 0);
  return { segments, length, [Symbol.iterator]: () => rowsOf(segments) };
}

/** Rows that are made at once: few enough to be garbage soon, many enough to be made in one go. */
const block = 1024;

function* rowsOf(segments: readonly RowSegment[]): Generator<ResultRow, undefined> {
  for (const segment of segments) {
    if (segment.kind === "list") yield* segment.rows;
    else {
      for (let from = segment.from; from < segment.to; from += block) {
        const made: ResultRow[] = [];
        const end = Math.min(segment.to, from + block);
        walkRows(segment.rows, from, end, (place) => void made.push(rowAt(segment.rows, place)));
        yield* made;
      }
    }
  }
  return undefined;
}

/** The segments that rows consist of: a list of objects is one. */
export function segmentsOf(rows: ResultRows): readonly RowSegment[] {
  if ("segments" in rows) return (rows as ResultTable).segments;
  return [{ kind: "list", rows: Array.isArray(rows) ? (rows as readonly ResultRow[]) : [...rows] }];
}

/** Rows one after the other. */
export function joinedRows(...all: readonly ResultRows[]): ResultTable {
  return resultTable(all.flatMap(segmentsOf).filter((segment) => segmentLength(segment) > 0));
}

/** The rows of some experiments. */
export function rowsOfExperiments(rows: ResultRows, has: (experiment: string) => boolean): ResultTable {
  return resultTable(
    segmentsOf(rows).flatMap((segment): RowSegment[] => {
      if (segment.kind === "study") return has(segment.rows.experiment) ? [segment] : [];
      const own = segment.rows.filter(({ experiment }) => has(experiment));
      return own.length === 0 ? [] : [{ kind: "list", rows: own }];
    }),
  );
}

/** The experiments that have any row. */
export function experimentsWithRows(rows: ResultRows): ReadonlySet<string> {
  const found = new Set<string>();
  for (const segment of segmentsOf(rows)) {
    if (segmentLength(segment) === 0) continue;
    if (segment.kind === "study") found.add(segment.rows.experiment);
    else for (const { experiment } of segment.rows) found.add(experiment);
  }
  return found;
}

/** All values in the order of the rows, as a copy. */
export function valuesOf(rows: ResultRows): Float64Array {
  const values = new Float64Array(rows.length);
  let at = 0;
  for (const segment of segmentsOf(rows)) {
    if (segment.kind === "list") for (const { value } of segment.rows) values[at++] = value;
    else {
      const { rows: study, from, to } = segment;
      if (study.slots === null) values.set(study.values.subarray(from, to), at);
      else for (let row = from; row < to; row++) values[at + row - from] = study.values[study.slots[row] ?? 0] ?? NaN;
      at += to - from;
    }
  }
  return values;
}

/**
 * Visits all rows in order. The row that `visit` gets is the same object each time with other contents, made as they are
 * asked for: it is not to be kept.
 */
export function visitRows(rows: ResultRows, visit: (row: ResultRow) => void): void {
  for (const segment of segmentsOf(rows)) {
    if (segment.kind === "list") for (const row of segment.rows) visit(row);
    else {
      let at: RowPlace | null = null;
      const view = rowView(segment.rows, () => at ?? nowhere);
      walkRows(segment.rows, segment.from, segment.to, (place) => {
        at = place;
        visit(view);
      });
    }
  }
}

const nowhere: RowPlace = { slot: 0, condition: 0, text: 0, measure: 0, entry: 0 };
