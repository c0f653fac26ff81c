/** Writes plain nodes in the place of a fused one. */
import type { ExportedAttribute, ExportedNode } from "../../onnx/exported-graph.js";

type Attributes = Readonly<Record<string, number | readonly number[] | ExportedAttribute>>;

export interface Emitter {
  /** Adds a node and returns its output. */
  node(op: string, inputs: readonly string[], attributes?: Attributes): string;
  /** Adds a node with several outputs. */
  nodes2(op: string, inputs: readonly string[], outputs: number, attributes?: Attributes): readonly string[];
  /** Adds the node that gives output `index` of the fused node; nothing where nobody reads that. */
  output(index: number, op: string, inputs: readonly string[], attributes?: Attributes): void;
  /** A list of integers, an integer and a number as constants. */
  ints(...values: readonly number[]): string;
  int(value: number): string;
  number(value: number): string;
  nodes(): readonly ExportedNode[];
}

/** Names begin with that of the node's first output, which no other node has. */
export function createEmitter(fused: ExportedNode): Emitter {
  const nodes: ExportedNode[] = [];
  let count = 0;
  const fresh = (): string => `${fused.outputs[0] ?? ""}\u0000${count++}`;

  function add(op: string, inputs: readonly string[], outputs: readonly string[], attributes: Attributes): void {
    const entries = Object.entries(attributes).map(([name, value]) => [name, attributeOf(value)] as const);
    nodes.push({ op, domain: "", name: fused.name, inputs, outputs, attributes: new Map(entries) });
  }

  function constant(type: "int64" | "float32", shape: readonly number[], values: readonly number[]): string {
    const name = fresh();
    const value = {
      name,
      type,
      storedType: type === "int64" ? 7 : 1,
      shape,
      data: { kind: "values", values },
    } as const;
    add("Constant", [], [name], { value: { kind: "tensor", value } });
    return name;
  }

  return {
    node(op, inputs, attributes = {}) {
      const name = fresh();
      add(op, inputs, [name], attributes);
      return name;
    },
    nodes2(op, inputs, outputs, attributes = {}) {
      const names = Array.from({ length: outputs }, fresh);
      add(op, inputs, names, attributes);
      return names;
    },
    output(index, op, inputs, attributes = {}) {
      const name = fused.outputs[index] ?? "";
      if (name !== "") add(op, inputs, [name], attributes);
    },
    ints: (...values) => constant("int64", [values.length], values),
    int: (value) => constant("int64", [], [value]),
    number: (value) => constant("float32", [], [value]),
    nodes: () => nodes,
  };
}

function attributeOf(value: number | readonly number[] | ExportedAttribute): ExportedAttribute {
  if (typeof value === "number") return { kind: "int", value };
  return isList(value) ? { kind: "ints", value } : value;
}

function isList(value: readonly number[] | ExportedAttribute): value is readonly number[] {
  return Array.isArray(value);
}
