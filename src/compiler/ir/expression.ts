import type { Span } from "../base/span.js";
import type { SiteReference } from "../models/sites.js";
import type { TensorType } from "./tensor-type.js";

/** Parameters of an operation that are not tensors. Plain JSON, by the operation's own names. */
export type OperationAttributes = Readonly<Record<string, number | string | readonly string[]>>;

/**
 * What is known of a text beside its ids: how many of its tokens are predicted; how many bytes of UTF-8 and how many
 * words (runs of what is not white space) it has; how many tokens at its end are scored (windows of a corpus); the first
 * token of its answer and of its distractor; the position, from 0, of a token that the protocol names in quotes.
 */
export type TextQuantity = "tokens" | "bytes" | "words" | "scored" | "answer" | "distractor" | `position of ${string}`;

/**
 * A value that is there before the graph runs: an expression in the unmodified run of a prompt set. `paired`: for each
 * row, that of the prompt with the same index. `mean`: the average over the prompts of the set and the positions of the
 * expression's value, which therefore has no axis `pos` any more.
 */
export interface GivenSource {
  /** Name of the prompt set, in the form of `TokenizedTexts.name`. */
  readonly texts: string;
  readonly take: "paired" | "mean";
  readonly expression: MeasureExpression;
}

/** One value of a measurement: where it comes from and its type. `inputs` are indices of earlier nodes. */
export type MeasureNode =
  | { readonly kind: "site"; readonly site: SiteReference; readonly type: TensorType; readonly span: Span }
  /** A value of another run, given to the graph. */
  | { readonly kind: "given"; readonly source: GivenSource; readonly type: TensorType; readonly span: Span }
  /** Weights of the model by the name that its graph has for them (`W_U`), the same for every row. */
  | { readonly kind: "parameter"; readonly parameter: string; readonly type: TensorType; readonly span: Span }
  /** The ids of the text's own tokens, BOS among them: [pos] of unit `token`. */
  | { readonly kind: "ids"; readonly type: TensorType; readonly span: Span }
  /** What is known of a text. A scalar for each row. */
  | { readonly kind: "text"; readonly quantity: TextQuantity; readonly type: TensorType; readonly span: Span }
  | { readonly kind: "constant"; readonly value: number; readonly type: TensorType; readonly span: Span }
  | {
      readonly kind: "operation";
      /** A name of the operation table. */
      readonly operation: string;
      readonly inputs: readonly number[];
      readonly attributes: OperationAttributes;
      readonly type: TensorType;
      readonly span: Span;
      /** For operations that can fail (division, log, where): the sentence that becomes the reason of a NaN. */
      readonly reason?: string;
    };

/** An operation applied to earlier nodes. */
export type OperationNode = Extract<MeasureNode, { kind: "operation" }>;

export function isOperation(node: MeasureNode): node is OperationNode {
  return node.kind === "operation";
}

/**
 * A measurement as a DAG over named-axis tensors: nodes in topological order, equal nodes stored once, layers and
 * windows already numbers.
 */
export interface MeasureExpression {
  readonly nodes: readonly MeasureNode[];
  readonly result: number;
}

/** The type of an expression's value. @throws RangeError (a fault of ours) when it has no result. */
export function resultType({ nodes, result }: MeasureExpression): TensorType {
  const type = nodes[result]?.type;
  if (type === undefined) throw new RangeError("an expression without result");
  return type;
}

/** Indices of the nodes that the result needs, in topological order; not what only `known` nodes need. */
export function neededNodes(expression: MeasureExpression, known?: ReadonlyMap<number, unknown>): readonly number[] {
  const needed = new Set([expression.result]);
  for (let index = expression.result; index >= 0; index--) {
    const node = expression.nodes[index];
    if (needed.has(index) && known?.has(index) !== true && node?.kind === "operation")
      node.inputs.forEach((input) => needed.add(input));
  }
  return [...needed].sort((a, b) => a - b);
}

/** The part of an expression that its result needs, renumbered. */
export function pruneExpression({ nodes, result }: MeasureExpression): MeasureExpression {
  const order = neededNodes({ nodes, result });
  const renumbered = new Map(order.map((old, position) => [old, position]));
  const renumber = (old: number): number => renumbered.get(old) ?? 0;
  return {
    nodes: order.flatMap((old) => {
      const node = nodes[old];
      if (node === undefined) return [];
      return [node.kind === "operation" ? { ...node, inputs: node.inputs.map(renumber) } : node];
    }),
    result: renumber(result),
  };
}
