"""Small GGUF files as llama.cpp's converter writes them, with what Hugging Face's loader reads from them.

    python training/gguf_models.py [models] [quantised] [tokenizers]

run from the root of the project with torch (CPU), transformers 5.24, gguf 0.19 and tokenizers. Everything goes to
test/fixtures/gguf:

- models: NAME.gguf, a random model of each architecture in F16, and in models.json the SHA-256 of every tensor that
  transformers' GGUF loader makes of it (float32, by its name there) and the logits of a text. Three files hold what that loader
  does not read, as it says of itself; there, the model that the file was made from is the oracle.
- quantised: quantised.gguf, a LLaMA with every quantisation that is read, and quantised.json, likewise. gguf-py writes no
  K-quants, so their blocks are random bytes with small scales.
- tokenizers: files without tensors, and in tokenizers.json what AutoTokenizer reads of each, with changes of metadata.
"""

import hashlib
import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
import transformers
from gguf import GGMLQuantizationType, GGUFWriter, get_tensor_name_map
from gguf.constants import MODEL_ARCH_NAMES
from gguf.quants import dequantize, quantize
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

ROOT = Path(__file__).resolve().parents[1]
FIXTURES = ROOT / "test" / "fixtures" / "gguf"
IDS = [3, 17, 5, 39, 0, 22, 8, 8]

transformers.utils.logging.disable_progress_bar()
transformers.utils.logging.set_verbosity_error()
torch.set_num_threads(1)

# -------------------------------------------------------------------------------------------------------------- models

SMALL = {"vocab_size": 40, "bos_token_id": 0, "eos_token_id": 0, "pad_token_id": None}
LLAMA = {
    **SMALL,
    "hidden_size": 16,
    "intermediate_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 32,
    "rope_parameters": {"rope_type": "default", "rope_theta": 500.0},
}
STRETCHED = {
    "rope_type": "llama3",
    "rope_theta": 500.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8,
}
GEMMA = {**LLAMA, "head_dim": 6, "query_pre_attn_scalar": 256}
del GEMMA["rope_parameters"]
PLAIN = {name: value for name, value in LLAMA.items() if name != "rope_parameters"}

# NAME → architecture in GGUF, model_type, settings, and whether transformers' loader reads all of it.
MODELS = {
    "llama": ("llama", "llama", LLAMA, True),
    "llama-tied": ("llama", "llama", {**LLAMA, "tie_word_embeddings": True, "num_key_value_heads": 4}, True),
    "llama-rope-factors": ("llama", "llama", {**LLAMA, "rope_parameters": STRETCHED}, False),
    "qwen2": ("qwen2", "qwen2", LLAMA, True),
    "qwen3": ("qwen3", "qwen3", {**LLAMA, "head_dim": 6}, False),
    "gemma": ("gemma", "gemma", {**GEMMA, "max_position_embeddings": 32}, False),
    "gemma2": ("gemma2", "gemma2", {**GEMMA, "sliding_window": 4}, True),
    "gemma3": ("gemma3", "gemma3_text", {**GEMMA, "sliding_window": 4, "num_hidden_layers": 6}, True),
    "phi3": ("phi3", "phi3", LLAMA, True),
    "gpt2": ("gpt2", "gpt2", {**SMALL, "n_embd": 16, "n_layer": 2, "n_head": 4, "n_positions": 16}, False),
    "starcoder2": ("starcoder2", "starcoder2", PLAIN, True),
    "stablelm": ("stablelm", "stablelm", {**PLAIN, "use_qkv_bias": True, "num_attention_heads": 2}, True),
    "bloom": ("bloom", "bloom", {**SMALL, "hidden_size": 16, "n_layer": 2, "n_head": 4}, True),
}


def random_model(model_type, settings):
    """A model of random weights that F16 holds exactly."""
    config = AutoConfig.for_model(model_type, **settings)
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager")
    plus_one = model_type.startswith("gemma")
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape) * 0.25
            if "norm" in name and name.endswith("weight") and not plus_one:
                noise = noise + 1
            parameter.copy_(noise.half().float())
    return model.eval()


