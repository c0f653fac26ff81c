import type { Attribute, ElementType, Graph, Initializer, OnnxNode, ValueInfo, Dimension } from "./graph.js";
import { inlineConstant } from "./constants.js";
import { domainOf } from "./operators.js";

/** Version of the standard operator set that atlasc emits. */
export const opset = 18;

/** Bytes of a file beside the graph: [offset, offset + length). */
export interface ExternalLocation {
  readonly file: string;
  readonly offset: number;
  readonly length: number;
}

/**
 * Collects a graph node by node; nodes come out in the order of the calls, which is topological because a node's inputs
 * are names that earlier calls returned. All functions throw on misuse only (a fault of ours, never of the user).
 */
export interface GraphBuilder {
  /** Declares a graph input and returns its name. */
  input(name: string, type: ElementType, shape: readonly Dimension[]): string;
  /** Adds a node with one output and returns the output's name: `name`, or one made of the scope and the operator. */
  node(op: string, inputs: readonly string[], attributes?: Readonly<Record<string, Attribute>>, name?: string): string;
  /** Adds a node with several outputs, one per given name (a name is made readable and unique in this scope). */
  nodeWithOutputs(
    op: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes?: Readonly<Record<string, Attribute>>,
  ): readonly string[];
  /** An inline constant; equal constants are one initializer. */
  constant(type: ElementType, shape: readonly number[], values: readonly number[]): string;
  /** An initializer whose bytes lie in a file; asking twice for the same name gives the same initializer. */
  external(name: string, type: ElementType, shape: readonly number[], location: ExternalLocation): string;
  /** The same builder, with `prefix/` before the names that it makes up. Names that are given stay as they are. */
  scope(prefix: string): GraphBuilder;
  /** The graph so far. */
  finish(outputs?: readonly ValueInfo[]): Graph;
}

/** An empty graph under construction. */
export function createGraphBuilder(graphName: string): GraphBuilder {
  const inputs: ValueInfo[] = [];
  const nodes: OnnxNode[] = [];
  const initializers = new Map<string, Initializer>();
  const taken = new Set<string>();

  function claim(name: string): string {
    if (name === "" || taken.has(name)) throw new RangeError(`createGraphBuilder: the name "${name}" is taken`);
    taken.add(name);
    return name;
  }

  /** Base → the number from which on one may be free: long measures ask for one base thousands of times. */
  const numbers = new Map<string, number>();

  function fresh(base: string): string {
    let name = base;
    let number = numbers.get(base) ?? 2;
    for (; taken.has(name); number++) name = `${base}_${number}`;
    numbers.set(base, number);
    return claim(name);
  }

  function within(prefix: string): GraphBuilder {
    function add(
      op: string,
      from: readonly string[],
      outputs: readonly string[],
      attributes: Readonly<Record<string, Attribute>>,
    ): void {
      nodes.push({ op, domain: domainOf(op), inputs: [...from], outputs, attributes });
    }
    return {
      input(name, type, shape) {
        inputs.push({ name: claim(name), type, shape: [...shape] });
        return name;
      },
      node(op, from, attributes = {}, name) {
        const output = name === undefined ? fresh(prefix + op) : claim(name);
        add(op, from, [output], attributes);
        return output;
      },
      nodeWithOutputs(op, from, outputs, attributes = {}) {
        const names = outputs.map((output) => fresh(prefix + output));
        add(op, from, names, attributes);
        return names;
      },
      constant(type, shape, values) {
        const made = inlineConstant(type, shape, values);
        if (!initializers.has(made.name)) initializers.set(claim(made.name), made);
        return made.name;
      },
      external(name, type, shape, location) {
        if (!initializers.has(name)) {
          const data = { kind: "external" as const, ...location };
          initializers.set(claim(name), { name, type, shape: [...shape], data });
        }
        return name;
      },
      scope: (inner) => within(`${prefix}${inner}/`),
      finish: (outputs = []) => ({
        name: graphName,
        opset,
        inputs: [...inputs],
        outputs: [...outputs],
        nodes: [...nodes],
        initializers: [...initializers.values()],
      }),
    };
  }
  return within("");
}
