"""Small random models of every family that atlasc builds, with what Hugging Face's implementation computes in them.

    python training/families.py [NAME …]

run from the root of the project with torch (CPU), transformers 5.24 and safetensors. Each model goes to
test/fixtures/families/models/NAME, what it computes to test/fixtures/families/NAME.safetensors (every site, from hooks on the
modules of transformers) and NAME.json (the mean loss, and that with each head ablated). What is computed is float64 with eager
attention: where transformers goes through float32 on purpose (norms, softmax), it is made to stay in float64.
"""

import contextlib
import json
import sys
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM

ROOT = Path(__file__).resolve().parents[1]
FIXTURES = ROOT / "test" / "fixtures" / "families"
POSITIONS = 8

torch.set_num_threads(1)
transformers.utils.logging.disable_progress_bar()
torch.use_deterministic_algorithms(True)

# ------------------------------------------------------------------------------------------------------------- configs

SMALL = {"vocab_size": 40, "bos_token_id": 0, "eos_token_id": 0, "pad_token_id": None}
LLAMA = {
    **SMALL,
    "hidden_size": 16,
    "intermediate_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 32,
}
ROPE = {"rope_type": "default", "rope_theta": 500.0}

# Where the values of sites are found in the modules of a family. Paths are those inside a layer, unless they begin with a
# dot. `in:` means what a module reads, otherwise it is what it gives.
LLAMA_SITES = {
    "layers": "model.layers",
    "norm_mlp": "post_attention_layernorm",
    "q": "self_attn.q_proj",
    "k": "self_attn.k_proj",
    "v": "self_attn.v_proj",
    "output": "self_attn.o_proj",
    "attn_out": "self_attn.o_proj",
    "mlp_pre": "mlp.gate_proj",
    "down": "mlp.down_proj",
    "mlp_out": "mlp.down_proj",
    "unembedding": "lm_head",
}
QK_NORMS = {"q_norm": "self_attn.q_norm", "k_norm": "self_attn.k_norm"}

MODELS = {}


def model(name, model_type, settings, sites, *, raw=None, rename=None):
    """`raw`: changes config.json after saving (older spellings). `rename`: changes the names of weights, likewise."""
    MODELS[name] = {"type": model_type, "settings": settings, "sites": sites, "raw": raw, "rename": rename}


def version4(config):
    """The spelling of transformers 4: rope_theta and rope_scaling instead of rope_parameters; no layer_types."""
    rope = config.pop("rope_parameters")
    config["rope_theta"] = rope.pop("rope_theta")
    partial = rope.pop("partial_rotary_factor", None)
    if partial is not None:
        config["partial_rotary_factor"] = partial
    config["rope_scaling"] = None if rope["rope_type"] == "default" else rope
    config["torch_dtype"] = config.pop("dtype")
    config.pop("layer_types", None)
    config["transformers_version"] = "4.48.0"


