"""What the peers of the benchmark share: the task they are given, R_V in PyTorch, and the answer that they write.

A task is a JSON file:

    model     folder of a Hugging Face GPT-2 model
    ids       token ids [prompt, pos], all prompts of one length
    measure   "nll" (mean over predicted tokens) or "r_v"
    early, late, window   layers and positions of R_V
    heads     [[layer, head], …], the heads to ablate one at a time; null: every head of the model
    threads   threads of one operator
    answer    file that the answer is written to

The answer holds the clean value and one value for each head, each the mean over prompts, with the seconds that each took.
"""

import json
import os
import sys
import time


def read_task():
    """The task named on the command line. Limits the threads, so it must come before the first import of torch."""
    with open(sys.argv[1], encoding="utf-8") as file:
        task = json.load(file)
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(task["threads"])
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    import torch

    torch.set_num_threads(task["threads"])
    torch.set_grad_enabled(False)
    return task


def load_model(task):
    """The Hugging Face model in f32, with its own choice of attention implementation."""
    import torch
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(task["model"], dtype=torch.float32).eval()


def ids_of(task):
    """Token ids [prompt, pos]."""
    import torch

    return torch.tensor(task["ids"], dtype=torch.long)


def pairs_of(task):
    """Token ids [prompt, pos] of the corrupt texts."""
    import torch

    return torch.tensor(task["corrupt"], dtype=torch.long)


def load_lens(task):
    """The model in TransformerLens, of whichever version there is, and the configuration of Hugging Face."""
    from importlib.metadata import version

    source = load_model(task)
    config = source.config
    if int(version("transformer-lens").split(".")[0]) >= 3:
        from transformer_lens.model_bridge import TransformerBridge

        return TransformerBridge.boot_transformers(task["model"], hf_model=source, device="cpu"), config
    from transformer_lens import HookedTransformer, HookedTransformerConfig
    from transformer_lens.pretrained.weight_conversions import convert_gpt2_weights

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
    return model, config


def heads_of(task, layers, heads):
    """The (layer, head) pairs to ablate."""
    if task["heads"] is None:
        return [(layer, head) for layer in range(layers) for head in range(heads)]
    return [tuple(pair) for pair in task["heads"]]


def participation_ratio(values, window):
    """Participation ratio of the last `window` positions: values [row, pos, width] → [row], from the Gram matrix."""
    last = values[:, -window:].double()
    gram = last @ last.transpose(1, 2)
    trace = gram.diagonal(dim1=1, dim2=2).sum(1)
    return trace**2 / (gram**2).sum((1, 2))


def r_v(early, late, window):
    """R_V of value vectors [row, pos, width] of two layers → [row]."""
    return participation_ratio(late, window) / participation_ratio(early, window)


def mean_nll(logits, ids):
    """Mean negative log likelihood of the predicted tokens: logits [row, pos, vocab], ids [row, pos] → [row]."""
    import torch

    losses = torch.nn.functional.cross_entropy(
        logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten(), reduction="none"
    )
    return losses.view(ids.shape[0], -1).mean(1)


def timed(compute):
    """(value, seconds) of a computation that returns a tensor [row] or a number; the value is its mean."""
    start = time.perf_counter()
    value = compute()
    return float(value.mean()), time.perf_counter() - start


def sweep(task, layers, heads, clean, ablated):
    """The usual loop: the clean model, then one head at a time. `ablated(layer, head)` → [row].

    The clean model runs once before the clock starts, so that allocations and first calls are not counted.
    """
    clean()
    value, seconds = timed(clean)
    conditions = []
    for layer, head in heads_of(task, layers, heads):
        changed, took = timed(lambda: ablated(layer, head))
        conditions.append({"layer": layer, "head": head, "value": changed, "seconds": took})
    return {"clean": {"value": value, "seconds": seconds}, "conditions": conditions}


def write_answer(task, answer, packages):
    """Writes the answer with the versions of Python packages."""
    from importlib.metadata import version

    answer["versions"] = {name: version(name) for name in packages}
    with open(task["answer"], "w", encoding="utf-8") as file:
        json.dump(answer, file)
