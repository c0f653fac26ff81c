/**
 * Words that people bring from other tools (TransformerLens, nnsight, PyTorch, NumPy) or from the literature, with what this
 * language has instead. Messages ask here before they look for names that are merely spelt alike. Which words a table may
 * point to is tested, and every `write` is compiled (test/diagnostics/foreign-words.test.ts).
 */

/** What to say about a word that the language does not have. */
export interface ForeignWord {
  /** A sentence without a capital or a full stop; empty where `write` says it all. */
  readonly note: string;
  /**
   * What to write instead, in terms of `x` (a tensor), `y` (another one) and `AXIS`, or a whole measure; null where there is
   * nothing yet.
   */
  readonly write: string | null;
}

/** Other names of sites. */
const siteAliases: Readonly<Record<string, readonly string[]>> = {
  embed: ["hook_embed", "embedding", "embeddings", "token_embedding", "wte", "embed_tokens", "inputs_embeds"],
  resid_pre: ["hook_resid_pre", "resid_in", "block_input", "layer_input"],
  resid_mid: ["hook_resid_mid", "resid_middle"],
  resid_post: [
    "hook_resid_post",
    ...["resid", "residual", "resid_stream", "residual_stream", "stream", "resid_out"],
    ...[
      "hidden",
      "hidden_state",
      "hidden_states",
      "block",
      "block_output",
      "layer_output",
      "activation",
      "activations",
    ],
  ],
  q: ["hook_q", "query", "queries", "q_proj"],
  k: ["hook_k", "keys", "k_proj"],
  v: ["hook_v", "value", "values", "v_proj"],
  scores: ["hook_attn_scores", "attn_scores", "attention_scores", "attn_logits"],
  pattern: [
    "hook_pattern",
    ...["attn_pattern", "attn_patterns", "attention_pattern", "attention_patterns", "patterns"],
    ...["attn_weights", "attention_weights", "attn_probs", "attention_probs", "attentions"],
  ],
  z: ["hook_z"],
  head_out: ["hook_result", "result", "head_output", "head_outputs", "head_result", "attn_head", "per_head"],
  attn_out: ["hook_attn_out", "attn", "attention", "self_attn", "attn_output", "attention_output", "hook_attn"],
  mlp_out: ["hook_mlp_out", "mlp", "mlp_output", "ffn", "ffn_out", "feed_forward"],
  mlp_pre: ["hook_pre", "pre_act", "mlp_in_act"],
  mlp_act: ["hook_post", "mlp_post", "mlp_hidden", "mlp_acts", "neuron", "neurons", "neuron_acts", "post_act"],
  final: ["ln_final", "hook_normalized", "ln_f", "final_ln", "final_resid", "final_layer_norm"],
  logits: ["lm_head", "output_logits"],
  logprobs: ["log_probs", "logprob", "log_prob", "log_probabilities", "token_logprobs"],
  nll: ["nlls", "token_loss", "loss_per_token", "per_token_loss", "surprisal"],
};

const sites = new Map(
  Object.entries(siteAliases).flatMap(([site, words]) => words.map((word) => [word, site] as const)),
);

/** The site that is called so elsewhere; null when the word is not known. */
export function siteCalled(word: string): string | null {
  return sites.get(word) ?? null;
}

const targets = new Map<string, string>([
  ...["head", "attention_heads", "attn_heads", "attention_head"].map((word) => [word, "heads"] as const),
  ...["kv", "kv_head", "key_value_heads"].map((word) => [word, "kv_heads"] as const),
  ...["neuron", "units", "features"].map((word) => [word, "neurons"] as const),
  ...["expert", "moe"].map((word) => [word, "experts"] as const),
  ...["attn", "self_attn", "attentions", "attn_out"].map((word) => [word, "attention"] as const),
  ...["mlps", "ffn", "feed_forward", "mlp_out"].map((word) => [word, "mlp"] as const),
  ...["layers", "block", "blocks"].map((word) => [word, "layer"] as const),
]);

