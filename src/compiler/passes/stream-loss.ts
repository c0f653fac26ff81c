/**
 * The loss without all the logits. Where a graph needs `nll` but neither `logits` nor `logprobs`, their largest part by
 * far is never needed as a whole: a Scan goes over the scored positions in chunks, and each chunk's logits are gone
 * before the next one's are made.
 */
import { integers } from "../onnx/lists.js";
import type { ModelGraph } from "../models/model.js";
import { logProbabilityOf } from "../models/parts/log-probabilities.js";
import { int, subgraph } from "../onnx/attributes.js";
import { createGraphBuilder, type GraphBuilder } from "../onnx/builder.js";
import { appendNodes, eliminateDeadNodes } from "../onnx/edit.js";
import type { Graph, OnnxNode } from "../onnx/graph.js";
import { namesRead } from "../onnx/reads.js";
import type { Condition } from "./condition.js";
import { hasNoBodies, hasNoDeadNodes, restrictedAreComputed } from "./graph-conditions.js";
import type { GraphPass, GraphSubject } from "./pass.js";
import { producersIn } from "../onnx/producers.js";

const hasNoWholeLoss: Condition<GraphSubject> = {
  name: "has-no-whole-loss",
  says: "where only the loss needs the logits, they are not computed as a whole",
  violations: ({ graph, model }) => (wholeLoss(graph, model) === null ? [] : ["only the loss needs the logits"]),
};

export const streamLossPass = {
  kind: "graph",
  name: "stream-loss",
  does: "keeps no logits of all positions for a loss",
  setting: "streamLoss",
  requires: [hasNoDeadNodes],
  ensures: [hasNoWholeLoss],
  invalidates: [hasNoBodies, restrictedAreComputed],
  apply: (known, model) => ({ ...known, graph: streamLoss(known.graph, model) }),
} as const satisfies GraphPass;

/** Bytes that the logits of a chunk may take: glibc's allocator gives larger blocks back to the system every time. */
const chunkBytes = 2 ** 25;

/** A chunk has so many positions at least, since W_U is read once for each, and so many at most, so that it stays in cache. */
const chunkBounds = { least: 64, most: 512 };

/**
 * Positions of a chunk, at most (an even number); its logits and log-probabilities are 8 · vocab bytes for each. Reading W_U
 * again costs a tenth of the time of a product of 64 positions; a product of twice 166 that goes over the bound for
 * vocabularies of 50,000 took a third longer.
 */
export function chunkPositions(vocab: number): number {
  const fitting = 2 * Math.floor(chunkBytes / (8 * vocab));
  return Math.min(chunkBounds.most, Math.max(chunkBounds.least, fitting));
}

/**
 * The same graph with `nll` computed in chunks of positions; the graph itself where something else reads the logits or
 * the log-probabilities (a measure, a gate), or where nothing reads `nll`.
 *
 * `nll` comes from the same operations on the same rows, hence with the same bits (and the same NaN and
 * infinities), since onnxruntime's product of a row and a matrix does not depend on the rows beside it; and no value
 * [row, pos, vocab] is left. The last position of each row, which predicts nothing, is not unembedded.
 */
export function streamLoss(graph: Graph, model: ModelGraph): Graph {
  const loss = wholeLoss(graph, model);
  if (loss === null) return graph;
  const { product, inner, last, logits, indices } = loss;
  const [hidden = "", unembedding = ""] = product.inputs;
  const builder = createGraphBuilder("streamed loss");
  addStreamedLoss(builder.scope("loss/streamed"), {
    hidden,
    unembedding,
    indices,
    chosen: last.outputs[0] ?? "",
    width: model.signature.unembedding.width,
    vocab: model.signature.vocab,
    attributes: product.attributes,
    chunk: chunkPositions(model.signature.vocab),
  });
  const { nodes, initializers } = builder.finish();
  const streamed = graph.nodes.flatMap((node): readonly OnnxNode[] => {
    if (node === last) return nodes;
    if (node === product || inner.has(node)) return [];
    // What is left to read the logits asks for the number of rows only, which is the same.
    return node.inputs.includes(logits) ? [{ ...node, inputs: [hidden] }] : [node];
  });
  return eliminateDeadNodes(appendNodes({ ...graph, nodes: streamed }, [], initializers));
}

/** The nodes between the last norm and `nll` that a model's builder makes. */
interface WholeLoss {
  /** Name of the logits. */
  readonly logits: string;
  readonly product: OnnxNode;
  /** The nodes from the logits to the log-probabilities of the next tokens, the last of which gives these. */
  readonly inner: ReadonlySet<OnnxNode>;
  readonly last: OnnxNode;
  /** int64 [row, pos − 1, 1]: the next tokens. */
  readonly indices: string;
}

