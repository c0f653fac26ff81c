/** Pictures of what statements that compare and decide came to. */
import type { DecisionOutcome } from "../../compiler/ir/decision-outcome.js";
import type { Decision } from "../../compiler/ir/protocol.js";
import type { ResultSet } from "../../compiler/ir/results.js";
import { drawComponents } from "./components-figure.js";
import { matrixFigures } from "./correlation-matrix.js";
import { figureOf, type Figure } from "./figures.js";
import { fitFigure } from "./fit-view.js";
import { probeFigure } from "./probe-view.js";
import { drawFound } from "./series-figure.js";

/** A picture and the word that its file is named with. */
export interface DecisionFigure {
  readonly kind: "found" | "components" | "matrix" | "fit" | "probe";
  readonly figure: Figure;
}

/** The pictures of an outcome, in order; none for what its table says, and where there is nothing to draw. */
export function decisionFigures(
  decision: Decision,
  outcome: DecisionOutcome,
  results: ResultSet,
): readonly DecisionFigure[] {
  if (decision.kind === "find" && outcome.kind === "find" && outcome.parts.length > 0) {
    return [{ kind: "found", figure: figureOf(decision.text, drawFound(decision, outcome, results)) }];
  }
  if (outcome.kind === "pca" && outcome.components.length > 0) {
    return [{ kind: "components", figure: figureOf(outcome.statement, drawComponents(outcome)) }];
  }
  if (outcome.kind === "correlate") return matrixFigures(outcome).map((figure) => ({ kind: "matrix", figure }));
  const probe = outcome.kind === "probe" ? probeFigure(outcome) : null;
  if (probe !== null) return [{ kind: "probe", figure: probe }];
  const fit = outcome.kind === "fit" ? fitFigure(outcome) : null;
  return fit === null ? [] : [{ kind: "fit", figure: fit }];
}
