/** A linear probe as people read it: how well it does in each group, in a table and over the axis that groups lie on. */
import { coordinateNumber } from "../../compiler/ir/coordinate-number.js";
import type { DecisionOutcome, ProbedPart } from "../../compiler/ir/decision-outcome.js";
import { safeTitle } from "./figure-data.js";
import { palette, seriesLooks, type VegaLiteSpec } from "./figure-marks.js";
import { figureOf, type Figure } from "./figures.js";
import { formatNumber } from "./format.js";
import { axisColumn, textColumn, valueColumn, type TableCell, type TableData } from "./table-data.js";

type Probe = Extract<DecisionOutcome, { kind: "probe" }>;

const scoreName = ({ predicts }: Probe): string => (predicts === "classes" ? "accuracy" : "R²");

/** `Accuracy 0.92 [0.74, 0.98] where the most frequent class has 0.5 (24 texts, 64 features).`; "" for several groups. */
export function probeSentence(outcome: Probe): string {
  const { parts, predicts, field } = outcome;
  const [only, another] = parts;
  if (only === undefined) return `No probe: there are no values to predict ${field} from.`;
  if (another !== undefined) return severalText(outcome);
  if (only.reason !== null) return `No probe: ${only.reason}.`;
  const against = predicts === "classes" ? ` where the most frequent class has ${shown(only.baseline)}` : "";
  const name = scoreName(outcome);
  const units = only.units === only.n ? "" : ` in ${only.units} units`;
  return `${name.charAt(0).toUpperCase()}${name.slice(1)} ${scoreText(only)}${against} (${only.n} texts${units}, ${only.features} features).`;
}

/** `6 probes of 64 features each.` */
function severalText({ parts }: Probe): string {
  return isAlike(parts) ? `${parts.length} probes of ${parts[0]?.features ?? 0} features each.` : "";
}

/** Whether all groups have as many features. */
function isAlike(parts: readonly ProbedPart[]): boolean {
  return parts.every(({ features }) => features === parts[0]?.features);
}

/** A row for each group. `pText` says a p-value. */
export function probeTable(outcome: Probe, pText: (p: number | null) => string): TableData {
  const { parts, notes, predicts } = outcome;
  const axes = axesOf(parts);
  const tested = parts.some(({ pValue }) => pValue !== null);
  const corrected = parts.some(({ adjusted }) => adjusted !== null);
  const together = parts.some(({ n, units }) => n !== units);
  const several = predicts === "classes";
  const alike = isAlike(parts);
  const pOf = ({ pValue, adjusted }: ProbedPart): string =>
    adjusted === null ? pText(pValue) : `${pText(pValue)} (${pText(adjusted)})`;
  const reasons = parts.flatMap(({ reason }) => (reason === null ? [] : [`undecided: ${reason}`]));
  const said = [...new Set([...reasons, ...notes])];
  return {
    title: "",
    columns: [
      ...axes.map(axisColumn),
      textColumn(`${scoreName(outcome)} [95%]`),
      textColumn("baseline"),
      ...(tested ? [textColumn(corrected ? "p (corrected)" : "p")] : []),
      ...(several ? [textColumn("right by class")] : []),
      valueColumn("texts", null, false),
      ...(together ? [valueColumn("units", null, false)] : []),
      ...(alike ? [] : [valueColumn("features", null, false)]),
    ],
    rows: parts.map((part) => [
      ...axes.map((axis) => cell(part.coordinates[axis] ?? null)),
      cell(part.reason === null ? scoreText(part) : "undecided"),
      cell(part.reason === null ? shown(part.baseline) : "·"),
      ...(tested ? [cell(pOf(part))] : []),
      ...(several ? [cell(part.classes.map(classText).join(", ") || "·")] : []),
      cell(part.n),
      ...(together ? [cell(part.units)] : []),
      ...(alike ? [] : [cell(part.features)]),
    ]),
    note: said.length === 0 ? null : said.join("; "),
    warnings: [],
  };
}

const shown = (value: number | null): string => formatNumber(value ?? Number.NaN);

function scoreText({ score, interval }: ProbedPart): string {
  const between = interval === null ? "" : ` [${formatNumber(interval.low)}, ${formatNumber(interval.high)}]`;
  return `${shown(score)}${between}`;
}

function classText({ name, n, right }: ProbedPart["classes"][number]): string {
  return right === null ? `${name} of ${n}` : `${name} ${right} of ${n}`;
}

function cell(value: TableCell["value"]): TableCell {
  return { value, reason: null };
}

function axesOf(parts: readonly ProbedPart[]): readonly string[] {
  return [...new Set(parts.flatMap(({ coordinates }) => Object.keys(coordinates)))];
}

