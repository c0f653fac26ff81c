"""Attribution patching with TransformerLens: hooks keep hook_z of the corrupt and the clean run, backward hooks the gradients.

Version 2 has HookedTransformer, later ones TransformerBridge; see transformer_lens_2.py. Weights ask for no gradients, as a
careful user would have it; logits of all positions are made, as the model makes them.
"""

import time
from functools import partial

from common import ids_of, load_lens, pairs_of, read_task, write_answer

task = read_task()

import torch  # noqa: E402

model, config = load_lens(task)
model.requires_grad_(False)
layers, heads = config.n_layer, config.n_head
clean, corrupt = ids_of(task), pairs_of(task)
answers, distractors = (torch.tensor(task[name]) for name in ("answers", "distractors"))
names = [f"blocks.{layer}.attn.hook_z" for layer in range(layers)]


def by_head(z):
    """The bridge may show z with its heads joined, as the output projection reads it."""
    return z if z.dim() == 4 else z.unflatten(2, (heads, -1))


def run():
    there, here, slopes = {}, {}, {}

    def keepers(into):
        # Not by the name that a hook has itself, which in the bridge is another one.
        def keep(value, hook, name):
            into[name] = by_head(value.detach())

        return [(name, partial(keep, name=name)) for name in names]

    def wants_gradients(value, hook):
        return value.detach().requires_grad_()

    with torch.no_grad():
        model.run_with_hooks(corrupt, return_type=None, fwd_hooks=keepers(there))
    with torch.enable_grad():
        forward = [("blocks.0.hook_resid_pre", wants_gradients), *keepers(here)]
        with model.hooks(fwd_hooks=forward, bwd_hooks=keepers(slopes)):
            logits = model(clean)[:, -1]
            rows = torch.arange(len(logits))
            metric = logits[rows, answers] - logits[rows, distractors]
            metric.sum().backward()
    conditions = []
    for layer, name in enumerate(names):
        # The sum over positions and the entries of a head, the mean over rows.
        values = (slopes[name] * (there[name] - here[name])).sum((1, 3)).mean(0)
        conditions += [{"layer": layer, "head": head, "value": float(value)} for head, value in enumerate(values)]
    return {"clean": {"value": float(metric.detach().mean())}, "conditions": conditions}


run()
start = time.perf_counter()
answer = run()
answer["seconds"] = time.perf_counter() - start
write_answer(task, answer, ["torch", "transformers", "transformer-lens"])
