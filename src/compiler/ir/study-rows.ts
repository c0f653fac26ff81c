/**
 * The rows of a study in columns: a number for each value, and what rows have in common once. A row is one value of one
 * measure of one text under one condition; where it stands says which, so that nothing but its value is kept for it.
 */
import { pairName } from "./pairs.js";
import type { Coordinate, Coordinates } from "./result-expression.js";
import { zeroBaseline, type ResultRow } from "./result-row.js";
import type { Unit } from "./tensor-type.js";

/** Names and coordinates, in order. A list, because a file may call a field `__proto__`. */
export type Labels = readonly (readonly [name: string, coordinate: Coordinate])[];

/** An axis of a measure's own value: its name in results, and the numbers of its entries. */
export interface EntryAxis {
  readonly name: string;
  readonly isPair: boolean;
  readonly first: number;
  readonly size: number;
}

export interface MeasureLabels {
  readonly metric: string;
  readonly unit: Unit;
  readonly labels: Labels;
}

export interface ConditionLabels {
  /** As `ResultRow` has it. */
  readonly label: string;
  readonly labels: Labels;
}

/**
 * Values lie condition by condition, there text by text, there measure by measure, there entry by entry. The place of a
 * value in that order is its _slot_. Condition 0 is the unmodified model. Rows are in the order of their slots.
 */
export interface StudyRows {
  readonly experiment: string;
  /** What all rows have. */
  readonly labels: Labels;
  readonly conditions: readonly ConditionLabels[];
  readonly texts: readonly Labels[];
  readonly measures: readonly MeasureLabels[];
  /** Axes of a measure's value on a text. */
  readonly axesOf: (text: number, measure: number) => readonly EntryAxis[];
  /** Where the entries of measure m on text t begin within a condition, at t × measures + m; then the length of a condition. */
  readonly starts: Uint32Array;
  /** By slot. */
  readonly values: Float64Array;
  /** By slot: a place in `reasons`, from 1; 0 where nothing is said. Null for 0 everywhere. */
  readonly reasonOf: Uint32Array | null;
  readonly reasons: readonly string[];
  /** Slots of the rows that are there, ascending; null where all are. */
  readonly slots: Uint32Array | null;
  readonly length: number;
}

/** How many values one condition has. */
export function slotsPerCondition({ starts }: StudyRows): number {
  return starts[starts.length - 1] ?? 0;
}

/** Where a row stands. */
export interface RowPlace {
  readonly slot: number;
  readonly condition: number;
  readonly text: number;
  readonly measure: number;
  /** Of the measure's value, in row-major order. */
  readonly entry: number;
}

/**
 * Visits the rows from `from` to before `to` in their order. The place that `visit` gets is the same object each time, with
 * other numbers.
 */
export function walkRows(rows: StudyRows, from: number, to: number, visit: (place: RowPlace) => void): void {
  const { starts, slots, measures } = rows;
  const per = slotsPerCondition(rows);
  const place = { slot: 0, condition: 0, text: 0, measure: 0, entry: 0 };
  let block = 0;
  // The slots of the block that the last row was in.
  let [first, end] = [0, -1];
  for (let row = from; row < to; row++) {
    const slot = slots === null ? row : (slots[row] ?? 0);
    if (slot < first || slot >= end) {
      const condition = Math.floor(slot / per);
      const within = slot - condition * per;
      // Mostly the next block, but for the first row and where rows are missing.
      block = within === starts[block + 1] ? block + 1 : block;
      if (within < (starts[block] ?? 0) || within >= (starts[block + 1] ?? 0)) block = blockAt(starts, within);
      place.condition = condition;
      place.text = Math.floor(block / measures.length);
      place.measure = block - place.text * measures.length;
      first = condition * per + (starts[block] ?? 0);
      end = condition * per + (starts[block + 1] ?? 0);
    }
    place.slot = slot;
    place.entry = slot - first;
    visit(place);
  }
}

/** Where the row of a slot stands. */
export function placeOfSlot(rows: StudyRows, slot: number): RowPlace {
  const { starts, measures } = rows;
  const per = slotsPerCondition(rows);
  const condition = Math.floor(slot / per);
  const block = blockAt(starts, slot - condition * per);
  const text = Math.floor(block / measures.length);
  const entry = slot - condition * per - (starts[block] ?? 0);
  return { slot, condition, text, measure: block - text * measures.length, entry };
}

/** The last block that begins at or before a place and is not empty. */
function blockAt(starts: Uint32Array, within: number): number {
  let [low, high] = [0, starts.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? 0) <= within) low = middle;
    else high = middle;
  }
  return low;
}

/** The coordinate of an entry on one axis of its measure. */
export function entryCoordinate(axes: readonly EntryAxis[], at: number, entry: number): Coordinate {
  let rest = entry;
  for (let axis = axes.length - 1; axis > at; axis--) rest = Math.floor(rest / (axes[axis]?.size ?? 1));
  const own = axes[at];
  if (own === undefined) throw new RangeError(`entryCoordinate: there is no axis ${at}`);
  const number = own.first + (rest % own.size);
  return own.isPair ? pairName(number, own.size) : number;
}

