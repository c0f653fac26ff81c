import { int } from "./attributes.js";
import { inlineConstant } from "./constants.js";
import type { Dimension, ElementType, Graph, Initializer, OnnxNode, ValueInfo } from "./graph.js";
import { domainOf } from "./operators.js";
import { namesRead } from "./reads.js";

/** Names of the values that belong to a gate. */
export interface GateNames {
  /** Input, bool, rank of the value: where the replacement is taken. Each dimension may be 1 or the value's. */
  readonly mask: string;
  /** Input, float32, rank of the value, each dimension 1 or the value's: what is put in place, or the factor. */
  readonly replacement: string;
  /** Of a factor: the value times it. */
  readonly scaled: string;
  /** What everything downstream reads now. */
  readonly gated: string;
  /** float32 [row]: max over the other axes of |gated − value|; 0 for a row that the intervention left alone. */
  readonly change: string;
}

/** Names that {@link insertGate} gives to the gate of the value `value` with key `key`. */
export function gateNames(value: string, key: string): GateNames {
  return {
    mask: `gate/${key}/mask`,
    replacement: `gate/${key}/replacement`,
    scaled: `gate/${key}/scaled`,
    gated: `${value}/gated`,
    change: `gate/${key}/change`,
  };
}

/**
 * What a gate puts in place of a value: an input, the value times an input, or a value that `nodes` compute from values
 * that the graph has before the gate, `constants` and inputs that the caller declares.
 */
export type GateReplacement =
  | { readonly kind: "input" }
  | { readonly kind: "factor" }
  | {
      readonly kind: "computed";
      readonly value: string;
      readonly nodes: readonly OnnxNode[];
      readonly constants: readonly Initializer[];
    };

/**
 * Puts `Where(mask, replacement, value)` after a value [row, …axes] of rank `rank` and redirects every node that reads
 * the value. Graph outputs keep their names: ask for {@link GateNames.gated} to see the value after its gate.
 *
 * The gate's dimensions have names of their own: were they called `row` or `pos`, onnxruntime's memory planner could
 * take a mask of one row for as large as the value and reuse a buffer that is too small.
 *
 * @param further nodes that read the gate's inputs and values, to stand beside it.
 * @throws RangeError when the graph does not have the value (a fault of ours)
 */
export function insertGate(
  graph: Graph,
  value: string,
  key: string,
  rank: number,
  replacement: GateReplacement = { kind: "input" },
  further: { readonly nodes: readonly OnnxNode[]; readonly constants: readonly Initializer[] } = {
    nodes: [],
    constants: [],
  },
): Graph {
  const names = gateNames(value, key);
  const dimensions = (what: string): Dimension[] => Array.from({ length: rank }, (_, i) => `${key}.${what}.${i}`);
  const input = (name: string, type: ElementType, what: string): ValueInfo => ({ name, type, shape: dimensions(what) });
  const zero = inlineConstant("float32", [], [0]);
  // Softmax's masked scores are −∞ on both sides, and −∞ − −∞ is NaN: equal values differ by 0 by definition.
  const difference = `gate/${key}/difference`;
  const { scaled } = names;
  const put =
    replacement.kind === "computed" ? replacement.value : replacement.kind === "factor" ? scaled : names.replacement;
  const gateNodes: OnnxNode[] = [
    ...(replacement.kind === "computed" ? replacement.nodes : []),
    ...(replacement.kind === "factor" ? [makeNode("Mul", [value, names.replacement], scaled)] : []),
    makeNode("Where", [names.mask, put, value], names.gated),
    makeNode("Sub", [names.gated, value], difference),
    makeNode("Abs", [difference], `${difference}/absolute`),
    makeNode("Equal", [names.gated, value], `${difference}/none`),
    makeNode("Where", [`${difference}/none`, zero.name, `${difference}/absolute`], `${difference}/size`),
  ];
  const constants = [zero, ...(replacement.kind === "computed" ? replacement.constants : []), ...further.constants];
  if (rank > 1) {
    const axes = inlineConstant(
      "int64",
      [rank - 1],
      Array.from({ length: rank - 1 }, (_, i) => i + 1),
    );
    constants.push(axes);
    gateNodes.push({
      ...makeNode("ReduceMax", [`${difference}/size`, axes.name], names.change),
      attributes: { keepdims: int(0) },
    });
  } else {
    gateNodes.push(makeNode("Identity", [`${difference}/size`], names.change));
  }
  gateNodes.push(...further.nodes);
  const redirected = graph.nodes.map((node) => renameInputs(node, value, names.gated));
  const at = positionAfter(graph, value);
  return {
    ...graph,
    inputs: [
      ...graph.inputs,
      input(names.mask, "bool", "mask"),
      ...(replacement.kind === "computed" ? [] : [input(names.replacement, "float32", "replacement")]),
    ],
    nodes: [...redirected.slice(0, at), ...gateNodes, ...redirected.slice(at)],
    initializers: withInitializers(graph.initializers, constants),
  };
}

