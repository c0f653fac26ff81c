/**
 * Chunk attention: a layer's attention a chunk of queries at a time, each with the keys that come before its end. Where
 * attention is computed as a whole, half of its scores are masked, and scores and pattern, which are as wide as the text
 * is long, go through memory several times; those of a chunk stay in the processor's cache.
 *
 * The scores and the pattern of the layers in `chunked` do not exist as values any more. A layer of which something reads
 * or changes scores or pattern stays as it is.
 *
 * Every bit stays the same. A query's scores are the same products (of two queries and two keys at least: onnxruntime
 * multiplies a single row or column by other code). The masked keys that are left out come last and have a probability
 * of exactly 0: adding zeros last changes neither the sum of a softmax nor the mix of the values. Bounds between keys are
 * multiples of 32, so that what is added in lanes stays in its lane. Values that are not finite are the exception: 0 · ∞
 * is NaN, so that in the whole product an infinite value makes the queries before it NaN as well, which chunks that end
 * before it are spared.
 */
import { integers } from "../onnx/lists.js";
import type { ModelGraph } from "../models/model.js";
import { causalMask } from "../models/parts/sequence.js";
import { siteKey, type SiteName } from "../models/sites.js";
import { int, ints, subgraph } from "../onnx/attributes.js";
import { createGraphBuilder, type GraphBuilder } from "../onnx/builder.js";
import { appendNodes, eliminateDeadNodes } from "../onnx/edit.js";
import type { Graph, Initializer, OnnxNode } from "../onnx/graph.js";
import { namesRead } from "../onnx/reads.js";
import type { Condition } from "./condition.js";
import { computedValues, hasNoBodies, hasNoDeadNodes, restrictedAreComputed } from "./graph-conditions.js";
import type { GraphPass, GraphSubject, KnownGraph } from "./pass.js";
import type { PositionRange } from "./positions/range.js";
import { producersIn } from "../onnx/producers.js";

/**
 * Queries of a chunk, at most. At 1,024 tokens of 9 heads chunks of 128 took 0.47 of the time of the whole, of 64 as
 * long, of 256 0.52 (two cores with 32 MB of cache).
 */
export const chunkQueries = 128;

/** Tokens from which chunks are worth their copies of queries, keys and values: at 200 they are not, at 256 they are. */
export const chunkedFrom = 256;

/** Keys are taken in whole lanes of every processor's vectors, whatever code adds them. */
const keyStep = 32;

const chunkedLayersHaveNoPattern: Condition<GraphSubject> = {
  name: "chunked-layers-have-no-pattern",
  says: "the scores and the pattern of a layer in chunks are not values of the graph",
  violations({ graph, model, chunked }) {
    const computed = computedValues(graph);
    return [...chunked.keys()].flatMap((layer) =>
      (["scores", "pattern"] as const)
        .map((site) => model.values[siteKey({ site, layer })] ?? "")
        .flatMap((value) => (computed.has(value) ? [`${value} is computed`] : [])),
    );
  },
};

export const chunkAttentionPass = {
  kind: "graph",
  name: "chunk-attention",
  does: "computes attention of long texts without the keys that are masked",
  setting: "chunkAttention",
  // The processor's cache is what chunks are for; elsewhere they have not been measured.
  suits: ({ prompts }, context) =>
    context.capabilities.chunkedAttention.holds && prompts.some(({ ids }) => ids.length >= context.chunkedFrom),
  whyNotBackwards: "the way back reads whole patterns",
  requires: [hasNoDeadNodes, restrictedAreComputed],
  ensures: [chunkedLayersHaveNoPattern],
  invalidates: [hasNoBodies, restrictedAreComputed],
  apply: (known, model) => ({ ...known, ...chunkAttention(known.graph, model, known.restricted) }),
} as const satisfies GraphPass;

/** A graph whose attention is computed in chunks in some layers. */
export type ChunkedGraph = Pick<KnownGraph, "graph" | "chunked">;

