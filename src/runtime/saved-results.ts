/** Measured results as files hold them, out of the columns in which they are. */
import type { Hash } from "node:crypto";
import { entryOf } from "../compiler/base/entry.js";
import { remembered, rememberedIn } from "../compiler/base/remembered.js";
import type { ResultType } from "../compiler/ir/result-type.js";
import { segmentLength, segmentsOf, type RowSegment } from "../compiler/ir/result-table.js";
import type { ResultRow, ResultRows, ResultSet } from "../compiler/ir/results.js";
import {
  baselineAt,
  coordinateReader,
  coordinatesAt,
  entryCoordinate,
  impactAt,
  reasonAt,
  relativeAt,
  walkRows,
  type Labels,
  type RowPlace,
  type StudyRows,
} from "../compiler/ir/study-rows.js";
import { isTokenAxis, pieceAt, type TokenizedText, type TokenTexts } from "./report/token-texts.js";
import { columnNames, savedTableOf, type Cell, type ClosingColumn, type SavedTable } from "./store/saved-table.js";

/** A part of a table: its rows from `from` on are those of the table from `first` on. */
interface Part {
  readonly first: number;
  readonly length: number;
  readonly table: Pick<SavedTable, "axes" | "coordinatesOn" | "digestInto">;
  /** Puts the cells of its rows, counted from its own first, into columns of `axes`. */
  readonly fill: (from: number, to: number, axes: readonly string[], columns: readonly Cell[][], at: number) => void;
}

/** Rows of experiments with the words of their texts and tokens. */
export function savedResults(rows: ResultRows, { types }: Pick<ResultSet, "types">, tokens: TokenTexts): SavedTable {
  let length = 0;
  const wordsOf = remembered((study: StudyRows) => studyWords(study, types.get(study.experiment), tokens));
  const parts = segmentsOf(rows).map((segment): Part => {
    const first = length;
    length += segmentLength(segment);
    const known = { first, length: segmentLength(segment) };
    if (segment.kind === "list") return { ...known, ...listPart(segment.rows, types, tokens) };
    return { ...known, ...studyPart(segment, wordsOf(segment.rows)) };
  });
  const axes = [...new Set(parts.flatMap(({ table }) => table.axes))];
  return {
    length,
    axes,
    *coordinatesOn(axis) {
      for (const { table } of parts) yield* table.coordinatesOn(axis);
    },
    cells(from, to) {
      const columns = columnNames(axes).map((): Cell[] => new Array<Cell>(to - from));
      for (const { first, length: count, fill } of parts) {
        const [begin, end] = [Math.max(from, first), Math.min(to, first + count)];
        if (begin < end) fill(begin - first, end - first, axes, columns, begin - from);
      }
      return columns;
    },
    digestInto(hash) {
      for (const { table } of parts) table.digestInto(hash);
    },
  };
}

/** Rows that are objects: few. */
function listPart(
  rows: readonly ResultRow[],
  types: ResultSet["types"],
  tokens: TokenTexts,
): Pick<Part, "table" | "fill"> {
  const table = savedTableOf(rows.length, (i) => {
    const row = rows[i];
    if (row === undefined) throw new RangeError(`savedResults: there is no row ${i}`);
    const { experiment, axes, unit, value } = row;
    const axis = positionAxis(types.get(experiment));
    const position = axis === null ? undefined : axes[axis];
    return {
      ...row,
      promptText: tokens.promptAt(experiment, axes),
      token: position === undefined ? null : pieceAt(tokens.textAt(experiment, axes), position),
      valueText: unit === "token" && Number.isFinite(value) ? tokens.tokenAt(experiment, axes, value) : null,
    };
  });
  const own = new Map(columnNames(table.axes).map((name, c) => [name, c]));
  return {
    table,
    fill(from, to, axes, columns, at) {
      const cells = table.cells(from, to);
      columnNames(axes).forEach((name, c) => {
        const source = cells[own.get(name) ?? -1];
        for (let i = 0; i < to - from; i++) {
          const column = columns[c];
          if (column !== undefined) column[at + i] = source?.[i] ?? null;
        }
      });
    },
  };
}