model("llama", "llama", {**LLAMA, "rope_parameters": ROPE}, LLAMA_SITES)
model("llama-v4", "llama", {**LLAMA, "rope_parameters": ROPE, "tie_word_embeddings": True}, LLAMA_SITES, raw=version4)
model(
    "mistral-window",
    "mistral",
    {**LLAMA, "num_hidden_layers": 3, "sliding_window": 4, "head_dim": 6, "rope_parameters": ROPE},
    LLAMA_SITES,
)
model("mistral-v4", "mistral", {**LLAMA, "sliding_window": None, "rope_parameters": ROPE}, LLAMA_SITES, raw=version4)
QWEN_WINDOW = {"num_hidden_layers": 3, "use_sliding_window": True, "sliding_window": 3, "max_window_layers": 1}
model("qwen2-window", "qwen2", {**LLAMA, **QWEN_WINDOW, "rope_parameters": ROPE}, LLAMA_SITES)
model("qwen2-v4", "qwen2", {**LLAMA, **QWEN_WINDOW, "rope_parameters": ROPE}, LLAMA_SITES, raw=version4)
QWEN3 = {**LLAMA, "head_dim": 6, "rope_parameters": ROPE}
model("qwen3", "qwen3", QWEN3, {**LLAMA_SITES, **QK_NORMS})
model(
    "qwen3-bias-window-v4",
    "qwen3",
    {**QWEN3, **QWEN_WINDOW, "attention_bias": True, "tie_word_embeddings": True},
    {**LLAMA_SITES, **QK_NORMS},
    raw=version4,
)
GPT2 = {**SMALL, "n_embd": 16, "n_layer": 2, "n_head": 4, "n_positions": 16}
GPT2_SITES = {
    "layers": "transformer.h",
    "packed": ("attn.c_attn", "parts"),
    "output": "attn.c_proj",
    "attn_out": "attn.c_proj",
    "mlp_pre": "mlp.c_fc",
    "down": "mlp.c_proj",
    "mlp_out": "mlp.c_proj",
    "unembedding": "lm_head",
}
model("gpt2", "gpt2", GPT2, GPT2_SITES)
NEOX = {
    **SMALL,
    "hidden_size": 16,
    "intermediate_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 32,
    "rope_parameters": {**ROPE, "partial_rotary_factor": 0.5},
}
NEOX_SITES = {
    "layers": "gpt_neox.layers",
    "packed": ("attention.query_key_value", "groups"),
    "output": "attention.dense",
    "attn_out": "attention.dense",
    "mlp_pre": "mlp.dense_h_to_4h",
    "down": "mlp.dense_4h_to_h",
    "mlp_out": "mlp.dense_4h_to_h",
    "unembedding": "embed_out|lm_head",
}
model("gpt-neox-parallel", "gpt_neox", NEOX, NEOX_SITES)
model("gpt-neox-sequential", "gpt_neox", {**NEOX, "use_parallel_residual": False}, NEOX_SITES)

OPT = {
    **SMALL,
    "pad_token_id": 1,
    "hidden_size": 16,
    "ffn_dim": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 16,
    "word_embed_proj_dim": 16,
}
OPT_SITES = {
    "layers": "model.decoder.layers",
    "q": "self_attn.q_proj",
    "k": "self_attn.k_proj",
    "v": "self_attn.v_proj",
    "output": "self_attn.out_proj",
    "attn_out": "self_attn.out_proj",
    "mlp_pre": "fc1",
    "down": "fc2",
    "mlp_out": "fc2",
    "unembedding": "lm_head",
}
OPT_POST = {"norm_mid": "self_attn_layer_norm", "norm_post": "final_layer_norm", "final": ".model.decoder.project_out"}
model("opt-125m", "opt", OPT, OPT_SITES)
model(
    "opt-350m",
    "opt",
    {**OPT, "do_layer_norm_before": False, "word_embed_proj_dim": 8},
    {**OPT_SITES, **OPT_POST},
)
model(
    "opt-plain-norms",
    "opt",
    {**OPT, "enable_bias": False, "layer_norm_elementwise_affine": False, "tie_word_embeddings": False},
    OPT_SITES,
)

PHI = {**LLAMA, "rope_parameters": {**ROPE, "partial_rotary_factor": 0.5}}
PHI_SITES = {
    **LLAMA_SITES,
    "output": "self_attn.dense",
    "attn_out": "self_attn.dense",
    "mlp_pre": "mlp.fc1",
    "down": "mlp.fc2",
    "mlp_out": "mlp.fc2",
    "parallel": True,
}
PHI_NORMS = {"q_norm": "self_attn.q_layernorm", "k_norm": "self_attn.k_layernorm"}
model("phi", "phi", PHI, PHI_SITES)
model("phi-norms-v4", "phi", {**PHI, "qk_layernorm": True}, {**PHI_SITES, **PHI_NORMS}, raw=version4)

PHI3_SITES = {
    **{key: path for key, path in LLAMA_SITES.items() if key not in "qkv"},
    "packed": ("self_attn.qkv_proj", "parts"),
    "mlp_pre": "mlp.gate_up_proj",
}
PHI3 = {**LLAMA, "sliding_window": 4, "rope_parameters": ROPE}
LONGROPE = {
    "rope_type": "longrope",
    "rope_theta": 500.0,
    "short_factor": [1.0, 1.3],
    "long_factor": [1.5, 4.0],
    "original_max_position_embeddings": 16,
}
model("phi3-window", "phi3", PHI3, PHI3_SITES)
model(
    "phi3-longrope",
    "phi3",
    {**LLAMA, "rope_parameters": LONGROPE, "original_max_position_embeddings": 16},
    PHI3_SITES,
)

