/** Attention, found around its softmax. */
import type { Rotary } from "../parts/rotary.js";
import { bendOf, probes } from "./functions.js";
import type { Walk } from "./interpret.js";
import { isElementwise } from "./kernels.js";
import { linearOf, type FoundLinear } from "./linears.js";
import { normOf, type FoundNorm } from "./norms.js";
import { evaluate, regionOf } from "./regions.js";
import { rotationOf } from "./rotation.js";
import { stop } from "./stop.js";
import { broadcastIndices, sizeOf } from "./tensors.js";
import { plain, traceOf } from "./trace.js";

/** Queries, keys or values as columns of a product: `columns[head][d]`. */
export interface FoundHeads {
  readonly linear: FoundLinear;
  /** The value that the product is; queries and keys of one matrix have the same. */
  readonly source: string;
  readonly columns: readonly (readonly number[])[];
  readonly norm: (FoundNorm & { readonly over: "head" | "all" }) | null;
}

export interface FoundAttention {
  readonly heads: number;
  readonly kvHeads: number;
  readonly dHead: number;
  readonly q: FoundHeads;
  readonly k: FoundHeads;
  readonly v: FoundHeads;
  readonly rotary: { readonly settings: Rotary; readonly interleaved: boolean } | null;
  /** Factor of the scores. */
  readonly scale: number;
  readonly softcap: number | null;
  /** What is added to the score of a key, [head][key], where that is not 0 for all. */
  readonly bias: readonly (readonly number[])[] | null;
  /** How many keys a query sees, its own among them; null: all up to its own, as far as this text goes. */
  readonly window: number | null;
  /** Which row of the output matrix each entry of z goes to: [head · d_head]. */
  readonly order: readonly number[];
  /** The value that holds the scores, for messages. */
  readonly scores: string;
}

/** The attention whose joined heads a value is; null where there is none. */
export function attentionOf(walk: Walk, joined: string): FoundAttention | null {
  const mixed = traceOf(walk, joined);
  const maker = walk.makers.get(mixed.source);
  if (maker?.op !== "MatMul") return null;
  const [weights = "", values = ""] = maker.inputs;
  const softmax = softmaxBefore(walk, weights);
  if (softmax === null || walk.values.get(values)?.origin !== "token") return null;
  const shape = walk.values.get(mixed.source)?.shape ?? [];
  const [length = 0, dHead = 0] = shape.slice(-2);
  const heads = sizeOf(shape.slice(0, -2));
  const [term, ...more] = mixed.terms;
  if (term === undefined || more.length > 0 || term.factors.some((factor) => factor !== 1)) {
    stop(joined, "the heads of attention are not only put side by side");
  }
  // Entry (t, c) of the joined heads is entry (h, t, d) of z.
  const width = heads * dHead;
  const order = Array.from({ length: width }, (_, c) => {
    const entry = term.entries[c] ?? 0;
    return Math.floor(entry / (length * dHead)) * dHead + (entry % dHead);
  });
  const place: number[] = [];
  order.forEach((c, i) => (place[c] = i));

  const scores = scoresOf(walk, softmax, heads, length);
  const lead = shape.slice(0, -2);
  const product = walk.makers.get(scores.product);
  const [queries = "", keys = ""] = product?.inputs ?? [];
  const q = rotationOf(walk, queries, { lead, heads, length, dHead, transposed: false });
  const k = rotationOf(walk, keys, { lead, heads, length, dHead, transposed: true });
  const v = rotationOf(walk, values, { lead, heads, length, dHead, transposed: false });
  if (v.rotary !== null || v.scale !== 1) stop(values, "values are turned or scaled");
  if (JSON.stringify(q.rotary) !== JSON.stringify(k.rotary)) stop(keys, "queries and keys are not turned alike");
  const kvHeads = groupsOf(k.columns);
  if (groupsOf(v.columns) !== kvHeads || heads % kvHeads !== 0) stop(values, "keys and values have not as many heads");
  const first = <T>(columns: readonly T[]): readonly T[] => columns.filter((_, h) => h % (heads / kvHeads) === 0);
  return {
    ...{ heads, kvHeads, dHead, order: place, scores: softmax },
    q: headsOf(walk, q.source, q.columns, dHead),
    k: headsOf(walk, k.source, first(k.columns), dHead),
    v: headsOf(walk, v.source, first(v.columns), dHead),
    rotary: q.rotary,
    scale: q.scale * k.scale * scores.scale,
    ...{ softcap: scores.softcap, bias: scores.bias, window: scores.window },
  };
}

/** How many heads keys have: those of a group are the same. */
function groupsOf(columns: readonly (readonly number[])[]): number {
  const different = new Set(columns.map((own) => own.join(",")));
  const group = columns.length / different.size;
  const isGrouped = columns.every((own, h) => own.join() === columns[Math.floor(h / group) * group]?.join());
  return Number.isInteger(group) && isGrouped ? different.size : columns.length;
}

