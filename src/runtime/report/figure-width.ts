/** How wide and how high a figure is before it is drawn, for titles and for panels side by side. */
import type { VegaLiteSpec } from "./vega-lite.js";

/** A channel of levels. */
interface Levels {
  readonly sort?: readonly unknown[] | null;
  readonly scale?: { readonly domain?: readonly unknown[] };
}

/** About how wide the views of a specification are, in pixels, their legends left out. */
export function figureWidth(spec: VegaLiteSpec): number {
  const { width, concat, columns } = spec;
  if (Array.isArray(concat)) {
    const widths = (concat as readonly VegaLiteSpec[]).map(figureWidth);
    const beside = Math.min(Number(columns ?? widths.length), widths.length);
    let most = 0;
    for (let i = 0; i < widths.length; i += beside) {
      most = Math.max(
        most,
        widths.slice(i, i + beside).reduce((sum, one) => sum + one + 60, -60),
      );
    }
    return most;
  }
  return extent(width, "x", spec) ?? 400;
}

/** About how high the view of a specification is, in pixels. */
export function figureHeight(spec: VegaLiteSpec): number {
  return extent(spec["height"], "y", spec) ?? 300;
}

/** A length in pixels, or so many steps as the channel has levels; null where it is neither. */
function extent(length: unknown, channel: "x" | "y", spec: VegaLiteSpec): number | null {
  if (typeof length === "number") return length;
  if (typeof length !== "object" || length === null || !("step" in length)) return null;
  const levels = ((spec["encoding"] ?? {}) as Partial<Record<"x" | "y", Levels>>)[channel];
  return Number(length.step) * ((levels?.sort ?? levels?.scale?.domain)?.length ?? 8);
}
