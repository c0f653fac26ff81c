/** Reverse-mode differentiation of a graph (Linnainmaa 1970; Griewank & Walther 2008, chapter 3). */
import { createGraphBuilder, type GraphBuilder } from "../onnx/builder.js";
import type { Graph, OnnxNode } from "../onnx/graph.js";
import { namesRead } from "../onnx/reads.js";
import { factsOf } from "./facts.js";
import { numberOfType, shapeOf } from "./emit.js";
import { logSumExps } from "./log-sum-exp.js";
import type { GradientPart, Gradients, PullBack } from "./rule.js";
import { ruleOf } from "./rules/index.js";

/**
 * The gradients of the sum of a value's entries with respect to other values of the graph, each of their own shape and type. Where
 * rows of a batch are independent, each row's entries have the gradient of that row's value. A value that does not
 * influence `target` has zeros.
 *
 * Only nodes between the values and the target are differentiated; each is visited once, so that all gradients together cost
 * about two passes through these nodes.
 *
 * @param prefix of the names of the new values, which no value of the graph has
 * @throws RangeError (a fault of ours) where a node between them has no rule
 */
export function differentiate(graph: Graph, target: string, values: readonly string[], prefix: string): Gradients {
  const builder = createGraphBuilder(prefix).scope(prefix);
  const one = numberOfType(builder, 1, factsOf(graph).type(target));
  const ones = builder.node("Expand", [one, shapeOf(builder, target)]);
  return pulledBack(graph, new Map([[target, ones]]), values, builder);
}

export const pullBack: PullBack = (graph, given, values, prefix) =>
  pulledBack(graph, given, values, createGraphBuilder(prefix).scope(prefix));

function pulledBack(
  graph: Graph,
  given: ReadonlyMap<string, string>,
  values: readonly string[],
  builder: GraphBuilder,
): Gradients {
  const facts = factsOf(graph);
  const between = nodesBetween(graph, [...given.keys()], values);
  const dependent = new Set([...values, ...between.flatMap(({ outputs }) => outputs)]);
  const sums = logSumExps(graph, new Set(values));
  const parts = new Map<string, GradientPart[]>();
  const receive = (value: string, gradient: GradientPart): void => {
    parts.set(value, [...(parts.get(value) ?? []), gradient]);
  };
  const totals = new Map<string, string | null>();
  /** A value's gradient; complete once every node that reads the value has been visited. */
  const total = (value: string): string | null => {
    const known = totals.get(value);
    if (known !== undefined) return known;
    const own = parts.get(value) ?? [];
    const [first, ...others] = own.filter((part) => typeof part === "string");
    const dense = first === undefined ? null : others.reduce((a, b) => builder.node("Add", [a, b]), first);
    const sum = own.reduce((all, part) => (typeof part === "string" ? all : part.onto(all)), dense);
    totals.set(value, sum);
    return sum;
  };
  for (const [target, gradient] of given) if (dependent.has(target)) receive(target, gradient);
  for (const node of [...between].reverse()) {
    if (node.outputs.every((output) => total(output) === null)) continue;
    const sum = sums.get(node);
    if (sum !== undefined) {
      const probabilities = builder.node("Exp", [sum.logSoftmax]);
      const part = builder.node("Mul", [probabilities, total(node.outputs[0] ?? "") ?? ""]);
      if (dependent.has(sum.of)) receive(sum.of, part);
      continue;
    }
    const made = ruleOf(node.op)({
      ...facts,
      builder,
      node,
      pullBack,
      gradientOf: (output) => total(node.outputs[output] ?? ""),
      wants: (input) => dependent.has(node.inputs[input] ?? ""),
    });
    node.inputs.forEach((input, i) => {
      const part = made[i];
      if (part !== null && part !== undefined && dependent.has(input)) receive(input, part);
    });
  }
  const of = new Map(
    values.map((value) => {
      const nothing = (): string =>
        builder.node("Expand", [numberOfType(builder, 0, facts.type(value)), shapeOf(builder, value)]);
      return [value, total(value) ?? nothing()] as const;
    }),
  );
  const { nodes, initializers } = builder.finish();
  return { nodes, constants: initializers, of };
}

/** The nodes on a way from one of the values to a target, in the graph's order. */
function nodesBetween(graph: Graph, targets: readonly string[], values: readonly string[]): readonly OnnxNode[] {
  const reached = new Set(values);
  const after = graph.nodes.filter((node) => {
    const reaches = namesRead(node).some((input) => reached.has(input));
    if (reaches) for (const output of node.outputs) reached.add(output);
    return reaches;
  });
  const needed = new Set(targets);
  const between = new Set<OnnxNode>();
  for (const node of [...after].reverse()) {
    if (!node.outputs.some((output) => needed.has(output))) continue;
    between.add(node);
    const outside = namesRead(node).find((name) => !node.inputs.includes(name) && reached.has(name));
    if (outside !== undefined) throw new RangeError(`a body reads "${outside}", which is differentiated`);
    for (const input of node.inputs) needed.add(input);
  }
  return after.filter((node) => between.has(node));
}
