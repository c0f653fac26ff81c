/**
 * The end of an expression that can be computed again in float64, outside the graph: operations that work place by place
 * on what the graph yields, or put a few places together, and of which one can take an ordinary number beyond float32's
 * range. Its value counts only where the graph's own is not a number or comes from one that is not finite; every other
 * result stays as it is. Of an operation that no graph can compute (`Operation.outside`), and of all that follows it, the
 * graph yields the inputs only, and its value is always computed so.
 */
import {
  isOperation,
  neededNodes,
  pruneExpression,
  type MeasureExpression,
  type MeasureNode,
  type OperationNode,
} from "../ir/expression.js";
import type { TensorType } from "../ir/tensor-type.js";
import { operationNamed } from "./index.js";

/** What the graph has to yield for a tail: values of the expression's nodes. */
export interface TailInput {
  readonly node: number;
  readonly expression: MeasureExpression;
}

/** Whether a node is an operation that no graph can compute, or reads one. */
function outsideNodes({ nodes, result }: MeasureExpression): ReadonlySet<number> {
  const found = new Set<number>();
  for (const index of neededNodes({ nodes, result })) {
    const node = nodes[index];
    if (node === undefined || !isOperation(node)) continue;
    const isOutside = operationNamed(node.operation).outside === true || node.inputs.some((input) => found.has(input));
    if (isOutside) found.add(index);
  }
  return found;
}

/**
 * What a graph has to yield for an expression whose end no graph can compute: the values that this end reads. Null for an
 * expression that a graph computes as a whole.
 */
export function outsideInputs(expression: MeasureExpression): readonly TailInput[] | null {
  const { nodes } = expression;
  const outside = outsideNodes(expression);
  if (outside.size === 0) return null;
  const inputs = new Set<number>();
  for (const index of outside) {
    const node = nodes[index];
    if (node === undefined || !isOperation(node)) continue;
    for (const input of node.inputs) {
      if (!outside.has(input) && nodes[input]?.kind !== "constant") inputs.add(input);
    }
  }
  return [...inputs]
    .sort((a, b) => a - b)
    .map((node) => ({ node, expression: pruneExpression({ nodes, result: node }) }));
}

/** How many entries may be put together for each position of a text: a head's, but not a vocabulary's. */
const fewEntries = 64;

/** What the expression's end is computed from; null for an expression whose end is not worth computing again. */
export function tailInputs(expression: MeasureExpression): readonly TailInput[] | null {
  const { nodes, result } = expression;
  const known = new Map<number, boolean>();
  const isShort = (input: number): boolean => hasFewEntries(nodes[input]?.type);
  /** Whether a node is part of a tail: it grows, or one of its inputs does. */
  const isTail = (index: number): boolean => {
    const before = known.get(index);
    if (before !== undefined) return before;
    const node = nodes[index];
    const found =
      node !== undefined &&
      isOperation(node) &&
      fitsTail(node, isShort) &&
      (grows(node, nodes) || node.inputs.some(isTail));
    known.set(index, found);
    return found;
  };
  if (!isTail(result)) return null;
  const inputs = new Set<number>();
  const visit = (index: number): void => {
    const node = nodes[index];
    if (node?.kind === "constant") return;
    if (!isTail(index) || node === undefined || !isOperation(node)) inputs.add(index);
    else node.inputs.forEach(visit);
  };
  visit(result);
  return [...inputs].map((node) => ({ node, expression: pruneExpression({ nodes, result: node }) }));
}

function hasFewEntries(type: TensorType | undefined): boolean {
  const sizes = (type?.axes ?? []).map(({ extent }) =>
    extent.kind === "fixed" ? extent.size : extent.kind === "positions" || extent.kind === "window" ? 1 : Infinity,
  );
  return sizes.reduce((product, size) => product * size, 1) <= fewEntries;
}

/** Whether a node can be part of a tail, going by its operation and by how many entries its inputs have. */
function fitsTail({ operation, inputs }: OperationNode, isShort: (input: number) => boolean): boolean {
  const { tail } = operationNamed(operation).range;
  return tail === "places" || (tail === "entries" && inputs.every(isShort));
}

/** Whether an operation can take ordinary numbers out of float32's range. */
function grows({ operation, inputs }: OperationNode, nodes: readonly MeasureNode[]): boolean {
  const sizes = inputs.map((input) => {
    const node = nodes[input];
    return node?.kind === "constant" ? Math.abs(node.value) : null;
  });
  return operationNamed(operation).range.grows?.(sizes) === true;
}
