import { int, ints } from "../../onnx/attributes.js";
import type { BuildContext } from "./context.js";
import { applyLinear, type Linear } from "./linear.js";
import { applyRotary, type Rotary, type RotaryTables } from "./rotary.js";
import type { Sequence } from "./sequence.js";

/** What attention of one layer needs beside the sites q, k and v. */
export interface AttentionSettings {
  readonly layer: number;
  readonly sequence: Sequence;
  readonly rotary: { readonly settings: Rotary; readonly tables: RotaryTables } | null;
  /** Factor of the scores, usually 1 / √d_head. */
  readonly scale: number;
  readonly output: Linear;
}

/** Splits the last axis of x [row, pos, heads · d_head] into heads: the site `q`, `k` or `v` [row, pos, heads, d_head]. */
export function splitHeads(context: BuildContext, x: string, site: "q" | "k" | "v", layer: number): string {
  const { heads, kvHeads, dHead } = context.signature;
  const shape = context.builder.constant("int64", [4], [0, 0, site === "q" ? heads : kvHeads, dHead]);
  return context.builder.node("Reshape", [x, shape], {}, context.site(site, layer));
}

/**
 * Causal softmax attention from q [row, pos, head, d_head] and k, v [row, pos, kv_head, d_head]: makes the sites
 * scores, pattern, z, head_out and attn_out, and returns attn_out [row, pos, d_model]. Query head h reads kv head
 * ⌊h / (heads / kv_heads)⌋ (Ainslie et al. 2023): the query heads of a group are stacked along the query axis, so that
 * keys and values need not be repeated.
 */
export function attention(
  context: BuildContext,
  q: string,
  k: string,
  v: string,
  { layer, sequence, rotary, scale, output }: AttentionSettings,
): string {
  const { heads, kvHeads, dHead, dModel } = context.signature;
  const builder = context.builder.scope(`layer.${layer}/attention`);
  const shape = (...sizes: number[]): string => builder.constant("int64", [sizes.length], sizes);
  const headsFirst = (x: string): string => builder.node("Transpose", [x], { perm: ints([0, 2, 1, 3]) });
  const turn = (x: string): string =>
    rotary === null ? x : applyRotary(builder, x, rotary.settings, rotary.tables, dHead);
  const grouped = heads !== kvHeads;
  const byKey = (first: number): string =>
    builder.node("Concat", [shape(0, first, -1), sequence.length], { axis: int(0) });

  // Scaled here, where they are d_head wide, and not as scores, which are as wide as the text is long.
  const turned = turn(headsFirst(q));
  const queries = scale === 1 ? turned : builder.node("Mul", [turned, builder.constant("float32", [], [scale])]);
  const stackedQueries = grouped ? builder.node("Reshape", [queries, shape(0, kvHeads, -1, dHead)]) : queries;
  const keys = builder.node("Transpose", [turn(headsFirst(k))], { perm: ints([0, 1, 3, 2]) });
  const stackedProducts = builder.node("MatMul", [stackedQueries, keys]);
  const products = grouped ? builder.node("Reshape", [stackedProducts, byKey(heads)]) : stackedProducts;
  const scores = builder.node(
    "Where",
    [sequence.causal, products, sequence.negativeInfinity],
    {},
    context.site("scores", layer),
  );
  const pattern = builder.node("Softmax", [scores], { axis: int(-1) }, context.site("pattern", layer));

  const stackedPattern = grouped ? builder.node("Reshape", [pattern, byKey(kvHeads)]) : pattern;
  const stackedMixed = builder.node("MatMul", [stackedPattern, headsFirst(v)]);
  const mixed = grouped ? builder.node("Reshape", [stackedMixed, shape(0, heads, -1, dHead)]) : stackedMixed;
  const z = builder.node("Transpose", [mixed], { perm: ints([0, 2, 1, 3]) }, context.site("z", layer));

  const perHead =
    output.layout === "in-out"
      ? builder.node("Reshape", [output.weight, shape(heads, dHead, dModel)])
      : builder.node("Transpose", [builder.node("Reshape", [output.weight, shape(dModel, heads, dHead)])], {
          perm: ints([1, 2, 0]),
        });
  context.parameter(`W_O[${layer}]`, perHead);
  if (output.bias !== null) context.parameter(`b_O[${layer}]`, output.bias);
  const headOut = builder.node("MatMul", [headsFirst(z), perHead]);
  builder.node("Transpose", [headOut], { perm: ints([0, 2, 1, 3]) }, context.site("head_out", layer));

  const joined = builder.node("Reshape", [z, shape(0, 0, heads * dHead)]);
  return applyLinear(builder, joined, output, context.site("attn_out", layer));
}