GEMMA = {**LLAMA, "head_dim": 6, "pad_token_id": 0, "rope_parameters": ROPE}
GEMMA2_SITES = {
    **LLAMA_SITES,
    "attn_out": "post_attention_layernorm",
    "mlp_out": "post_feedforward_layernorm",
}
model("gemma", "gemma", GEMMA, LLAMA_SITES)
model("gemma-v4-gelu", "gemma", {**GEMMA, "hidden_act": "gelu"}, LLAMA_SITES, raw=version4)
GEMMA2 = {
    **GEMMA,
    "query_pre_attn_scalar": 9,
    "sliding_window": 3,
    "attn_logit_softcapping": 1.5,
    "final_logit_softcapping": 2.0,
}
model("gemma2", "gemma2", GEMMA2, GEMMA2_SITES)
model(
    "gemma2-no-caps-v4",
    "gemma2",
    {**GEMMA2, "attn_logit_softcapping": None, "final_logit_softcapping": None, "tie_word_embeddings": False},
    GEMMA2_SITES,
    raw=version4,
)


def gemma3_version4(config):
    """Version 4 of Gemma 3: a base for the local layers, and rope_scaling for the others."""
    rope = config.pop("rope_parameters")
    full = rope["full_attention"]
    config["rope_theta"] = full.pop("rope_theta")
    config["rope_local_base_freq"] = rope["sliding_attention"]["rope_theta"]
    config["rope_scaling"] = full
    config["sliding_window_pattern"] = 2
    config.pop("_sliding_window_pattern", None)
    config.pop("layer_types")


GEMMA3 = {
    **{key: value for key, value in GEMMA2.items() if "softcapping" not in key},
    "layer_types": ["sliding_attention", "full_attention"],
    "rope_parameters": {
        "full_attention": {"rope_type": "linear", "factor": 4.0, "rope_theta": 900.0},
        "sliding_attention": {"rope_type": "default", "rope_theta": 50.0},
    },
}
model("gemma3", "gemma3_text", GEMMA3, {**GEMMA2_SITES, **QK_NORMS})
model("gemma3-v4", "gemma3_text", GEMMA3, {**GEMMA2_SITES, **QK_NORMS}, raw=gemma3_version4)

STABLELM = {**LLAMA, "hidden_size": 32, "rope_parameters": {**ROPE, "partial_rotary_factor": 0.25}}
model("stablelm", "stablelm", STABLELM, {**LLAMA_SITES, "parallel": False})
model(
    "stablelm-parallel-norms-v4",
    "stablelm",
    {**STABLELM, "use_parallel_residual": True, "qk_layernorm": True, "use_qkv_bias": True},
    {**LLAMA_SITES, **PHI_NORMS},
    raw=version4,
)

GPTJ_SITES = {
    **GPT2_SITES,
    "q": "attn.q_proj",
    "k": "attn.k_proj",
    "v": "attn.v_proj",
    "output": "attn.out_proj",
    "attn_out": "attn.out_proj",
    "mlp_pre": "mlp.fc_in",
    "down": "mlp.fc_out",
    "mlp_out": "mlp.fc_out",
    "parallel": True,
}
GPTJ_SITES.pop("packed")
model("gptj", "gptj", {**GPT2, "rotary_dim": 2, "n_inner": 24}, GPTJ_SITES)
model("gptj-whole-heads", "gptj", {**GPT2, "rotary_dim": 4, "n_inner": 24}, GPTJ_SITES)

GPT_NEO = {
    **SMALL,
    "hidden_size": 16,
    "intermediate_size": 24,
    "num_layers": 2,
    "num_heads": 4,
    "max_position_embeddings": 16,
    "attention_types": [[["global", "local"], 1]],
    "window_size": 3,
}
GPT_NEO_SITES = {
    **GPT2_SITES,
    "q": "attn.attention.q_proj",
    "k": "attn.attention.k_proj",
    "v": "attn.attention.v_proj",
    "output": "attn.attention.out_proj",
    "attn_out": "attn.attention.out_proj",
}
GPT_NEO_SITES.pop("packed")
model("gpt-neo", "gpt_neo", GPT_NEO, GPT_NEO_SITES)

