/** What the values of a graph are, as far as it can be told without running it. */
import { elementTypes } from "../onnx/element-types.js";
import type { Dimension, Graph } from "../onnx/graph.js";
import { valueShapes } from "../onnx/shapes.js";
import type { ValueFacts } from "./rule.js";

/** Facts about every value of a graph; asking for a value that it does not have, or knows nothing of, throws. */
export function factsOf(graph: Graph): ValueFacts {
  const types = elementTypes(graph);
  const shapes = valueShapes(graph);
  const constants = new Map(
    graph.initializers.flatMap(({ name, data }) => (data.kind === "inline" ? [[name, data.values] as const] : [])),
  );
  const known = <T>(map: ReadonlyMap<string, T>, value: string, what: string): T => {
    const found = map.get(value);
    if (found === undefined) throw new RangeError(`nothing tells the ${what} of "${value}"`);
    return found;
  };
  return {
    type: (value) => known(types, value, "type"),
    shape: (value): readonly Dimension[] => known(shapes, value, "shape"),
    constant: (value) => constants.get(value) ?? null,
  };
}