/** The axis along which measured values run; an intervention's own positions are written from the end. */
function positionAxis(type: ResultType | undefined): string | null {
  const along = type?.axes.filter(({ kind }) => kind === "position").map(({ name }) => name) ?? [];
  return along.find(isTokenAxis) ?? null;
}

/** The words of a study's texts, which do not depend on conditions and measures. */
interface StudyWords {
  readonly promptOf: (place: RowPlace) => string | null;
  readonly textOf: (place: RowPlace) => TokenizedText | null;
  readonly tokenOf: (place: RowPlace, id: number) => string | null;
  /** The axis with the positions of tokens. */
  readonly position: string | null;
}

function studyWords(rows: StudyRows, type: ResultType | undefined, tokens: TokenTexts): StudyWords {
  const { experiment } = rows;
  const prompts = new Map<number, string | null>();
  const texts = new Map<number, TokenizedText | null>();
  const ids = new Map<number, string | null>();
  return {
    promptOf: (place) =>
      rememberedIn(prompts, place.text, () => tokens.promptAt(experiment, coordinatesAt(rows, place))),
    textOf: (place) => rememberedIn(texts, place.text, () => tokens.textAt(experiment, coordinatesAt(rows, place))),
    tokenOf: (place, id) => rememberedIn(ids, id, () => tokens.tokenAt(experiment, coordinatesAt(rows, place), id)),
    position: positionAxis(type),
  };
}

function studyPart(
  { rows, from: begin, to: end }: Extract<RowSegment, { kind: "study" }>,
  words: StudyWords,
): Pick<Part, "table" | "fill"> {
  const axes = axesOf(rows, begin, end);
  /** Of the table that this is a part of; there is one, of which many parts are asked for. */
  let known: { readonly names: readonly string[]; readonly readers: readonly CellReader[] } | null = null;
  return {
    table: {
      axes,
      coordinatesOn: (axis) => coordinatesOn(rows, begin, end, axis),
      digestInto: (hash) => {
        digestStudy(hash, rows, words, begin, end);
      },
    },
    fill(from, to, names, columns, at) {
      if (known?.names !== names) {
        known = { names, readers: columnNames(names).map((name) => cellReader(rows, words, name)) };
      }
      const { readers } = known;
      let row = at;
      walkRows(rows, begin + from, begin + to, (place) => {
        for (let c = 0; c < readers.length; c++) {
          const column = columns[c];
          if (column !== undefined) column[row] = readers[c]?.(place) ?? null;
        }
        row += 1;
      });
    },
  };
}

type CellReader = (place: RowPlace) => Cell;

function cellReader(rows: StudyRows, words: StudyWords, name: string): CellReader {
  return entryOf<CellReader>(fixedReaders(rows, words), name) ?? axisReader(rows, name);
}

function fixedReaders(
  rows: StudyRows,
  words: StudyWords,
): Readonly<Record<ClosingColumn | "experiment" | "condition", CellReader>> {
  const { values, measures, conditions, experiment } = rows;
  const positionOf = words.position === null ? null : axisReader(rows, words.position);
  const valueOf = ({ slot }: RowPlace): number => values[slot] ?? NaN;
  return {
    experiment: () => experiment,
    condition: ({ condition }) => conditions[condition]?.label ?? "",
    prompt_text: words.promptOf,
    token(place) {
      const position = positionOf?.(place) ?? null;
      return position === null ? null : pieceAt(words.textOf(place), position);
    },
    metric: ({ measure }) => measures[measure]?.metric ?? "",
    unit: ({ measure }) => measures[measure]?.unit ?? "none",
    value: valueOf,
    value_text: (place) =>
      measures[place.measure]?.unit === "token" && Number.isFinite(valueOf(place))
        ? words.tokenOf(place, valueOf(place))
        : null,
    baseline: (place) => baselineAt(rows, place),
    impact: (place) => impactAt(rows, place),
    relative: (place) => relativeAt(rows, place),
    reason: (place) => reasonAt(rows, place),
  };
}

