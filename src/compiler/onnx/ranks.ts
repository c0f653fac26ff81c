/** The number of axes of every value of a graph, as far as the operators that atlasc emits tell it. */
import { bodyOf, integerAttribute } from "./attributes.js";
import type { Graph, OnnxNode } from "./graph.js";

/** What is known of a value: its rank, and of a vector its length where that is the same in every run. */
interface Known {
  readonly rank: number;
  readonly length: number | null;
}

/** Operators whose result has the shape that their inputs are broadcast to. */
export const broadcastOperators: ReadonlySet<string> = new Set([
  "Add",
  "And",
  "Div",
  "Equal",
  "Greater",
  "GreaterOrEqual",
  "Less",
  "LessOrEqual",
  "Max",
  "Min",
  "Mod",
  "Mul",
  "Or",
  "Pow",
  "Sub",
  "Where",
]);

const reduced = /^(Reduce|Arg)/;

/**
 * Name → rank. A value is left out when nothing is known of it, because a shape is computed from values and not only from
 * shapes. `bodies`: what a Scan yields has the rank that its body says, and one axis more; otherwise nothing is known of it.
 */
export function valueRanks(graph: Graph, bodies = false): ReadonlyMap<string, number> {
  const known = new Map<string, Known>();
  for (const { name, shape } of [...graph.inputs, ...graph.initializers]) {
    const [length] = shape;
    known.set(name, { rank: shape.length, length: shape.length === 1 && typeof length === "number" ? length : null });
  }
  for (const node of graph.nodes) {
    const body = bodies ? bodyOf(node) : null;
    if (body !== null) {
      node.outputs.forEach((output, i) => {
        const yielded = body.outputs[i];
        if (yielded !== undefined) known.set(output, { rank: yielded.shape.length + 1, length: null });
      });
      continue;
    }
    const result = resultOf(node, (i) => known.get(node.inputs[i] ?? ""));
    if (result !== undefined) for (const output of node.outputs) known.set(output, result);
  }
  return new Map([...known].map(([name, { rank }]) => [name, rank]));
}

function resultOf(node: OnnxNode, input: (i: number) => Known | undefined): Known | undefined {
  const of = (rank: number | undefined, length: number | null = null): Known | undefined =>
    rank === undefined ? undefined : { rank, length };
  const first = input(0);
  const inputs = node.inputs.map((_, i) => input(i)?.rank);
  const widest = inputs.every((rank) => rank !== undefined) ? Math.max(...inputs) : undefined;
  if (broadcastOperators.has(node.op)) {
    const lengths = node.inputs.map((_, i) => input(i)).map((known) => (known?.rank === 0 ? 1 : known?.length));
    return of(widest, widest === 1 && lengths.every((n) => n != null) ? Math.max(...lengths) : null);
  }
  if (reduced.test(node.op)) {
    if (integerAttribute(node, "keepdims", 1) === 1) return of(first?.rank, first?.rank === 1 ? 1 : null);
    const axes = node.op.startsWith("Arg") ? 1 : node.inputs.length < 2 ? first?.rank : input(1)?.length;
    return axes === undefined || axes === null || first === undefined ? undefined : of(first.rank - axes);
  }
  switch (node.op) {
    case "MatMul":
    case "FusedMatMul":
      return of(widest);
    case "Shape": {
      const [start, end] = [integerAttribute(node, "start", 0), integerAttribute(node, "end", first?.rank ?? 0)];
      if (first === undefined) return of(1);
      const place = (at: number): number => Math.min(first.rank, Math.max(0, at < 0 ? at + first.rank : at));
      return of(1, Math.max(0, place(end) - place(start)));
    }
    case "Range":
      return of(1);
    case "Concat": {
      const lengths = node.inputs.map((_, i) => input(i)?.length);
      const total = lengths.reduce<number | null>((sum, n) => (sum === null || n == null ? null : sum + n), 0);
      return of(first?.rank, first?.rank === 1 ? total : null);
    }
    case "Reshape":
      return of(input(1)?.length ?? undefined);
    case "Expand": {
      const length = input(1)?.length;
      return length == null || first === undefined ? undefined : of(Math.max(first.rank, length));
    }
    case "Unsqueeze":
    case "Squeeze": {
      const axes = node.inputs.length < 2 ? null : input(1)?.length;
      if (axes == null || first === undefined) return undefined;
      return of(node.op === "Unsqueeze" ? first.rank + axes : first.rank - axes);
    }
    case "Gather": {
      const index = input(1);
      if (first === undefined || index === undefined) return undefined;
      return of(first.rank + index.rank - 1, first.rank === 1 ? index.length : null);
    }
    // The result depends on its body.
    case "Scan":
      return undefined;
    default:
      // Everything else works on its first input entry by entry, or along an axis that stays.
      return of(first?.rank, node.op === "Identity" || node.op === "Cast" ? (first?.length ?? null) : null);
  }
}