/** `restricted`: the values that the graph computes at some positions only. */
export function chunkAttention(
  graph: Graph,
  model: ModelGraph,
  restricted: ReadonlyMap<string, PositionRange>,
): ChunkedGraph {
  const reader = graphReader(graph);
  const chunked = new Map<number, PositionRange | null>();
  const replacements = new Map<OnnxNode, readonly OnnxNode[]>();
  const constants: Initializer[] = [];
  const schedules = new Map<string, Schedule>();
  for (let layer = 0; layer < model.signature.layers; layer++) {
    const whole = wholeAttention(reader, model, layer);
    if (whole === null) continue;
    const range = restricted.get(whole.z) ?? null;
    const builder = createGraphBuilder(`attention of layer ${layer} in chunks`);
    const schedule =
      schedules.get(whole.mask) ?? addSchedule(builder.scope(`chunks/${schedules.size}`), whole.mask, range);
    schedules.set(whole.mask, schedule);
    addChunks(builder, model, { layer, whole, schedule });
    const { nodes, initializers } = builder.finish();
    for (const node of whole.inner) replacements.set(node, []);
    replacements.set(whole.last, nodes);
    constants.push(...initializers);
    chunked.set(layer, range);
  }
  if (chunked.size === 0) return { graph, chunked };
  const nodes = graph.nodes.flatMap((node) => replacements.get(node) ?? [node]);
  return { graph: eliminateDeadNodes(appendNodes({ ...graph, nodes }, [], constants)), chunked };
}

/**
 * Pairs of queries and keys that are multiplied for a text of so many positions, the masked ones among them: what chunks
 * leave of positions × queries.
 */
export function chunkedPairs(positions: number, range: PositionRange | null): number {
  const queries = Math.min(positions, range?.count ?? positions);
  const offset = range?.side === "last" ? positions - queries : 0;
  const chunks = Math.ceil(queries / chunkQueries);
  const places = 2 * Math.ceil(queries / (2 * chunks));
  const keys = (chunk: number): number =>
    Math.min(positions, keyStep * Math.ceil((offset + (chunk + 1) * places) / keyStep));
  return Array.from({ length: chunks }, (_, chunk) => places * keys(chunk)).reduce((sum, pairs) => sum + pairs, 0);
}

/** The attention of a layer between queries, keys and values on one side and `z` on the other, as it is built. */
interface WholeAttention {
  /** [row, head, query, d_head], scaled. */
  readonly queries: string;
  /** [row, kv_head, d_head, key]. */
  readonly keys: string;
  /** [row, kv_head, key, d_head]. */
  readonly values: string;
  /** bool [query, key]. */
  readonly mask: string;
  /** Whether the mask hides what comes after a query and nothing else, so that a chunk's first keys are seen by all of it. */
  readonly causal: boolean;
  readonly negativeInfinity: string;
  /** [row, query, head, d_head]. */
  readonly z: string;
  /** The node that yields `z`. */
  readonly last: OnnxNode;
  /** The nodes before it, which yield nothing else that is read. */
  readonly inner: readonly OnnxNode[];
}

interface GraphReader {
  readonly producer: (value: string | undefined, op: string) => OnnxNode | null;
  /** True when one node reads the value and it is no output. */
  readonly isInner: (node: OnnxNode) => boolean;
}

function graphReader(graph: Graph): GraphReader {
  const producers = producersIn(graph);
  const readers = new Map<string, number>();
  for (const name of graph.nodes.flatMap(namesRead)) readers.set(name, (readers.get(name) ?? 0) + 1);
  for (const { name } of graph.outputs) readers.set(name, Infinity);
  return {
    producer(value, op) {
      const node = producers.get(value ?? "");
      return node?.op === op ? node : null;
    },
    isInner: ({ outputs }) => outputs.every((output) => readers.get(output) === 1),
  };
}

