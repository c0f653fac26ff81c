/**
 * Cuts a lowered graph into segments: graphs that are run one after the other and together compute the same. What a
 * segment computes and a later one reads has the same name in both, as an output here and an input there.
 */
import { digestOf } from "../base/digest.js";
import { entryOf } from "../base/entry.js";
import type { Plan } from "../ir/plan.js";
import type { ModelGraph } from "../models/model.js";
import { siteKey } from "../models/sites.js";
import { int } from "../onnx/attributes.js";
import { elementTypes } from "../onnx/element-types.js";
import { valueRanks } from "../onnx/ranks.js";
import { namesRead } from "../onnx/reads.js";
import type { Graph, OnnxNode, ValueInfo } from "../onnx/graph.js";

/** A segment: `key` identifies what it computes from what, whichever of its values are asked for. */
export interface Segment {
  readonly key: string;
  readonly graph: Graph;
}

/** Values of measures: their nodes are no part of the model and make segments of their own, without weights. */
const measurePrefix = "measure";

/**
 * The segments of a graph that is cut before the given layers (a cut at the number of layers is before the final norm),
 * in the order in which they run; the graph itself when nothing is to be cut, or a value would cross a border whose rank is
 * not known (onnxruntime takes an input without a shape for a number). What depends only on the tokens (positions,
 * masks) and on constants is computed in every segment that reads it. Postcondition: the same bits as the whole graph.
 */
export function cutGraph(graph: Graph, model: ModelGraph, layers: readonly number[]): readonly Segment[] {
  if (layers.length === 0) return [{ key: keyOf(graph), graph }];
  const cheap = withoutActivations(graph);
  const places = placesOf(graph, borderValues(model, layers), cheap);
  const used = [...new Set(places.values())].sort((a, b) => a - b);
  if (used.length < 2) return [{ key: keyOf(graph), graph }];
  const parts = used.map((place) => {
    const own = graph.nodes.filter((node) => places.get(node) === place);
    return withPrelude(own, graph.nodes, cheap);
  });
  const types = elementTypes(graph);
  const ranks = valueRanks(graph);
  const infoOf = (name: string): ValueInfo | null => {
    const type = types.get(name);
    const rank = ranks.get(name);
    if (type === undefined || rank === undefined) return null;
    return { name, type, shape: Array.from({ length: rank }, (_, i) => `${name}.${i}`) };
  };
  const segments = parts.map((nodes, i) => segmentOf(graph, nodes, parts.slice(i + 1), infoOf));
  return segments.every((segment) => segment !== null) ? segments : [{ key: keyOf(graph), graph }];
}

/** Values at the borders: readers of the nth one lie in segment n + 1 or later. */
function borderValues({ values, signature }: ModelGraph, layers: readonly number[]): ReadonlyMap<string, number> {
  return new Map(
    layers.flatMap((layer, i): readonly (readonly [string, number])[] => {
      const site =
        layer < signature.layers
          ? siteKey({ site: "resid_pre", layer })
          : siteKey({ site: "resid_post", layer: signature.layers - 1 });
      const value = values[site];
      return value === undefined ? [] : [[value, i + 1]];
    }),
  );
}

/** Node → the segment that it belongs to: 2n for the nth of the model, 2n + 1 for measures of what is known by then. */
function placesOf(
  graph: Graph,
  borders: ReadonlyMap<string, number>,
  cheap: ReadonlySet<string>,
): ReadonlyMap<OnnxNode, number> {
  const places = new Map<OnnxNode, number>();
  const placeOf = new Map<string, number>();
  for (const node of graph.nodes) {
    if (node.outputs.every((output) => cheap.has(output)) && !isOutput(graph, node)) continue;
    const isMeasure = node.outputs.some((output) => output.startsWith(measurePrefix));
    const before = namesRead(node).map((input) => Math.max(placeOf.get(input) ?? 0, 2 * (borders.get(input) ?? 0)));
    const earliest = Math.max(0, ...before);
    const place = isMeasure ? 2 * Math.floor(earliest / 2) + 1 : earliest;
    places.set(node, place);
    for (const output of node.outputs) placeOf.set(output, place);
  }
  return places;
}

function isOutput(graph: Graph, node: OnnxNode): boolean {
  return graph.outputs.some(({ name }) => node.outputs.includes(name));
}

/** Values that are computed from constants and `input_ids` alone, without a table of the model's. */
function withoutActivations(graph: Graph): ReadonlySet<string> {
  const tables = new Set(graph.initializers.flatMap(({ name, data }) => (data.kind === "external" ? [name] : [])));
  const cheap = new Set<string>([...graph.initializers.map(({ name }) => name), "input_ids"]);
  const fromTokens = new Set<string>(["input_ids"]);
  for (const node of graph.nodes) {
    const { outputs } = node;
    const inputs = namesRead(node);
    if (!inputs.every((input) => cheap.has(input))) continue;
    const readsTokens = inputs.some((input) => fromTokens.has(input));
    // Looking up tokens in a table is the embedding; a table alone, transposed or cast, is a constant.
    if (readsTokens && inputs.some((input) => tables.has(input))) continue;
    for (const output of outputs) {
      cheap.add(output);
      if (readsTokens) fromTokens.add(output);
      if (!readsTokens && inputs.some((input) => tables.has(input))) tables.add(output);
    }
  }
  return cheap;
}

