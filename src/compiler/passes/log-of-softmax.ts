/**
 * log(softmax(x)) → log_softmax(x): the same number where the softmax does not underflow, and the right one (instead of
 * the logarithm of 0) where it does.
 *
 * Precondition: a well-typed expression. Postcondition: the same types; no `log` reads a `softmax` directly.
 */
import { perObject } from "../base/per-object.js";
import { pruneExpression, type MeasureExpression, type MeasureNode } from "../ir/expression.js";

export const logOfSoftmax = perObject((expression: MeasureExpression): MeasureExpression => {
  const nodes = expression.nodes.map((node): MeasureNode => {
    if (node.kind !== "operation" || node.operation !== "log") return node;
    const argument = expression.nodes[node.inputs[0] ?? -1];
    if (argument?.kind !== "operation" || argument.operation !== "softmax") return node;
    const { reason: _reason, ...rest } = node;
    return { ...rest, operation: "log_softmax", inputs: argument.inputs, attributes: argument.attributes };
  });
  return pruneExpression({ ...expression, nodes });
});
