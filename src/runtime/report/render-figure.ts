/** Figures to SVG. Vega takes a good part of a second to load, so it is imported when first used. */
import type * as Vega from "vega";
import type * as VegaLite from "vega-lite";
import type { TopLevelSpec } from "vega-lite";
import { escapeHtml } from "./escape.js";
import { textWidth, wrapText } from "./text-width.js";
import type { VegaLiteSpec } from "./vega-lite.js";

/** Bound for the messages of Vega and Vega-Lite while a figure is compiled; by default they are dropped. */
export interface FigureLogger {
  readonly warn: (message: string) => void;
}

/** Parts of Vega that its type declarations leave out. */
interface VegaInternals {
  readonly setRandom: (random: () => number) => void;
  readonly randomLCG: (seed: number) => () => number;
  readonly textMetrics: {
    width: (
      item: { readonly fontSize?: number; readonly fontWeight?: unknown; readonly limit?: number },
      text: string | number | null | undefined,
    ) => number;
  };
}

/**
 * Loads what draws. It takes a good part of a second, in which a run that will draw something had better be computing.
 * Rejects where Vega does not load, as drawing will.
 */
export function loadVega(): Promise<[typeof Vega, typeof VegaLite]> {
  return Promise.all([import("vega"), import("vega-lite")]);
}

/**
 * The specification as SVG text. Equal specifications give equal text: random numbers are seeded and the counters
 * behind identifiers start anew. Throws Vega-Lite's error for an invalid specification.
 */
export async function renderFigureSvg(spec: VegaLiteSpec, logger?: FigureLogger): Promise<string> {
  const [vega, vegaLite] = await loadVega();
  const warn = (message: string): void => logger?.warn(message);
  const log = vega.logger(vega.Warn);
  log.warn = (...messages: readonly unknown[]) => {
    warn(messages.map(String).join(" "));
    return log;
  };
  const internals = vega as unknown as VegaInternals;
  internals.setRandom(internals.randomLCG(1));
  internals.textMetrics.width = (item, text) => {
    const width = textWidth(String(text ?? ""), item.fontSize ?? 11, item.fontWeight === "bold");
    // What is longer is cut, and takes no more room than that.
    return Math.min(width, item.limit !== undefined && item.limit > 0 ? item.limit : Infinity);
  };
  vega.resetSVGDefIds();
  // The type of a specification is a union far too deep to build piece by piece; the compiler checks it at run time.
  const compiled = vegaLite.compile(spec as unknown as TopLevelSpec, { logger: log });
  const view = new vega.View(vega.parse(compiled.spec), { renderer: "none", logger: log });
  try {
    return withCaption(withoutNameless(await view.toSVG()), captionOf(spec));
  } finally {
    view.finalize();
  }
}

/** A group of marks without a name is no picture of its own to a screen reader: its marks have names. */
function withoutNameless(svg: string): string {
  return svg.replace(/<[a-z]+ [^>]*role="graphics-[^>]*>/g, (tag) =>
    tag.includes(" aria-label=") ? tag : tag.replace(/ (role="graphics-[a-z]+"|aria-roledescription="[^"]*")/g, ""),
  );
}

function captionOf({ usermeta }: VegaLiteSpec): string | null {
  const { caption } = (usermeta ?? {}) as { readonly caption?: unknown };
  return typeof caption === "string" && caption !== "" ? caption : null;
}

const captionSize = 11;
const captionLine = 16;
const margin = 12;

/** The picture with lines of text below it, which Vega-Lite has no place for. */
function withCaption(svg: string, caption: string | null): string {
  const size = /^<svg[^>]* width="([\d.]+)" height="([\d.]+)" viewBox="0 0 [\d.]+ [\d.]+">/.exec(svg);
  if (caption === null || size === null) return svg;
  const [head, width, height] = [size[0], Number(size[1]), Number(size[2])];
  const lines = wrapText(caption, width - 2 * margin, captionSize);
  const whole = height + lines.length * captionLine + 4;
  const grown = head
    .replace(` height="${size[2]}"`, ` height="${whole}"`)
    .replace(/viewBox="[^"]*"/, `viewBox="0 0 ${width} ${whole}"`);
  const texts = lines.map(
    (line, i) =>
      `<text transform="translate(${margin},${height + (i + 0.7) * captionLine})" font-family="DejaVu Sans, Verdana, sans-serif" font-size="${captionSize}px" fill="#1f2430">${escapeHtml(line)}</text>`,
  );
  const paper = `<rect width="${width}" height="${whole}" fill="white"/>`;
  return `${grown}${paper}${svg.slice(head.length).replace(/<\/svg>\s*$/, "")}${texts.join("")}</svg>`;
}