/** Null where a layer's attention is not computed, or something reads or changes its scores or its pattern. */
function wholeAttention(reader: GraphReader, model: ModelGraph, layer: number): WholeAttention | null {
  const { producer } = reader;
  const valueOf = (site: SiteName): string => model.values[siteKey({ site, layer })] ?? "";
  const inner: OnnxNode[] = [];
  const step = (value: string | undefined, op: string): OnnxNode | null => {
    const node = producer(value, op);
    if (node !== null) inner.push(node);
    return node;
  };
  // Heads that share keys and values are stacked for a product and taken apart after it.
  const unstacked = (value: string | undefined): string | undefined => step(value, "Reshape")?.inputs[0] ?? value;

  const z = valueOf("z");
  const last = producer(z, "Transpose");
  const mix = step(unstacked(last?.inputs[0]), "MatMul");
  const pattern = step(unstacked(mix?.inputs[0]), "Softmax");
  const scores = step(pattern?.inputs[0], "Where");
  const products = step(unstacked(scores?.inputs[1]), "MatMul");
  if (last === null || mix === null || pattern === null || scores === null || products === null) return null;
  // A gate is a Where too; it is another value than the site.
  if (pattern.outputs[0] !== valueOf("pattern") || scores.outputs[0] !== valueOf("scores")) return null;
  if (!inner.every(reader.isInner)) return null;
  const [stacked = "", keys = ""] = products.inputs;
  const grouped = model.signature.heads !== model.signature.kvHeads;
  const queries = grouped ? producer(stacked, "Reshape")?.inputs[0] : stacked;
  const [mask = "", , negativeInfinity = ""] = scores.inputs;
  if (queries === undefined) return null;
  const causal = (producer(mask, "Slice")?.inputs[0] ?? mask) === causalMask;
  return { queries, keys, values: mix.inputs[1] ?? "", mask, causal, negativeInfinity, z, last, inner };
}

/** Which queries are in each chunk and which keys they read, the same for all layers with the same mask. */
interface Schedule {
  /** int64 [chunk, place]: the queries by their number among those that are computed. */
  readonly queries: string;
  /** int64 [chunk, 1]: so many keys all queries of the chunk may look at, in whole steps. */
  readonly visible: string;
  /** int64 [chunk, 1]: more keys than so many none of them may look at; in whole steps, or all keys. */
  readonly ends: string;
  /** int64 [1]: how many queries there are. */
  readonly count: string;
}

/** Chunks of equal and even length; places that are left over at the end take the last query once more. */
function addSchedule(builder: GraphBuilder, mask: string, range: PositionRange | null): Schedule {
  const scalar = (value: number): string => builder.constant("int64", [], [value]);
  const node = (op: string, ...inputs: string[]): string => builder.node(op, inputs);
  const numbers = (count: string): string =>
    node("Range", scalar(0), node("Squeeze", count, integers(builder, 0)), scalar(1));
  const roundedUp = (value: string, step: string): string =>
    node("Div", node("Sub", node("Add", value, step), integers(builder, 1)), step);

  const count = builder.node("Shape", [mask], { start: int(0), end: int(1) });
  const keys = builder.node("Shape", [mask], { start: int(1), end: int(2) });
  const chunks = roundedUp(count, integers(builder, chunkQueries));
  const places = node("Mul", roundedUp(count, node("Mul", chunks, integers(builder, 2))), integers(builder, 2));
  const clamped = node("Min", numbers(node("Mul", chunks, places)), node("Sub", count, integers(builder, 1)));
  const queries = node("Reshape", clamped, builder.node("Concat", [chunks, places], { axis: int(0) }));

  // The position of a chunk's first query; the last queries of a text begin somewhere in it.
  const own = node("Mul", numbers(chunks), places);
  const first = range?.side === "last" ? node("Add", own, node("Sub", keys, count)) : own;
  const steps = integers(builder, keyStep);
  // One less than all that the first query may look at: then two keys are left for the product that is masked.
  const visible = node("Mul", node("Div", node("Sub", first, integers(builder, 1)), steps), steps);
  const ends = node("Min", node("Mul", roundedUp(node("Add", first, places), steps), steps), keys);
  const column = (value: string): string => node("Unsqueeze", value, integers(builder, 1));
  return { queries, visible: column(visible), ends: column(ends), count };
}

