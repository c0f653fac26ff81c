/** Which colour, dash and shape each series of a figure has: no two series share all of them. */

/** Okabe and Ito's colour-blind-safe palette, without its yellow, which is too faint for lines on white. */
export const palette = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000"];

/** Every series also has its own shape, so that no reading depends on colour alone. */
export const shapes = [
  "circle",
  "square",
  "triangle-up",
  "diamond",
  "triangle-down",
  "triangle-right",
  "triangle-left",
  "cross",
];

/** Dashes of lines, in lengths of stroke and gap. */
const dashes: readonly (readonly number[])[] = [
  [1, 0],
  [6, 3],
  [2, 2],
  [8, 2, 2, 2],
  [10, 4],
  [1, 3],
];

/** Series beyond these are not told apart by a legend: the extreme ones stand out of grey ones. */
export const mostSeries = 20;

export interface SeriesLooks {
  readonly colors: readonly string[];
  readonly shapes: readonly string[];
  readonly dashes: readonly (readonly number[])[];
}

/**
 * Looks of `count` series. Colours and shapes go round in seven and eight, so that the first 56 pairs differ; dashes
 * change with each round of colours. `ordered` series (layers, steps) read as a gradient instead of a palette.
 */
export function seriesLooks(count: number, ordered: boolean): SeriesLooks {
  const indices = Array.from({ length: count }, (_, i) => i);
  const colors = ordered && count > 3 ? gradient(count) : indices.map((i) => palette[i % palette.length] ?? "#000000");
  return {
    colors,
    shapes: indices.map((i) => shapes[i % shapes.length] ?? "circle"),
    dashes: indices.map((i) =>
      ordered && count > 3 ? [1, 0] : (dashes[Math.floor(i / palette.length) % dashes.length] ?? [1, 0]),
    ),
  };
}

/** Viridis up to its last fifth, which is too faint for a line on white. */
const stops = ["#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#8fce38"];

/** `count` colours along the gradient, all different up to about 600. */
function gradient(count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => {
    const place = (i * (stops.length - 1)) / Math.max(1, count - 1);
    const low = Math.min(stops.length - 2, Math.floor(place));
    const channel = (color: string | undefined, at: number): number =>
      Number.parseInt((color ?? "#000000").slice(at, at + 2), 16);
    return `#${[1, 3, 5]
      .map((at) => {
        const [a, b] = [channel(stops[low], at), channel(stops[low + 1], at)];
        return Math.round(a + (b - a) * (place - low))
          .toString(16)
          .padStart(2, "0");
      })
      .join("")}`;
  });
}
