"""Products of the Hessian of the mean loss with vectors by double backward: PyTorch and Hugging Face's model, weights of one layer's
attention.

Beside model, ids, threads and answer, the task has `layer`, `kept` and `probes`, a file of int8 signs, [probe, entry], in the order of the
weights. The answer is the mean over probes of v · H v, with the seconds of all products. `kept`: the graph of the gradient is
made once and kept for all products, as PyHessian does with one batch; otherwise each product makes it anew.
"""

import time

from common import ids_of, load_model, read_task, write_answer

task = read_task()

import numpy  # noqa: E402
import torch  # noqa: E402

torch.set_grad_enabled(True)
# Fused attention has no second derivative.
source = load_model(task).requires_grad_(False)
source.set_attn_implementation("eager")
ids = ids_of(task)
attention = source.transformer.h[task["layer"]].attn
weights = [parameter.requires_grad_() for _, parameter in attention.named_parameters()]
size = sum(weight.numel() for weight in weights)
signs = numpy.fromfile(task["probes"], dtype=numpy.int8).reshape(-1, size)


def gradients():
    logits = source(ids, use_cache=False).logits[:, :-1]
    loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten())
    return torch.autograd.grad(loss, weights, create_graph=True)


def product(first, vector):
    """v · H v."""
    parts = [part.view_as(weight) for part, weight in zip(vector.split([w.numel() for w in weights]), weights)]
    second = torch.autograd.grad(first, weights, parts, retain_graph=task["kept"])
    return sum((one * part).double().sum() for one, part in zip(second, parts)).item()


start = time.perf_counter()
first = gradients() if task["kept"] else None
values = [product(first or gradients(), torch.from_numpy(row).float()) for row in signs]
seconds = time.perf_counter() - start
write_answer(
    task,
    {"value": sum(values) / len(values), "seconds": seconds, "weights": [list(weight.shape) for weight in weights]},
    ["torch", "transformers"],
)