/** Columns of a product, through a norm that may stand between. */
function headsOf(walk: Walk, source: string, columns: readonly (readonly number[])[], dHead: number): FoundHeads {
  const norm = normOf(walk, source);
  if (norm === null) {
    const linear = linearOf(walk, source);
    if (linear === null)
      stop(source, "it is neither a product with a matrix nor a norm of one, as queries, keys and values are");
    return { linear, source: plain(walk, source), columns, norm: null };
  }
  const before = traceOf(walk, norm.input);
  const [term, ...more] = before.terms;
  if (term === undefined || more.length > 0) stop(norm.input, "queries or keys are turned before their norm");
  const linear = linearOf(walk, before.source);
  if (linear === null) stop(before.source, "it is no product with a matrix, as queries, keys and values are");
  const width = walk.values.get(norm.input)?.shape.at(-1) ?? 0;
  const over = width === dHead ? "head" : "all";
  if (over === "head" && columns.some((own) => own.some((c, d) => c % dHead !== d))) {
    stop(source, "the norm of queries or keys is of another order than the heads");
  }
  const through = columns.map((own) => own.map((c) => (term.entries[c] ?? 0) % linear.to));
  return { linear, source: plain(walk, before.source), columns: through, norm: { ...norm, over } };
}

/** The input of the softmax that a pattern comes from, through what leaves it as it is; null where there is none. */
function softmaxBefore(walk: Walk, name: string): string | null {
  const maker = walk.makers.get(plain(walk, name));
  if (maker === undefined) return null;
  if (maker.op === "Softmax") return maker.inputs[0] ?? null;
  // Rows without any key would be NaN, and exporters put 0 there; every query sees itself here.
  if (maker.op !== "Where") return null;
  const [condition = "", , pattern = ""] = maker.inputs;
  return walk.makers.get(plain(walk, condition))?.op === "IsNaN" ? softmaxBefore(walk, pattern) : null;
}

interface FoundScores {
  readonly product: string;
  readonly scale: number;
  readonly softcap: number | null;
  readonly bias: FoundAttention["bias"];
  readonly window: number | null;
}

/** Scores of this size or less are masked: exporters write −∞, the least float, −10⁹ or −10⁴. */
const masked = -9e3;

/** What is done with the products of queries and keys before the softmax, read off its results. */
function scoresOf(walk: Walk, name: string, heads: number, length: number): FoundScores {
  const region = regionOf(walk, name, (node, value) => isElementwise(node) || plain(walk, value) !== value);
  const [leaf, ...others] = region.leaves;
  if (leaf === undefined || others.length > 0 || walk.makers.get(leaf)?.op !== "MatMul") {
    return stop(name, "the scores of attention are not a function of one product of queries and keys");
  }
  const shape = walk.values.get(leaf)?.shape ?? [];
  const square = length * length;
  const results = probes.map((probe) => {
    const data = new Float64Array(sizeOf(shape)).fill(probe);
    const found = evaluateThrough(walk, name, leaf, { shape, data });
    if (found === null) return stop(name, "its mask or its factors cannot be computed");
    // As [head, query, key], whatever axes there are.
    const target = walk.values.get(name)?.shape ?? [];
    const places = broadcastIndices(found.shape, target);
    return places.length === heads * square
      ? Float64Array.from(places, (at) => found.data[at] ?? NaN)
      : stop(name, "scores have another shape than [head, query, key]");
  });
  const bend = bendOf(results.map((result) => result[0] ?? NaN));
  if (bend === null) return stop(name, "scores are neither scaled nor bent by tanh");
  const bias = Array.from({ length: heads }, () => Array<number>(length).fill(0));
  let window: number | null = null;
  for (let h = 0; h < heads; h++) {
    for (let query = 0; query < length; query++) {
      for (let key = 0; key < length; key++) {
        const at = h * square + query * length + key;
        const seen = (results[0]?.[at] ?? NaN) > masked;
        if (key > query && seen) return stop(name, "a query sees keys that come after it");
        if (key === query && !seen) return stop(name, "a query does not see its own key");
        if (key > query) continue;
        if (!seen) window = Math.min(window ?? Infinity, query - key);
        else {
          const own = bendOf(results.map((result) => result[at] ?? NaN));
          if (own === null || Math.abs(own.scale - bend.scale) > 1e-5 * Math.abs(bend.scale)) {
            return stop(name, "scores are scaled differently at different places");
          }
          const list = bias[h] ?? [];
          if (query === length - 1) list[key] = own.bias;
        }
      }
    }
  }
  checkWindow(name, results[0] ?? new Float64Array(), heads, length, window);
  const isBiased = bias.some((list) => list.some((value) => Math.abs(value) > 1e-7));
  return { product: leaf, scale: bend.scale, softcap: bend.softcap, bias: isBiased ? bias : null, window };
}

/** Evaluates a region in which entries may be moved without changing their order. */
function evaluateThrough(
  walk: Walk,
  name: string,
  leaf: string,
  tensor: { shape: readonly number[]; data: Float64Array },
) {
  return evaluate(walk, name, new Map([[leaf, tensor]]));
}

/** What a query sees must be the last `window` keys, for each query and head. */
function checkWindow(name: string, zero: Float64Array, heads: number, length: number, window: number | null): void {
  for (let at = 0; at < heads * length * length; at++) {
    const distance = (Math.floor(at / length) % length) - (at % length);
    const expected = distance >= 0 && distance < (window ?? Infinity);
    if ((zero[at] ?? NaN) > masked !== expected) stop(name, "the mask is neither causal nor a sliding window");
  }
}
