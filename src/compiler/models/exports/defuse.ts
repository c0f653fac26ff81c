/**
 * Fused operators as the plain ones that they stand for. What is inside them (queries after rotary, scores, the sum of the
 * residual stream) becomes a value like any other.
 *
 * @source onnxruntime docs/ContribOperators.md; onnx docs/Operators.md (Attention-23, RotaryEmbedding-23)
 */
import { floatOf, intOf, intsOf } from "./attributes.js";
import type { ExportedAttribute, ExportedNode } from "../../onnx/exported-graph.js";
import { createEmitter, type Emitter } from "./emitter.js";
import { stop } from "./stop.js";

type Shape = readonly number[];
type Shapes = readonly (Shape | undefined)[];
type Rule = (node: ExportedNode, emit: Emitter, shapes: Shapes) => void;

/** The nodes that a fused node stands for; null for one that is not fused. `shapes`: those of its inputs. */
export function defused(node: ExportedNode, shapes: Shapes): readonly ExportedNode[] | null {
  const rule = rules.get(node.domain === "" ? node.op : `${node.domain}.${node.op}`);
  if (rule === undefined) return null;
  const emit = createEmitter(node);
  rule(node, emit, shapes);
  return emit.nodes();
}

const rules: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ["com.microsoft.SkipLayerNormalization", (node, emit) => skipNorm(node, emit, "LayerNormalization", 4)],
  ["SkipLayerNormalization", (node, emit) => skipNorm(node, emit, "LayerNormalization", 4)],
  ["com.microsoft.SkipSimplifiedLayerNormalization", (node, emit) => skipNorm(node, emit, "RMSNormalization", 3)],
  ["SkipSimplifiedLayerNormalization", (node, emit) => skipNorm(node, emit, "RMSNormalization", 3)],
  ["com.microsoft.BiasGelu", biasGelu],
  ["com.microsoft.FastGelu", biasGelu],
  ["com.microsoft.RotaryEmbedding", rotaryOfMicrosoft],
  ["RotaryEmbedding", rotaryOfOnnx],
  ["com.microsoft.GroupQueryAttention", groupQueryAttention],
  ["com.microsoft.MultiHeadAttention", multiHeadAttention],
  ["com.microsoft.Attention", packedAttention],
  ["Attention", attentionOfOnnx],
]);

const has = (node: ExportedNode, input: number): boolean => (node.inputs[input] ?? "") !== "";

function skipNorm(node: ExportedNode, emit: Emitter, op: string, biasInput: number): void {
  const [input = "", skip = "", ...weights] = node.inputs;
  const biased = has(node, biasInput) ? emit.node("Add", [input, node.inputs[biasInput] ?? ""]) : input;
  const sum = emit.node("Add", [biased, skip]);
  const parameters = weights.slice(0, biasInput - 2).filter((name) => name !== "");
  emit.output(0, op, [sum, ...parameters], { epsilon: { kind: "float", value: floatOf(node, "epsilon", 1e-5) } });
  emit.output(3, "Identity", [sum]);
}

function biasGelu(node: ExportedNode, emit: Emitter): void {
  const [x = "", bias = ""] = node.inputs;
  const sum = bias === "" ? x : emit.node("Add", [x, bias]);
  const approximate: ExportedAttribute = { kind: "string", value: node.op === "FastGelu" ? "tanh" : "none" };
  emit.output(0, "Gelu", [sum], { approximate });
}

/** Which numbers turn the heads of x, and how. */
interface Turn {
  readonly cosine: string;
  readonly sine: string;
  /** Dimensions that are turned, and those of a head. */
  readonly turned: number;
  readonly dHead: number;
  readonly interleaved: boolean;
}

