/** Outputs of kind `plot` as Vega-Lite specifications with their data inside. Rendering is in `render-figure.ts`. */
import type { FigureOutput } from "../../compiler/ir/protocol.js";
import type { ResultSet } from "../../compiler/ir/results.js";
import type { OnNote } from "../../compiler/results/evaluate.js";
import { fitAxisTitles } from "./axis-titles.js";
import { drawBoxes } from "./box-figure.js";
import { drawDensity, drawHistogram } from "./distribution-figure.js";
import type { Drawing, PlotOutput } from "./drawing.js";
import { titleBlock, type VegaLiteSpec } from "./figure-marks.js";
import { safeTitle } from "./figure-data.js";
import { panelParts } from "./figure-panels.js";
import { figureWidth } from "./figure-width.js";
import { safeSpecification } from "./safe-specification.js";
import { drawPlaces } from "./place-figure.js";
import { drawScatter } from "./scatter-figure.js";
import { drawTexts } from "./text-figure.js";
import { noTokenTexts, type TokenTexts } from "./token-texts.js";

export type { PlotOutput } from "./drawing.js";
export type { VegaLiteSpec } from "./figure-marks.js";

/** A figure: its specification and the texts that go with it. Everything is plain JSON. */
export interface Figure {
  readonly title: string;
  /** What was averaged and which cells are missing; null when there is nothing to say. */
  readonly subtitle: string | null;
  /** What the figure shows, for readers who do not see it. */
  readonly description: string;
  /** What the protocol says below it; null for nothing. */
  readonly caption: string | null;
  /** What a reader must know before trusting it: places left out by a join, means of unlike numbers of values. */
  readonly warnings: readonly string[];
  /** Vega-Lite 6, self-contained. */
  readonly spec: VegaLiteSpec;
}

/**
 * The figure of `output`; each kind of plot says what it does with NaN and with axes that it does not name.
 *
 * @param tokens what positions and ids of tokens are called.
 */
export function buildFigure(
  output: PlotOutput | FigureOutput,
  results: ResultSet,
  tokens: TokenTexts = noTokenTexts,
): Figure {
  if (output.kind === "figure") {
    const panels = output.panels.map((panel) => buildFigure(panel, results, tokens));
    const description = panels.map((panel, i) => `${String.fromCharCode(65 + i)}: ${panel.description}`).join(" ");
    const drawing = { subtitle: null, description, parts: panelParts(output, panels) };
    const warnings = new Set(panels.flatMap((panel) => panel.warnings));
    const captions = [output.caption, ...panels.map(({ caption }) => caption)].filter((text) => text !== null);
    return figureOf(output.title, drawing, [...warnings], captions.length === 0 ? null : captions.join(" "));
  }
  const warnings = new Set<string>();
  const drawing = draw(output, results, (sentence) => void warnings.add(sentence), tokens);
  return figureOf(output.title, drawing, [...warnings], output.options.caption);
}

/** A drawing with its title and the looks that all figures share. */
export function figureOf(
  title: string,
  drawing: Drawing,
  warnings: readonly string[] = [],
  caption: string | null = null,
): Figure {
  const { subtitle, description, parts } = drawing;
  const { usermeta, ...views } = fitAxisTitles(parts);
  const meta = { ...(usermeta as object | undefined), ...(caption === null ? {} : { caption: safeTitle(caption) }) };
  return {
    warnings,
    title,
    subtitle,
    description,
    caption,
    spec: safeSpecification({
      $schema: "https://vega.github.io/schema/vega-lite/v6.json",
      title: titleBlock(title, subtitle, figureWidth(parts)),
      background: "white",
      padding: 12,
      config,
      ...views,
      ...(Object.keys(meta).length === 0 ? {} : { usermeta: meta }),
    }),
  };
}

function draw(output: PlotOutput, results: ResultSet, onNote: OnNote, tokens: TokenTexts): Drawing {
  switch (output.plot) {
    case "histogram":
      return drawHistogram(output, results, onNote);
    case "density":
      return drawDensity(output, results, onNote);
    case "box":
      return drawBoxes(output, results, onNote);
    case "scatter":
      return drawScatter(output, results, onNote);
    case "text":
      return drawTexts(output, results, onNote, tokens);
    default:
      return drawPlaces(output, results, onNote, tokens);
  }
}

const ink = "#1f2430";
const muted = "#5b6472";

/** Looks shared by all figures. DejaVu Sans comes with atlasc; a browser without it takes a similar font. */
const config: VegaLiteSpec = {
  font: "DejaVu Sans, Verdana, sans-serif",
  view: { stroke: null },
  axis: {
    labelColor: ink,
    titleColor: ink,
    labelFontSize: 11,
    titleFontSize: 12,
    titleFontWeight: "normal",
    titlePadding: 8,
    domainColor: "#9aa3af",
    tickColor: "#9aa3af",
    gridColor: "#e6e9ee",
    labelOverlap: "parity",
  },
  legend: { labelColor: ink, titleColor: ink, labelFontSize: 11, titleFontSize: 11, titleFontWeight: "normal" },
  title: { color: ink, subtitleColor: muted, anchor: "start", fontSize: 15, fontWeight: "bold", subtitleFontSize: 11 },
};
