/** How wide a figure is before it is drawn, for titles and for panels side by side. */
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
  if (typeof width === "number") return width;
  if (typeof width !== "object" || width === null || !("step" in width)) return 400;
  const { x } = (spec["encoding"] ?? {}) as { readonly x?: Levels };
  return Number(width.step) * ((x?.sort ?? x?.scale?.domain)?.length ?? 8);
}