/** x [row, head, pos, d_head] turned by cosines and sines [row, 1, pos, turned / 2]. */
function turn(emit: Emitter, x: string, { cosine, sine, turned, dHead, interleaved }: Turn): string {
  const part = (value: string, from: number, to: number, step = 1): string =>
    emit.node("Slice", [value, emit.ints(from), emit.ints(to), emit.ints(-1), emit.ints(step)]);
  const head = part(x, 0, turned);
  const first = interleaved ? part(head, 0, turned, 2) : part(head, 0, turned / 2);
  const second = interleaved ? part(head, 1, turned, 2) : part(head, turned / 2, turned);
  const mul = (a: string, b: string): string => emit.node("Mul", [a, b]);
  const real = emit.node("Sub", [mul(first, cosine), mul(second, sine)]);
  const imaginary = emit.node("Add", [mul(second, cosine), mul(first, sine)]);
  const rest = turned < dHead ? [part(x, turned, dHead)] : [];
  if (!interleaved) return emit.node("Concat", [real, imaginary, ...rest], { axis: -1 });
  const pairs = [real, imaginary].map((value) => emit.node("Unsqueeze", [value, emit.ints(-1)]));
  const joined = emit.node("Reshape", [emit.node("Concat", pairs, { axis: -1 }), emit.ints(0, 0, 0, turned)]);
  return rest.length === 0 ? joined : emit.node("Concat", [joined, ...rest], { axis: -1 });
}

/** Rows of a table [longest, turned / 2] for positions [row, pos], as [row, 1, pos, turned / 2]. */
function rowsOfTable(emit: Emitter, table: string, positions: string): string {
  return emit.node("Unsqueeze", [emit.node("Gather", [table, positions], { axis: 0 }), emit.ints(1)]);
}

/** [row, pos, head · d_head] → [row, head, pos, d_head]. */
function toHeads(emit: Emitter, x: string, heads: number): string {
  return emit.node("Transpose", [emit.node("Reshape", [x, emit.ints(0, 0, heads, -1)])], { perm: [0, 2, 1, 3] });
}

/** The way back. */
function fromHeads(emit: Emitter, x: string): string {
  return emit.node("Reshape", [emit.node("Transpose", [x], { perm: [0, 2, 1, 3] }), emit.ints(0, 0, -1)]);
}

function rotaryOfMicrosoft(node: ExportedNode, emit: Emitter, shapes: Shapes): void {
  const [x = "", positions = "", cosine = "", sine = ""] = node.inputs;
  if (floatOf(node, "scale", 1) !== 1) stop(node.name, "a scaled RotaryEmbedding is not understood here");
  applyRotary(node, emit, shapes, x, {
    cosine: rowsOfTable(emit, cosine, positions),
    sine: rowsOfTable(emit, sine, positions),
    turned: 2 * (shapes[2]?.at(-1) ?? 0),
  });
}

function rotaryOfOnnx(node: ExportedNode, emit: Emitter, shapes: Shapes): void {
  const [x = "", cosine = "", sine = "", positions = ""] = node.inputs;
  const rows = (table: string): string =>
    positions === "" ? emit.node("Unsqueeze", [table, emit.ints(1)]) : rowsOfTable(emit, table, positions);
  applyRotary(node, emit, shapes, x, { cosine: rows(cosine), sine: rows(sine), turned: 2 * (shapes[1]?.at(-1) ?? 0) });
}

function applyRotary(
  node: ExportedNode,
  emit: Emitter,
  [shape = []]: Shapes,
  x: string,
  use: Pick<Turn, "cosine" | "sine" | "turned">,
): void {
  const heads = intOf(node, "num_heads", 0);
  const isWide = shape.length === 3;
  const width = shape.at(-1) ?? 0;
  if (isWide && heads === 0 && intOf(node, "rotary_embedding_dim", 0) !== 0) stop(node.name, "it has no num_heads");
  const dHead = !isWide ? width : heads === 0 ? use.turned : width / heads;
  const split = isWide ? toHeads(emit, x, width / dHead) : x;
  const turned = turn(emit, split, { ...use, dHead, interleaved: intOf(node, "interleaved", 0) === 1 });
  emit.output(0, "Identity", [isWide ? fromHeads(emit, turned) : turned]);
}

/** 0, 1, … along an axis of a value. */
function positionsOf(emit: Emitter, x: string, axis: number): string {
  const length = emit.node("Shape", [x], { start: axis, end: axis + 1 });
  return emit.node("Range", [emit.int(0), emit.node("Squeeze", [length, emit.ints(0)]), emit.int(1)]);
}

