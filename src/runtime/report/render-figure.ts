/** Figures to SVG and PNG. Vega and resvg take a third of a second to load, so they are imported when first used. */
import { createRequire } from "node:module";
import path from "node:path";
import type { TopLevelSpec } from "vega-lite";
import type { VegaLiteSpec } from "./figures.js";

const require = createRequire(import.meta.url);

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
      item: { readonly fontSize?: number; readonly fontWeight?: unknown },
      text: string | number | null | undefined,
    ) => number;
  };
}

/** Advance widths of DejaVu Sans in units of the font size, for the characters that differ much from the average. */
const narrow = new Set("ijl.,:;'|!I()[]ft/ ·");
const wide = new Set("mwMW@%—");

/**
 * Width of `text` in DejaVu Sans. Vega has no canvas here and would assume 0.8 of the font size for each character,
 * which leaves wide empty margins; a canvas, where one is installed, would make the layout depend on the machine.
 */
function textWidth(text: string, fontSize: number, bold: boolean): number {
  let width = 0;
  for (const character of text) {
    if (narrow.has(character)) width += 0.36;
    else if (wide.has(character)) width += 0.95;
    else width += /[A-Z]/.test(character) ? 0.7 : 0.62;
  }
  return width * fontSize * (bold ? 1.12 : 1);
}

/**
 * The specification as SVG text. Equal specifications give equal text: random numbers are seeded and the counters
 * behind identifiers start anew. Throws Vega-Lite's error for an invalid specification.
 */
export async function renderFigureSvg(spec: VegaLiteSpec, logger?: FigureLogger): Promise<string> {
  const [vega, vegaLite] = await Promise.all([import("vega"), import("vega-lite")]);
  const warn = (message: string): void => logger?.warn(message);
  const log = vega.logger(vega.Warn);
  log.warn = (...messages: readonly unknown[]) => {
    warn(messages.map(String).join(" "));
    return log;
  };
  const internals = vega as unknown as VegaInternals;
  internals.setRandom(internals.randomLCG(1));
  internals.textMetrics.width = (item, text) =>
    textWidth(String(text ?? ""), item.fontSize ?? 11, item.fontWeight === "bold");
  vega.resetSVGDefIds();
  // The type of a specification is a union far too deep to build piece by piece; the compiler checks it at run time.
  const compiled = vegaLite.compile(spec as unknown as TopLevelSpec, { logger: log });
  const view = new vega.View(vega.parse(compiled.spec), { renderer: "none", logger: log });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

/** An SVG of {@link renderFigureSvg} as PNG bytes, `scale` pixels per unit. Text is drawn in DejaVu Sans. */
export async function renderFigurePng(svg: string, scale = 2): Promise<Uint8Array> {
  const { Resvg } = await import("@resvg/resvg-js");
  const fonts = path.join(path.dirname(require.resolve("dejavu-fonts-ttf/package.json")), "ttf");
  // Fonts of the machine would make the picture differ from machine to machine.
  const font = {
    fontFiles: ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"].map((file) => path.join(fonts, file)),
    loadSystemFonts: false,
    defaultFontFamily: "DejaVu Sans",
  };
  return new Resvg(svg, { font, fitTo: { mode: "zoom", value: scale } }).render().asPng();
}
