"""A GPT-2 of random bfloat16 weights and its sweep over heads, in PyTorch alone: `gpu_sweep.py TASK.json`.

A task has `do`:

    make   writes the model into `folder`, of the shape `layers`, `width`, `heads`, `vocabulary`
    loop   a forward pass with a hook for each head, as the tutorials have it, all prompts in one batch
    hand   what somebody writes who wants this sweep to be fast: the heads of a layer are one batch, and start at their layer

The last two have `ids` [prompt, pos], `heads` [[layer, head], …], `measure` (`nll` or `r_v` with `early`, `late`, `window`),
`type` of the computation (float32 with TF32 off, or bfloat16) and `device`. They write the clean value and one of each head, means
over prompts, and the seconds that they took without loading, into `answer`.
"""

import json
import struct
import sys
import time
from pathlib import Path

import torch
from common import mean_nll, r_v
from torch.nn.functional import gelu, layer_norm, scaled_dot_product_attention

EPSILON = 1e-5
POSITIONS = 64


def shapes(task):
    width = task["width"]
    yield "transformer.wte.weight", (task["vocabulary"], width)
    yield "transformer.wpe.weight", (POSITIONS, width)
    for layer in range(task["layers"]):
        at = f"transformer.h.{layer}."
        for norm in ("ln_1", "ln_2"):
            yield at + norm + ".weight", (width,)
            yield at + norm + ".bias", (width,)
        for name, rows, columns in (
            ("attn.c_attn", width, 3 * width),
            ("attn.c_proj", width, width),
            ("mlp.c_fc", width, 4 * width),
            ("mlp.c_proj", 4 * width, width),
        ):
            yield at + name + ".weight", (rows, columns)
            yield at + name + ".bias", (columns,)
    yield "transformer.ln_f.weight", (width,)
    yield "transformer.ln_f.bias", (width,)


