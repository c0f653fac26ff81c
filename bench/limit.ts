/**
 * The arithmetic that no way of computing the numbers of a part can do without, in FLOP: only matrix products, a product
 * of [m × k] and [k × n] counted as 2mkn. Norms, activations, softmax, measures and moving data count nothing, so that
 * the limit is one that no program can reach.
 *
 * Taken for granted, and therefore not counted:
 * - A condition begins at its own layer, with the attention of that layer taken from the clean run; the output
 *   projection of the one head is what is left of it (`resid_mid − head_out`).
 * - Queries see only the keys before them, so that attention has T(T + 1)/2 pairs of T positions.
 * - The last token of a prompt predicts nothing, so that nll needs T − 1 positions of every layer.
 * - R_V needs the late layer's value vectors at the last `window` positions, and of the layer before that queries,
 *   attention, output and MLP at those positions only. Heads that cannot reach them cost nothing.
 * - An attribution to the last token's logits needs two runs forwards and one backwards, in which every product with a weight
 *   has one counterpart and every product of attention two. Of the last layer they need one position's queries and what
 *   follows, of the unembedding two columns, and nothing goes back further than to z of the first layer.
 */
import type { Shape } from "./workload.js";

export interface SweepWork extends Shape {
  readonly prompts: number;
  readonly tokens: number;
  /** Layers whose heads are ablated, each head alone. */
  readonly ablated: readonly number[];
}

const pairs = (positions: number): number => (positions * (positions + 1)) / 2;

/** Of one prompt: queries, keys, values, attention, output projection and MLP of one GPT-2 layer. */
function wholeLayer(width: number, positions: number): number {
  return 24 * width ** 2 * positions + 4 * width * pairs(positions);
}

const mlp = (width: number, positions: number): number => 16 * width ** 2 * positions;

/** Mean nll of every condition and of the clean run. */
export function nllFlops({ layers, width, heads, vocabulary, prompts, tokens, ablated }: SweepWork): number {
  const positions = tokens - 1;
  const layer = wholeLayer(width, positions);
  const unembedding = 2 * width * vocabulary * positions;
  let flops = layers * layer + unembedding;
  for (const start of ablated) {
    const headOut = (2 * width ** 2 * positions) / heads;
    flops += heads * (headOut + mlp(width, positions) + (layers - 1 - start) * layer + unembedding);
  }
  return prompts * flops;
}

/** R_V between `early` and `late` over the last `window` positions, of every condition and of the clean run. */
export function contractionFlops(work: SweepWork, late: number, window: number): number {
  const { width, heads, prompts, tokens, ablated } = work;
  const kept = Math.min(window, tokens);
  const values = 2 * width ** 2 * kept;
  const whole = wholeLayer(width, tokens);
  // Pairs of the last `kept` queries with the keys before each.
  const lastPairs = pairs(tokens) - pairs(tokens - kept);
  const before = 4 * width ** 2 * tokens + 4 * width ** 2 * kept + 4 * width * lastPairs + mlp(width, kept);
  let flops = (late - 1) * whole + before + values;
  for (const start of ablated) {
    if (start >= late) continue;
    const own = start === late - 1 ? kept : tokens;
    const headOut = (2 * width ** 2 * own) / heads;
    const rest = start === late - 1 ? 0 : (late - 2 - start) * whole + before;
    flops += heads * (headOut + mlp(width, own) + rest + values);
  }
  return prompts * flops;
}

/** Attribution patching of all heads by the difference of two logits after the last token. */
export function attributionFlops({
  layers,
  width,
  prompts,
  tokens,
}: Shape & { prompts: number; tokens: number }): number {
  const layer = wholeLayer(width, tokens);
  // Keys and values everywhere, the last position's query, and its attention.
  const lastAttention = 4 * width ** 2 * tokens + 2 * width ** 2 + 4 * width * tokens;
  const lastRest = 18 * width ** 2;
  const forwards = 2 * ((layers - 1) * layer + lastAttention) + lastRest;
  const back = (layers - 2) * (layer + 4 * width * pairs(tokens)) + 18 * width ** 2 * tokens;
  return prompts * (forwards + back + lastAttention + 4 * width * tokens + lastRest);
}

/** Sizes of a Llama, as its config.json has them. */
export interface LlamaShape {
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly num_key_value_heads: number;
  readonly vocab_size: number;
}

/** nll of a text in windows: `windows` are their lengths in tokens, of which `scored` are scored in all. */
export function windowFlops(shape: LlamaShape, windows: readonly number[], scored: number): number {
  const { hidden_size: width, intermediate_size: neurons } = shape;
  const keyWidth = (width * shape.num_key_value_heads) / shape.num_attention_heads;
  const perToken = 2 * width * (2 * width + 2 * keyWidth + 3 * neurons);
  const layers = windows
    .map((length) => perToken * (length - 1) + 4 * width * pairs(length - 1))
    .reduce((sum, flops) => sum + flops, 0);
  return shape.num_hidden_layers * layers + 2 * width * shape.vocab_size * scored;
}