/** The part of a model that interventions call otherwise; null when the word is not known. */
export function targetCalled(word: string): string | null {
  return targets.get(word) ?? null;
}

/**
 * A path of TransformerLens or of a module of transformers at the start of `text`, `blocks.5.attn.hook_z`, and what it is
 * here; null for any other text.
 */
export function foreignPath(text: string): { readonly path: string; readonly write: string } | null {
  const [path, layer, rest = ""] =
    /^(?:model\.)?(?:blocks|transformer\.h|layers|gpt_neox\.layers)(?:\.|\[)(\d+)\]?((?:\.[A-Za-z_]\w*)*)/.exec(text) ??
    [];
  if (path === undefined || layer === undefined) return null;
  const word = rest.split(".").at(-1) ?? "";
  const site = word === "" ? "resid_post" : siteCalled(word === "output" ? (rest.split(".").at(-2) ?? "") : word);
  return site === null ? null : { path, write: `${site}[L${layer}]` };
}

const generationWords =
  "generate generates generated generator sample sampling do_sample decode_tokens max_new_tokens max_tokens max_length temperature top_p top_k " +
  "num_beams beam beams beam_search greedy complete completion completions rollout num_return_sequences";
const noGeneration =
  'no text is generated here: what comes next is `top_token` and `softmax(logits at last over vocab)`; how probable a text of yours is, `continuation "FIELD"` of `prompts` with `continuation_logprob`';

const generating = new Set(generationWords.split(" "));

/** What to say to a word about generating text; null for any other. */
export function generationCalled(word: string): string | null {
  return generating.has(word) ? noGeneration : null;
}

/** Words at the start of a statement. */
const statements: readonly (readonly [words: string, hint: string])[] = [
  [generationWords, noGeneration],
  ["for foreach while loop each", "there are no loops: `heads L*` or `layer L0..5` does every one of them"],
  ["def function fn lambda define", "a formula with a name is `metric NAME(x: [pos, *]) = …`"],
  [
    "if else elif unless when",
    "a value is chosen inside an expression, `if x > 3 then x else 0`; results are selected with `where`, as in `table e where layer is 3`",
  ],
  ["print show display echo report", "results are shown with `table EXPERIMENT` and drawn with `plot`"],
  ["load llm network hf hooked_transformer", 'a model is declared with `model NAME from "SOURCE"`'],
  ["run evaluate eval compute forward cache run_with_cache", "what is to be computed follows `measure`"],
  ["zero zero_ablate knockout knock_out mask remove disable lesion", "write `ablate heads L5.H3`, for example"],
  ["mean_ablate", "write `ablate heads L5.H3 by mean`, for example"],
  ["add inject steering", "write `steer resid_post L3 by …`"],
  [
    "path path_patch path_patching",
    "a direct path is `patch heads L0 to heads L3 from CORRUPT into CLEAN`; its receiver can also be q, k or v of heads, mlp or logits",
  ],
  ["replace swap activation_patch", "write `patch heads L5 from CLEAN into CORRUPT`, or `set SITE[L5] to …`"],
  ["dataset data texts text sentences inputs", 'texts are declared with `prompts NAME from "FILE"` or `from ["…"]`'],
  [
    "use using include from require",
    'another file is taken in with `import "FILE"`; a model with `model NAME from "…"`',
  ],
  [
    "var const val parameter config",
    "a constant is `param NAME = 16`, a result `let NAME = …`, a formula `metric NAME = …`",
  ],
  ["test assert", 'what results should show is a `hypothesis "…" expect ONE < OTHER using t_test`'],
];

const statementHints = new Map(
  statements.flatMap(([words, hint]) => words.split(" ").map((word) => [word, hint] as const)),
);

/** What to write instead of a statement that begins with this word; null when the word is not known. */
export function statementCalled(word: string): string | null {
  return statementHints.get(word) ?? null;
}

