import { integers } from "../../onnx/lists.js";
import { float, int } from "../../onnx/attributes.js";
import type { BuildContext } from "./context.js";
import { logProbabilityOf } from "./log-probabilities.js";
import { applyLinear } from "./linear.js";
import { applyNorm, registerNorm, type Norm } from "./norm.js";
import type { Sequence } from "./sequence.js";

/** The parts in which decoder families differ; {@link buildDecoder} puts them together. */
export interface DecoderParts {
  readonly sequence: Sequence;
  /** Makes the site `embed` [row, pos, d_model]. */
  readonly embed: () => string;
  /** Before attention, or after it has been added where the signature's norms follow the stream; null: there is none. */
  readonly attentionNorm: (layer: number) => Norm | null;
  /** Makes q, k, v … attn_out from the normed residual stream and returns attn_out. */
  readonly attention: (x: string, layer: number) => string;
  /** As for attention; "shared" where the MLP reads what attention reads (parallel residuals with one norm). */
  readonly mlpNorm: (layer: number) => Norm | null | "shared";
  /** Makes mlp_pre, mlp_act and mlp_out from the normed residual stream and returns mlp_out. */
  readonly mlp: (x: string, layer: number) => string;
  readonly finalNorm: Norm;
  /** W_U [vocab, width]; the unembedding matrices of all families are stored so. */
  readonly unembedding: string;
  /** b_U [vocab]. */
  readonly unembeddingBias?: string | null;
  /** P [width, d_model], where the vocabulary's vectors have a width of their own. */
  readonly projection?: string | null;
}

/**
 * A decoder. Sequential: resid_mid = resid_pre + attn_out, resid_post = resid_mid + mlp_out. Parallel (GPT-J, GPT-NeoX):
 * both branches read resid_pre and there is no resid_mid. Norms stand before attention and MLP, or, as in the first
 * transformers, after their outputs have been added: then the MLP reads normalized_resid_mid, which also goes on as the
 * stream, the norm of resid_post is the next layer's resid_pre, and that of the last layer's is `final`. Adds every site up
 * to `nll`.
 */
export function buildDecoder(context: BuildContext, parts: DecoderParts): void {
  const { builder, signature } = context;
  const normsFollow = signature.normsAfter === "stream";
  const normBefore = (layer: number, what: string, x: string, norm: Norm | null): string =>
    norm === null || normsFollow ? x : applyNorm(builder.scope(`layer.${layer}`).scope(what), x, norm);
  let stream = parts.embed();
  let endOfLayer: Norm | null = null;
  for (let layer = 0; layer < signature.layers; layer++) {
    const inner = builder.scope(`layer.${layer}`);
    const resid = context.site("resid_pre", layer);
    // The same numbers as the layer before left behind, but a value of its own, so that each has its own gate.
    const before =
      endOfLayer === null
        ? builder.node("Identity", [stream], {}, resid)
        : applyNorm(inner.scope("norm_before"), stream, endOfLayer, resid);
    const attentionNorm = parts.attentionNorm(layer);
    const attentionInput = normBefore(layer, "attention_norm", before, attentionNorm);
    const attentionOutput = parts.attention(attentionInput, layer);
    const middle = builder.node(
      "Add",
      [before, attentionOutput],
      {},
      signature.parallelResidual ? `layer.${layer}/resid_pre_plus_attn_out` : context.site("resid_mid", layer),
    );
    const mlpNorm = parts.mlpNorm(layer);
    if (normsFollow && attentionNorm !== null && mlpNorm !== null && mlpNorm !== "shared") {
      const normed = context.site("normalized_resid_mid", layer);
      const source = applyNorm(inner.scope("attention_norm"), middle, attentionNorm, normed);
      registerNorm(context, `norm_of_mid[${layer}]`, attentionNorm);
      registerNorm(context, `norm_of_post[${layer}]`, mlpNorm);
      stream = builder.node("Add", [source, parts.mlp(source, layer)], {}, context.site("resid_post", layer));
      endOfLayer = mlpNorm;
      continue;
    }
    const mlpInput =
      mlpNorm === "shared"
        ? attentionInput
        : normBefore(layer, "mlp_norm", signature.parallelResidual ? before : middle, mlpNorm);
    const mlpOutput = parts.mlp(mlpInput, layer);
    stream = builder.node("Add", [middle, mlpOutput], {}, context.site("resid_post", layer));
  }
  const final = applyNorm(builder.scope("final_norm"), stream, parts.finalNorm, context.site("final", null));
  registerNorm(context, "final_norm", parts.finalNorm);
  addLogProbabilities(context, parts.sequence, unembed(context, parts, final));
}

/** The site `logits` [row, pos, vocab] of `final` [row, pos, d_model], as the signature's `unembedding` says. */
function unembed(context: BuildContext, parts: DecoderParts, final: string): string {
  const { builder, signature } = context;
  const { scale, softcap } = signature.unembedding;
  const { unembedding, unembeddingBias = null, projection = null } = parts;
  const scope = builder.scope("unembed");
  // What a vector of the stream is multiplied with; nothing but measures and identities asks for the product.
  context.parameter("W_U", projection === null ? unembedding : scope.node("MatMul", [unembedding, projection]));
  if (unembeddingBias !== null) context.parameter("b_U", unembeddingBias);
  const out = context.site("logits", null);
  const narrow =
    projection === null ? final : applyLinear(scope, final, { weight: projection, layout: "out-in", bias: null });
  // FusedMatMul scales its product on the way.
  const attributes = { transB: int(1), ...(scale === 1 ? {} : { alpha: float(scale) }) };
  const isLast = softcap === null && unembeddingBias === null;
  const product = builder.node("FusedMatMul", [narrow, unembedding], attributes, isLast ? out : undefined);
  const biased =
    unembeddingBias === null
      ? product
      : builder.node("Add", [product, unembeddingBias], {}, softcap === null ? out : undefined);
  return softcap === null ? biased : softCap(scope, biased, softcap, out);
}

/** cap · tanh(x / cap): almost x where x is small, never larger than the cap (Gemma Team 2024). */
export function softCap(builder: BuildContext["builder"], x: string, cap: number, name?: string): string {
  const bound = builder.constant("float32", [], [cap]);
  const bent = builder.node("Tanh", [builder.node("Div", [x, bound])]);
  return builder.node("Mul", [bent, bound], {}, name);
}

/** The sites logprobs [row, pos, vocab] and nll [row, pos − 1], in nats, from the logits [row, pos, vocab]. */
function addLogProbabilities(context: BuildContext, sequence: Sequence, logits: string): void {
  const builder = context.builder.scope("loss");
  const end = Number.MAX_SAFE_INTEGER;
  const nextIds = builder.node("Slice", [
    sequence.inputIds,
    integers(builder, 1),
    integers(builder, end),
    integers(builder, 1),
  ]);
  // A gate with several rows makes several rows out of one row of ids; each of them has the same next tokens.
  const rows = builder.node("Shape", [logits], { start: int(0), end: int(1) });
  const rowShape = builder.node("Concat", [rows, integers(builder, 1, 1)], { axis: int(0) });
  const indices = builder.node("Expand", [builder.node("Unsqueeze", [nextIds, integers(builder, -1)]), rowShape]);
  const { vocab } = context.signature;
  const all = context.site("logprobs", null);
  const chosen = logProbabilityOf(builder, { logits, vocab, leading: 2, indices, dropsLast: true, all });
  const negative = builder.node("Neg", [chosen]);
  builder.node("Squeeze", [negative, integers(builder, -1)], {}, context.site("nll", null));
}