/** The nodes of a segment with those that make the cheap values it reads, in the order of the graph. */
function withPrelude(
  own: readonly OnnxNode[],
  all: readonly OnnxNode[],
  cheap: ReadonlySet<string>,
): readonly OnnxNode[] {
  const needed = new Set(own.flatMap((node) => namesRead(node).filter((input) => cheap.has(input))));
  const members = new Set(own);
  for (const node of [...all].reverse()) {
    if (members.has(node) || !node.outputs.some((output) => needed.has(output))) continue;
    members.add(node);
    for (const name of namesRead(node)) needed.add(name);
  }
  return all.filter((node) => members.has(node));
}

/** Null when a value crosses a border of which `infoOf` knows nothing, or into the body of a node. */
function segmentOf(
  graph: Graph,
  nodes: readonly OnnxNode[],
  later: readonly (readonly OnnxNode[])[],
  infoOf: (name: string) => ValueInfo | null,
): Segment | null {
  const computed = new Set(nodes.flatMap(({ outputs }) => outputs));
  const read = new Set(nodes.flatMap(namesRead));
  // In one order, whatever the rest of the graph mentioned first.
  const initializers = graph.initializers
    .filter(({ name }) => read.has(name))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const constants = new Set(initializers.map(({ name }) => name));
  const declared = new Map(graph.inputs.map((input) => [input.name, input]));
  const outside = [...read].filter((name) => name !== "" && !computed.has(name) && !constants.has(name));
  const inputs = outside.map((name) => declared.get(name) ?? infoOf(name));
  const own = graph.outputs.filter(({ name }) => computed.has(name));
  const passed = passedOn(computed, later)
    .filter((name) => !own.some((output) => output.name === name))
    .map(infoOf);
  if (!inputs.every((info) => info !== null) || !passed.every((info) => info !== null)) return null;
  // A single number has no order.
  const crossing = inputs.filter(
    ({ name, type, shape }) => !declared.has(name) && type === "float32" && shape.length > 0,
  );
  const { renamed, copies } = copied(crossing.map(({ name }) => name));
  // A body would go on reading the value itself, and not the copy.
  const readByBodies = nodes.flatMap((node) => namesRead(node).filter((name) => !node.inputs.includes(name)));
  if (readByBodies.some((name) => renamed.has(name))) return null;
  const body: Graph = {
    ...graph,
    inputs,
    nodes: [...copies, ...nodes.map((node) => ({ ...node, inputs: node.inputs.map((i) => renamed.get(i) ?? i) }))],
    initializers,
    outputs: [],
  };
  return { key: keyOf(body), graph: { ...body, outputs: [...own, ...passed] } };
}

/** What is computed here and read by later segments, which do not compute it themselves. */
function passedOn(computed: ReadonlySet<string>, later: readonly (readonly OnnxNode[])[]): readonly string[] {
  const read = later.flatMap((nodes) => {
    const made = new Set(nodes.flatMap(({ outputs }) => outputs));
    return nodes.flatMap((node) => namesRead(node).filter((input) => computed.has(input) && !made.has(input)));
  });
  return [...new Set(read)];
}

/**
 * Copies of the values that come from an earlier segment. onnxruntime adds float32 in an order that depends on the
 * address, and only a buffer of its own has the one that the uncut graph would have. A concatenation of one value is
 * never optimised away, and onnxruntime copies it with all threads.
 */
function copied(names: readonly string[]): {
  readonly renamed: ReadonlyMap<string, string>;
  readonly copies: readonly OnnxNode[];
} {
  const renamed = new Map(names.map((name) => [name, `segment/${name}`]));
  const copies = [...renamed].map(([name, output]): OnnxNode => ({
    op: "Concat",
    domain: "",
    inputs: [name],
    outputs: [output],
    attributes: { axis: int(0) },
  }));
  return { renamed, copies };
}

function keyOf({ opset, inputs, nodes, initializers }: Graph): string {
  return digestOf({ opset, inputs, nodes, initializers });
}

/**
 * The segments of every graph of a plan by the graph's id. The same segment of several graphs is one: what any of them
 * asks for is an output, and whoever runs it takes what it needs.
 */
export function planSegments(
  { graphs, cuts }: Pick<Plan, "graphs" | "cuts">,
  lowered: (id: string) => Graph,
  modelOf: (id: string) => ModelGraph,
): ReadonlyMap<string, readonly Segment[]> {
  const chains = graphs.map(
    ({ id, model }) => [id, cutGraph(lowered(id), modelOf(model), entryOf(cuts, model) ?? [])] as const,
  );
  const merged = new Map<string, Segment>();
  for (const segment of chains.flatMap(([, segments]) => segments)) {
    const known = merged.get(segment.key);
    const outputs = new Map([...(known?.graph.outputs ?? []), ...segment.graph.outputs].map((o) => [o.name, o]));
    merged.set(segment.key, { ...segment, graph: { ...segment.graph, outputs: [...outputs.values()] } });
  }
  return new Map(chains.map(([id, segments]) => [id, segments.map((segment) => merged.get(segment.key) ?? segment)]));
}
