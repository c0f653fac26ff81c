"""The usual loop of TransformerLens 2.x: run_with_hooks with a hook on hook_z for each head, prompts batched.

The model is built from a configuration, since this version looks names up on the Hub; nothing is folded or centred.
With R_V the unembedding is left out (return_type=None), as a careful user would; layers behind the last value vectors
run, since nothing in the loop says that they are not needed.
"""

from common import ids_of, load_lens, r_v, read_task, sweep, write_answer

task = read_task()
model, config = load_lens(task)
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
