/**
 * Shapes of values from the graph's inputs. A gradient is shaped like its value, and asking the value itself for its shape would keep
 * it in memory until then, and make everything that is shaped like a result wait for the result.
 */
import { int, integerAttribute } from "../onnx/attributes.js";
import { createGraphBuilder, type GraphBuilder } from "../onnx/builder.js";
import { appendNodes } from "../onnx/edit.js";
import type { Dimension, Graph } from "../onnx/graph.js";
import { integers } from "../onnx/lists.js";
import { oneLess, valueShapes } from "../onnx/shapes.js";

/** The graph with every Shape of which inputs tell the lengths made of these, at the front. */
export function shapesFromInputs(graph: Graph): Graph {
  const builder = createGraphBuilder("shapes").scope(unusedScope(graph));
  const lengthOf = lengthsOfInputs(graph, builder);
  const lists = new Map<string, string | null>();
  const renamed = new Map<string, string>();
  const shapes = valueShapes(graph);
  const inputs = new Set(graph.inputs.map(({ name }) => name));
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const nodes = graph.nodes.flatMap((node) => {
    const [value = ""] = node.inputs;
    const [output = ""] = node.outputs;
    const shape = shapes.get(value);
    if (node.op !== "Shape" || shape === undefined || inputs.has(value) || outputs.has(output)) return [node];
    const [start, end] = [integerAttribute(node, "start", 0), integerAttribute(node, "end", shape.length)];
    const asked = shape.slice(start, end);
    const key = JSON.stringify(asked);
    const known = lists.get(key);
    const made = known === undefined ? listOf(builder, asked, lengthOf) : known;
    lists.set(key, made);
    if (made === null) return [node];
    renamed.set(output, made);
    return [];
  });
  if (renamed.size === 0) return graph;
  const front = builder.finish();
  const read = nodes.map((node) => ({ ...node, inputs: node.inputs.map((name) => renamed.get(name) ?? name) }));
  return appendNodes({ ...graph, nodes: front.nodes }, read, front.initializers);
}

/** `shapes`, with a number where the graph has such names: a Hessian of a gradient comes here twice. */
function unusedScope(graph: Graph): string {
  const taken = new Set(graph.nodes.flatMap(({ outputs }) => outputs.map((name) => name.split("/", 1)[0])));
  let scope = "shapes";
  for (let number = 2; taken.has(scope); number++) scope = `shapes_${number}`;
  return scope;
}

/** The list of these lengths; null where one of them is not known. */
function listOf(
  builder: GraphBuilder,
  shape: readonly Dimension[],
  lengthOf: (name: string) => string | null,
): string | null {
  if (shape.every((size) => typeof size === "number")) return integers(builder, ...shape);
  const parts = shape.map((size) => (typeof size === "number" ? integers(builder, size) : lengthOf(size)));
  if (!parts.every((part) => part !== null)) return null;
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : builder.node("Concat", parts, { axis: int(0) });
}

/** A named length as a list of one; null for one that no input has. */
function lengthsOfInputs(graph: Graph, builder: GraphBuilder): (name: string) => string | null {
  const places = new Map(
    graph.inputs.flatMap(({ name, shape }) =>
      shape.flatMap((size, axis) => (typeof size === "string" ? [[size, { name, axis }] as const] : [])),
    ),
  );
  const made = new Map<string, string | null>();
  const make = (name: string): string | null => {
    const place = places.get(name);
    if (place !== undefined)
      return builder.node("Shape", [place.name], { start: int(place.axis), end: int(place.axis + 1) });
    const longer = oneLess.of(name);
    const whole = longer === null ? null : lengthOf(longer);
    if (whole === null) return null;
    return builder.node("Max", [builder.node("Sub", [whole, integers(builder, 1)]), integers(builder, 0)]);
  };
  const lengthOf = (name: string): string | null => {
    const known = made.get(name);
    if (known !== undefined) return known;
    const length = make(name);
    made.set(name, length);
    return length;
  };
  return lengthOf;
}
