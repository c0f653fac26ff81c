/** The picture of part 5: how many times as long a run takes when one size is multiplied. */
import { palette } from "../src/runtime/report/figure-marks.js";
import type { VegaLiteSpec } from "../src/runtime/report/figures.js";
import { renderFigureSvg } from "../src/runtime/report/render-figure.js";
import { renderFigurePng } from "../src/runtime/report/render-png.js";
import type { Scaling } from "./results.js";

/** Slope of the least-squares line through the logarithms of sizes and seconds. */
export function exponentOf(points: Scaling["series"][number]["points"]): number {
  const xs = points.map(({ size }) => Math.log(size));
  const ys = points.map(({ seconds }) => Math.log(seconds));
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [mx, my] = [mean(xs), mean(ys)];
  const covariance = mean(xs.map((x, i) => (x - mx) * ((ys[i] ?? NaN) - my)));
  return covariance / mean(xs.map((x) => (x - mx) ** 2));
}

/** The same between the two largest sizes, where fixed costs count least. */
export function lastExponentOf(points: Scaling["series"][number]["points"]): number {
  return exponentOf(points.slice(-2));
}

/** PNG of all series on logarithmic axes, each relative to its smallest size, beside a line of exponent 1. */
export async function scalingFigure({ series }: Scaling): Promise<Uint8Array> {
  const values = series.flatMap(({ size: name, points }) =>
    points.map(({ size, seconds }) => ({
      name,
      size: size / (points[0]?.size ?? NaN),
      time: seconds / (points[0]?.seconds ?? NaN),
    })),
  );
  const largest = Math.max(...values.map(({ size }) => size));
  const sizes = {
    field: "size",
    type: "quantitative",
    scale: { type: "log", base: 2 },
    axis: { values: [1, 2, 4, 8], format: "d" },
    title: "size, in multiples of the smallest",
  };
  const times = {
    field: "time",
    type: "quantitative",
    scale: { type: "log", base: 2 },
    axis: { values: [1, 2, 4, 8, 16, 32, 64], format: "d" },
    title: "seconds of work, in multiples of the first",
  };
  const spec: VegaLiteSpec = {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    title: "Time of a head sweep against one size at a time",
    width: 380,
    height: 300,
    background: "white",
    layer: [
      {
        data: {
          values: [
            { size: 1, time: 1 },
            { size: largest, time: largest },
          ],
        },
        mark: { type: "line", strokeDash: [4, 4], color: "#999" },
        encoding: { x: sizes, y: times },
      },
      {
        data: { values },
        mark: { type: "line", point: { filled: true, size: 40 } },
        encoding: {
          x: sizes,
          y: times,
          color: {
            field: "name",
            type: "nominal",
            sort: series.map(({ size }) => size),
            scale: { range: palette },
            title: "size",
          },
        },
      },
    ],
  };
  return await renderFigurePng(await renderFigureSvg(spec));
}
