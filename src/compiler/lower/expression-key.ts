/** What identifies a measured expression: everything but where it was written. */
import type { MeasureExpression } from "../ir/expression.js";

/** The expression without spans, for digests: two uses of one metric are the same computation. */
export function expressionKey(expression: MeasureExpression): unknown {
  return {
    result: expression.result,
    nodes: expression.nodes.map(({ span: _span, ...node }) => node),
  };
}