BLOOM_SITES = {
    "layers": "transformer.h",
    "packed": ("self_attention.query_key_value", "groups"),
    "output": "self_attention.dense",
    "attn_out": "self_attention.dense",
    "mlp_pre": "mlp.dense_h_to_4h",
    "down": "mlp.dense_4h_to_h",
    "mlp_out": "mlp.dense_4h_to_h",
    "unembedding": "lm_head",
}
BLOOM = {**SMALL, "hidden_size": 16, "n_layer": 2}
model("bloom", "bloom", {**BLOOM, "n_head": 4}, BLOOM_SITES)
# Slopes of a number of heads that is no power of two.
model("bloom-six-heads", "bloom", {**BLOOM, "hidden_size": 12, "n_head": 6}, BLOOM_SITES)

FALCON = {
    **SMALL,
    "hidden_size": 16,
    "ffn_hidden_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 32,
    "rope_parameters": ROPE,
}


def falcon_sites(order):
    return {
        **BLOOM_SITES,
        "packed": ("self_attention.query_key_value", order),
        "parallel": lambda config: config.parallel_attn,
    }


model("falcon-7b", "falcon", FALCON, falcon_sites("parts"))
model(
    "falcon-new",
    "falcon",
    {**FALCON, "new_decoder_architecture": True, "num_kv_heads": 2, "bias": True},
    falcon_sites("groups"),
    raw=version4,
)
model(
    "falcon-new-one-norm",
    "falcon",
    {**FALCON, "new_decoder_architecture": True, "num_kv_heads": 2, "num_ln_in_parallel_attn": 1},
    falcon_sites("groups"),
)
model(
    "falcon-rw-alibi",
    "falcon",
    {**FALCON, "alibi": True, "parallel_attn": False, "multi_query": False, "bias": True},
    falcon_sites("groups"),
)
model(
    "falcon-many-heads-untied",
    "falcon",
    {**FALCON, "multi_query": False, "tie_word_embeddings": False},
    falcon_sites("groups"),
)

CLIPPED = {"clip": lambda config: config.clip_qkv}
model("olmo", "olmo", {**LLAMA, "rope_parameters": ROPE}, {**LLAMA_SITES, **CLIPPED})
model("olmo-clipped-v4", "olmo", {**LLAMA, "clip_qkv": 0.7, "rope_parameters": ROPE}, {**LLAMA_SITES, **CLIPPED}, raw=version4)
model(
    "olmo2",
    "olmo2",
    {**LLAMA, "rope_parameters": ROPE},
    {**GEMMA2_SITES, **QK_NORMS},
)
GRANITE = {
    **LLAMA,
    "embedding_multiplier": 3.0,
    "logits_scaling": 2.5,
    "residual_multiplier": 0.4,
    "attention_multiplier": 0.3,
    "rope_parameters": ROPE,
}
GRANITE_SITES = {**LLAMA_SITES, "factor": lambda config: config.residual_multiplier}
model("granite", "granite", {**GRANITE, "attention_bias": True, "mlp_bias": True}, GRANITE_SITES)
model(
    "smollm3",
    "smollm3",
    {**LLAMA, "no_rope_layer_interval": 2, "use_sliding_window": True, "sliding_window": 3, "rope_parameters": ROPE},
    LLAMA_SITES,
)
COHERE_SITES = {**LLAMA_SITES, "parallel": True}
COHERE = {**LLAMA, "logit_scale": 0.3, "rope_parameters": ROPE}
model("cohere", "cohere", COHERE, COHERE_SITES)
model(
    "cohere-norms-v4",
    "cohere",
    {**COHERE, "use_qk_norm": True, "attention_bias": True},
    {**COHERE_SITES, **QK_NORMS},
    raw=version4,
)
model("cohere2", "cohere2", {**COHERE, "sliding_window": 3, "layer_types": ["sliding_attention", "full_attention"]}, COHERE_SITES)
STARCODER_SITES = {
    **LLAMA_SITES,
    "mlp_pre": "mlp.c_fc",
    "down": "mlp.c_proj",
    "mlp_out": "mlp.c_proj",
}
model("starcoder2", "starcoder2", {**LLAMA, "sliding_window": 4, "rope_parameters": ROPE}, STARCODER_SITES)
model("starcoder2-no-bias-v4", "starcoder2", {**LLAMA, "use_bias": False, "rope_parameters": ROPE}, STARCODER_SITES, raw=version4)
MPT = {**SMALL, "d_model": 16, "n_heads": 4, "n_layers": 2, "max_seq_len": 16}
MPT_SITES = {
    "layers": "transformer.blocks",
    "packed": ("attn.Wqkv", "parts"),
    "output": "attn.out_proj",
    "attn_out": "attn.out_proj",
    "mlp_pre": "ffn.up_proj",
    "down": "ffn.down_proj",
    "mlp_out": "ffn.down_proj",
    "clip": lambda config: config.attn_config.clip_qkv,
    "unembedding": "lm_head",
}
model("mpt", "mpt", MPT, MPT_SITES)
model(
    "mpt-six-heads-clipped",
    "mpt",
    {**MPT, "d_model": 12, "n_heads": 6, "attn_config": {"clip_qkv": 0.6, "softmax_scale": 0.8}},
    MPT_SITES,
)
BIGCODE_SITES = {**GPT2_SITES, "packed": ("attn.c_attn", "parts")}
model("gpt-bigcode", "gpt_bigcode", {**GPT2, "n_inner": 24}, BIGCODE_SITES)
model(
    "gpt-bigcode-many-heads",
    "gpt_bigcode",
    {**GPT2, "n_inner": 24, "multi_query": False},
    {**GPT2_SITES, "packed": ("attn.c_attn", "groups")},
)