/** Attention between q [row, head, pos, d_head] and k, v [row, kv_head, pos, d_head], all of `length` positions. */
interface Attending {
  readonly q: string;
  readonly k: string;
  readonly v: string;
  readonly heads: number;
  readonly kvHeads: number;
  readonly dHead: number;
  readonly length: number;
  readonly scale: number;
  readonly softcap: number;
  readonly causal: boolean;
  /** How many keys are seen; 0: all. */
  readonly window: number;
  /** Added to the scores. */
  readonly bias: string;
}

/** Returns z [row, head, pos, d_head]. */
function attend(emit: Emitter, own: Attending): string {
  const { heads, kvHeads, dHead, length, scale, softcap, causal, window, bias } = own;
  const repeated = (x: string): string => {
    if (heads === kvHeads) return x;
    const apart = emit.node("Unsqueeze", [x, emit.ints(2)]);
    const group = emit.node("Expand", [apart, emit.ints(1, 1, heads / kvHeads, 1, 1)]);
    return emit.node("Reshape", [group, emit.ints(0, heads, length, dHead)]);
  };
  const keys = emit.node("Transpose", [repeated(own.k)], { perm: [0, 1, 3, 2] });
  let scores = emit.node("Mul", [emit.node("MatMul", [own.q, keys]), emit.number(scale)]);
  if (softcap > 0) {
    const bent = emit.node("Tanh", [emit.node("Div", [scores, emit.number(softcap)])]);
    scores = emit.node("Mul", [bent, emit.number(softcap)]);
  }
  if (bias !== "") scores = emit.node("Add", [scores, bias]);
  if (causal) {
    const places = positionsOf(emit, own.q, 2);
    const queries = emit.node("Unsqueeze", [places, emit.ints(1)]);
    const seen = emit.node("LessOrEqual", [places, queries]);
    const first = emit.node("Sub", [queries, emit.int(window)]);
    const near = window === 0 ? seen : emit.node("And", [seen, emit.node("Greater", [places, first])]);
    scores = emit.node("Where", [near, scores, emit.number(-Infinity)]);
  }
  return emit.node("MatMul", [emit.node("Softmax", [scores], { axis: -1 }), repeated(own.v)]);
}

/** Nobody may depend on the keys and values that it gives to the next call. */
function groupQueryAttention(node: ExportedNode, emit: Emitter, shapes: Shapes): void {
  const [query = "", key = "", value = "", , , , , cosine = "", sine = "", stated = "", bias = "", sinks = ""] =
    node.inputs;
  if (sinks !== "" || intOf(node, "smooth_softmax", 0) === 1)
    stop(node.name, "attention sinks are not understood here");
  const heads = intOf(node, "num_heads", 0);
  const kvHeads = intOf(node, "kv_num_heads", heads);
  const [, length = 0, width = 0] = shapes[0] ?? [];
  const dHead = key === "" ? width / (heads + 2 * kvHeads) : width / heads;
  const parts =
    key === ""
      ? emit.nodes2("Split", [query, emit.ints(heads * dHead, kvHeads * dHead, kvHeads * dHead)], 3, { axis: -1 })
      : [query, key, value];
  const [q = "", k = "", v = ""] = parts.map((part, i) => toHeads(emit, part, i === 0 ? heads : kvHeads));
  const positions = stated === "" ? emit.node("Unsqueeze", [positionsOf(emit, query, 1), emit.ints(0)]) : stated;
  const rotates = intOf(node, "do_rotary", 0) === 1;
  const rotated = (x: string): string =>
    turn(emit, x, {
      cosine: rowsOfTable(emit, cosine, positions),
      sine: rowsOfTable(emit, sine, positions),
      turned: 2 * (shapes[7]?.at(-1) ?? 0),
      dHead,
      interleaved: intOf(node, "rotary_interleaved", 0) === 1,
    });
  const z = attend(emit, {
    ...{ q: rotates ? rotated(q) : q, k: rotates ? rotated(k) : k, v, heads, kvHeads, dHead, length, bias },
    scale: floatOf(node, "scale", 0) || 1 / Math.sqrt(dHead),
    softcap: floatOf(node, "softcap", 0),
    causal: true,
    window: Math.max(0, intOf(node, "local_window_size", -1)),
  });
  emit.output(0, "Identity", [fromHeads(emit, z)]);
}