def permuted(weights, heads):
    """Rows of rotary pairs side by side, as llama.cpp wants them in LLaMA."""
    rows = weights.shape[0]
    return weights.reshape(heads, 2, rows // heads // 2, *weights.shape[1:]).swapaxes(1, 2).reshape(weights.shape)


def bloom_parts(weights, heads):
    """Queries, keys and values one after the other, not head by head."""
    parts = weights.reshape(heads, 3, -1, *weights.shape[1:])
    return np.concatenate([parts[:, i].reshape(-1, *weights.shape[1:]) for i in range(3)])


def stored_tensors(arch, model):
    """What llama.cpp's convert_hf_to_gguf.py makes of the weights, by their names in GGUF."""
    config = model.config
    names = get_tensor_name_map(next(key for key, name in MODEL_ARCH_NAMES.items() if name == arch), 64)
    tied = config.tie_word_embeddings
    stored = {}
    for name, tensor in model.state_dict().items():
        if (tied and name == "lm_head.weight") or name.endswith((".attn.bias", ".masked_bias")):
            continue
        # llama.cpp names BLOOM's tensors as the model without a head has them.
        hf_name = name.removeprefix("transformer.") if arch == "bloom" else name
        gguf_name = names.get_name(hf_name, try_suffixes=(".weight", ".bias"))
        assert gguf_name is not None, name
        weights = tensor.float().numpy()
        if arch == "llama" and "attn_q." in gguf_name:
            weights = permuted(weights, config.num_attention_heads)
        if arch == "llama" and "attn_k." in gguf_name:
            weights = permuted(weights, config.num_key_value_heads)
        if arch.startswith("gemma") and gguf_name.endswith("norm.weight"):
            weights = weights + 1
        if arch == "gpt2" and any(part in name for part in ("c_attn.weight", "c_proj.weight", "c_fc.weight")):
            weights = weights.T
        if arch == "bloom" and "attn_qkv" in gguf_name:
            weights = bloom_parts(weights, config.n_head)
        stored[gguf_name] = np.ascontiguousarray(weights)
    if config.to_dict().get("rope_parameters", {}).get("rope_type") == "llama3":
        stored["rope_freqs.weight"] = rope_factors(config)
    return stored


def rope_factors(config):
    """What llama.cpp divides the angles by."""
    size = config.hidden_size // config.num_attention_heads
    rope = config.rope_parameters
    factors = []
    for i in range(size // 2):
        length = 2 * np.pi * rope["rope_theta"] ** (2 * i / size)
        original, low, high = rope["original_max_position_embeddings"], rope["low_freq_factor"], rope["high_freq_factor"]
        if length < original / high:
            factors.append(1.0)
        elif length > original / low:
            factors.append(rope["factor"])
        else:
            smooth = (original / length - low) / (high - low)
            factors.append(1 / ((1 - smooth) / rope["factor"] + smooth))
    return np.array(factors, dtype=np.float32)


def metadata(writer, arch, config):
    """The keys that llama.cpp's converter writes for these architectures."""
    c = config
    get = lambda *names: next((getattr(c, name) for name in names if getattr(c, name, None) is not None), None)
    heads = get("num_attention_heads", "n_head")
    width = get("hidden_size", "n_embd")
    head = get("head_dim") or width // heads
    writer.add_string("general.type", "model")
    writer.add_string("general.name", "A small model")
    writer.add_uint32("general.quantization_version", 2)
    writer.add_uint32(f"{arch}.block_count", get("num_hidden_layers", "n_layer"))
    writer.add_uint32(f"{arch}.embedding_length", width)
    writer.add_uint32(f"{arch}.feed_forward_length", get("intermediate_size", "n_inner") or 4 * width)
    writer.add_uint32(f"{arch}.attention.head_count", heads)
    longest = get("max_position_embeddings", "n_positions")
    if longest is not None:
        writer.add_uint32(f"{arch}.context_length", longest)
    if arch not in ("gpt2", "bloom"):
        writer.add_uint32(f"{arch}.attention.head_count_kv", c.num_key_value_heads)
        rope = c.rope_parameters
        full = rope.get("full_attention", rope)
        writer.add_float32(f"{arch}.rope.freq_base", full["rope_theta"])
        writer.add_uint32(f"{arch}.rope.dimension_count", int(head * full.get("partial_rotary_factor", 1)))
    if arch in ("qwen3", "gemma", "gemma2", "gemma3"):
        writer.add_uint32(f"{arch}.attention.key_length", head)
        writer.add_uint32(f"{arch}.attention.value_length", head)
    if arch in ("gemma2", "gemma3"):
        writer.add_uint32(f"{arch}.attention.sliding_window", c.sliding_window)
    if arch == "gemma2":
        writer.add_float32("gemma2.attn_logit_softcapping", c.attn_logit_softcapping)
        writer.add_float32("gemma2.final_logit_softcapping", c.final_logit_softcapping)
    if arch == "stablelm":
        writer.add_bool("stablelm.use_parallel_residual", c.use_parallel_residual)
    rms = get("rms_norm_eps")
    if rms is not None:
        writer.add_float32(f"{arch}.attention.layer_norm_rms_epsilon", rms)
    else:
        epsilon = get("layer_norm_eps", "layer_norm_epsilon", "norm_epsilon")
        writer.add_float32(f"{arch}.attention.layer_norm_epsilon", epsilon)
    writer.add_uint32(f"{arch}.vocab_size", c.vocab_size)
    # The class of Phi-3 has an id of its own, which a small model has no row for.
    writer.add_uint32("tokenizer.ggml.padding_token_id", 0)
    if arch == "starcoder2":
        # There, transformers counts the tokens and does not look at vocab_size.
        writer.add_string("tokenizer.ggml.model", "no_vocab")
        writer.add_array("tokenizer.ggml.tokens", [f"[{i}]" for i in range(c.vocab_size)])


def digest(tensor):
    return hashlib.sha256(tensor.detach().float().contiguous().numpy().tobytes()).hexdigest()


def outcome(model):
    """Digests of the tensors as transformers saves them, and the logits of the last position in float64."""
    tied = set() if not model.config.tie_word_embeddings else {"lm_head.weight"}
    tensors = {name: digest(t) for name, t in model.state_dict().items() if name not in tied}
    with torch.no_grad():
        logits = model.double()(torch.tensor([IDS])).logits[0, -1]
    return {"tensors": tensors, "logits": [float(f"{x:.9g}") for x in logits]}


def load(path):
    return AutoModelForCausalLM.from_pretrained(
        path.parent, gguf_file=path.name, dtype=torch.float32, attn_implementation="eager"
    ).eval()


def write_models():
    expected = {}
    for name, (arch, model_type, settings, is_read) in MODELS.items():
        model = random_model(model_type, settings)
        path = FIXTURES / f"{name}.gguf"
        writer = GGUFWriter(path, arch)
        metadata(writer, arch, model.config)
        for tensor_name, weights in stored_tensors(arch, model).items():
            # Norms and biases are never halved.
            half = weights.ndim > 1
            writer.add_tensor(tensor_name, weights.astype(np.float16 if half else np.float32))
        finish(writer)
        original = outcome(random_model(model_type, settings))
        if is_read:
            read = outcome(load(path))
            same = read == original
            print(name, "as it was made" if same else f"other: {difference(read, original)}")
            expected[name] = {"family": model_type, "ids": IDS, **read}
        else:
            print(name, "by the model itself")
            expected[name] = {"family": model_type, "ids": IDS, **original}
    save("models.json", expected)


def difference(a, b):
    tensors = [n for n in {**a["tensors"], **b["tensors"]} if a["tensors"].get(n) != b["tensors"].get(n)]
    return tensors, float(np.abs(np.array(a["logits"]) - np.array(b["logits"])).max())


def finish(writer):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def save(name, value):
    (FIXTURES / name).write_text(json.dumps(value, ensure_ascii=True, indent=0) + "\n", encoding="utf-8")


# ---------------------------------------------------------------------------------------------------------- quantised

K_QUANTS = {"Q4_K": (144, 2), "Q5_K": (176, 2), "Q6_K": (210, 1)}


def blocks(kind, shape, random):
    """Random blocks of a K-quant: what scales are is small, everything else any bytes."""
    size, halves = K_QUANTS[kind]
    data = random.integers(0, 256, (*shape[:-1], shape[-1] // 256, size), dtype=np.uint8)
    scales = (random.random((*data.shape[:-1], halves)) * 0.0004).astype(np.float16).view(np.uint8)
    if kind == "Q6_K":
        data[..., -2:] = scales
    else:
        data[..., :4] = scales
    return data.reshape(*shape[:-1], -1)


QUANTISED = {
    "token_embd.weight": "Q5_0",
    "output.weight": "Q6_K",
    "blk.0.attn_q.weight": "Q4_K",
    "blk.0.attn_k.weight": "Q6_K",
    "blk.0.attn_v.weight": "Q5_K",
    "blk.0.attn_output.weight": "Q8_0",
    "blk.0.ffn_gate.weight": "Q5_K",
    "blk.0.ffn_up.weight": "Q4_K",
    "blk.0.ffn_down.weight": "Q4_1",
    "blk.1.attn_q.weight": "Q4_0",
    "blk.1.attn_k.weight": "F16",
    "blk.1.attn_v.weight": "BF16",
    "blk.1.attn_output.weight": "Q4_0",
    "blk.1.ffn_gate.weight": "Q5_0",
    "blk.1.ffn_up.weight": "Q4_0",
    "blk.1.ffn_down.weight": "Q5_1",
}


def write_quantised():
    settings = {**LLAMA, "hidden_size": 256, "head_dim": 8, "intermediate_size": 32}
    model = random_model("llama", settings)
    path = FIXTURES / "quantised.gguf"
    writer = GGUFWriter(path, "llama")
    metadata(writer, "llama", model.config)
    random = np.random.default_rng(0)
    for name, weights in stored_tensors("llama", model).items():
        kind = QUANTISED.get(name, "F32")
        type_ = GGMLQuantizationType[kind]
        weights = weights * 0.3 if weights.ndim > 1 else weights
        if kind in K_QUANTS:
            data = blocks(kind, weights.shape, random)
        else:
            data = quantize(weights.astype(np.float32), type_)
        assert np.isfinite(dequantize(data, type_)).all()
        writer.add_tensor(name, data, raw_dtype=type_)
    finish(writer)
    save("quantised.json", {"family": "llama", "ids": IDS, **outcome(load(path))})
    print("quantised", path.stat().st_size, "bytes")


# --------------------------------------------------------------------------------------------------------- tokenizers

CONTROL, USER_DEFINED, BYTE, UNKNOWN, NORMAL = 3, 4, 6, 2, 1

TEXTS = [
    "The cat sat on the mat, and the dog's 3 friends said they'll come at 10:45 or 2024.",
    "  two leading spaces, then\n\n three lines\n\tand a tab  ",
    "caf\u00e9 cafe\u0301 na\u00efve \u00c5ngstr\u00f6m \ufb01x",
    "\u4f60\u597d\u4e16\u754c \u3053\u3093\u306b\u3061\u306f \u0645\u0631\u062d\u0628\u0627 \u0928\u092e\u0938\u094d\u0924\u0947",
    "\U0001f600\U0001f468\u200d\U0001f469\u200d\U0001f467 \ufeffx\u0085y\u00a0z\u2028w",
    "<s>not special?</s> <|im_start|>user<|endoftext|><think>so</think> <bos>",
    "I'M HERE, You'Re there: don't WON'T I'll",
    "x = [1, 22, 333, 4444]; // \u221a2 \u2260 1.41e-3\r\n",
    "\u2581odd\u2581 \u2581 <0x41> a\u0000b",
    "",
    " ",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa bbbbbbbbbb",
]


def corpus():
    """Text of the project itself."""
    return [(ROOT / name).read_text(encoding="utf-8") for name in ("docs/language.md", "ARCHITECTURE.md")]


def byte_level_file(path):
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    specials = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=480, special_tokens=specials, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(corpus(), trainer)
    model = json.loads(tokenizer.to_str())["model"]
    tokens = [token for token, _ in sorted(model["vocab"].items(), key=lambda item: item[1])] + ["<think>", "\u00b7odd \u2603"]
    kinds = [CONTROL] * 3 + [NORMAL] * (len(tokens) - 5) + [USER_DEFINED, CONTROL]
    writer = GGUFWriter(path, "llama")
    sizes(writer, "llama", len(tokens))
    writer.add_string("tokenizer.ggml.model", "gpt2")
    writer.add_string("tokenizer.ggml.pre", "gpt-2")
    writer.add_array("tokenizer.ggml.tokens", tokens)
    writer.add_array("tokenizer.ggml.token_type", kinds)
    writer.add_array("tokenizer.ggml.merges", [" ".join(pair) for pair in model["merges"]])
    writer.add_uint32("tokenizer.ggml.bos_token_id", 1)
    writer.add_uint32("tokenizer.ggml.eos_token_id", 2)
    finish(writer)


def sentencepiece_file(path):
    """The pieces and scores of a BPE model of SentencePiece, without the merges, as llama.cpp's converter writes them."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE(byte_fallback=True, fuse_unk=True, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="\u2581", prepend_scheme="first")
    specials = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    trainer = trainers.BpeTrainer(vocab_size=600, special_tokens=specials, limit_alphabet=90, show_progress=False)
    tokenizer.train_from_iterator(corpus(), trainer)
    vocab = json.loads(tokenizer.to_str())["model"]["vocab"]
    pieces = [token for token, _ in sorted(vocab.items(), key=lambda item: item[1])][259:]
    merged = [piece for piece in pieces if len(piece) > 1]
    single = [piece for piece in pieces if len(piece) == 1]
    # SentencePiece has merged pieces first, by their rank, and single characters behind them.
    tokens = specials + merged + single + ["<think>", "  ", "\u2581\u2581"]
    scores = [0.0] * 259 + [-float(i) for i in range(len(merged) + len(single))] + [-1000.0] * 3
    kinds = [UNKNOWN, CONTROL, CONTROL] + [BYTE] * 256 + [NORMAL] * (len(merged) + len(single)) + [USER_DEFINED, NORMAL, NORMAL]
    writer = GGUFWriter(path, "llama")
    sizes(writer, "llama", len(tokens))
    writer.add_string("tokenizer.ggml.model", "llama")
    writer.add_string("tokenizer.ggml.pre", "default")
    writer.add_array("tokenizer.ggml.tokens", tokens)
    writer.add_array("tokenizer.ggml.scores", scores)
    writer.add_array("tokenizer.ggml.token_type", kinds)
    writer.add_uint32("tokenizer.ggml.bos_token_id", 1)
    writer.add_uint32("tokenizer.ggml.eos_token_id", 2)
    writer.add_uint32("tokenizer.ggml.unknown_token_id", 0)
    finish(writer)


def sizes(writer, arch, vocab):
    for key, value in (("block_count", 1), ("embedding_length", 8), ("feed_forward_length", 8), ("context_length", 64)):
        writer.add_uint32(f"{arch}.{key}", value)
    writer.add_uint32(f"{arch}.attention.head_count", 2)
    writer.add_uint32(f"{arch}.vocab_size", vocab)


def changed(path, changes, target):
    """A copy of a file with other metadata; None takes a key away."""
    from gguf import GGUFReader, GGUFValueType

    fields = GGUFReader(path).fields
    old = fields["general.architecture"].contents()
    arch = changes.get("general.architecture", old)
    writer = GGUFWriter(target, arch)
    values = {name: (field.contents(), field.types) for name, field in fields.items() if not name.startswith("GGUF.")}
    for name, value in changes.items():
        kind = {bool: GGUFValueType.BOOL, int: GGUFValueType.UINT32, str: GGUFValueType.STRING}.get(type(value))
        values[name] = (value, [kind])
    for name, (value, types) in values.items():
        if name == "general.architecture" or value is None:
            continue
        name = name.replace(f"{old}.", f"{arch}.", 1) if name.startswith(f"{old}.") else name
        writer.add_key_value(name, value, types[0], sub_type=types[1] if len(types) > 1 else None)
    finish(writer)


PRE = "tokenizer.ggml.pre"
ADDS_BOS = "tokenizer.ggml.add_bos_token"
BYTE_LEVEL = [
    {},
    {PRE: "llama-bpe", ADDS_BOS: True},
    {PRE: "qwen2", "general.architecture": "qwen2", ADDS_BOS: False},
    {PRE: "qwen2", "general.architecture": "qwen3", "tokenizer.ggml.padding_token_id": 0},
    {PRE: "tekken", ADDS_BOS: True, "tokenizer.ggml.add_eos_token": True},
    {PRE: "gpt-4o"},
    {PRE: "smollm", "tokenizer.ggml.unknown_token_id": 0, "tokenizer.ggml.padding_token_id": 2},
    {"general.architecture": "gpt2", "tokenizer.ggml.bos_token_id": 0, "tokenizer.ggml.eos_token_id": 0},
    {"general.architecture": "starcoder2", PRE: "starcoder"},
    {"tokenizer.ggml.bos_token_id": None, "tokenizer.ggml.eos_token_id": None, ADDS_BOS: True},
    {"tokenizer.ggml.token_type": None},
]
SENTENCEPIECE = [
    {},
    {ADDS_BOS: False},
    {ADDS_BOS: True, "tokenizer.ggml.add_eos_token": True},
    {"tokenizer.ggml.add_space_prefix": False},
    {"general.architecture": "gemma2"},
    {"general.architecture": "gemma3", ADDS_BOS: True},
    {"general.architecture": "phi3", "tokenizer.ggml.padding_token_id": 2},
    {"general.architecture": "qwen2"},
]


def write_tokenizers():
    byte_level_file(FIXTURES / "byte-level.gguf")
    sentencepiece_file(FIXTURES / "sentencepiece.gguf")
    cases = []
    for name, variants in (("byte-level", BYTE_LEVEL), ("sentencepiece", SENTENCEPIECE)):
        for changes in variants:
            with tempfile.TemporaryDirectory() as folder:
                target = Path(folder) / "model.gguf"
                changed(FIXTURES / f"{name}.gguf", changes, target)
                tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file="model.gguf")
                if "-v" in sys.argv:
                    tokenizer.save_pretrained(folder)
                    saved = json.loads((Path(folder) / "tokenizer.json").read_text())
                    del saved["model"]["vocab"], saved["model"]["merges"]
                    print(name, changes, type(tokenizer).__name__, json.dumps(saved))
                    print((Path(folder) / "tokenizer_config.json").read_text())
                case = {"file": f"{name}.gguf", "changes": changes, "class": type(tokenizer).__name__, "size": len(tokenizer)}
                case["ids"] = [tokenizer(text).input_ids for text in TEXTS]
                cases.append(case)
    save("tokenizers.json", {"texts": TEXTS, "cases": cases})


PARTS = {"models": write_models, "quantised": write_quantised, "tokenizers": write_tokenizers}

if __name__ == "__main__":
    FIXTURES.mkdir(parents=True, exist_ok=True)
    for part in [name for name in sys.argv[1:] if name in PARTS] or PARTS:
        PARTS[part]()
