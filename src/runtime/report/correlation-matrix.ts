/** The correlations of levels with each other as a matrix: a table for the terminal, a heatmap for the report. */
import type { DecisionOutcome, TestedPart } from "../../compiler/ir/decision-outcome.js";
import { coordinateKey } from "../../compiler/results/result-array.js";
import { safeTitle } from "./figure-data.js";
import type { VegaLiteSpec } from "./figure-marks.js";
import { figureOf, type Figure } from "./figures.js";
import { formatNumber } from "./format.js";
import { axisColumn, textColumn, type TableData } from "./table-data.js";

type Correlate = Extract<DecisionOutcome, { kind: "correlate" }>;

/** One matrix: of one test in one group. */
interface Matrix {
  /** The test, and the group where there are several. */
  readonly title: string;
  readonly levels: readonly string[];
  readonly at: (row: string, column: string) => TestedPart | null;
}

/** Levels that a terminal has room for. */
const mostColumns = 12;
/** Pairs that a terminal lists beside a matrix, and of a larger one at either end. */
const mostListed = 15;
const atEachEnd = 5;

/** The matrices of an outcome; none where nothing was correlated between levels. */
export function matricesOf({ between, parts }: Correlate): readonly Matrix[] {
  if (between.length === 0) return [];
  const sound = parts.filter(({ n }) => n[0] > 0);
  const keys = new Map(
    sound.map((part) => [`${part.test} ${coordinateKey(part.coordinates, Object.keys(part.coordinates))}`, part]),
  );
  return [...keys].map(([key, first]) => {
    const own = sound.filter(
      (part) => `${part.test} ${coordinateKey(part.coordinates, Object.keys(part.coordinates))}` === key,
    );
    const cells = new Map(
      own.flatMap((part) => [
        [pairKey(part.sides), part],
        [pairKey(reversed(part.sides)), part],
      ]),
    );
    const group = Object.entries(first.coordinates).map(([axis, level]) => `${axis} ${String(level)}`);
    return {
      title: [`${first.symbol} (${first.test}) between levels of ${between.join(", ")}`, ...group].join(", "),
      levels: [...new Set(own.flatMap(({ sides }) => sides))],
      at: (row, column) => cells.get(pairKey([row, column])) ?? null,
    };
  });
}

function pairKey(sides: readonly [string, string]): string {
  return JSON.stringify(sides);
}

function reversed([left, right]: readonly [string, string]): readonly [string, string] {
  return [right, left];
}

/**
 * What a terminal shows of an outcome: its matrices and, of many pairs, the strongest and the weakest. Null for an outcome
 * without a matrix, whose table is shown as it is.
 */
export function matrixTables(outcome: Correlate, table: TableData): readonly TableData[] | null {
  const matrices = matricesOf(outcome);
  if (matrices.length === 0) return null;
  const small = matrices.filter(({ levels }) => levels.length <= mostColumns);
  return [...small.map(matrixTable), listed(outcome, table, small.length < matrices.length)];
}

function matrixTable({ title, levels, at }: Matrix): TableData {
  return {
    title,
    columns: [axisColumn("level"), ...levels.map(textColumn)],
    rows: levels.map((row) => [
      { value: row, reason: null },
      ...levels.map((column) => ({ value: row === column ? "·" : cellText(at(row, column)), reason: null })),
    ]),
    note: null,
    warnings: [],
  };
}

function cellText(part: TestedPart | null): string {
  if (part?.estimate == null) return part?.reason == null ? "·" : "undecided";
  return part.estimate.toFixed(2).replace(/^-(?=0\.00$)/, "");
}

