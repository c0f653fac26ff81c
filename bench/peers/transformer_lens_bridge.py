"""The usual loop of TransformerLens 3.x and 4.x: TransformerBridge around the Hugging Face model, run_with_hooks with a
hook on hook_z for each head, prompts batched. See transformer_lens_2.py for R_V.
"""

from common import ids_of, load_lens, r_v, read_task, sweep, write_answer

task = read_task()
model, config = load_lens(task)
ids = ids_of(task)


def measured(hooks):
    if task["measure"] == "nll":
        return model.run_with_hooks(ids, return_type="loss", loss_per_token=True, fwd_hooks=hooks).mean(1)
    values = {}

    def keeper(layer):
        def keep(value, hook):
            values[layer] = value.flatten(2)

        return keep

    keepers = [(f"blocks.{layer}.attn.hook_v", keeper(layer)) for layer in (task["early"], task["late"])]
    model.run_with_hooks(ids, return_type=None, fwd_hooks=hooks + keepers)
    return r_v(values[task["early"]], values[task["late"]], task["window"])


def ablated(layer, head):
    def zero(z, hook):
        # The bridge may show z with its heads joined, as the output projection reads it.
        heads = z if z.dim() == 4 else z.unflatten(2, (config.n_head, -1))
        heads[:, :, head] = 0.0
        return heads.view(z.shape)

    return measured([(f"blocks.{layer}.attn.hook_z", zero)])


answer = sweep(task, config.n_layer, config.n_head, lambda: measured([]), ablated)
write_answer(task, answer, ["torch", "transformers", "transformer-lens"])
