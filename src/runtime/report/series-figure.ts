/** What `find` found, marked in the series that it looked at: a panel for each group. */
import { entryOf } from "../../compiler/base/entry.js";
import { levelsInOrder } from "../../compiler/decide/series.js";
import { coordinateNumber } from "../../compiler/ir/coordinate-number.js";
import { groupsBy } from "../../compiler/decide/groups.js";
import type { DecisionOutcome, FoundPart } from "../../compiler/ir/decision-outcome.js";
import type { Coordinate, Decision } from "../../compiler/ir/protocol.js";
import type { ResultSet } from "../../compiler/ir/results.js";
import { describeMean, unitOf } from "../../compiler/results/describe.js";
import { evaluateResult } from "../../compiler/results/evaluate.js";
import { averagedAxes, averageOver, coordinateKey } from "../../compiler/results/result-array.js";
import type { Drawing } from "./drawing.js";
import { safeLevel, safeTitle, withUnit } from "./figure-data.js";
import { emptyMarks, levelLabels, palette, type VegaLiteSpec } from "./figure-marks.js";
import { formatNumber } from "./format.js";
import { roundDomain } from "./number-axis.js";

type Find = Extract<Decision, { kind: "find" }>;
type Found = Extract<DecisionOutcome, { kind: "find" }>;

/** More panels than these would be a page of their own. */
const mostPanels = 6;
const mark = palette[1];

/** The series of a `find` with what was found in each; `null` values interrupt the line. */
export function drawFound(decision: Find, outcome: Found, results: ResultSet): Drawing {
  const { value, over, by } = decision;
  const full = evaluateResult(value.expression, results);
  const series = averageOver(full, [over, ...by]);
  const found = new Map(outcome.parts.map((part) => [coordinateKey(part.coordinates, by), part]));
  const groups = groupsBy([series], by).map(({ coordinates, arrays: [own = series] }) => ({
    title: by.map((axis) => `${axis} ${String(entryOf(coordinates, axis))}`).join(", "),
    part: found.get(coordinateKey(coordinates, by)) ?? null,
    levels: levelsInOrder(own, over),
    values: new Map(own.cells.map((cell) => [String(entryOf(cell.coordinates, over)), cell.value])),
  }));
  const shown = groups.slice(0, mostPanels).filter(({ levels }) => levels.length > 0);
  const missing = [
    ...new Set(shown.flatMap(({ part }) => (part?.at == null ? [part?.reason ?? "not looked for"] : []))),
  ];
  const notes = [
    missing.length === 0
      ? null
      : `no ${outcome.what}${shown.length > 1 ? " in some panels" : ""}: ${missing.join("; ")}`,
    describeMean(averagedAxes(full, [over, ...by])),
    groups.length > mostPanels ? `the first ${mostPanels} of ${groups.length} groups` : null,
  ].filter((note) => note !== null);
  const quantity = withUnit(value.label, unitOf(value));
  const views = shown.map((group) =>
    panel(group.levels, group.values, group.part, outcome.what, { over, quantity, small: shown.length > 1 }),
  );
  const [only] = views;
  return {
    subtitle: notes.length === 0 ? null : notes.join(" · "),
    description: `Line chart of ${value.label} over ${over}. ${shown.map(({ title, part }) => sentenceOf(title, part, over, outcome.what)).join(" ")}`,
    parts:
      only === undefined
        ? emptyMarks()
        : views.length === 1
          ? only
          : {
              concat: views.map((view, i) => ({
                title: { text: safeTitle(shown[i]?.title ?? ""), fontSize: 12, anchor: "middle", offset: 18 },
                ...view,
              })),
              columns: views.length <= 3 ? views.length : 2,
              spacing: 28,
            },
  };
}

function sentenceOf(title: string, part: FoundPart | null, over: string, what: Find["what"]): string {
  const where = title === "" ? "" : ` of ${title}`;
  if (part?.at == null) return `No ${what}${where}: ${part?.reason ?? "it was not looked for"}.`;
  return `The ${what}${where} is at ${over} ${String(part.at)}.`;
}

interface Looks {
  readonly over: string;
  readonly quantity: string;
  readonly small: boolean;
}

function panel(
  levels: readonly Coordinate[],
  values: ReadonlyMap<string, number>,
  part: FoundPart | null,
  what: Find["what"],
  { over, quantity, small }: Looks,
): VegaLiteSpec {
  const isNumeric = levels.every((level) => typeof level === "number");
  const points = levels.map((level) => {
    const value = values.get(String(level)) ?? Number.NaN;
    return { place: safeLevel(level), value: Number.isFinite(value) ? value : null };
  });
  const place = part?.at == null ? -1 : levels.findIndex((level) => String(level) === String(part.at));
  const width = small ? 300 : Math.min(560, Math.max(360, levels.length * 26));
  const title = safeTitle(over.replaceAll("_", " "));
  const ends = [levels[0], levels.at(-1)].map((level) => coordinateNumber(level ?? 0));
  const x = {
    field: "place",
    ...(isNumeric
      ? {
          type: "quantitative",
          scale: { zero: false, nice: false, padding: 14, ...(ends[0] === ends[1] ? {} : { domain: ends }) },
          axis: {
            title,
            grid: false,
            format: ".6~g",
            ...(levels.length <= 13 ? { values: levels } : { tickCount: 8 }),
          },
        }
      : {
          type: "ordinal",
          // Given as a domain, because marks of other fields share the axis, and Vega-Lite sorts what it merges by the alphabet.
          scale: { type: "band", domain: points.map((point) => point.place) },
          axis: { title, labelLimit: 140, ...levelLabels({ levels }, width / Math.max(1, levels.length)) },
        }),
  };
  const y = {
    field: "value",
    type: "quantitative",
    scale: { domain: roomyDomain(points, part, what), nice: false, zero: false },
    axis: { title: quantity, format: ".6~g", tickCount: 5 },
  };
  const tooltip = [
    { field: "place", type: "nominal", title },
    { field: "value", type: "quantitative", title: quantity, format: ".6~g" },
  ];
  const isFound = part !== null && place >= 0;
  const marks = !isFound
    ? []
    : what === "changepoint"
      ? jump(points, place, part, { x, y, title }, isNumeric)
      : extremum(points, place, part, { x, y, title }, what);
  return {
    data: { values: points },
    width,
    height: small ? 170 : 240,
    encoding: { x },
    layer: [
      {
        mark: { type: "line", strokeWidth: 2, color: palette[0], invalid: "break-paths-show-path-domains" },
        encoding: { y },
      },
      {
        transform: [{ filter: "isValid(datum.value)" }],
        mark: { type: "point", filled: true, size: small ? 30 : 45, opacity: 1, color: palette[0] },
        encoding: { y, tooltip },
      },
      ...marks,
    ],
  };
}

