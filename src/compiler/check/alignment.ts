/** Which token of the text the first entry of an axis `pos` belongs to. */
import type { MeasureNode } from "../ir/expression.js";
import type { ExpressionBuilder } from "./expression-builder.js";

/**
 * The position in the text, from 0, of a value's first entry along `pos`: 1 for nll, whose first entry is the second
 * token's. Null when it is not the same for every text (`x last 4`), when two inputs disagree, or without the axis.
 */
export function firstPosition(builder: Pick<ExpressionBuilder, "nodeAt">, index: number): number | null {
  const known = new Map<number, number | null>();
  const visit = (at: number): number | null => {
    const found = known.get(at);
    if (found !== undefined) return found;
    const first = ofNode(builder.nodeAt(at), visit, (input) => hasPositions(builder.nodeAt(input)));
    known.set(at, first);
    return first;
  };
  return visit(index);
}

function hasPositions(node: MeasureNode): boolean {
  return node.type.axes.some((axis) => axis.name === "pos");
}

function ofNode(
  node: MeasureNode,
  visit: (input: number) => number | null,
  positioned: (input: number) => boolean,
): number | null {
  if (!hasPositions(node)) return null;
  switch (node.kind) {
    case "site":
      return node.site.site === "nll" ? 1 : 0;
    case "ids":
      return 0;
    case "given": {
      const { nodes } = node.source.expression;
      const nodeAt = (at: number): MeasureNode => nodes[at] ?? node;
      return firstPosition({ nodeAt }, node.source.expression.result);
    }
    case "parameter":
    case "text":
    case "constant":
      return null;
    case "operation": {
      const { operation, attributes } = node;
      if (operation === "diagonal") return Math.max(0, -Number(attributes["offset"] ?? 0));
      if (operation === "last" || operation === "rename") return null;
      const firsts = node.inputs.filter(positioned).map(visit);
      // What is looked up for a token belongs to that token: logits[target] is aligned like nll.
      const [first, ...others] = operation === "pick" ? firsts.slice(-1) : firsts;
      if (first === undefined || first === null || others.some((other) => other !== first)) return null;
      if (operation !== "slice") return first;
      const start = Number(attributes["first"]);
      return start >= 0 ? first + start : null;
    }
  }
}
