/** `figure`: several plots as one picture. */
import type { FigureOutput, PlotOutput } from "../../ir/protocol.js";
import type { FigureStatement } from "../../syntax/ast.js";
import { wrongKind } from "../faults.js";
import { checkPlot } from "./plots.js";
import type { ResultContext } from "./result-context.js";

/** More panels than letters name. */
const mostPanels = 26;

/** The figure that a statement asks for; null after an error in it or in one of its plots. */
export function checkFigure(cx: ResultContext, statement: FigureStatement): FigureOutput | null {
  const { title, columns, caption, plots } = statement;
  const panels: PlotOutput[] = [];
  // All plots are looked at, so that one mistake does not hide another.
  for (const plot of plots) {
    const panel = checkPlot(cx, plot);
    if (panel !== null) panels.push(panel);
  }
  if (panels.length < plots.length || panels.length === 0) return null;
  if (plots.length > mostPanels) {
    wrongKind(cx, statement.span, `at most ${mostPanels} plots in a figure`, `${plots.length} plots`);
    return null;
  }
  if (columns !== null && !(Number.isInteger(columns.value) && columns.value >= 1 && columns.value <= 6)) {
    wrongKind(cx, columns.span, "a whole number of columns from 1 to 6", columns.text);
    return null;
  }
  return {
    kind: "figure",
    title: title.value,
    caption: caption?.value ?? null,
    columns: columns?.value ?? null,
    panels,
    span: statement.span,
  };
}
