import { integers } from "../../onnx/lists.js";
import { int, ints } from "../../onnx/attributes.js";
import type { GraphBuilder } from "../../onnx/builder.js";
import { endBranch, plainEnd, scaledBy, type BranchEnd } from "./branch.js";
import type { BuildContext } from "./context.js";
import { softCap } from "./decoder.js";
import type { Linear } from "./linear.js";
import { pairsToHalves } from "./rotary-pairs.js";
import { applyRotary, type Rotary, type RotaryTables } from "./rotary.js";
import type { Sequence } from "./sequence.js";

/** What attention of one layer needs beside the sites q, k and v. */
export interface AttentionSettings {
  readonly layer: number;
  readonly sequence: Sequence;
  readonly rotary: RotaryUse | null;
  /** Factor of the scores, usually 1 / √d_head. */
  readonly scale: number;
  readonly output: Linear;
  readonly end?: BranchEnd;
  /** bool [query, key]: what a query may look at, where that is less than all keys up to its own. */
  readonly mask?: string;
  /** float32 [head, 1, key]: added to the scores. */
  readonly bias?: string | null;
  /** Bound of the scores, before they are masked. */
  readonly softcap?: number | null;
  /** float32 [head]: a score of each head that belongs to no key and takes its share of the attention. */
  readonly sinks?: string | null;
}

/** A rotation of queries and keys. */
export interface RotaryUse {
  readonly settings: Rotary;
  readonly tables: RotaryTables;
  /** Whether neighbours in the head make a pair (GPT-J), not dimensions half a head apart. */
  readonly interleaved?: boolean;
}

/**
 * Causal softmax attention from q [row, pos, head, d_head] and k, v [row, pos, kv_head, d_head]: makes the sites
 * scores, pattern, z, head_out and attn_out, and returns attn_out [row, pos, d_model]. Query head h reads kv head
 * ⌊h / (heads / kv_heads)⌋ (Ainslie et al. 2023): the query heads of a group are stacked along the query axis, so that
 * keys and values need not be repeated.
 */
export function attention(context: BuildContext, q: string, k: string, v: string, settings: AttentionSettings): string {
  const { layer, sequence, rotary, scale, output, bias = null, softcap = null, sinks = null } = settings;
  const { heads, kvHeads, dHead, dModel } = context.signature;
  const builder = context.builder.scope(`layer.${layer}/attention`);
  const headsFirst = (x: string): string => builder.node("Transpose", [x], { perm: ints([0, 2, 1, 3]) });
  const turn = (x: string): string => {
    if (rotary === null) return x;
    const halves = rotary.interleaved === true ? pairsToHalves(builder, x, rotary.settings, dHead) : x;
    return applyRotary(builder, halves, rotary.settings, rotary.tables, dHead);
  };
  const grouped = heads !== kvHeads;
  const byKey = (first: number): string =>
    builder.node("Concat", [integers(builder, 0, first, -1), sequence.length], { axis: int(0) });

  // Scaled here, where they are d_head wide, and not as scores, which are as wide as the text is long.
  const turned = turn(headsFirst(q));
  const queries = scaledBy(builder, turned, scale);
  const stackedQueries = grouped
    ? builder.node("Reshape", [queries, integers(builder, 0, kvHeads, -1, dHead)])
    : queries;
  const keys = builder.node("Transpose", [turn(headsFirst(k))], { perm: ints([0, 1, 3, 2]) });
  const stackedProducts = builder.node("MatMul", [stackedQueries, keys]);
  const products = grouped ? builder.node("Reshape", [stackedProducts, byKey(heads)]) : stackedProducts;
  const capped = softcap === null ? products : softCap(builder, products, softcap);
  const biased = bias === null ? capped : builder.node("Add", [capped, bias]);
  const scores = builder.node(
    "Where",
    [settings.mask ?? sequence.causal, biased, sequence.negativeInfinity],
    {},
    context.site("scores", layer),
  );
  const patternName = context.site("pattern", layer);
  const pattern =
    sinks === null
      ? builder.node("Softmax", [scores], { axis: int(-1) }, patternName)
      : softmaxWithSinks(builder, scores, sinks, heads, patternName);

  const stackedPattern = grouped ? builder.node("Reshape", [pattern, byKey(kvHeads)]) : pattern;
  const stackedMixed = builder.node("MatMul", [stackedPattern, headsFirst(v)]);
  const mixed = grouped
    ? builder.node("Reshape", [stackedMixed, integers(builder, 0, heads, -1, dHead)])
    : stackedMixed;
  const z = builder.node("Transpose", [mixed], { perm: ints([0, 2, 1, 3]) }, context.site("z", layer));

  const perHead =
    output.layout === "in-out"
      ? builder.node("Reshape", [output.weight, integers(builder, heads, dHead, dModel)])
      : builder.node("Transpose", [builder.node("Reshape", [output.weight, integers(builder, dModel, heads, dHead)])], {
          perm: ints([1, 2, 0]),
        });
  const end = settings.end ?? plainEnd;
  const scaled = (x: string): string => scaledBy(builder, x, end.scale);
  context.parameter(`W_O[${layer}]`, scaled(perHead));
  if (output.bias !== null) context.parameter(`b_O[${layer}]`, scaled(output.bias));
  const headOut = scaled(builder.node("MatMul", [headsFirst(z), perHead]));
  builder.node("Transpose", [headOut], { perm: ints([0, 2, 1, 3]) }, context.site("head_out", layer));

  const joined = builder.node("Reshape", [z, integers(builder, 0, 0, heads * dHead)]);
  return endBranch(context, builder, joined, output, end, "attn_out", layer);
}

/** Softmax over the keys and the head's sink, of which only the keys' shares are kept. scores: [row, head, query, key]. */
function softmaxWithSinks(builder: GraphBuilder, scores: string, sinks: string, heads: number, name: string): string {
  const queries = builder.node("Shape", [scores], { start: int(0), end: int(3) });
  const shape = builder.node("Concat", [queries, integers(builder, 1)], { axis: int(0) });
  const sink = builder.node("Expand", [builder.node("Reshape", [sinks, integers(builder, 1, heads, 1, 1)]), shape]);
  const joined = builder.node("Concat", [scores, sink], { axis: int(-1) });
  const shares = builder.node("Softmax", [joined], { axis: int(-1) });
  return builder.node("Slice", [shares, integers(builder, 0), integers(builder, -1), integers(builder, -1)], {}, name);
}
