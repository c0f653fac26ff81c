/** Axes of figures. */
import type { Coordinate } from "../../compiler/ir/protocol.js";

/** An axis of the figure: its levels in the order in which they are drawn. */
export interface FigureAxis {
  readonly name: string;
  /** Field of the points that holds it: the name, where that is a safe and free field name. */
  readonly field: string;
  readonly levels: readonly Coordinate[];
  /** Whether levels are positions with the token that stands there: `3 Mary`. */
  readonly tokens: boolean;
}