MOE = {**LLAMA, "hidden_size": 16, "intermediate_size": 12, "rope_parameters": ROPE}
MOE_SITES = {key: path for key, path in LLAMA_SITES.items() if key not in ("down", "mlp_pre")} | {
    "mlp_out": "mlp",
    "mlp": "mlp",
    "router": "mlp.gate",
}
model("mixtral", "mixtral", {**MOE, "num_local_experts": 4, "num_experts_per_tok": 2, "sliding_window": 4}, MOE_SITES)
QWEN_MOE = {**MOE, "num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 12}
model(
    "qwen2-moe",
    "qwen2_moe",
    {**QWEN_MOE, "shared_expert_intermediate_size": 10, "norm_topk_prob": False},
    {**MOE_SITES, "shared": "mlp.shared_expert"},
)
model("qwen3-moe", "qwen3_moe", {**QWEN_MOE, "head_dim": 6, "norm_topk_prob": True}, {**MOE_SITES, **QK_NORMS})
model(
    "olmoe",
    "olmoe",
    {**MOE, "num_experts": 4, "num_experts_per_tok": 3, "norm_topk_prob": False},
    {**MOE_SITES, **QK_NORMS},
)
YARN = {
    "rope_type": "yarn",
    "rope_theta": 500.0,
    "factor": 4.0,
    "beta_fast": 4.0,
    "beta_slow": 1.0,
    "truncate": False,
    "original_max_position_embeddings": 8,
}
model(
    "gpt-oss",
    "gpt_oss",
    {
        **MOE,
        "head_dim": 6,
        "num_local_experts": 4,
        "num_experts_per_tok": 2,
        "swiglu_limit": 0.8,
        "sliding_window": 3,
        "rope_parameters": YARN,
    },
    {**MOE_SITES, "router": "mlp.router", "scores_are_shifted": True},
)

# -------------------------------------------------------------------------------------------------------------- values


@contextlib.contextmanager
def only_float64():
    """Whatever asks for float32 gets float64."""
    kept = (torch.float32, torch.float, torch.Tensor.float)
    torch.float32 = torch.float = torch.float64
    torch.Tensor.float = torch.Tensor.double
    try:
        yield
    finally:
        torch.float32, torch.float, torch.Tensor.float = kept


@contextlib.contextmanager
def attention_calls(heads, positions):
    """What goes into each softmax over keys, and what comes out, in the order of the layers."""
    calls = []
    softmax = torch.nn.functional.softmax

    def recorded(values, *arguments, **named):
        result = softmax(values, *arguments, **named)
        if values.dim() == 4 and values.shape[1:3] == (heads, positions):
            calls.append((values.detach().clone(), result.detach().clone()))
        return result

    torch.nn.functional.softmax = recorded
    try:
        yield calls
    finally:
        torch.nn.functional.softmax = softmax


def module_at(model, layer, path):
    """A module by its path in a layer, or in the model where it begins with a dot; `a|b`: whichever there is."""
    for one in path.split("|"):
        with contextlib.suppress(AttributeError):
            return (model if layer is None else layer).get_submodule(one.removeprefix("."))
    raise AttributeError(path)


def first(value):
    return value[0] if isinstance(value, tuple) else value


class Taps:
    """What modules read and give, by the key under which it was asked for."""

    def __init__(self):
        self.values = {}
        self.handles = []

    def output(self, key, module):
        def hook(_module, _inputs, result):
            self.values[key] = first(result).detach().clone()

        self.handles.append(module.register_forward_hook(hook))

    def input(self, key, module):
        def hook(_module, inputs, named):
            value = inputs[0] if inputs else named["hidden_states"]
            self.values[key] = value.detach().clone()

        self.handles.append(module.register_forward_pre_hook(hook, with_kwargs=True))

    def close(self):
        for handle in self.handles:
            handle.remove()


def sizes_of(config):
    config = config.get_text_config()
    heads = config.num_attention_heads
    kv_heads = getattr(config, "num_key_value_heads", None) or heads
    if config.model_type == "falcon":
        kv_heads = config.num_kv_heads if config.new_decoder_architecture else 1 if config.multi_query else heads
    width = config.hidden_size
    return {
        "layers": config.num_hidden_layers,
        "heads": heads,
        "kv_heads": kv_heads,
        "d_head": getattr(config, "head_dim", None) or width // heads,
        "d_model": width,
    }


def split_packed(value, order, sizes):
    """Queries, keys and values [pos, head, d_head] of what one matrix gives."""
    heads, groups, width = sizes["heads"], sizes["kv_heads"], sizes["d_head"]
    if order == "parts":
        parts = value.split([heads * width, groups * width, groups * width], dim=-1)
        return [part.unflatten(-1, (-1, width)) for part in parts]
    grouped = value.unflatten(-1, (groups, heads // groups + 2, width))
    queries = grouped[..., :-2, :].flatten(-3, -2)
    return queries, grouped[..., -2, :], grouped[..., -1, :]


def by_head(value, sizes, count):
    """[pos, head, d_head] of any layout: [pos, head · d_head], [head, pos, d_head] or the same."""
    if value.dim() == 2:
        return value.unflatten(-1, (count, sizes["d_head"]))
    return value.transpose(0, 1) if value.shape[0] == count and value.shape[1] == POSITIONS else value


def evaluate(model, sites, ids):
    """Every site of one text without the row axis, float64, by its key."""
    sizes = sizes_of(model.config)
    layers = model.get_submodule(sites["layers"])
    taps = Taps()
    for i, layer in enumerate(layers):
        taps.input(f"resid_pre[{i}]", layer)
        taps.output(f"layer[{i}]", layer)
        for key in ("q", "k", "v", "q_norm", "k_norm", "attn_out", "mlp_pre", "mlp_out", "norm_mid"):
            if key in sites:
                taps.output(f"{key}[{i}]", module_at(model, layer, sites[key]))
        if "packed" in sites:
            taps.output(f"packed[{i}]", module_at(model, layer, sites["packed"][0]))
        taps.input(f"z[{i}]", module_at(model, layer, sites["output"]))
        if "mlp" in sites:
            taps.input(f"mlp_input[{i}]", module_at(model, layer, sites["mlp"]))
        if "down" in sites:
            taps.input(f"mlp_act[{i}]", module_at(model, layer, sites["down"]))
        if "norm_post" in sites:
            taps.input(f"resid_post[{i}]", module_at(model, layer, sites["norm_post"]))
    unembedding = module_at(model, None, sites["unembedding"])
    taps.input("final", module_at(model, None, sites.get("final", sites["unembedding"])))
    with torch.no_grad(), only_float64(), attention_calls(sizes["heads"], POSITIONS) as calls:
        logits = model(ids).logits[0]
    taps.close()
    values = {key: value[0] if value.shape[0] == 1 and value.dim() > 2 else value for key, value in taps.values.items()}

    found = {"embed": values["resid_pre[0]"], "final": values["final"], "logits": logits}
    found["logprobs"] = logits.log_softmax(-1)
    found["nll"] = -found["logprobs"][:-1].gather(-1, ids[0, 1:, None])[:, 0]
    assert len(calls) == sizes["layers"], len(calls)
    factor = sites.get("factor", lambda _config: 1.0)(model.config)
    for i, layer in enumerate(layers):
        at = lambda name, i=i: f"{name}[{i}]"  # noqa: E731
        if "packed" in sites:
            packed = dict(zip("qkv", split_packed(values[at("packed")], sites["packed"][1], sizes), strict=True))
        else:
            packed = {name: by_head(values[at(name)], sizes, sizes["heads" if name == "q" else "kv_heads"]) for name in "qkv"}
        if "clip" in sites:
            limit = sites["clip"](model.config)
            packed = packed if limit is None else {k: v.clamp(-limit, limit) for k, v in packed.items()}
        for name, value in packed.items():
            found[at(name)] = value
        for name in ("q_norm", "k_norm"):
            if at(name) in values:
                found[at(name)] = by_head(values[at(name)], sizes, sizes["heads" if name == "q_norm" else "kv_heads"])
        scores, pattern = (value[0] for value in calls[i])
        visible = pattern[..., :POSITIONS] > 0
        found[at("scores")] = torch.where(visible, scores[..., :POSITIONS], -torch.inf)
        found[at("pattern")] = pattern[..., :POSITIONS]
        z = values[at("z")].unflatten(-1, (sizes["heads"], sizes["d_head"]))
        found[at("z")] = z
        matrix = module_at(model, layer, sites["output"]).weight.detach()
        if model.config.model_type == "gpt2":
            matrix = matrix.T
        per_head = matrix.unflatten(1, (sizes["heads"], sizes["d_head"]))
        found[at("head_out")] = torch.einsum("phd,ohd->pho", z, per_head) * factor
        before = values[at("resid_pre")]
        attn_out, mlp_out = values[at("attn_out")] * factor, values[at("mlp_out")].reshape(POSITIONS, -1) * factor
        found |= {at("resid_pre"): before, at("attn_out"): attn_out, at("mlp_out"): mlp_out}
        parallel = sites.get("parallel", getattr(model.config, "use_parallel_residual", False))
        parallel = parallel(model.config) if callable(parallel) else parallel
        middle = before + attn_out
        if not parallel:
            found[at("resid_mid")] = middle
        if "norm_mid" in sites:
            found[at("normalized_resid_mid")] = values[at("norm_mid")]
            middle = values[at("norm_mid")]
        after = values.get(at("resid_post"), values[at("layer")])
        assert (middle + mlp_out - after).abs().max() < 1e-9, f"{at('resid_post')} is not the sum of its parts"
        found[at("resid_post")] = after
        if "router" in sites:
            block = module_at(model, layer, sites["mlp"])
            logits, shares, indices = module_at(model, layer, sites["router"])(values[at("mlp_input")])
            found[at("router_logits")] = logits
            found[at("expert_out")] = expert_outputs(block.experts, values[at("mlp_input")], shares, indices)
            whole = found[at("expert_out")].sum(1)
            if "shared" in sites:
                opened = block.shared_expert_gate(values[at("mlp_input")]).sigmoid()
                found[at("shared_expert_out")] = opened * block.shared_expert(values[at("mlp_input")])
                whole = whole + found[at("shared_expert_out")]
            assert (whole - mlp_out).abs().max() < 1e-9, "the experts do not sum to what the MLP gives"
        else:
            pre = values[at("mlp_pre")]
            found[at("mlp_act")] = values[at("mlp_act")].reshape(POSITIONS, -1)
            found[at("mlp_pre")] = pre.reshape(POSITIONS, -1)[:, : found[at("mlp_act")].shape[-1]]
    return found


def expert_outputs(experts, x, shares, indices):
    """[pos, expert, d_model]: each expert by itself, through the module that computes them all."""
    outputs = []
    for expert in range(experts.num_experts):
        own = torch.where(indices == expert, shares, 0.0)
        outputs.append(experts(x, indices, own))
    return torch.stack(outputs, dim=1)


def ablated_losses(model, sites, ids):
    """[layer][head] of the mean loss with the head's z set to zero."""
    sizes = sizes_of(model.config)
    losses = []
    for layer in model.get_submodule(sites["layers"]):
        losses.append([])
        for head in range(sizes["heads"]):

            def silence(_module, inputs, head=head):
                z = inputs[0].clone()
                z.unflatten(-1, (sizes["heads"], sizes["d_head"]))[..., head, :] = 0
                return (z, *inputs[1:])

            handle = module_at(model, layer, sites["output"]).register_forward_pre_hook(silence)
            losses[-1].append(mean_loss(model, ids))
            handle.remove()
    return losses


def mean_loss(model, ids):
    with torch.no_grad(), only_float64():
        logits = model(ids).logits[0]
    return -logits[:-1].log_softmax(-1).gather(-1, ids[0, 1:, None]).mean().item()


# --------------------------------------------------------------------------------------------------------------- files


def randomise(model, generator):
    with torch.no_grad():
        for key, parameter in model.named_parameters():
            # Wide enough that attention is far from uniform and a wrong convention shows at once.
            noise = torch.randn(parameter.shape, generator=generator) * 0.3
            is_scale = key.endswith("weight") and parameter.dim() == 1
            parameter.copy_(noise + 1 if is_scale and "gemma" not in model.config.model_type else noise)


def count_biases_once():
    """transformers 5.24 adds Falcon's biases twice with eager attention (in the mask, too), and once otherwise."""
    from transformers.models.falcon import modeling_falcon

    build = modeling_falcon.build_alibi_tensor
    modeling_falcon.build_alibi_tensor = lambda *arguments, **named: build(*arguments, **named) / 2


def usual_logits(folder, ids):
    """Logits with the attention that transformers takes when it is not told otherwise."""
    usual = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, experts_implementation="eager")
    usual = usual.double().eval()
    with torch.no_grad():
        return usual(ids).logits[0]


def make(name):
    entry = MODELS[name]
    generator = torch.Generator().manual_seed(sum(map(ord, name)))
    folder = FIXTURES / "models" / name
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*"):
        old.unlink()
    config = AutoConfig.for_model(entry["type"], **entry["settings"])
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager", dtype=torch.float32)
    randomise(model, generator)
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    path = folder / "config.json"
    written = json.loads(path.read_text())
    if entry["raw"] is not None:
        entry["raw"](written)
    path.write_text(json.dumps(written, indent=1) + "\n")

    stored, info = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager", experts_implementation="eager", output_loading_info=True
    )
    assert not info["missing_keys"] and not info["unexpected_keys"] and not info["mismatched_keys"], info
    stored = stored.double().eval()
    ids = torch.randint(0, SMALL["vocab_size"], (1, POSITIONS), generator=generator)
    usual = usual_logits(folder, ids)
    if getattr(stored.config, "alibi", False):
        count_biases_once()
    with torch.no_grad(), only_float64():
        found = evaluate(stored, entry["sites"], ids)
    # Fused attention passes over soft caps of scores.
    if not getattr(stored.config, "attn_logit_softcapping", None):
        assert (usual - found["logits"]).abs().max() < 1e-4, "attention by another way gives other logits"
    save_file(
        {key: value.to(torch.float32).contiguous() for key, value in found.items()},
        FIXTURES / f"{name}.safetensors",
    )
    numbers = {
        **({"scoresAreShifted": True} if entry["sites"].get("scores_are_shifted") else {}),
        "family": entry["type"],
        "ids": ids[0].tolist(),
        "loss": mean_loss(stored, ids),
        "ablated": ablated_losses(stored, entry["sites"], ids),
    }
    (FIXTURES / f"{name}.json").write_text(json.dumps(numbers, separators=(",", ":")) + "\n")
    print(name, sum(file.stat().st_size for file in [*folder.glob("*"), *FIXTURES.glob(f"{name}.*")]) // 1000, "kB, loss", round(numbers["loss"], 3))


if __name__ == "__main__":
    for chosen in sys.argv[1:] or MODELS:
        make(chosen)
