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
 * The sites logprobs [row, pos, vocab] and nll [row, pos − 1], in nats, from the logits [row, pos, vocab]. One operator
 * that goes over the vocabulary without a copy of it: what is left out of the measures here is the larger part of a sweep
 * of a small model with a large vocabulary.
 */
function addLogProbabilities(context: BuildContext, sequence: Sequence, logits: string): void {
  const builder = context.builder.scope("loss");
  const list = (...values: number[]): string => builder.constant("int64", [values.length], values);
  const logprobs = builder.node("LogSoftmax", [logits], { axis: int(-1) }, context.site("logprobs", null));

  const end = Number.MAX_SAFE_INTEGER;
  const nextIds = builder.node("Slice", [sequence.inputIds, list(1), list(end), list(1)]);
  // A gate with several rows makes several rows out of one row of ids; each of them has the same next tokens.
  const rows = builder.node("Shape", [logits], { start: int(0), end: int(1) });
  const rowShape = builder.node("Concat", [rows, list(1, 1)], { axis: int(0) });
  const indices = builder.node("Expand", [builder.node("Unsqueeze", [nextIds, list(-1)]), rowShape]);
  // GatherElements takes as many positions as the indices have: all but the last, which predicts nothing here.
  const chosen = builder.node("GatherElements", [logprobs, indices], { axis: int(-1) });
  const negative = builder.node("Neg", [chosen]);
  builder.node("Squeeze", [negative, list(-1)], {}, context.site("nll", null));
}
