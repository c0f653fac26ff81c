/** `where` inside a reduction of the measurement language, which people write to select and which does not select. */
import type { ExpressionBuilder } from "./expression-builder.js";

/**
 * The first of `axes` along which a `where` inside a value decides entry by entry, so that a reduction over that axis is
 * NaN as soon as the condition fails once; null when there is none. A condition on the whole value (`trace(g) where
 * trace(g) > 0`) guards it as a whole, which is what `where` is for.
 */
export function guardedAxis(
  builder: Pick<ExpressionBuilder, "nodeAt" | "typeOf">,
  index: number,
  axes: readonly string[],
): string | null {
  const seen = new Set<number>();
  const has = (node: number, axis: string): boolean => builder.typeOf(node).axes.some(({ name }) => name === axis);
  const visit = (at: number): string | null => {
    if (seen.has(at)) return null;
    seen.add(at);
    const node = builder.nodeAt(at);
    if (node.kind !== "operation") return null;
    const condition = node.operation === "where" ? node.inputs[1] : undefined;
    const own = condition === undefined ? undefined : axes.find((axis) => has(condition, axis));
    if (own !== undefined) return own;
    // What was reduced before has its own say.
    for (const input of node.inputs) {
      const found = axes.some((axis) => has(input, axis)) ? visit(input) : null;
      if (found !== null) return found;
    }
    return null;
  };
  return visit(index);
}