/** Round ends with room for the name of what was found: below a dip, above a peak. */
function roomyDomain(points: readonly Point[], part: FoundPart | null, what: Find["what"]): readonly [number, number] {
  const all = [...points.map(({ value }) => value), part?.expected ?? null, part?.value ?? null];
  const values = all.flatMap((value) => (value !== null && Number.isFinite(value) ? [value] : []));
  if (values.length === 0) return [0, 1];
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const room = (most - least) * 0.14;
  return roundDomain(least - (what === "dip" ? room : 0), most + (what === "peak" ? room : 0), 5);
}

interface Point {
  readonly place: Coordinate;
  readonly value: number | null;
}

interface Channels {
  readonly x: VegaLiteSpec;
  readonly y: VegaLiteSpec;
  /** Name of the horizontal axis. */
  readonly title: string;
}

/** Labels near an end of the axis go inwards, so that they cover nothing beside it. */
function inwards(place: number, count: number): VegaLiteSpec {
  if (place < count * 0.15) return { align: "left", dx: place === 0 ? -4 : 0 };
  return place >= count * 0.85 ? { align: "right", dx: place === count - 1 ? 4 : 0 } : { align: "center" };
}

/** A line between the two sides of the change, and the mean of each side. */
function jump(
  points: readonly Point[],
  place: number,
  part: FoundPart,
  { x, y, title }: Channels,
  isNumeric: boolean,
): readonly VegaLiteSpec[] {
  const [first, before, at, last] = [points[0], points[place - 1], points[place], points.at(-1)].map(
    (point) => point?.place ?? 0,
  );
  // Between two numbers stands their middle; a name has a band, which begins where that of the one before ends.
  const edge = isNumeric ? (Number(before) + Number(at)) / 2 : at;
  const start = isNumeric ? {} : { bandPosition: 0 };
  const end = isNumeric ? {} : { bandPosition: 1 };
  const means = [
    { from: first, to: edge, mean: part.expected },
    { from: edge, to: last, mean: part.value },
  ];
  const p = part.pValue === null ? "" : `, p = ${part.pValue.toPrecision(2)}`;
  return [
    {
      data: { values: [{ edge, text: safeTitle(`${title} ${String(at)}${p}`) }] },
      mark: { type: "rule", color: mark, strokeWidth: 1.5, strokeDash: [5, 3] },
      encoding: { x: { ...x, field: "edge", ...start } },
    },
    {
      data: { values: [{ edge, text: safeTitle(`${title} ${String(at)}${p}`) }] },
      mark: { type: "text", color: mark, fontSize: 11, baseline: "bottom", dy: -4, ...inwards(place, points.length) },
      encoding: { x: { ...x, field: "edge", ...start }, y: { value: 0 }, text: { field: "text", type: "nominal" } },
    },
    ...means.map((mean, side) => ({
      data: { values: [mean] },
      mark: { type: "rule", color: mark, strokeWidth: 2, opacity: 0.8 },
      encoding: {
        x: { ...x, field: "from", ...start },
        x2: { field: "to", ...(side === 0 ? start : end) },
        y: { ...y, field: "mean" },
      },
    })),
  ];
}

/** The point itself; for a dip also how far it lies below the line between its neighbours. */
function extremum(
  points: readonly Point[],
  place: number,
  part: FoundPart,
  { x, y, title }: Channels,
  what: "peak" | "dip",
): readonly VegaLiteSpec[] {
  const at = points[place]?.place ?? 0;
  const text = safeTitle(`${title} ${String(at)}: ${formatNumber(part.value ?? Number.NaN)}`);
  const here = { place: at, value: part.value, expected: part.expected, text };
  const neighbours = [points[place - 1], points[place + 1]].flatMap((point) => point ?? []);
  return [
    ...(what === "dip"
      ? [
          {
            data: { values: neighbours },
            mark: { type: "line", color: mark, strokeWidth: 1.5, strokeDash: [4, 3] },
            encoding: { x, y },
          },
          {
            data: { values: [here] },
            mark: { type: "rule", color: mark, strokeWidth: 1.5 },
            encoding: { x, y, y2: { field: "expected" } },
          },
        ]
      : []),
    {
      data: { values: [here] },
      mark: { type: "point", filled: true, size: 110, opacity: 1, color: mark },
      encoding: { x, y },
    },
    {
      data: { values: [here] },
      mark: {
        type: "text",
        color: mark,
        fontSize: 11,
        baseline: what === "peak" ? "bottom" : "top",
        dy: what === "peak" ? -9 : 9,
        ...inwards(place, points.length),
      },
      encoding: { x, y, text: { field: "text", type: "nominal" } },
    },
  ];
}
