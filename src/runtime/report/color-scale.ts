/** Colours of numbers: the same for cells that Vega draws, for pixels, and for tokens of a text. */
import type { VegaLiteSpec } from "./vega-lite.js";

/** ColorBrewer's RdBu, blue for what is negative; the middle is white, for 0. */
export const divergingColors = ["#2166ac", "#67a9cf", "#d1e5f0", "#fbfbfb", "#fddbc7", "#ef8a62", "#b2182b"];

/** Viridis: lightness rises with the number, for every reader and on grey paper. */
export const sequentialColors = [
  "#440154",
  "#482475",
  "#414487",
  "#355f8d",
  "#2a788e",
  "#21918c",
  "#22a884",
  "#44bf70",
  "#7ad151",
  "#bddf26",
  "#fde725",
];

/** From nearly white to dark blue (ColorBrewer's Blues), for grids that are almost empty. */
export const sparseColors = [
  "#edf3fa",
  "#deebf7",
  "#c6dbef",
  "#9ecae1",
  "#6baed6",
  "#4292c6",
  "#2171b5",
  "#08519c",
  "#08306b",
];

/** From nearly white to red (ColorBrewer's OrRd), for colours behind words. */
export const markerColors = ["#fff7ec", "#fee8c8", "#fdd49e", "#fdbb84", "#fc8d59", "#ef6548", "#d7301f"];

/** A scale from numbers to colours. */
export interface ColorScale {
  readonly kind: "diverging" | "sequential";
  /** Numbers and their colours; between two of them colours are mixed. */
  readonly stops: readonly number[];
  readonly colors: readonly string[];
}

/**
 * Diverging and centred on 0 where values lie on both sides of it, or are differences (`signed`); sequential otherwise.
 *
 * @param range smallest and largest value; null without any.
 * @param sequential colours of what is not diverging, for small numbers first.
 */
export function colorScaleOf(
  range: readonly [number, number] | null,
  signed: boolean,
  sequential: readonly string[] = sequentialColors,
): ColorScale {
  const [least, most] = range ?? [0, 1];
  if (signed || (least < 0 && most > 0)) {
    // Both directions have the same scale, so that equal strength means equal size.
    const extent = Math.max(Math.abs(least), Math.abs(most)) || 1;
    return { kind: "diverging", stops: spread(-extent, extent, divergingColors.length), colors: divergingColors };
  }
  // One value alone has some width around it.
  const room = least === most ? Math.abs(least) / 2 || 0.5 : 0;
  return {
    kind: "sequential",
    stops: spread(least - room, most + room, sequential.length),
    colors: sequential,
  };
}

function spread(from: number, to: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => {
    // The middle of a scale around 0 is 0, and no rounding error beside it.
    if (from === -to && 2 * i === count - 1) return 0;
    return from + ((to - from) * i) / (count - 1);
  });
}

/** The scale for Vega-Lite. */
export function vegaColorScale({ stops, colors }: ColorScale): VegaLiteSpec {
  return { domain: stops, range: colors, nice: false, zero: false, clamp: true };
}

/** The colour of a number as red, green and blue from 0 to 255; what lies outside takes the colour of the end. */
export function colorAt({ stops, colors }: ColorScale, value: number): readonly [number, number, number] {
  const last = stops.length - 1;
  const [first = 0, end = 1] = [stops[0], stops[last]];
  const place = Math.min(last, Math.max(0, ((value - first) / (end - first)) * last));
  const i = Math.min(last - 1, Math.floor(place));
  const [low, high] = [channels(colors[i] ?? "#000000"), channels(colors[i + 1] ?? "#000000")];
  const mix = (at: 0 | 1 | 2): number => Math.round(low[at] + (high[at] - low[at]) * (place - i));
  return [mix(0), mix(1), mix(2)];
}

function channels(color: string): readonly [number, number, number] {
  const at = (start: number): number => Number.parseInt(color.slice(start, start + 2), 16);
  return [at(1), at(3), at(5)];
}

/** `#rrggbb`. */
export function hexColor(color: readonly [number, number, number]): string {
  return `#${color.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}

/**
 * Whether dark text reads better than white on a colour: the one with the larger contrast ratio.
 *
 * @source WCAG 2.2, relative luminance and contrast ratio.
 */
export function wantsDarkText(color: readonly [number, number, number]): boolean {
  const linear = color.map((part) => (part <= 10 ? part / 3294.6 : ((part / 255 + 0.055) / 1.055) ** 2.4));
  const luminance = 0.2126 * (linear[0] ?? 0) + 0.7152 * (linear[1] ?? 0) + 0.0722 * (linear[2] ?? 0);
  return (luminance + 0.05) / 0.05 > 1.05 / (luminance + 0.05);
}
