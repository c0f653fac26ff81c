"""The three architectures of the tiny models, as Hugging Face configurations.

Width, depth, context and tokenizer are the same for all, so that models can be compared site by site.
The dictionaries below are written to ``config.json`` as they are (plus ``torch_dtype`` and the version
of transformers): they use the key names of the configurations published on the hub, which readers other
than the newest transformers understand too.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import torch
import transformers
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel

LAYERS = 6
WIDTH = 64
HEADS = 4
CONTEXT = 256
VOCABULARY = 1024

INITIALIZER_RANGE = 0.05
"""The usual 0.02 is meant for widths around 1000; at this width it makes the first layers start near zero."""

BOS = 0
"""Id of <|endoftext|>: beginning and end of a text."""

ARCHITECTURES: dict[str, dict[str, Any]] = {
    "gpt2": {
        "architectures": ["GPT2LMHeadModel"],
        "model_type": "gpt2",
        "activation_function": "gelu_new",
        "attn_pdrop": 0.0,
        "bos_token_id": BOS,
        "embd_pdrop": 0.0,
        "eos_token_id": BOS,
        "initializer_range": INITIALIZER_RANGE,
        "layer_norm_epsilon": 1e-05,
        "n_ctx": CONTEXT,
        "n_embd": WIDTH,
        "n_head": HEADS,
        "n_inner": None,
        "n_layer": LAYERS,
        "n_positions": CONTEXT,
        "resid_pdrop": 0.0,
        "scale_attn_by_inverse_layer_idx": False,
        "scale_attn_weights": True,
        "tie_word_embeddings": True,
        "use_cache": True,
        "vocab_size": VOCABULARY,
    },
    "gpt_neox": {
        "architectures": ["GPTNeoXForCausalLM"],
        "model_type": "gpt_neox",
        "attention_bias": True,
        "attention_dropout": 0.0,
        "bos_token_id": BOS,
        "eos_token_id": BOS,
        "hidden_act": "gelu",
        "hidden_dropout": 0.0,
        "hidden_size": WIDTH,
        "initializer_range": INITIALIZER_RANGE,
        "intermediate_size": 4 * WIDTH,
        "layer_norm_eps": 1e-05,
        "max_position_embeddings": CONTEXT,
        "num_attention_heads": HEADS,
        "num_hidden_layers": LAYERS,
        "rotary_emb_base": 10000,
        "rotary_pct": 0.25,
        "tie_word_embeddings": False,
        "use_cache": True,
        "use_parallel_residual": True,
        "vocab_size": VOCABULARY,
    },
    "llama": {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "attention_bias": False,
        "attention_dropout": 0.0,
        "bos_token_id": BOS,
        "eos_token_id": BOS,
        "head_dim": WIDTH // HEADS,
        "hidden_act": "silu",
        "hidden_size": WIDTH,
        "initializer_range": INITIALIZER_RANGE,
        # 8/3 of the width, rounded up to a multiple of 4: as many parameters as a 4x two-matrix MLP.
        "intermediate_size": 172,
        "max_position_embeddings": CONTEXT,
        "mlp_bias": False,
        "num_attention_heads": HEADS,
        "num_hidden_layers": LAYERS,
        "num_key_value_heads": 2,
        "rms_norm_eps": 1e-05,
        "rope_scaling": None,
        "rope_theta": 10000.0,
        "tie_word_embeddings": False,
        "use_cache": True,
        "vocab_size": VOCABULARY,
    },
}


def sinusoids() -> torch.Tensor:
    """The start of GPT-2's learned positions: sinusoids of the size of the token embeddings.

    From random positions, attention to the previous token has to be learnt for each of the 256
    positions on its own, which takes more text than there is; from sinusoids one rotation does it. They
    are parameters like the others and move from here. Wavelengths run from 6 to 600 tokens.
    """
    frequencies = 100.0 ** (-torch.arange(WIDTH // 2) / (WIDTH // 2))
    angles = torch.arange(CONTEXT)[:, None] * frequencies
    return torch.cat([angles.sin(), angles.cos()], dim=1) * math.sqrt(2) * INITIALIZER_RANGE


def new_model(architecture: str) -> PreTrainedModel:
    """A randomly initialised model; seed torch before the call."""
    settings = dict(ARCHITECTURES[architecture])
    settings.pop("architectures")
    config = AutoConfig.for_model(settings.pop("model_type"), **settings)
    model = AutoModelForCausalLM.from_config(config, attn_implementation="sdpa")
    if architecture == "gpt2":
        with torch.no_grad():
            model.transformer.wpe.weight.copy_(sinusoids())
    return model


def parameters_to_save(model: PreTrainedModel, dtype: torch.dtype) -> dict[str, torch.Tensor]:
    """The model's parameters under their Hugging Face names, without what a checkpoint does not need.

    Buffers (causal masks, rotary frequencies) are computed from the configuration by every reader, and
    a tied unembedding is the embedding: ``named_parameters`` lists neither.
    """
    # transformers 5 calls every unembedding lm_head; checkpoints of GPT-NeoX call it embed_out.
    names = {"lm_head.weight": "embed_out.weight"} if model.config.model_type == "gpt_neox" else {}
    return {
        names.get(name, name): parameter.detach().to(dtype).contiguous().clone()
        for name, parameter in model.named_parameters()
    }


def save_checkpoint(model: PreTrainedModel, architecture: str, folder: Path, dtype: torch.dtype) -> None:
    """Write ``config.json`` and ``model.safetensors`` in the layout that Hugging Face readers expect."""
    folder.mkdir(parents=True, exist_ok=True)
    config = dict(ARCHITECTURES[architecture])
    config["torch_dtype"] = str(dtype).removeprefix("torch.")
    config["transformers_version"] = transformers.__version__
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    save_file(parameters_to_save(model, dtype), folder / "model.safetensors", metadata={"format": "pt"})


def load_checkpoint(folder: Path) -> PreTrainedModel:
    """Read a checkpoint in f32, with the attention that can return its patterns."""
    model = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager", local_files_only=True
    )
    return model.eval()