/** The loss of a graph if nothing else uses the logits and what is made of them; null otherwise. */
function wholeLoss(graph: Graph, model: ModelGraph): WholeLoss | null {
  const producers = producersIn(graph);
  const producer = (value: string | undefined, op: string): OnnxNode | null => {
    const node = producers.get(value ?? "");
    return node?.op === op ? node : null;
  };
  const negative = producer(model.values["nll"], "Squeeze")?.inputs[0];
  const last = producers.get(producer(negative, "Neg")?.inputs[0] ?? "");
  const gather = last?.op === "Sub" ? producer(last.inputs[0], "GatherElements") : (last ?? null);
  if (last === undefined || gather?.op !== "GatherElements") return null;
  const [gathered = "", indices = ""] = gather.inputs;
  const logits = gather === last ? (producer(gathered, "LogSoftmax")?.inputs[0] ?? "") : gathered;
  const product = producer(logits, "FusedMatMul");
  if (product === null) return null;

  const inner = new Set<OnnxNode>();
  for (const pending: (OnnxNode | undefined)[] = [last]; pending.length > 0;) {
    const node = pending.pop();
    if (node === undefined || inner.has(node)) continue;
    inner.add(node);
    const inputs = node.inputs.filter((input) => input !== logits && input !== indices);
    pending.push(...inputs.map((input) => producers.get(input)));
  }
  const made = new Set([...inner].filter((node) => node !== last).flatMap(({ outputs }) => outputs));
  const yielded = graph.outputs.some(({ name }) => name === logits || made.has(name));
  const readOtherwise = graph.nodes.some((node) => {
    if (inner.has(node)) return false;
    const read = namesRead(node);
    return read.some((name) => made.has(name)) || (read.includes(logits) && !asksForRows(node));
  });
  return yielded || readOtherwise ? null : { logits, product, inner, last, indices };
}

/** Whether a node reads only the size of the first axis of its input. */
function asksForRows({ op, attributes }: OnnxNode): boolean {
  return op === "Shape" && (attributes["start"]?.value ?? 0) === 0 && attributes["end"]?.value === 1;
}

interface StreamedLoss {
  /** [row, pos, width], which the unembedding reads. */
  readonly hidden: string;
  /** W_U [vocab, d_model]. */
  readonly unembedding: string;
  /** int64 [row, pos − 1, 1]: the next tokens. */
  readonly indices: string;
  /** Name of the result [row, pos − 1, 1]: log-probabilities of the next tokens. */
  readonly chosen: string;
  /** Columns of W_U. */
  readonly width: number;
  /** Rows of W_U. */
  readonly vocab: number;
  /** Of the product of both, its factor among them. */
  readonly attributes: OnnxNode["attributes"];
  /** Positions of a chunk, at most. */
  readonly chunk: number;
}

/** The log-probability of each next token, from chunks [chunk, place, ·] of the scored positions of all rows. */
function addStreamedLoss(builder: GraphBuilder, loss: StreamedLoss): void {
  // GatherElements took as many positions as there are next tokens: all but the last.
  const scoredPositions = builder.node("Shape", [loss.indices], { start: int(1), end: int(2) });
  const scored = builder.node("Slice", [loss.hidden, integers(builder, 0), scoredPositions, integers(builder, 1)]);
  const hidden = builder.node("Reshape", [scored, integers(builder, -1, loss.width)]);
  const targets = builder.node("Reshape", [loss.indices, integers(builder, -1, 1)]);

  // Chunks of equal length, so that hardly a position is computed for nothing; one empty chunk where there is none. The
  // length is even, because onnxruntime multiplies a matrix of a single row by other code, with other last bits.
  const count = builder.node("Shape", [targets], { start: int(0), end: int(1) });
  const before = builder.node("Sub", [count, integers(builder, 1)]);
  const chunks = builder.node("Add", [
    builder.node("Div", [before, integers(builder, loss.chunk)]),
    integers(builder, 1),
  ]);
  const pairs = builder.node("Mul", [chunks, integers(builder, 2)]);
  const roundedUp = builder.node("Sub", [builder.node("Add", [count, pairs]), integers(builder, 1)]);
  const places = builder.node("Mul", [builder.node("Div", [roundedUp, pairs]), integers(builder, 2)]);
  const total = builder.node("Squeeze", [builder.node("Mul", [chunks, places]), integers(builder, 0)]);
  const scalar = (value: number): string => builder.constant("int64", [], [value]);
  const order = builder.node("Range", [scalar(0), total, scalar(1)]);
  // Places that are left over at the end take the last position once more.
  const clamped = builder.node("Min", [order, before]);
  const shape = builder.node("Concat", [chunks, places], { axis: int(0) });
  const positions = builder.node("Reshape", [clamped, shape], { allowzero: int(1) });

  const inputs = [hidden, targets].map((value) => builder.node("Gather", [value, positions], { axis: int(0) }));
  const body = subgraph(chunkBody(builder, loss));
  const chunked = builder.node("Scan", inputs, { num_scan_inputs: int(inputs.length), body });
  const flat = builder.node("Slice", [
    builder.node("Reshape", [chunked, integers(builder, -1)]),
    integers(builder, 0),
    count,
    integers(builder, 0),
  ]);
  const original = builder.node("Shape", [loss.indices]);
  builder.node("Reshape", [flat, original], { allowzero: int(1) }, loss.chosen);
}

/**
 * One chunk: hidden [place, d_model] and next tokens [place, 1] to log-probabilities [place, 1]. W_U is read from the
 * graph around it, where onnxruntime packs it once for all chunks, and constants, since a name means one thing in both.
 */
function chunkBody(around: GraphBuilder, { unembedding, width, vocab, attributes }: StreamedLoss): Graph {
  const builder = createGraphBuilder("loss of a chunk");
  const scope: GraphBuilder = {
    ...builder.scope("loss/chunk"),
    constant: (...constant) => around.constant(...constant),
  };
  const hidden = builder.input("loss/chunk/hidden", "float32", ["loss.place", width]);
  const targets = builder.input("loss/chunk/targets", "int64", ["loss.place", 1]);
  const logits = scope.node("FusedMatMul", [hidden, unembedding], attributes);
  const chosen = logProbabilityOf(scope, { logits, vocab, leading: 1, indices: targets, dropsLast: false });
  return builder.finish([{ name: chosen, type: "float32", shape: ["loss.place", 1] }]);
}
