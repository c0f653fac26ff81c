/** What is drawn over lines and bars: the line at 0, numbers to compare with, intervals. */
import type { FigureData, FigurePanel } from "./figure-data.js";
import type { VegaLiteSpec } from "./vega-lite.js";

/** From the left end to the right one, whatever offset bars of several series have. */
const acrossAll = { x: { value: 0 }, x2: { value: "width" }, xOffset: { value: 0 } };

/** A line at 0 where values lie on both sides of it. */
export function zeroRule(panel: FigurePanel): readonly VegaLiteSpec[] {
  const crosses = panel.signed || (panel.range !== null && panel.range[0] < 0);
  if (!crosses) return [];
  return [
    {
      data: { values: [{ zero: 0 }] },
      mark: { type: "rule", color: "#5b6472" },
      encoding: { ...acrossAll, y: { datum: 0 } },
    },
  ];
}

/** A dashed line across the figure for each number that values are compared with, with its name at the right end. */
export function levelRules({ levels }: FigureData): readonly VegaLiteSpec[] {
  return levels.flatMap((level) => [
    {
      data: { values: [level] },
      mark: { type: "rule", color: "#1f2430", strokeDash: [5, 4], strokeWidth: 1.5 },
      encoding: { ...acrossAll, y: { datum: level.value } },
    },
    {
      data: { values: [level] },
      mark: { type: "text", align: "left", dx: 6, color: "#1f2430", fontSize: 11 },
      encoding: { x: { value: "width" }, xOffset: { value: 0 }, y: { datum: level.value }, text: { field: "label" } },
    },
  ]);
}

/** Whether any point has an interval. */
export function hasIntervals(panel: FigurePanel): boolean {
  return panel.points.some(({ low }) => typeof low === "number");
}

/** The interval of each bar, with a stroke at both ends. */
export function errorBars(panel: FigurePanel, step: number, tooltip: readonly VegaLiteSpec[]): readonly VegaLiteSpec[] {
  if (!hasIntervals(panel)) return [];
  const transform = [{ filter: "isValid(datum.low)" }];
  const axis = valueChannel(panel, true)["axis"];
  const at = (field: string): VegaLiteSpec => ({ field, type: "quantitative", stack: null, axis });
  const stroke = { color: "#1f2430", opacity: 1 };
  const cap = {
    type: "tick",
    orient: "horizontal",
    size: Math.max(4, Math.min(12, step / 2)),
    thickness: 1.5,
    ...stroke,
  };
  return [
    {
      transform,
      mark: { type: "rule", strokeWidth: 1.5, ...stroke },
      encoding: { y: at("low"), y2: { field: "high" }, tooltip },
    },
    ...["low", "high"].map((end) => ({ transform, mark: cap, encoding: { y: at(end), tooltip } })),
  ];
}

/** The interval along each line, in its colour; places without one interrupt it. */
export function intervalBand(panel: FigurePanel, colored: VegaLiteSpec): readonly VegaLiteSpec[] {
  if (!hasIntervals(panel)) return [];
  const y = { ...valueChannel(panel, false), field: "low" };
  return [
    {
      mark: { type: "area", opacity: 0.18, line: false, invalid: "break-paths-show-path-domains" },
      encoding: { y, y2: { field: "high" }, ...colored },
    },
  ];
}

/** Where a value stands vertically, with the axis that all marks share. */
export function valueChannel(panel: FigurePanel, zero: boolean): VegaLiteSpec {
  return {
    field: "value",
    type: "quantitative",
    stack: null,
    scale: panel.range === null ? { domain: [0, 1] } : { zero: zero || panel.signed, nice: true },
    axis: { title: panel.quantity, format: ".6~g", tickCount: 6 },
  };
}
