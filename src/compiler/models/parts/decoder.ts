import { int } from "../../onnx/attributes.js";
import type { BuildContext } from "./context.js";
import { applyLinear } from "./linear.js";
import { applyNorm, type Norm } from "./norm.js";
import type { Sequence } from "./sequence.js";

/** The parts in which decoder families differ; {@link buildDecoder} puts them together. */
export interface DecoderParts {
  readonly sequence: Sequence;
  /** Makes the site `embed` [row, pos, d_model]. */
  readonly embed: () => string;
  readonly attentionNorm: (layer: number) => Norm;
  /** Makes q, k, v … attn_out from the normed residual stream and returns attn_out. */
  readonly attention: (x: string, layer: number) => string;
  readonly mlpNorm: (layer: number) => Norm;
  /** Makes mlp_pre, mlp_act and mlp_out from the normed residual stream and returns mlp_out. */
  readonly mlp: (x: string, layer: number) => string;
  readonly finalNorm: Norm;
  /** [vocab, d_model]; the unembedding matrices of all families are stored so. */
  readonly unembedding: string;
}

/**
 * A pre-norm decoder. Sequential: resid_mid = resid_pre + attn_out, resid_post = resid_mid + mlp_out. Parallel (GPT-J,
 * GPT-NeoX): both branches read resid_pre and there is no resid_mid. Adds every site up to `nll`.
 */
export function buildDecoder(context: BuildContext, parts: DecoderParts): void {
  const { builder, signature } = context;
  let stream = parts.embed();
  for (let layer = 0; layer < signature.layers; layer++) {
    const inner = builder.scope(`layer.${layer}`);
    // The same numbers as the layer before left behind, but a value of its own, so that each has its own gate.
    const before = builder.node("Identity", [stream], {}, context.site("resid_pre", layer));
    const attentionInput = applyNorm(inner.scope("attention_norm"), before, parts.attentionNorm(layer));
    const attentionOutput = parts.attention(attentionInput, layer);
    const middle = builder.node(
      "Add",
      [before, attentionOutput],
      {},
      signature.parallelResidual ? `layer.${layer}/resid_pre_plus_attn_out` : context.site("resid_mid", layer),
    );
    const mlpSource = signature.parallelResidual ? before : middle;
    const mlpInput = applyNorm(inner.scope("mlp_norm"), mlpSource, parts.mlpNorm(layer));
    const mlpOutput = parts.mlp(mlpInput, layer);
    stream = builder.node("Add", [middle, mlpOutput], {}, context.site("resid_post", layer));
  }
  const final = applyNorm(builder.scope("final_norm"), stream, parts.finalNorm, context.site("final", null));
  context.parameter("final_norm.weight", parts.finalNorm.weight);
  if (parts.finalNorm.bias !== null) context.parameter("final_norm.bias", parts.finalNorm.bias);
  context.parameter("final_norm.epsilon", builder.constant("float32", [], [parts.finalNorm.epsilon]));
  context.parameter("W_U", parts.unembedding);
  const unembedding = { weight: parts.unembedding, layout: "out-in" as const, bias: null };
  const logits = applyLinear(builder, final, unembedding, context.site("logits", null));
  addLogProbabilities(context, parts.sequence, logits);
}

/**
 * The sites logprobs [row, pos, vocab] and nll [row, pos − 1], in nats, from the logits [row, pos, vocab]. The largest
 * logit is subtracted first, so that no exponential overflows; nll is taken from the shifted logits directly, which
 * spares a tensor over the vocabulary.
 */
function addLogProbabilities(context: BuildContext, sequence: Sequence, logits: string): void {
  const builder = context.builder.scope("loss");
  const list = (...values: number[]): string => builder.constant("int64", [values.length], values);
  const largest = builder.node("ReduceMax", [logits, list(-1)], { keepdims: int(1) });
  const shifted = builder.node("Sub", [logits, largest]);
  // Rows of whole cache lines (16 float32): onnxruntime adds up to an aligned address first, so that the order of a sum
  // would depend on where its row lies in the batch.
  const missing = (16 - (context.signature.vocab % 16)) % 16;
  const exponentials = builder.node("Exp", [shifted]);
  const padded = missing === 0 ? exponentials : builder.node("Pad", [exponentials, list(0, 0, 0, 0, 0, missing)]);
  const total = builder.node("ReduceSum", [padded, list(-1)], { keepdims: int(1) });
  // Through float64: onnxruntime's float32 Log computes full SIMD packets and the rest differently, so that the last bit
  // of a loss would depend on its place in the batch.
  const wide = builder.node("Cast", [total], { to: int(11) });
  const logTotal = builder.node("Cast", [builder.node("Log", [wide])], { to: int(1) });
  builder.node("Sub", [shifted, logTotal], {}, context.site("logprobs", null));

  const end = Number.MAX_SAFE_INTEGER;
  const nextIds = builder.node("Slice", [sequence.inputIds, list(1), list(end), list(1)]);
  // A gate with several rows makes several rows out of one row of ids; each of them has the same next tokens.
  const rows = builder.node("Shape", [logits], { start: int(0), end: int(1) });
  const rowShape = builder.node("Concat", [rows, list(1, 1)], { axis: int(0) });
  const indices = builder.node("Expand", [builder.node("Unsqueeze", [nextIds, list(-1)]), rowShape]);
  const chosen = builder.node("GatherElements", [shifted, indices], { axis: int(-1) });
  const predicting = builder.node("Slice", [logTotal, list(0), list(-1), list(1)]);
  const negative = builder.node("Sub", [predicting, chosen]);
  builder.node("Squeeze", [negative, list(-1)], {}, context.site("nll", null));
}