/** The table of the pairs; of many the strongest and weakest. */
function listed({ parts }: Correlate, table: TableData, isLarge: boolean): TableData {
  if (parts.length <= mostListed || parts.every(({ estimate }) => estimate === null)) return table;
  const order = parts
    .map((part, row) => ({ row, strength: Math.abs(part.estimate ?? Number.NaN) }))
    .filter(({ strength }) => !Number.isNaN(strength))
    .sort((a, b) => b.strength - a.strength);
  const chosen = [...order.slice(0, atEachEnd), ...order.slice(atEachEnd).slice(-atEachEnd)];
  const wide = isLarge ? `; a matrix of more than ${mostColumns} levels is in the report` : "";
  const shown = `the ${atEachEnd} strongest and the ${atEachEnd} weakest of ${parts.length} correlations, all of them in the report${wide}`;
  return {
    ...table,
    rows: chosen.map(({ row }) => table.rows[row] ?? []),
    note: table.note === null ? shown : `${shown}; ${table.note}`,
  };
}

/** Levels beyond which a cell has no room for its number. */
const mostNumbers = 24;

/** A heatmap for each matrix. */
export function matrixFigures(outcome: Correlate): readonly Figure[] {
  return matricesOf(outcome).flatMap(({ levels, at, title }): readonly Figure[] => {
    const cells = levels.flatMap((row) =>
      levels.flatMap((column) => {
        const part = row === column ? null : at(row, column);
        if (part?.estimate == null) return [];
        return [{ row: safeTitle(row), column: safeTitle(column), r: part.estimate, n: part.n[0] }];
      }),
    );
    if (cells.length === 0) return [];
    const least = cells.reduce((low, { r }) => Math.min(low, r), Infinity);
    const most = cells.reduce((high, { r }) => Math.max(high, r), -Infinity);
    const range = `Correlations lie between ${formatNumber(least)} and ${formatNumber(most)}.`;
    return [
      figureOf(outcome.statement, {
        subtitle: title,
        description: `Correlation matrix of ${levels.length} levels, ${title}. ${range}`,
        parts: heatmap(levels.map(safeTitle), cells),
      }),
    ];
  });
}

function heatmap(levels: readonly string[], cells: readonly object[]): VegaLiteSpec {
  const step =
    levels.length <= 8 ? 46 : levels.length <= mostNumbers ? 34 : Math.max(6, Math.floor(640 / levels.length));
  const isWide = levels.some((level) => level.length > 3);
  const axis = (field: string): VegaLiteSpec => ({
    field,
    type: "nominal",
    sort: levels,
    scale: { domain: levels },
    axis: {
      title: null,
      domain: false,
      ticks: false,
      grid: false,
      labelLimit: 220,
      labelAngle: field === "column" && isWide ? -90 : 0,
    },
  });
  const tooltip = [
    { field: "row", type: "nominal", title: "level" },
    { field: "column", type: "nominal", title: "with" },
    { field: "r", type: "quantitative", title: "correlation", format: ".4f" },
    { field: "n", type: "quantitative", title: "n" },
  ];
  const numbers = {
    mark: { type: "text", fontSize: levels.length <= 8 ? 11 : 9 },
    encoding: {
      text: { field: "r", type: "quantitative", format: ".2f" },
      color: { condition: { test: "abs(datum.r) > 0.7", value: "white" }, value: "#1f2430" },
    },
  };
  return {
    data: { values: cells },
    width: { step },
    height: { step },
    view: { fill: "#eceef1" },
    encoding: { y: axis("row"), x: axis("column") },
    layer: [
      {
        mark: { type: "rect", ...(step >= 12 ? { stroke: "white", strokeWidth: 1 } : {}) },
        encoding: {
          color: {
            field: "r",
            type: "quantitative",
            scale: {
              range: ["#2166ac", "#67a9cf", "#d1e5f0", "#fbfbfb", "#fddbc7", "#ef8a62", "#b2182b"],
              domain: [-1, -2 / 3, -1 / 3, 0, 1 / 3, 2 / 3, 1],
              nice: false,
            },
            legend: { title: "correlation", gradientThickness: 14, tickCount: 5, format: ".2~f", offset: 18 },
          },
          tooltip,
        },
      },
      ...(levels.length <= mostNumbers ? [numbers] : []),
    ],
  };
}
