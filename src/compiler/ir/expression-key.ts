/** What identifies a measured expression: everything but where it was written. */
import { digestOf } from "../base/digest.js";
import { perObject } from "../base/per-object.js";
import type { GivenSource, MeasureExpression } from "./expression.js";

/** The expression without spans, for digests: two uses of one metric are the same computation. */
export function expressionKey(expression: MeasureExpression): unknown {
  return {
    result: expression.result,
    nodes: expression.nodes.map(({ span: _span, ...node }) =>
      node.kind === "given"
        ? { ...node, source: { ...node.source, expression: expressionKey(node.source.expression) } }
        : node,
    ),
  };
}

/** Digest of {@link expressionKey}. */
export const expressionDigest = perObject((expression: MeasureExpression) => digestOf(expressionKey(expression)));

/** Name of the graph input that carries a value of another run. */
export const givenInput = perObject((source: GivenSource) => {
  return `given/${digestOf({ ...source, expression: expressionKey(source.expression) }).slice(0, 16)}`;
});

/** Name of the graph input that says where {@link givenInput} has no value, and why. */
export function givenFaultInput(source: GivenSource): string {
  return `${givenInput(source)}/fault`;
}
