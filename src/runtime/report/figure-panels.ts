/** Several plots as one picture, its panels named by letters. */
import type { FigureOutput } from "../../compiler/ir/protocol.js";
import type { VegaLiteSpec } from "./vega-lite.js";
import { subtitleLines } from "./figure-marks.js";
import { figureWidth } from "./figure-width.js";
import { wrapText } from "./text-width.js";

/** A figure that becomes a panel. */
interface Panel {
  readonly title: string;
  readonly subtitle: string | null;
  readonly spec: VegaLiteSpec;
}

/** A page is about this wide, in pixels. */
const page = 980;

/** What stands around the marks of a figure and is not part of a panel. */
const outside = new Set(["$schema", "title", "background", "padding", "config", "usermeta"]);

/**
 * The views of `panels` in a grid, as many side by side as fit a page unless the figure says how many. Each has its letter
 * and its title above it, and keeps its scales.
 */
export function panelParts({ columns }: FigureOutput, panels: readonly Panel[]): VegaLiteSpec {
  const widths = panels.map(({ spec }) => figureWidth(spec));
  const widest = widths.reduce((a, b) => Math.max(a, b), 1);
  const fitting = Math.max(1, Math.min(panels.length <= 4 ? 2 : 3, Math.floor(page / (widest + 60))));
  return {
    concat: panels.map(({ title, subtitle, spec }, i) => {
      const own = Object.fromEntries(Object.entries(spec).filter(([key]) => !outside.has(key)));
      const room = Math.max(220, widths[i] ?? 220);
      const text = wrapText(`${letter(i)}  ${title}`, room, 13, true);
      const lines = subtitle === null ? [] : subtitleLines(subtitle, room, 10);
      const block = {
        text: text.length === 1 ? text[0] : text,
        anchor: "start",
        fontSize: 13,
        offset: 10,
        ...(lines.length === 0 ? {} : { subtitle: lines, subtitleFontSize: 10, subtitleLineHeight: 13 }),
      };
      return { title: block, ...own };
    }),
    columns: columns ?? fitting,
    spacing: 36,
    align: "each",
    resolve: {
      scale: Object.fromEntries(
        ["color", "fill", "shape", "strokeDash", "size", "opacity", "x", "y", "xOffset", "yOffset"].map((channel) => [
          channel,
          "independent",
        ]),
      ),
      legend: Object.fromEntries(["color", "fill", "shape", "strokeDash"].map((channel) => [channel, "independent"])),
    },
  };
}

function letter(index: number): string {
  return String.fromCharCode("A".charCodeAt(0) + index);
}