/** Everything that labels a row, in order; of two with one name the later one counts. */
export function labelsAt(rows: StudyRows, { condition, text, measure, entry }: RowPlace): Labels {
  const axes = rows.axesOf(text, measure);
  const own: (readonly [string, Coordinate])[] = [
    ...rows.labels,
    ...(rows.texts[text] ?? []),
    ...(rows.conditions[condition]?.labels ?? []),
    ...(rows.measures[measure]?.labels ?? []),
  ];
  // The last axis first, as entries of one row lie.
  for (let at = axes.length - 1; at >= 0; at--) own.push([axes[at]?.name ?? "", entryCoordinate(axes, at, entry)]);
  return own;
}

/**
 * Reads what rows have on one axis, as `read` takes it: of labels with one name the last one counts, as in {@link labelsAt}.
 * Labels are read once, and the entries of a measure row by row.
 *
 * @param missing of a row that has nothing there
 */
export function coordinateReader<T>(
  rows: StudyRows,
  axis: string,
  read: (coordinate: Coordinate) => T,
  missing: T,
): (place: RowPlace) => T {
  const lookUp = (all: readonly Labels[]): readonly (T | undefined)[] =>
    all.map((labels) => {
      const found = labels.findLast(([name]) => name === axis);
      return found === undefined ? undefined : read(found[1]);
    });
  const [always = missing] = lookUp([rows.labels]);
  const byText = lookUp(rows.texts);
  const byCondition = lookUp(rows.conditions.map(({ labels }) => labels));
  const byMeasure = lookUp(rows.measures.map(({ labels }) => labels));
  return ({ condition, text, measure, entry }) => {
    const axes = rows.axesOf(text, measure);
    for (let at = 0; at < axes.length; at++) if (axes[at]?.name === axis) return read(entryCoordinate(axes, at, entry));
    return byMeasure[measure] ?? byCondition[condition] ?? byText[text] ?? always;
  };
}

export function coordinatesAt(rows: StudyRows, place: RowPlace): Coordinates {
  return Object.fromEntries(labelsAt(rows, place));
}

/** The unmodified model's value beside a row; null in its own rows. */
export function baselineAt(rows: StudyRows, { slot, condition }: Pick<RowPlace, "slot" | "condition">): number | null {
  return condition === 0 ? null : (rows.values[slot - condition * slotsPerCondition(rows)] ?? NaN);
}

/** Value − baseline; null where there is no baseline, and for tokens. */
export function impactAt(rows: StudyRows, place: Pick<RowPlace, "slot" | "condition" | "measure">): number | null {
  const baseline = baselineAt(rows, place);
  if (baseline === null || isToken(rows, place.measure)) return null;
  return (rows.values[place.slot] ?? NaN) - baseline;
}

/** Impact / |baseline|; null as {@link impactAt}. */
export function relativeAt(rows: StudyRows, place: Pick<RowPlace, "slot" | "condition" | "measure">): number | null {
  const baseline = baselineAt(rows, place);
  if (baseline === null || isToken(rows, place.measure)) return null;
  return baseline === 0 ? Number.NaN : ((rows.values[place.slot] ?? NaN) - baseline) / Math.abs(baseline);
}

function isToken({ measures }: StudyRows, measure: number): boolean {
  return measures[measure]?.unit === "token";
}

function saidAt({ reasonOf, reasons }: StudyRows, slot: number): string | null {
  const number = reasonOf === null ? 0 : (reasonOf[slot] ?? 0);
  return number === 0 ? null : (reasons[number - 1] ?? null);
}

/** Why a row's value, or what it comes to beside the baseline, is not a number. */
export function reasonAt(rows: StudyRows, place: Pick<RowPlace, "slot" | "condition" | "measure">): string | null {
  const { slot, condition, measure } = place;
  const own = saidAt(rows, slot);
  if (own !== null || condition === 0 || isToken(rows, measure)) return own;
  const before = saidAt(rows, slot - condition * slotsPerCondition(rows));
  if (before !== null) return `baseline: ${before}`;
  return baselineAt(rows, place) === 0 ? `relative: ${zeroBaseline}` : null;
}

/** A row as an object. */
export function rowAt(rows: StudyRows, place: RowPlace): ResultRow {
  return { ...rowView(rows, () => place) };
}

/** A row whose parts are made when they are asked for, of wherever `at` is then. */
export function rowView(rows: StudyRows, at: () => RowPlace): ResultRow {
  return {
    experiment: rows.experiment,
    get condition() {
      return rows.conditions[at().condition]?.label ?? "";
    },
    get axes() {
      return coordinatesAt(rows, at());
    },
    get metric() {
      return rows.measures[at().measure]?.metric ?? "";
    },
    get unit() {
      return rows.measures[at().measure]?.unit ?? "none";
    },
    get value() {
      return rows.values[at().slot] ?? NaN;
    },
    get baseline() {
      return baselineAt(rows, at());
    },
    get impact() {
      return impactAt(rows, at());
    },
    get relative() {
      return relativeAt(rows, at());
    },
    get reason() {
      return reasonAt(rows, at());
    },
  };
}
