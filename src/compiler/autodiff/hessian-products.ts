/**
 * Products of a Hessian and a vector without the Hessian: the gradient of (gradient · vector), which costs about as much as
 * two gradients (Pearlmutter, "Fast exact multiplication by the Hessian", 1994). Reverse mode is applied twice.
 */
import { int } from "../onnx/attributes.js";
import { createGraphBuilder } from "../onnx/builder.js";
import { addOutput, appendNodes } from "../onnx/edit.js";
import type { Graph, ValueInfo } from "../onnx/graph.js";
import { integers } from "../onnx/lists.js";
import { differentiate } from "./differentiate.js";
import { tidied } from "./tidy.js";

/** A float32 value of a graph with respect to which is differentiated, the same for every row. */
export interface DifferentiatedWeight {
  readonly value: string;
  readonly shape: readonly number[];
}

/** Input of a graph of products: what the Hessian is multiplied with, of the shape of the weight of that number. */
export function directionInput(weight: number): string {
  return `direction/${weight}`;
}

/** Output of a graph of products: the rows of the Hessian that belong to the weight of that number, times the direction. */
export function productOutput(weight: number): string {
  return `product/${weight}`;
}

/**
 * The graph that multiplies the Hessian of a value's sum, taken over all its entries, with directions that are inputs
 * ({@link directionInput}), for the joint block of these weights. Its outputs are the products ({@link productOutput}), then
 * those outputs of the graph that are named in `kept`; everything else that the graph reads stays as it is. A weight that
 * the graph lacks, since nothing of it is computed from the weight, has products of 0.
 *
 * @throws RangeError (a fault of ours) where a node between the weights and the value has no derivative rule
 */
export function hessianProducts(
  graph: Graph,
  target: string,
  weights: readonly DifferentiatedWeight[],
  kept: readonly string[] = [],
): Graph {
  const there = valuesOf(graph);
  const values = weights.map(({ value }) => value).filter((value) => there.has(value));
  const once = differentiate(graph, target, values, "hessian/first/");
  const first = appendNodes(graph, once.nodes, once.constants);
  const { graph: dotted, dot } = dotWithDirections(first, weights, there, once.of);
  const twice = differentiate(dotted, dot, values, "hessian/second/");
  const whole = appendNodes(dotted, twice.nodes, twice.constants);
  return productsAsOutputs(whole, graph, weights, there, twice.of, kept);
}

/** A graph with the sum of the products of gradients and directions, which become inputs; weights that are not there have none. */
export function dotWithDirections(
  graph: Graph,
  weights: readonly DifferentiatedWeight[],
  there: ReadonlySet<string>,
  gradients: ReadonlyMap<string, string>,
): { readonly graph: Graph; readonly dot: string } {
  const builder = createGraphBuilder("hessian").scope("hessian/dot");
  const parts = weights.flatMap(({ value, shape }, i) => {
    if (!there.has(value)) return [];
    const entries = builder.node("Mul", [gradients.get(value) ?? "", directionInput(i)]);
    if (shape.length === 0) return entries;
    return builder.node("ReduceSum", [entries, integers(builder, ...shape.keys())], { keepdims: int(0) });
  });
  const nothing = builder.constant("float32", [], [0]);
  const dot = parts.length === 0 ? nothing : parts.reduce((sum, part) => builder.node("Add", [sum, part]));
  const { nodes, initializers } = builder.finish();
  const appended = appendNodes(graph, nodes, initializers);
  return { graph: { ...appended, inputs: [...appended.inputs, ...directionsOf(weights)] }, dot };
}

/** A graph with a product for each weight as its outputs, 0 for weights that are not there, and those outputs of `before` that are kept. */
export function productsAsOutputs(
  graph: Graph,
  before: Graph,
  weights: readonly DifferentiatedWeight[],
  there: ReadonlySet<string>,
  products: ReadonlyMap<string, string>,
  kept: readonly string[],
): Graph {
  const builder = createGraphBuilder("hessian").scope("hessian/absent");
  const absent = new Map(
    weights.flatMap(({ value, shape }) => {
      if (there.has(value)) return [];
      const nothing = builder.constant("float32", [], [0]);
      return [[value, builder.node("Expand", [nothing, integers(builder, ...shape)])] as const];
    }),
  );
  const { nodes, initializers } = builder.finish();
  const whole: Graph = { ...appendNodes(graph, nodes, initializers), outputs: [] };
  const multiplied = weights.reduce((made, { value, shape }, i) => {
    return addOutput(made, products.get(value) ?? absent.get(value) ?? "", {
      name: productOutput(i),
      type: "float32",
      shape,
    });
  }, whole);
  const directions = directionsOf(weights);
  // A direction that nothing needs (the value is linear in its weight) stays an input, so that callers feed all of them.
  const further = before.outputs.filter(({ name }) => kept.includes(name));
  const living = tidied({ ...multiplied, outputs: [...multiplied.outputs, ...further] });
  return {
    ...living,
    inputs: [...living.inputs.filter(({ name }) => !directions.some((d) => d.name === name)), ...directions],
  };
}

function directionsOf(weights: readonly DifferentiatedWeight[]): readonly ValueInfo[] {
  return weights.map(({ shape }, i) => ({ name: directionInput(i), type: "float32", shape }));
}

/** The names of everything that a graph has a value for. */
export function valuesOf({ inputs, initializers, nodes }: Graph): ReadonlySet<string> {
  return new Set([
    ...inputs.map(({ name }) => name),
    ...initializers.map(({ name }) => name),
    ...nodes.flatMap(({ outputs }) => outputs),
  ]);
}
