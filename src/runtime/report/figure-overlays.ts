/** What is drawn over lines and bars: the line at 0, numbers to compare with, intervals. */
import type { FigureData, FigurePanel } from "./figure-data.js";
import { hasLogValues, logDomainOf, logTicks } from "./log-axis.js";
import type { VegaLiteSpec } from "./vega-lite.js";

/** Whether values grow upwards or to the right. */
export type Direction = "up" | "right";

/** The channels of a direction: `value` along which numbers lie, `place` across it. */
export function channelsOf(direction: Direction): { readonly value: "y" | "x"; readonly place: "x" | "y" } {
  return direction === "up" ? { value: "y", place: "x" } : { value: "x", place: "y" };
}

/** From one end to the other across the values, whatever offset bars of several series have. */
function acrossAll(direction: Direction): VegaLiteSpec {
  return direction === "up"
    ? { x: { value: 0 }, x2: { value: "width" }, xOffset: { value: 0 } }
    : { y: { value: 0 }, y2: { value: "height" }, yOffset: { value: 0 } };
}

/** A line at 0 where values lie on both sides of it. */
export function zeroRule(panel: FigurePanel, data: FigureData, direction: Direction = "up"): readonly VegaLiteSpec[] {
  // A logarithmic axis has no 0.
  if (hasLogValues(data)) return [];
  const crosses = panel.signed || (panel.range !== null && panel.range[0] < 0);
  if (!crosses) return [];
  return [
    {
      data: { values: [{ zero: 0 }] },
      mark: { type: "rule", color: "#5b6472" },
      encoding: { ...acrossAll(direction), [channelsOf(direction).value]: { datum: 0 } },
    },
  ];
}

/** A dashed line across the figure for each number that values are compared with, with its name at the end. */
export function levelRules(data: FigureData, direction: Direction = "up"): readonly VegaLiteSpec[] {
  const value = channelsOf(direction).value;
  const end =
    direction === "up" ? { x: { value: "width" }, xOffset: { value: 0 } } : { y: { value: 0 }, yOffset: { value: 0 } };
  const levels = hasLogValues(data) ? data.levels.filter((level) => level.value > 0) : data.levels;
  return levels.flatMap((level) => [
    {
      data: { values: [level] },
      mark: { type: "rule", color: "#1f2430", strokeDash: [5, 4], strokeWidth: 1.5 },
      encoding: { ...acrossAll(direction), [value]: { datum: level.value } },
    },
    {
      data: { values: [level] },
      mark: {
        type: "text",
        color: "#1f2430",
        fontSize: 11,
        ...(direction === "up" ? { align: "left", dx: 6 } : { align: "center", baseline: "bottom", dy: -4 }),
      },
      encoding: { ...end, [value]: { datum: level.value }, text: { field: "label" } },
    },
  ]);
}

/** Whether any point has an interval. */
export function hasIntervals(panel: FigurePanel): boolean {
  return panel.points.some(({ low }) => typeof low === "number");
}

/** The interval of each bar, with a stroke at both ends. */
export function errorBars(
  panel: FigurePanel,
  data: FigureData,
  step: number,
  tooltip: readonly VegaLiteSpec[],
  direction: Direction = "up",
): readonly VegaLiteSpec[] {
  if (!hasIntervals(panel)) return [];
  const { value } = channelsOf(direction);
  const transform = [{ filter: "isValid(datum.low)" }];
  const axis = valueChannel(panel, data, true, direction)["axis"];
  const at = (field: string): VegaLiteSpec => ({ field, type: "quantitative", stack: null, axis });
  const stroke = { color: "#1f2430", opacity: 1 };
  const cap = {
    type: "tick",
    orient: direction === "up" ? "horizontal" : "vertical",
    size: Math.max(4, Math.min(12, step / 2)),
    thickness: 1.5,
    ...stroke,
  };
  return [
    {
      transform,
      mark: { type: "rule", strokeWidth: 1.5, ...stroke },
      encoding: { [value]: at("low"), [`${value}2`]: { field: "high" }, tooltip },
    },
    ...["low", "high"].map((end) => ({ transform, mark: cap, encoding: { [value]: at(end), tooltip } })),
  ];
}

/** The interval along each line, in its colour; places without one interrupt it. */
export function intervalBand(panel: FigurePanel, data: FigureData, colored: VegaLiteSpec): readonly VegaLiteSpec[] {
  if (!hasIntervals(panel)) return [];
  const y = { ...valueChannel(panel, data, false), field: "low" };
  return [
    {
      mark: { type: "area", opacity: 0.18, line: false, invalid: "break-paths-show-path-domains" },
      encoding: { y, y2: { field: "high" }, ...colored },
    },
  ];
}

/** Where a value stands, with the axis that all marks share. */
export function valueChannel(
  panel: FigurePanel,
  data: FigureData,
  zero: boolean,
  direction: Direction = "up",
): VegaLiteSpec {
  const { value } = channelsOf(direction);
  const domain = hasLogValues(data) ? logDomainOf(data) : null;
  return {
    field: "value",
    type: "quantitative",
    stack: null,
    scale:
      domain !== null
        ? { type: "log", domain, nice: false }
        : panel.range === null
          ? { domain: [0, 1] }
          : { zero: zero || panel.signed, nice: true },
    axis: {
      title: data.options[value] ?? panel.quantity,
      ...(domain === null ? { format: ".6~g", tickCount: 6 } : logTicks(domain)),
    },
  };
}