interface LayerChunks {
  readonly layer: number;
  readonly whole: WholeAttention;
  readonly schedule: Schedule;
}

/** `z` of a layer, put together from its chunks. */
function addChunks(outer: GraphBuilder, model: ModelGraph, { layer, whole, schedule }: LayerChunks): void {
  const { heads, dHead } = model.signature;
  const builder = outer.scope(`layer.${layer}/attention/chunks`);
  const body = subgraph(chunkBody(builder, model, layer, whole));
  const { queries, visible, ends, count } = schedule;
  const stacked = builder.node("Scan", [queries, visible, ends], { num_scan_inputs: int(3), body });
  const byRow = builder.node("Transpose", [stacked], { perm: ints([1, 0, 2, 3, 4]) });
  const joined = builder.node("Reshape", [byRow, integers(builder, 0, -1, heads, dHead)]);
  builder.node("Slice", [joined, integers(builder, 0), count, integers(builder, 1)], {}, whole.z);
}

/**
 * One chunk: from the numbers of its queries [place] and the bounds of its keys to z [row, place, head, d_head]. Queries,
 * keys, values and the mask are read from the graph around it, and so are the constants (`outer` makes them).
 */
function chunkBody(outer: GraphBuilder, { signature }: ModelGraph, layer: number, whole: WholeAttention): Graph {
  const { heads, kvHeads, dHead } = signature;
  const group = heads / kvHeads;
  const body = createGraphBuilder(`attention of a chunk in layer ${layer}`);
  const builder = body.scope(`layer.${layer}/attention/chunk`);
  const name = (what: string): string => `layer.${layer}/attention/chunk/${what}`;
  const chosen = body.input(name("queries"), "int64", ["attention.place"]);
  const visible = body.input(name("visible"), "int64", [1]);
  const end = body.input(name("end"), "int64", [1]);
  const slice = (value: string, from: string, to: string, axis: number): string =>
    builder.node("Slice", [value, from, to, integers(outer, axis)]);
  const gather = (value: string, axis: number): string => builder.node("Gather", [value, chosen], { axis: int(axis) });

  // Only the last keys of a chunk are masked for some of its queries; those before a window are for others.
  const from = whole.causal ? visible : integers(outer, 0);
  const own = gather(whole.queries, 2);
  const queries = group === 1 ? own : builder.node("Reshape", [own, integers(outer, 0, kvHeads, -1, dHead)]);
  const products = (from: string, to: string): string =>
    builder.node("MatMul", [queries, slice(whole.keys, from, to, 3)]);
  const rows = slice(gather(whole.mask, 0), from, end, 1);
  const mask = group === 1 ? rows : builder.node("Concat", Array<string>(group).fill(rows), { axis: int(0) });
  const masked = builder.node("Where", [mask, products(from, end), whole.negativeInfinity]);
  const scores = whole.causal
    ? builder.node("Concat", [products(integers(outer, 0), visible), masked], { axis: int(-1) })
    : masked;
  const pattern = builder.node("Softmax", [scores], { axis: int(-1) });
  const mixed = builder.node("MatMul", [pattern, slice(whole.values, integers(outer, 0), end, 2)]);
  const unstacked = group === 1 ? mixed : builder.node("Reshape", [mixed, integers(outer, 0, heads, -1, dHead)]);
  const z = builder.node("Transpose", [unstacked], { perm: ints([0, 2, 1, 3]) });
  return body.finish([{ name: z, type: "float32", shape: ["attention.row", "attention.place", heads, dHead] }]);
}