def make(task):
    """Seeded weights, large enough that switching a head off changes something, and a tokenizer of numbered words."""
    folder = Path(task["folder"])
    folder.mkdir(parents=True, exist_ok=True)
    generator = torch.Generator(device=task["device"]).manual_seed(1)
    spread = 2.0 / task["width"] ** 0.5
    head, offset = {}, 0
    for name, shape in shapes(task):
        size = 2 * torch.Size(shape).numel()
        head[name] = {"dtype": "BF16", "shape": list(shape), "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(head).encode()
    text += b" " * (-len(text) % 8)
    with open(folder / "model.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name, shape in shapes(task):
            values = torch.randn(shape, generator=generator, device=task["device"]) * spread
            if name.endswith("ln_1.weight") or name.endswith("ln_2.weight") or name.endswith("ln_f.weight"):
                values = values + 1
            file.write(values.bfloat16().view(torch.int16).cpu().numpy().tobytes())
    config = {
        "model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "activation_function": "gelu_new",
        "n_layer": task["layers"], "n_embd": task["width"], "n_head": task["heads"], "n_positions": POSITIONS,
        "vocab_size": task["vocabulary"], "layer_norm_epsilon": EPSILON, "tie_word_embeddings": True, "dtype": "bfloat16",
        "n_inner": None, "scale_attn_weights": True, "scale_attn_by_inverse_layer_idx": False,
    }  # fmt: skip
    vocabulary = {f"t{i}": i for i in range(task["vocabulary"])}
    tokenizer = {
        "version": "1.0", "added_tokens": [], "normalizer": None, "post_processor": None,
        "pre_tokenizer": {"type": "WhitespaceSplit"}, "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": False},
        "model": {"type": "WordPiece", "unk_token": "t0", "continuing_subword_prefix": "##",
                  "max_input_chars_per_word": 9, "vocab": vocabulary},
    }  # fmt: skip
    names = {"tokenizer_class": "PreTrainedTokenizerFast", "add_bos_token": False, "bos_token": "t0"}
    for name, content in (("config", config), ("tokenizer", tokenizer), ("tokenizer_config", names)):
        (folder / f"{name}.json").write_text(json.dumps(content))


def load(task):
    """The weights on the device, in the type of the computation."""
    device, kind = task["device"], getattr(torch, task["type"])
    weights = {}
    with open(Path(task["folder"]) / "model.safetensors", "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        head = json.loads(file.read(length))
        for name, about in head.items():
            start, end = about["data_offsets"]
            file.seek(8 + length + start)
            raw = torch.frombuffer(bytearray(file.read(end - start)), dtype=torch.bfloat16)
            weights[name.removeprefix("transformer.")] = raw.view(about["shape"]).to(device).to(kind)
    return weights


class Model:
    def __init__(self, task):
        self.weights = load(task)
        self.layers, self.heads = task["layers"], task["heads_of_model"]
        self.hook = lambda layer, z: z

    def norm(self, x, name):
        weight, bias = self.weights[name + ".weight"], self.weights[name + ".bias"]
        return layer_norm(x, (x.shape[-1],), weight, bias, EPSILON)

    def linear(self, x, name):
        weight, bias = self.weights[name + ".weight"], self.weights[name + ".bias"]
        return torch.addmm(bias, x.reshape(-1, x.shape[-1]), weight).view(*x.shape[:-1], -1)

    def embed(self, ids):
        return self.weights["wte.weight"][ids] + self.weights["wpe.weight"][: ids.shape[1]]

    def attention(self, x, layer):
        """z [row, pos, head, width of a head], and the value vectors."""
        joined = self.linear(self.norm(x, f"h.{layer}.ln_1"), f"h.{layer}.attn.c_attn")
        query, key, value = (part.unflatten(2, (self.heads, -1)).transpose(1, 2) for part in joined.chunk(3, dim=2))
        z = scaled_dot_product_attention(query, key, value, is_causal=True)
        return z.transpose(1, 2), value.transpose(1, 2).flatten(2)

    def rest(self, x, z, layer):
        middle = x + self.linear(z.flatten(2), f"h.{layer}.attn.c_proj")
        hidden = gelu(self.linear(self.norm(middle, f"h.{layer}.ln_2"), f"h.{layer}.mlp.c_fc"), approximate="tanh")
        return middle + self.linear(hidden, f"h.{layer}.mlp.c_proj")

    def nll(self, x, ids):
        return mean_nll((self.norm(x, "ln_f") @ self.weights["wte.weight"].T).float(), ids)

    def through(self, x, ids, task, start=0, values=None):
        """The measure of each row, from the stream before layer `start`."""
        values = {} if values is None else values
        last = task["late"] if task["measure"] == "r_v" else self.layers - 1
        for layer in range(start, last + 1):
            z, values[layer] = self.attention(x, layer)
            if task["measure"] == "r_v" and layer == last:
                return r_v(values[task["early"]], values[last], task["window"])
            x = self.rest(x, self.hook(layer, z), layer)
        return self.nll(x, ids)


def without(z, head):
    z = z.clone()
    z[:, :, head] = 0
    return z


def loop(model, ids, task):
    clean = model.through(model.embed(ids), ids, task).mean().item()
    answers = []
    for layer, head in task["heads"]:
        model.hook = lambda own, z, layer=layer, head=head: without(z, head) if own == layer else z
        # The whole model runs, as a hook knows nothing of what is read.
        x, values = model.embed(ids), {}
        for own in range(model.layers):
            z, values[own] = model.attention(x, own)
            x = model.rest(x, model.hook(own, z), own)
        if task["measure"] == "nll":
            answers.append(model.nll(x, ids).mean().item())
        else:
            answers.append(r_v(values[task["early"]], values[task["late"]], task["window"]).mean().item())
    return clean, answers


def hand(model, ids, task):
    streams, outputs, values = [], [], {}
    x = model.embed(ids)
    for layer in range(model.layers):
        streams.append(x)
        z, values[layer] = model.attention(x, layer)
        outputs.append(z)
        x = model.rest(x, z, layer)
    prompts = ids.shape[0]
    if task["measure"] == "nll":
        clean = model.nll(x, ids).mean()
    else:
        clean = r_v(values[task["early"]], values[task["late"]], task["window"]).mean()
    answers = []
    for layer in sorted({layer for layer, _ in task["heads"]}):
        heads = [head for own, head in task["heads"] if own == layer]
        if task["measure"] == "r_v" and layer >= task["late"]:
            answers += [clean] * len(heads)
            continue
        z = torch.cat([without(outputs[layer], head) for head in heads])
        x = model.rest(streams[layer].repeat(len(heads), 1, 1), z, layer)
        before = {own: value.repeat(len(heads), 1, 1) for own, value in values.items() if own <= layer}
        rows = model.through(x, ids.repeat(len(heads), 1), task, layer + 1, before)
        answers += list(rows.view(len(heads), prompts).mean(1))
    return clean.item(), [float(answer) for answer in answers]


def main():
    task = json.loads(Path(sys.argv[1]).read_text())
    torch.set_grad_enabled(False)
    torch.backends.cuda.matmul.allow_tf32 = False
    if task["do"] == "make":
        make(task)
        return
    model = Model(task)
    ids = torch.tensor(task["ids"], device=task["device"])
    does = loop if task["do"] == "loop" else hand
    does(model, ids, {**task, "heads": task["heads"][:1]})
    started = time.perf_counter()
    clean, heads = does(model, ids, task)
    seconds = time.perf_counter() - started
    Path(task["answer"]).write_text(json.dumps({"clean": clean, "heads": heads, "seconds": seconds}))


main()