/** Scores with intervals along the first axis of `by`, a line for each place on the others. Null where nothing varies. */
export function probeFigure(outcome: Probe): Figure | null {
  const { statement, field, parts, predicts } = outcome;
  const decided = parts.filter(({ score }) => score !== null);
  const [along, ...others] = axesOf(decided);
  if (along === undefined || decided.length < 2) return null;
  const seriesOf = ({ coordinates }: ProbedPart): string =>
    safeTitle(others.map((axis) => `${axis} ${String(coordinates[axis])}`).join(" · ") || "probe");
  const isNumeric = decided.every(({ coordinates }) => !Number.isNaN(coordinateNumber(coordinates[along] ?? "")));
  const points = decided.map((part) => ({
    x: isNumeric ? coordinateNumber(part.coordinates[along] ?? "") : safeTitle(String(part.coordinates[along])),
    at: safeTitle(String(part.coordinates[along])),
    score: part.score,
    baseline: part.baseline,
    low: part.interval?.low ?? null,
    high: part.interval?.high ?? null,
    texts: part.n,
    series: seriesOf(part),
  }));
  const series = [...new Set(points.map((point) => point.series))];
  const undrawn = parts.length - decided.length;
  const dashed = predicts === "classes" ? "the most frequent class" : "the mean of the other texts";
  const left = undrawn === 0 ? "" : ` · ${undrawn} undecided (not drawn)`;
  return figureOf(statement, {
    subtitle: `bars: 95% intervals · dashed: ${dashed}${left}`,
    description: `${scoreName(outcome)} of probes of ${field} over ${along}, with intervals. ${points
      .slice(0, 24)
      .map(({ at, series: own, score }) => `${series.length > 1 ? `${own}, ` : ""}${along} ${at}: ${shown(score)}`)
      .join("; ")}.`,
    parts: layers(points, series, {
      x: {
        field: "x",
        type: isNumeric ? "quantitative" : "ordinal",
        ...(isNumeric
          ? { scale: { zero: false, nice: false, padding: 14 } }
          : { sort: [...new Set(points.map(({ x }) => x))] }),
        axis: { title: safeTitle(along), ...(isNumeric ? { format: ".4~g", tickMinStep: 1 } : { labelAngle: 0 }) },
      },
      score: scoreName(outcome),
      group: safeTitle(others.join(", ")),
    }),
  });
}

function layers(
  values: readonly { readonly low: number | null; readonly score: number | null }[],
  series: readonly string[],
  { x, score, group }: { readonly x: VegaLiteSpec; readonly score: string; readonly group: string },
): VegaLiteSpec {
  const isShare = score === "accuracy";
  const scale = isShare ? { domain: [0, 1] } : { zero: false, nice: true };
  const y = (field: string): VegaLiteSpec => ({
    field,
    type: "quantitative",
    scale,
    axis: { title: score, format: ".4~g", tickCount: 6 },
  });
  const several = series.length > 1;
  const looks = seriesLooks(series.length, false);
  const channel = { field: "series", type: "nominal", sort: series, legend: { title: group, symbolLimit: 40 } };
  const color = several ? { ...channel, scale: { domain: series, range: looks.colors } } : { value: palette[0] };
  const shape = several ? { shape: { ...channel, scale: { domain: series, range: looks.shapes } } } : {};
  const tooltip = [
    { field: "at", type: "nominal", title: "place" },
    { field: "score", type: "quantitative", title: score, format: ".4~g" },
    { field: "low", type: "quantitative", title: "low", format: ".4~g" },
    { field: "high", type: "quantitative", title: "high", format: ".4~g" },
    { field: "baseline", type: "quantitative", title: "baseline", format: ".4~g" },
    { field: "texts", type: "quantitative", title: "texts" },
  ];
  const detail = several ? { detail: { field: "series", type: "nominal" } } : {};
  return {
    data: { values },
    width: 420,
    height: 280,
    encoding: { x },
    layer: [
      {
        mark: { type: "line", strokeDash: [4, 3], strokeWidth: 1, color: "#8a93a1" },
        encoding: { y: y("baseline"), ...detail },
      },
      {
        mark: { type: "rule", strokeWidth: 1.2, opacity: 0.7 },
        encoding: { y: y("low"), y2: { field: "high" }, color },
      },
      { mark: { type: "line", strokeWidth: 1.5 }, encoding: { y: y("score"), color } },
      {
        mark: { type: "point", filled: true, size: 45, opacity: 1 },
        encoding: { y: y("score"), color, ...shape, tooltip },
      },
    ],
  };
}