const weights = "of the weights only the unembedding can be read: W_U, or `unembedding(token)` for one token";
const spectra = "of a Gram matrix `eigenvalues(gram(x over pos))`; there are no singular vectors and no eigenvectors";
const noOrder =
  "there is no order statistic inside of the model; results have `median` and `quantile`, and `plot box` draws them";
const noShape = "axes have names, so that their order and place never matter";
const noIndex = "positions are chosen with `at`, other axes with `select(x, head: 3)`";
const noTraining = "nothing is trained here";

/** Functions and metrics: words, what to say, what to write. */
const values: readonly (readonly [words: string, note: string, write: string | null])[] = [
  [
    "svd svdvals singular_value eig eigh eigvals eigvalsh eigenvalue eigenvectors",
    spectra,
    "singular_values(x over pos, d_model)",
  ],
  ["matrix_rank eff_rank erank numerical_rank", "", "effective_rank(x)"],
  ["participation_ratio", "", "PR(x)"],
  ["quantiles percentile nanmedian nanquantile iqr", noOrder, null],
  ["mode kurtosis skew", "there is no such statistic; `plot histogram` draws how values are distributed", null],
  ["avg average mean_over", "", "mean(x over AXIS)"],
  ["stdev stddev sd sigma", "", "std(x over AXIS)"],
  ["variance", "", "var(x over AXIS)"],
  ["maximum amax", "", "max(x over AXIS)"],
  ["minimum amin", "", "min(x over AXIS)"],
  ["total add_up", "", "sum(x over AXIS)"],
  ["count_nonzero count_if", "", "count(x > 0 over AXIS)"],
  ["prod product", "", "exp(sum(log(abs(x)) over AXIS))"],
  ["argmin", "", "argmax(-x over AXIS)"],
  ["topk sort sorted argsort largest", "the tokens themselves are `argtop(x, 5 over vocab)`", "top(x, 5 over AXIS)"],
  ["ifelse if_else iif cond", "", "(if x > 0 then x else 0)"],
  ["l2 l2_norm l2norm euclidean magnitude frobenius", "", "norm(x over AXIS)"],
  ["l1 l1_norm", "", "sum(abs(x) over AXIS)"],
  ["mse mean_squared_error squared_error", "", "mean((x - y)^2 over AXIS)"],
  ["inner matmul einsum bmm mm inner_product", "", "dot(x, y over AXIS)"],
  ["corr corrcoef correlation pearsonr", "", "pearson(x, y over AXIS)"],
  ["cos_sim cosine_similarity cossim cos_similarity", "", "cosine(x, y over AXIS)"],
  ["cosine_distance", "", "1 - cosine(x, y over AXIS)"],
  ["normalize normalise unit_vector", "", "x / norm(x over AXIS)"],
  ["ln", "", "log(x)"],
  ["layer_norm layernorm rms_norm rmsnorm", "of the model's norms the last one can be applied", "final_norm(x)"],
  ["log2", "log(x) is in nats, and `bits` turns nats into bits", "bits(log(x))"],
  ["log10 lg", "", "log(x) / log(10)"],
  ["log1p", "", "log(1 + abs(x))"],
  ["exp2", "", "2 ^ x"],
  ["square squared pow power", "", "x ^ 2"],
  ["sigmoid logistic expit", "", "1 / (1 + exp(-x))"],
  ["tanh", "", "1 - 2 / (exp(2 * x) + 1)"],
  ["relu", "", "(x + abs(x)) / 2"],
  [
    "gelu silu swish erf softplus",
    "what the model applies itself can be read: mlp_pre before its activation, mlp_act behind",
    null,
  ],
  ["sin cos tan floor ceil round sign clamp clip cumsum cumprod fft", "there is no such function", null],
  ["transpose permute reshape view squeeze unsqueeze concat cat stack", noShape, null],
  ["gather index_select take slice getitem", noIndex, null],
  ["len length size shape numel", "how many tokens, bytes and words a text has is `tokens`, `bytes` and `words`", null],
  ["probs probabilities softmax_logits", "", "softmax(logits at last over vocab)"],
  [
    "js jsd jensen_shannon wasserstein tv total_variation hellinger",
    "of divergences there is Kullback and Leibler's",
    "kl",
  ],
  [
    "gradient gradients backward",
    "the gradient of a number with respect to a site is `grad(METRIC, SITE)`",
    "norm(grad(loss, z[L0]))",
  ],
  ["attribution_patching", "it is the metric attribution, for pairs of texts", null],
  ["edge_attribution eap", "they are the metrics edges_to_q, edges_to_k and edges_to_v, for pairs of texts", null],
  [
    "jacobian hessian",
    "there are no second derivatives with respect to weights yet; `grad` may stand inside `grad`",
    null,
  ],
  [
    "linear_probe logistic_regression",
    "a linear probe is a statement about results: `probe FIELD from VALUE over AXIS`",
    null,
  ],
  ["sae transcoder train optimize", noTraining, null],
  [
    "W_E W_pos wpe W_Q W_K W_V W_O W_in W_out W_gate b_Q b_K b_V b_O b_U weights weight params state_dict",
    weights,
    null,
  ],
  // Metrics.
  ["probability p_answer answer_prob prob_answer correct_prob", "", "prob"],
  ["logit_difference logit_diffs logitdiff ld", "", "logit_diff"],
  ["cross_entropy crossentropy ce ce_loss nll_loss lm_loss", "", "loss"],
  ["ppl pplx", "", "perplexity"],
  ["bpb bits_per_char bpc", "", "bits_per_byte"],
  ["acc correct top1 top1_accuracy exact_match", "", "accuracy"],
  ["kl_div kl_divergence kld kldiv", "", "kl"],
  ["answer_rank", "", "rank"],
  [
    "answer_logprob answer_nll sequence_logprob seq_logprob whole_answer_logprob total_logprob string_logprob",
    'of several tokens it is measured where the prompts say `continuation "FIELD"`',
    "continuation_logprob",
  ],
  [generationWords, noGeneration, null],
  ["dla logit_attribution", "", "direct_logit_attribution"],
  ["induction induction_heads induction_scores", "", "induction_score"],
  ["prev_token_score previous_token prev_token_head", "", "prev_token"],
  ["attn_entropy attention_entropy entropy_of_pattern", "", "pattern_entropy"],
  ["self_attn_score", "", "self_attention"],
  ["resid_norms residual_norm", "", "resid_norm"],
  ["prediction predicted predicted_token next_token", "", "top_token"],
  ["topk_tokens top_k_tokens next_tokens", "their probabilities are `top_probs k 5`", "top_tokens k 5"],
];

const valueHints = new Map(
  values.flatMap(([words, note, write]) => words.split(" ").map((word) => [word, { note, write }] as const)),
);

/** Everything that is known of functions and metrics by other names, for tests. */
export const foreignValues: ReadonlyMap<string, ForeignWord> = valueHints;
/** The sites that other names point to, for tests. */
export const foreignSites: ReadonlyMap<string, string> = sites;
/** The parts of models that other names point to, for tests. */
export const foreignTargets: ReadonlyMap<string, string> = targets;
/** The hints for words at the start of a statement, for tests. */
export const foreignStatements: ReadonlyMap<string, string> = statementHints;

/** What to say about a function or metric that is called otherwise here, or is not there; null when the word is not known. */
export function valueCalled(word: string): string | null {
  const entry = valueHints.get(word) ?? valueHints.get(word.toLowerCase());
  if (entry === undefined) return null;
  const { note, write } = entry;
  if (write === null) return note;
  return note === "" ? `write \`${write}\`` : `${note}: \`${write}\``;
}
