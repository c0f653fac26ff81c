/** Axes and columns whose levels are numbers. */
import { coordinateNumber } from "../../ir/coordinate-number.js";
import type { Diagnostic } from "../../diagnostics/diagnostic.js";
import type { Name } from "../../syntax/ast.js";
import { wrongKind } from "../faults.js";
import type { ResultAxes } from "./result-axes.js";

const mostShown = 4;

/** Reports an axis of which a level is known to be no number; says nothing where only the run knows them. */
export function isNumericAxis(cx: { readonly report: (d: Diagnostic) => void }, axis: Name, of: ResultAxes): boolean {
  const levels = [...(of.axes.get(axis.text) ?? [])];
  const words = levels.filter((level) => Number.isNaN(coordinateNumber(level)));
  if (words.length === 0) return true;
  const shown = words.slice(0, mostShown).map(String).join(", ") + (words.length > mostShown ? " …" : "");
  const expected = "an axis of numbers, such as layer, position, params, or a revision called step512";
  wrongKind(cx, axis.span, expected, `${axis.text} (${shown})`);
  return false;
}
