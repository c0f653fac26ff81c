/** An S-shaped curve through points. */
import type { Sample } from "./samples.js";

/** y = low + height / (1 + exp(−(x − centre) / width)). */
export interface LogisticCurve {
  readonly low: number;
  readonly height: number;
  readonly centre: number;
  readonly width: number;
  readonly squaredError: number;
}

const centres = 41;
const widths = 25;
const rounds = 60;

/**
 * Least squares. For every centre and width the best low and height are known in closed form, so only two numbers are
 * searched for: on a grid first, which no local minimum can trap, and then around its best point, ever closer.
 * @param x ascending.
 */
export function logisticCurve(x: Sample, y: Sample): LogisticCurve {
  const first = x[0] ?? 0;
  const span = (x.at(-1) ?? 0) - first;
  let best = curveAt(x, y, first + span / 2, span / 4);
  const consider = (centre: number, width: number): void => {
    const curve = curveAt(x, y, centre, width);
    if (curve.squaredError < best.squaredError) best = curve;
  };
  for (let i = 0; i < centres; i++) {
    for (let j = 0; j < widths; j++) {
      consider(first + (span * i) / (centres - 1), span * 10 ** (-3 + (3.5 * j) / (widths - 1)));
    }
  }
  let step = 1;
  for (let round = 0; round < rounds; round++) {
    const { centre, width, squaredError } = best;
    for (const i of [-1, 0, 1]) {
      for (const j of [-1, 0, 1]) consider(centre + (i * step * span) / centres, width * 1.4 ** (j * step));
    }
    if (best.squaredError === squaredError) step /= 2;
  }
  return best;
}

/** The best low and height: a line through the points (share of the rise, y). */
function curveAt(x: Sample, y: Sample, centre: number, width: number): LogisticCurve {
  const rise = x.map((value) => 1 / (1 + Math.exp(-(value - centre) / width)));
  const n = x.length;
  const [riseMean, yMean] = [rise, y].map((values) => values.reduce((sum, value) => sum + value, 0) / n) as [
    number,
    number,
  ];
  const spread = rise.reduce((sum, r) => sum + (r - riseMean) ** 2, 0);
  const together = rise.reduce((sum, r, i) => sum + (r - riseMean) * ((y[i] ?? 0) - yMean), 0);
  const height = spread === 0 ? 0 : together / spread;
  const low = yMean - height * riseMean;
  const squaredError = rise.reduce((sum, r, i) => sum + ((y[i] ?? 0) - low - height * r) ** 2, 0);
  return { low, height, centre, width, squaredError };
}
