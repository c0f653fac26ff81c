/** The sentences that become the reasons of NaN: every expression numbers those of its own nodes. */
import { isOperation, neededNodes, type GivenSource, type MeasureExpression, type MeasureNode, type OperationNode } from "../ir/expression.js"; // prettier-ignore
import { causesOf, otherRunPrefix } from "./causes.js";
import { operationNamed } from "./index.js";

/** Why operations have no result, for nodes that do not say it in their own words. */
const defaultReasons: Readonly<Record<string, string>> = {
  divide: "the divisor is 0",
  power: "a root of a negative number, or 0 to a negative power",
  log: "the logarithm of a number that is not positive",
  sqrt: "the square root of a negative number",
  entr: "the entropy of a negative number",
  where: "the condition does not hold",
  mean: "there is no entry to average",
  max: "there is no entry to take the largest of",
  min: "there is no entry to take the smallest of",
  var: "there is no entry to take the variance of",
  std: "there is no entry to take the standard deviation of",
  at: "the text has no such position",
  pick: "there is no such entry",
  argmax: "there is no entry to take the largest of",
  unembedding: "there is no such token",
  kl: "the divergence needs probabilities, of which the second is 0 only where the first is",
  pearson: "one side does not vary",
  pearson_between: "one side does not vary",
  cosine: "one side is 0",
  cosine_between: "one side is 0",
};

/** The reason of a comparison or a choice that read a NaN. Where the NaN comes from is known, that is told instead. */
export const undecidedReason = "it depends on a number that is NaN";

/** The sentence of an operation's own failure; null for one that cannot fail. */
export function ownReason(node: OperationNode): string | null {
  if (!operationNamed(node.operation).canFail) return null;
  return node.reason ?? defaultReasons[node.operation] ?? `${node.operation} has no result here`;
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
