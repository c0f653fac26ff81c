/** What is added to attention scores or hides them, beside causality: windows and distances. */
import { int } from "../../onnx/attributes.js";
import type { GraphBuilder } from "../../onnx/builder.js";
import { dataTypes } from "../../onnx/data-types.js";
import type { Sequence } from "./sequence.js";

/** bool [query, key]: key ≤ query, and key > query − window, so that a query sees `window` keys with its own. */
export function windowMask(builder: GraphBuilder, { positions, causal }: Sequence, window: number): string {
  const first = builder.node("Sub", [positions, builder.constant("int64", [], [window])]);
  const column = builder.node("Unsqueeze", [first, builder.constant("int64", [1], [1])]);
  return builder.node("And", [causal, builder.node("Greater", [positions, column])]);
}

/** Linear biases of attention scores (Press et al. 2022): each head's slope times the position of the key. */
export interface Alibi {
  readonly slopes: readonly number[];
  /** The position that is 0: softmax does not tell, but scores do. */
  readonly from: "first" | "last";
  /** Falcon rounds slopes and products to bfloat16. */
  readonly bfloat16: boolean;
  /** What the biases are multiplied by, for families that scale scores after adding them. */
  readonly scale: number;
}

/** float32 [head, 1, key], from the positions. */
export function alibiBias(builder: GraphBuilder, { positions, length }: Sequence, alibi: Alibi): string {
  const round = (x: string): string => {
    if (!alibi.bfloat16) return x;
    return builder.node("Cast", [builder.node("Cast", [x], { to: int(dataTypes.bfloat16) })], { to: int(1) });
  };
  const one = builder.constant("int64", [1], [1]);
  const counted =
    alibi.from === "first" ? positions : builder.node("Sub", [positions, builder.node("Sub", [length, one])]);
  const keys = builder.node("Cast", [counted], { to: int(1) });
  const slopes = builder.constant("float32", [alibi.slopes.length, 1, 1], alibi.slopes);
  const bias = round(builder.node("Mul", [round(slopes), keys]));
  return alibi.scale === 1 ? bias : builder.node("Mul", [bias, builder.constant("float32", [], [alibi.scale])]);
}

/**
 * Slopes 2^(−8 i / n) for n heads, where n is a power of 2; otherwise those of the next smaller power, and then every other
 * one of the next larger.
 *
 * @source transformers/models/bloom/modeling_bloom.py, falcon/modeling_falcon.py: build_alibi_tensor
 */
export function alibiSlopes(heads: number): readonly number[] {
  const below = 2 ** Math.floor(Math.log2(heads));
  const slope = (power: number, of: number): number => 2 ** ((-8 * power) / of);
  const first = Array.from({ length: below }, (_, i) => slope(i + 1, below));
  const rest = Array.from({ length: heads - below }, (_, i) => slope(2 * i + 1, 2 * below));
  return [...first, ...rest];
}

/**
 * MPT's slopes 2^(−max · i / n) for the next power of two n: all of them, or every other one first and then the rest.
 *
 * @source transformers/models/mpt/modeling_mpt.py: build_mpt_alibi_tensor
 */
export function mptSlopes(heads: number, largest: number): readonly number[] {
  const above = 2 ** Math.ceil(Math.log2(heads));
  const all = Array.from({ length: above }, (_, i) => 2 ** ((-largest * (i + 1)) / above));
  if (above === heads) return all;
  const every = (start: number): readonly number[] => all.filter((_, i) => i % 2 === start);
  return [...every(1), ...every(0)].slice(0, heads);
}
