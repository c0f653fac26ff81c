/** Pictures of what statements that compare and decide came to. */
import type { DecisionOutcome } from "../../compiler/ir/decision-outcome.js";
import { matrixFigures } from "./correlation-matrix.js";
import type { Figure } from "./figures.js";
import { fitFigure } from "./fit-view.js";

/** A picture and the word that its file is named with. */
export interface DecisionFigure {
  readonly kind: "matrix" | "fit";
  readonly figure: Figure;
}

/** The pictures of an outcome, in order; none for what is said in a table. */
export function decisionFigures(outcome: DecisionOutcome): readonly DecisionFigure[] {
  switch (outcome.kind) {
    case "correlate":
      return matrixFigures(outcome).map((figure) => ({ kind: "matrix", figure }));
    case "fit": {
      const figure = fitFigure(outcome);
      return figure === null ? [] : [{ kind: "fit", figure }];
    }
    default:
      return [];
  }
}
