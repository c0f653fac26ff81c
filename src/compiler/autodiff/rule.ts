/** What a derivative rule is: how the gradient of a node's outputs becomes that of its inputs. */
import type { GraphBuilder } from "../onnx/builder.js";
import type { Dimension, ElementType, Graph, Initializer, OnnxNode } from "../onnx/graph.js";

/** What computes gradients, to stand in the graph behind everything that it reads. */
export interface Gradients {
  readonly nodes: readonly OnnxNode[];
  readonly constants: readonly Initializer[];
  /** Value → the value that is its gradient, of the same shape and type. */
  readonly of: ReadonlyMap<string, string>;
}

/**
 * Takes gradients of some values of a graph back to others; those that influence none of them have zeros.
 *
 * @param given value → the value that is its gradient, of the same shape and type
 * @param prefix of the names of the new values, which no value of the graph has
 */
export type PullBack = (
  graph: Graph,
  given: ReadonlyMap<string, string>,
  values: readonly string[],
  prefix: string,
) => Gradients;

/** What is known of the values of a graph without running it. */
export interface ValueFacts {
  readonly type: (value: string) => ElementType;
  /**
   * The lengths of a value's axes: numbers, or names of lengths that only a run tells; equal names are equal lengths.
   * @throws RangeError (a fault of ours) for a value of which nothing tells the number of axes
   */
  readonly shape: (value: string) => readonly Dimension[];
  /** Entries of an inline constant; null for any other value. */
  readonly constant: (value: string) => readonly number[] | null;
}

/** What a rule reads, and where it writes. */
export interface RuleContext extends ValueFacts {
  readonly builder: GraphBuilder;
  readonly node: OnnxNode;
  /** The gradient of an output, of the output's own shape and type; null where nothing that is asked for depends on it. */
  readonly gradientOf: (output: number) => string | null;
  /** Takes gradients back through a graph of its own, which is how the rule of a node with a body is made. */
  readonly pullBack: PullBack;
  /** Whether anything needs the gradient of this input. A rule may leave the others out, as null. */
  readonly wants: (input: number) => boolean;
}

/**
 * What a node adds to the gradient of an input: a value of the input's shape and type, or what adds it to the sum of the
 * other parts (null: there are none), without a value as large as the input that is 0 nearly everywhere.
 */
export type GradientPart = string | { readonly onto: (sum: string | null) => string };

/**
 * The derivative rule of an operator: for each input of the node its part of the gradient, or null where the input has none. Rules emit operators that have rules, so that a gradient can be differentiated again.
 * At kinks and ties they do as PyTorch does.
 */
export type GradientRule = (context: RuleContext) => readonly (GradientPart | null)[];

/** An input of the node. @throws RangeError (a fault of ours) when the node does not have it */
export function inputOf({ node }: RuleContext, input: number): string {
  const name = node.inputs[input];
  if (name === undefined || name === "") throw new RangeError(`${node.op} has no input ${input}`);
  return name;
}

export function outputOf({ node }: RuleContext, output: number): string {
  const name = node.outputs[output];
  if (name === undefined) throw new RangeError(`${node.op} has no output ${output}`);
  return name;
}

/** The gradient of a node's only output. A rule is asked only where there is one. */
export function gradientOfOutput({ gradientOf, node }: RuleContext): string {
  const gradient = gradientOf(0);
  if (gradient === null) throw new RangeError(`the rule of ${node.op} was asked without a gradient`);
  return gradient;
}

/** A float attribute of the node. */
export function floatOf({ node }: RuleContext, name: string, absent: number): number {
  const attribute = node.attributes[name];
  return attribute?.kind === "float" ? attribute.value : absent;
}
