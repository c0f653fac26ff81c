"""The usual loop of TransformerLens 2.x: run_with_hooks with a hook on hook_z for each head, prompts batched.

The model is built from a configuration, since this version looks names up on the Hub; nothing is folded or centred.
With R_V the unembedding is left out (return_type=None), as a careful user would; layers behind the last value vectors
run, since nothing in the loop says that they are not needed.
"""

from common import ids_of, load_model, r_v, read_task, sweep, write_answer

task = read_task()

from transformer_lens import HookedTransformer, HookedTransformerConfig  # noqa: E402
from transformer_lens.pretrained.weight_conversions import convert_gpt2_weights  # noqa: E402

source = load_model(task)
config = source.config
model = HookedTransformer(
    HookedTransformerConfig(
        n_layers=config.n_layer,
        d_model=config.n_embd,
        n_ctx=config.n_positions,
        d_head=config.n_embd // config.n_head,
        n_heads=config.n_head,
        d_vocab=config.vocab_size,
        act_fn="gelu_new",
        normalization_type="LN",
        eps=config.layer_norm_epsilon,
        original_architecture="GPT2LMHeadModel",
        device="cpu",
    )
)
# The conversion knows nothing of the causal masks, which the model makes itself.
model.load_state_dict(convert_gpt2_weights(source, model.cfg), strict=False)
ids = ids_of(task)


def measured(hooks):
    if task["measure"] == "nll":
        return model.run_with_hooks(ids, return_type="loss", loss_per_token=True, fwd_hooks=hooks).mean(1)
    values = {}

    def keep(value, hook):
        values[hook.layer()] = value.flatten(2)

    keepers = [(f"blocks.{layer}.attn.hook_v", keep) for layer in (task["early"], task["late"])]
    model.run_with_hooks(ids, return_type=None, fwd_hooks=hooks + keepers)
    return r_v(values[task["early"]], values[task["late"]], task["window"])


def ablated(layer, head):
    def zero(z, hook):
        z[:, :, head] = 0.0
        return z

    return measured([(f"blocks.{layer}.attn.hook_z", zero)])


answer = sweep(task, config.n_layer, config.n_head, lambda: measured([]), ablated)
write_answer(task, answer, ["torch", "transformers", "transformer-lens"])
