/** Figures of what was decided: of series and of principal components. */
import type { DecisionOutcome } from "../../compiler/ir/decision-outcome.js";
import type { Decision } from "../../compiler/ir/protocol.js";
import type { ResultSet } from "../../compiler/ir/results.js";
import { drawComponents } from "./components-figure.js";
import { figureOf, type Figure } from "./figures.js";
import { drawFound } from "./series-figure.js";

/** null for a decision that its table says all about, and where there is nothing to draw. */
export function decisionFigure(decision: Decision, outcome: DecisionOutcome, results: ResultSet): Figure | null {
  if (decision.kind === "find" && outcome.kind === "find" && outcome.parts.length > 0) {
    return figureOf(decision.text, drawFound(decision, outcome, results));
  }
  if (outcome.kind === "pca" && outcome.components.length > 0) {
    return figureOf(outcome.statement, drawComponents(outcome));
  }
  return null;
}
