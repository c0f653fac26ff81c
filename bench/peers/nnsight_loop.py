"""The usual loop of nnsight: a trace for each head, prompts batched, in which the head's slice of what the output
projection reads is set to zero.
"""

from common import ids_of, load_model, mean_nll, r_v, read_task, sweep, write_answer

task = read_task()

from nnsight import NNsight  # noqa: E402

source = load_model(task)
config = source.config
model = NNsight(source)
ids = ids_of(task)
width = config.n_embd // config.n_head
embedding = config.n_embd


def nll_clean():
    with model.trace(ids):
        logits = model.lm_head.output.save()
    return mean_nll(logits, ids)


def nll_ablated(layer, head):
    with model.trace(ids):
        model.transformer.h[layer].attn.c_proj.input[:, :, head * width : (head + 1) * width] = 0
        logits = model.lm_head.output.save()
    return mean_nll(logits, ids)


def r_v_clean():
    with model.trace(ids):
        early = model.transformer.h[task["early"]].attn.c_attn.output[..., 2 * embedding :].save()
        late = model.transformer.h[task["late"]].attn.c_attn.output[..., 2 * embedding :].save()
    return r_v(early, late, task["window"])


def r_v_ablated(layer, head):
    # Inside a trace, values must be asked for in the order in which the model computes them.
    early_at, late_at = task["early"], task["late"]
    with model.trace(ids):
        if layer < early_at:
            model.transformer.h[layer].attn.c_proj.input[:, :, head * width : (head + 1) * width] = 0
        early = model.transformer.h[early_at].attn.c_attn.output[..., 2 * embedding :].save()
        if early_at <= layer < late_at:
            model.transformer.h[layer].attn.c_proj.input[:, :, head * width : (head + 1) * width] = 0
        late = model.transformer.h[late_at].attn.c_attn.output[..., 2 * embedding :].save()
        if layer >= late_at:
            model.transformer.h[layer].attn.c_proj.input[:, :, head * width : (head + 1) * width] = 0
    return r_v(early, late, task["window"])


clean, ablated = (nll_clean, nll_ablated) if task["measure"] == "nll" else (r_v_clean, r_v_ablated)
answer = sweep(task, config.n_layer, config.n_head, clean, ablated)
write_answer(task, answer, ["torch", "transformers", "nnsight"])
