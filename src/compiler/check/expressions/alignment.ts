/** Which token of the text the first entry of an axis `pos` belongs to. */
import { originFinder } from "../../operations/origins.js";
import type { ExpressionBuilder } from "./expression-builder.js";

/**
 * The position in the text, from 0, of a value's first entry along `pos`: 1 for nll, whose first entry is the second
 * token's. Null when it is not the same for every text (`x last 4`), when two inputs disagree, or without the axis.
 */
export function firstPosition(builder: Pick<ExpressionBuilder, "nodeAt">, index: number): number | null {
  const origin = originFinder((at) => builder.nodeAt(at))(index).get("pos");
  return origin?.kind === "text" ? origin.offset : null;
}