/**
 * Adds nodes (topologically ordered among themselves, reading only what the graph has) and constants at the end of a
 * graph: how measurements join a model. Constants that the graph already has are not added twice.
 */
export function appendNodes(graph: Graph, nodes: readonly OnnxNode[], constants: readonly Initializer[]): Graph {
  return {
    ...graph,
    nodes: [...graph.nodes, ...nodes],
    initializers: withInitializers(graph.initializers, constants),
  };
}

/**
 * Makes a value an output of the graph under the name of `info`. A value of another name, an input or an initializer
 * gets an Identity of that name, because an output must be computed by a node.
 */
export function addOutput(graph: Graph, value: string, info: ValueInfo): Graph {
  if (value === info.name && positionAfter(graph, value) > 0) return { ...graph, outputs: [...graph.outputs, info] };
  return {
    ...graph,
    nodes: [...graph.nodes, makeNode("Identity", [value], info.name)],
    outputs: [...graph.outputs, info],
  };
}

/**
 * Replaces the computation of a value by a graph input of the same name: where a segment starts. What only the value
 * needed is left to {@link eliminateDeadNodes}.
 *
 * @throws RangeError when no node computes the value, or its node has other outputs too (a fault of ours)
 */
export function replaceByInput(graph: Graph, value: string, type: ElementType, shape: readonly Dimension[]): Graph {
  const producer = graph.nodes.find((node) => node.outputs.includes(value));
  if (producer?.outputs.length !== 1) throw new RangeError(`replaceByInput: "${value}" has no node of its own`);
  return {
    ...graph,
    inputs: [...graph.inputs, { name: value, type, shape: [...shape] }],
    nodes: graph.nodes.filter((node) => node !== producer),
  };
}

/** Keeps only the nodes, initializers and inputs that the outputs need. The order of what remains does not change. */
export function eliminateDeadNodes(graph: Graph): Graph {
  const needed = new Set(graph.outputs.map((output) => output.name));
  const kept: OnnxNode[] = [];
  for (const node of [...graph.nodes].reverse()) {
    if (!node.outputs.some((output) => needed.has(output))) continue;
    kept.push(node);
    for (const name of namesRead(node)) needed.add(name);
  }
  return {
    ...graph,
    inputs: graph.inputs.filter((input) => needed.has(input.name)),
    nodes: kept.reverse(),
    initializers: graph.initializers.filter((initializer) => needed.has(initializer.name)),
  };
}

function makeNode(op: string, inputs: readonly string[], output: string): OnnxNode {
  return { op, domain: domainOf(op), inputs, outputs: [output], attributes: {} };
}

function renameInputs(node: OnnxNode, from: string, to: string): OnnxNode {
  if (!node.inputs.includes(from)) return node;
  return { ...node, inputs: node.inputs.map((input) => (input === from ? to : input)) };
}

/** Index just after the node that computes a value; 0 for an input. */
function positionAfter(graph: Graph, value: string): number {
  const index = graph.nodes.findIndex((node) => node.outputs.includes(value));
  if (index >= 0) return index + 1;
  if (graph.inputs.some((input) => input.name === value)) return 0;
  if (graph.initializers.some((initializer) => initializer.name === value)) return 0;
  throw new RangeError(`the graph "${graph.name}" has no value "${value}"`);
}

function withInitializers(existing: readonly Initializer[], added: readonly Initializer[]): readonly Initializer[] {
  const names = new Set(existing.map((initializer) => initializer.name));
  const result = [...existing];
  for (const initializer of added) {
    if (names.has(initializer.name)) continue;
    names.add(initializer.name);
    result.push(initializer);
  }
  return result;
}
