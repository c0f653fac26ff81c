"""What somebody writes who wants this one sweep to be fast: PyTorch alone, inference mode, fused attention.

- The clean run keeps the residual stream before each layer and every head's z. A condition starts at its own layer, whose
  attention is not computed again: only the output projection of z with a head set to zero.
- The heads of a layer are one batch: rows are (head, prompt).
- With R_V nothing runs behind the value vectors of the late layer, and heads of layers that cannot reach them are
  answered by the clean value.
- Logits are made prompt batch by prompt batch, since those of all rows together would not fit the caches.
"""

import time

from common import heads_of, ids_of, load_model, mean_nll, r_v, read_task, write_answer

task = read_task()

import torch  # noqa: E402
from torch.nn.functional import gelu, layer_norm, linear, scaled_dot_product_attention  # noqa: E402

source = load_model(task)
config = source.config
layers, heads, width = config.n_layer, config.n_head, config.n_embd
blocks = source.transformer.h
ids = ids_of(task)
prompts = ids.shape[0]


def normed(x, norm):
    return layer_norm(x, (width,), norm.weight, norm.bias, norm.eps)


def projected(x, projection):
    return torch.addmm(projection.bias, x.reshape(-1, x.shape[-1]), projection.weight).view(*x.shape[:-1], -1)


def values_of(x, block):
    """Value vectors [row, pos, width] of a layer that reads x, without queries and keys."""
    projection = block.attn.c_attn
    return linear(normed(x, block.ln_1), projection.weight[:, 2 * width :].T, projection.bias[2 * width :])


def attention(x, block):
    """z [row, pos, width], heads side by side, and the value vectors."""
    joined = projected(normed(x, block.ln_1), block.attn.c_attn)
    query, key, value = (
        part.unflatten(2, (heads, -1)).transpose(1, 2) for part in joined.split(width, dim=2)
    )
    z = scaled_dot_product_attention(query, key, value, is_causal=True)
    return z.transpose(1, 2).flatten(2), joined[..., 2 * width :]


def rest(x, z, block):
    """The residual stream after a layer, from the stream before it and z."""
    middle = x + projected(z, block.attn.c_proj)
    hidden = gelu(projected(normed(middle, block.ln_2), block.mlp.c_fc), approximate="tanh")
    return middle + projected(hidden, block.mlp.c_proj)


def nll(x):
    """Mean nll [row] of the residual stream after the last layer."""
    results = []
    for rows in x.split(prompts):
        logits = linear(normed(rows[:, :-1], source.transformer.ln_f), source.lm_head.weight)
        losses = torch.nn.functional.cross_entropy(
            logits.flatten(0, 1), ids[:, 1:].flatten(), reduction="none"
        )
        results.append(losses.view(rows.shape[0], -1).mean(1))
    return torch.cat(results)


def end_of(x, start, early):
    """The measure [row], going on before layer `start`; `early` are the early value vectors where they are known."""
    if task["measure"] == "nll":
        for layer in range(start, layers):
            x = rest(x, attention(x, blocks[layer])[0], blocks[layer])
        return nll(x)
    for layer in range(start, task["late"]):
        z, value = attention(x, blocks[layer])
        if layer == task["early"]:
            early = value
        x = rest(x, z, blocks[layer])
    return r_v(early, values_of(x, blocks[task["late"]]), task["window"])


def run():
    positions = torch.arange(ids.shape[1])
    x = source.transformer.wte(ids) + source.transformer.wpe(positions)
    last = layers if task["measure"] == "nll" else task["late"]
    before, z_of, value_of = [], [], []
    for layer in range(last):
        z, value = attention(x, blocks[layer])
        before.append(x)
        z_of.append(z)
        value_of.append(value)
        x = rest(x, z, blocks[layer])
    clean = (
        nll(x)
        if task["measure"] == "nll"
        else r_v(value_of[task["early"]], values_of(x, blocks[last]), task["window"])
    ).mean()

    wanted = {}
    for layer, head in heads_of(task, layers, heads):
        wanted.setdefault(layer, []).append(head)
    conditions = []
    for layer, ablated in wanted.items():
        if layer >= last:
            results = clean.expand(len(ablated))
        else:
            z = z_of[layer].unflatten(2, (heads, -1)).repeat(len(ablated), 1, 1, 1)
            for i, head in enumerate(ablated):
                z[i * prompts : (i + 1) * prompts, :, head] = 0
            stream = rest(before[layer].repeat(len(ablated), 1, 1), z.flatten(2), blocks[layer])
            known = None
            if task["measure"] == "r_v" and layer >= task["early"]:
                known = value_of[task["early"]].repeat(len(ablated), 1, 1)
            results = end_of(stream, layer + 1, known).view(len(ablated), prompts).mean(1)
        conditions += [
            {"layer": layer, "head": head, "value": float(results[i])} for i, head in enumerate(ablated)
        ]
    return {"clean": {"value": float(clean)}, "conditions": conditions}


with torch.inference_mode():
    # A clean run before the clock starts, so that allocations and first calls are not counted.
    mean_nll(source(ids).logits, ids)
    start = time.perf_counter()
    answer = run()
    answer["seconds"] = time.perf_counter() - start
write_answer(task, answer, ["torch", "transformers"])
