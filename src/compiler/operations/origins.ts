/** Which tokens the entries of a measure belong to: the labels of its positions in results. */
import type { MeasureExpression, MeasureNode } from "../ir/expression.js";
import { fromToken, latestOf, type Origin, type Origins } from "../ir/origin.js";
import { operations } from "./index.js";

const none: Origins = new Map();

/**
 * Origins of the axes of every node of a DAG, by `nodeAt`. An operation keeps the origins of its inputs' axes, unless it
 * says otherwise ({@link Operation.origins}); where inputs disagree, the later token counts.
 */
export function originFinder(nodeAt: (index: number) => MeasureNode | undefined): (index: number) => Origins {
  const known = new Map<number, Origins>();
  const find = (index: number): Origins => {
    const found = known.get(index);
    if (found !== undefined) return found;
    const node = nodeAt(index);
    const made = node === undefined ? none : originsOfNode(node, nodeAt, find);
    known.set(index, made);
    return made;
  };
  return find;
}

/** Origins of the axes of an expression's value. */
export function originsOf({ nodes, result }: MeasureExpression): Origins {
  return originFinder((index) => nodes[index])(result);
}

function originsOfNode(
  node: MeasureNode,
  nodeAt: (index: number) => MeasureNode | undefined,
  find: (index: number) => Origins,
): Origins {
  switch (node.kind) {
    case "site": {
      // The first token is not predicted.
      const first = node.site.site === "nll" ? 1 : 0;
      const along = node.type.axes.filter((axis) => axis.extent.kind === "positions");
      return new Map(along.map((axis) => [axis.name, fromToken(first)]));
    }
    case "ids":
      return new Map(node.type.axes.map((axis) => [axis.name, fromToken(0)]));
    case "given":
      return ofAxes(node, originsOf(node.source.expression));
    case "parameter":
    case "text":
    case "constant":
      return none;
    case "operation": {
      const inputs = node.inputs.map((input) => ({ type: nodeAt(input)?.type ?? node.type, origins: find(input) }));
      const stated = operations.get(node.operation)?.origins?.(inputs, node.attributes);
      return ofAxes(node, stated ?? shared(inputs.map(({ origins }) => origins)));
    }
  }
}

/** What several inputs say of each axis. */
function shared(inputs: readonly Origins[]): Origins {
  const axes = new Set(inputs.flatMap((origins) => [...origins.keys()]));
  const origins = new Map<string, Origin>();
  for (const axis of axes) {
    const origin = latestOf(inputs.flatMap((input) => input.get(axis) ?? []));
    if (origin !== null) origins.set(axis, origin);
  }
  return origins;
}

function ofAxes({ type }: MeasureNode, origins: Origins): Origins {
  return new Map([...origins].filter(([name]) => type.axes.some((axis) => axis.name === name)));
}