function axisReader(rows: StudyRows, axis: string): CellReader {
  return coordinateReader<Cell>(rows, axis, (coordinate) => coordinate, null);
}

/** Visits a row of each condition, text and measure that has any, in the order of the rows. */
function visitBlocks(rows: StudyRows, from: number, to: number, visit: (place: RowPlace) => void): void {
  let [condition, text, measure] = [-1, -1, -1];
  walkRows(rows, from, to, (place) => {
    if (place.measure === measure && place.text === text && place.condition === condition) return;
    ({ condition, text, measure } = place);
    visit(place);
  });
}

/** Names of labels in the order in which rows bring them. Few rows differ in which they have. */
function axesOf(rows: StudyRows, from: number, to: number): readonly string[] {
  const shapesOf = (all: readonly Labels[]): readonly number[] => {
    const known = new Map<string, number>();
    return all.map((labels) => {
      const key = JSON.stringify(labels.map(([name]) => name));
      const shape = known.get(key) ?? known.size;
      known.set(key, shape);
      return shape;
    });
  };
  const texts = shapesOf(rows.texts);
  const conditions = shapesOf(rows.conditions.map(({ labels }) => labels));
  const seen = new Set<number>();
  const names = new Set<string>();
  visitBlocks(rows, from, to, (place) => {
    const { condition, text, measure } = place;
    const shape = ((conditions[condition] ?? 0) * texts.length + (texts[text] ?? 0)) * rows.measures.length + measure;
    if (seen.has(shape)) return;
    seen.add(shape);
    for (const name of Object.keys(coordinatesAt(rows, place))) names.add(name);
  });
  return [...names];
}

function coordinatesOn(rows: StudyRows, from: number, to: number, axis: string): Iterable<Cell> {
  const found = new Set<Cell>();
  const read = axisReader(rows, axis);
  visitBlocks(rows, from, to, (place) => {
    const axes = rows.axesOf(place.text, place.measure);
    const at = axes.findIndex(({ name }) => name === axis);
    if (at < 0) found.add(read(place));
    else {
      // The ends of a range of whole numbers say all of it; and pairs are texts.
      const last = axes.reduce((product, { size }) => product * size, 1) - 1;
      found.add(entryCoordinate(axes, at, 0));
      found.add(entryCoordinate(axes, at, last));
    }
  });
  return found;
}

/** Everything that the cells of a study are made of. */
function digestStudy(hash: Hash, rows: StudyRows, words: StudyWords, from: number, to: number): void {
  const { experiment, labels, conditions, texts, measures, starts, values, reasons, reasonOf, slots } = rows;
  hash.update(JSON.stringify({ experiment, labels, conditions, texts, measures, reasons, from, to }));
  for (const numbers of [starts, values, reasonOf, slots]) hash.update(numbers ?? "none");
  const seen = new Set<number>();
  visitBlocks(rows, from, to, (place) => {
    const { text, measure } = place;
    const block = text * measures.length + measure;
    if (seen.has(block)) return;
    seen.add(block);
    const said = words.position === null ? null : words.textOf(place);
    hash.update(JSON.stringify([block, rows.axesOf(text, measure), words.promptOf(place), said]));
  });
  const isToken = measures.map(({ unit }) => unit === "token");
  if (!isToken.includes(true)) return;
  const ids = new Set<number>();
  walkRows(rows, from, to, (place) => {
    const value = values[place.slot] ?? NaN;
    if (isToken[place.measure] !== true || !Number.isFinite(value) || ids.has(value)) return;
    ids.add(value);
    hash.update(JSON.stringify([value, words.tokenOf(place, value)]));
  });
}
