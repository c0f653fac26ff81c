/**
 * The end of an expression that can be computed again in float64, outside the graph: operations that work place by place
 * on what the graph yields, or put a few places together, and of which one can take an ordinary number beyond float32's
 * range. Its value counts only where the graph's own is not a number or comes from one that is not finite; every other
 * result stays as it is.
 */
import { isOperation, pruneExpression, type MeasureExpression, type MeasureNode } from "../ir/expression.js";
import type { TensorType } from "../ir/tensor-type.js";

/** What the graph has to yield for a tail: values of the expression's nodes. */
export interface TailInput {
  readonly node: number;
  readonly expression: MeasureExpression;
}

const placewise: ReadonlySet<string> = new Set([
  ...["add", "subtract", "multiply", "divide", "power", "negate", "exp", "log", "sqrt", "abs", "entr", "bits", "nats"],
  ...["where", "scored"],
]);

const reductions: ReadonlySet<string> = new Set(["sum", "mean", "max", "min", "norm", "var", "std"]);

/** How many entries may be put together for each position of a text: a head's, but not a vocabulary's. */
const fewEntries = 64;

/** Exponents and factors up to which a result is not expected to leave float32's range. */
const ordinary = { exponent: 4, factor: 1e6 } as const;

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
      (placewise.has(node.operation) || (reductions.has(node.operation) && node.inputs.every(isShort))) &&
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

/** Whether an operation can take ordinary numbers out of float32's range. */
function grows(node: MeasureNode, nodes: readonly MeasureNode[]): boolean {
  if (!isOperation(node)) return false;
  const [left, right] = node.inputs.map((input) => nodes[input]);
  const size = (of: MeasureNode | undefined): number | null => (of?.kind === "constant" ? Math.abs(of.value) : null);
  switch (node.operation) {
    case "exp":
      return true;
    case "power":
      return (size(right) ?? Infinity) > ordinary.exponent;
    case "multiply":
      return Math.max(size(left) ?? 0, size(right) ?? 0) > ordinary.factor;
    case "divide":
      return (size(left) ?? 0) > ordinary.factor || (size(right) ?? 1) < 1 / ordinary.factor;
    default:
      return false;
  }
}