function multiHeadAttention(node: ExportedNode, emit: Emitter, shapes: Shapes): void {
  const [query = "", key = "", value = "", biases = "", padding = "", bias = ""] = node.inputs;
  const heads = intOf(node, "num_heads", 0);
  const [, length = 0, width = 0] = shapes[0] ?? [];
  if (shapes[0]?.length !== 3 || key === "" || padding !== "") {
    stop(node.name, "MultiHeadAttention with joined inputs or a mask of padding is not understood here");
  }
  const parts = [query, key, value];
  const added =
    biases === ""
      ? []
      : emit.nodes2("Split", [biases, emit.ints(...parts.map(() => width))], parts.length, { axis: 0 });
  const [q = "", k = "", v = ""] = parts.map((part, i) =>
    toHeads(emit, added[i] === undefined ? part : emit.node("Add", [part, added[i]]), heads),
  );
  const dHead = width / heads;
  const z = attend(emit, {
    ...{ q, k, v, heads, kvHeads: heads, dHead, length, bias, softcap: 0, window: 0 },
    scale: floatOf(node, "scale", 0) || 1 / Math.sqrt(dHead),
    causal: intOf(node, "unidirectional", 0) === 1,
  });
  emit.output(0, "Identity", [fromHeads(emit, z)]);
}

/** Attention that holds the matrix of queries, keys and values itself. */
function packedAttention(node: ExportedNode, emit: Emitter, shapes: Shapes): void {
  const [x = "", matrix = "", biases = "", mask = "", , bias = ""] = node.inputs;
  const heads = intOf(node, "num_heads", 0);
  const width = (shapes[1]?.at(-1) ?? 0) / 3;
  if (mask !== "" || intsOf(node, "qkv_hidden_sizes") !== null || intOf(node, "do_rotary", 0) === 1) {
    stop(node.name, "Attention with a mask, sizes or rotary positions of its own is not understood here");
  }
  const product = emit.node("MatMul", [x, matrix]);
  const joined = biases === "" ? product : emit.node("Add", [product, biases]);
  const parts = emit.nodes2("Split", [joined, emit.ints(width, width, width)], 3, { axis: -1 });
  const [q = "", k = "", v = ""] = parts.map((part) => toHeads(emit, part, heads));
  const dHead = width / heads;
  const z = attend(emit, {
    ...{ q, k, v, heads, kvHeads: heads, dHead, length: shapes[0]?.[1] ?? 0, bias, softcap: 0, window: 0 },
    scale: floatOf(node, "scale", 0) || 1 / Math.sqrt(dHead),
    causal: intOf(node, "unidirectional", 0) === 1,
  });
  emit.output(0, "Identity", [fromHeads(emit, z)]);
}

function attentionOfOnnx(node: ExportedNode, emit: Emitter, shapes: Shapes): void {
  const [query = "", key = "", value = "", bias = ""] = node.inputs;
  const shape = shapes[0] ?? [];
  const isWide = shape.length === 3;
  const heads = isWide ? intOf(node, "q_num_heads", 0) : (shape[1] ?? 0);
  const kvHeads = isWide ? intOf(node, "kv_num_heads", heads) : (shapes[1]?.[1] ?? 0);
  const [q = "", k = "", v = ""] = [query, key, value].map((x, i) =>
    isWide ? toHeads(emit, x, i === 0 ? heads : kvHeads) : x,
  );
  const dHead = isWide ? (shape[2] ?? 0) / heads : (shape[3] ?? 0);
  const length = shape[isWide ? 1 : 2] ?? 0;
  const z = attend(emit, {
    ...{ q, k, v, heads, kvHeads, dHead, length, bias, window: 0 },
    scale: floatOf(node, "scale", 0) || 1 / Math.sqrt(dHead),
    softcap: floatOf(node, "softcap", 0),
    causal: intOf(node, "is_causal", 0) === 1,
  });
  emit.output(0, "Identity", [isWide ? fromHeads(emit, z) : z]);
}
