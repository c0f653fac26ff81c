/** The sentences that become the reasons of NaN: every expression numbers those of its own nodes. */
import { isOperation, neededNodes, type GivenSource, type MeasureExpression, type MeasureNode, type OperationAttributes, type OperationNode } from "../ir/expression.js"; // prettier-ignore
import { causesOf, otherRunPrefix } from "./causes.js";
import { operationNamed } from "./index.js";

/** The reason of a comparison or a choice that read a NaN. Where the NaN comes from is known, that is told instead. */
export const undecidedReason = "it depends on a number that is NaN";

/** The sentence of an operation's own failure; null for one that cannot fail. */
export function ownReason(node: OperationNode): string | null {
  const { failure } = operationNamed(node.operation);
  return failure === null ? null : (node.reason ?? failure.reason);
}

/** {@link ownReason} of an operation whose operands a protocol writes so, for `OperationNode.reason`. */
export function reasonInWords(
  operation: string,
  operands: readonly string[],
  attributes: OperationAttributes = {},
): string | undefined {
  return operationNamed(operation).failure?.written(operands, attributes);
}

/** The sentences of a node, in the order in which they are numbered: its own failure, then {@link undecidedReason}. */
export function reasonsOfNode(node: MeasureNode): readonly string[] {
  if (node.kind === "given") return givenReasons(node.source);
  if (!isOperation(node)) return [];
  const own = ownReason(node);
  return [...(own === null ? [] : [own]), ...(operationNamed(node.operation).decides ? [undecidedReason] : [])];
}

/**
 * Why a value may be missing in the run that it is taken from: what its expression can fail with, then what can make it
 * infinite, the last one being for whatever is not known better. None for a value whose operations cannot fail.
 */
export function missingReasons(expression: MeasureExpression): readonly string[] {
  const own = reasonsOf(expression);
  if (own.length === 0) return [];
  const { checks, otherwise } = causesOf(expression);
  const causes = [...checks, otherwise].map((cause) => cause.reason);
  return [...new Set([...own.filter((reason) => reason !== undecidedReason), ...causes])];
}

/** {@link missingReasons} of a value of another run, as the run that reads it tells them. */
export function givenReasons({ texts, expression }: GivenSource): readonly string[] {
  return missingReasons(expression).map((reason) => otherRunPrefix(texts) + reason);
}

/** Different reasons of an expression in topological order: reason number n is entry n − 1. */
export function reasonsOf(expression: MeasureExpression): readonly string[] {
  const reasons = neededNodes(expression).flatMap((index) => {
    const node = expression.nodes[index];
    return node === undefined ? [] : reasonsOfNode(node);
  });
  return [...new Set(reasons)];
}
