"""Writes a GPT-2 with seeded random weights and a tokenizer of one word for each id: make_model.py FOLDER JSON

JSON holds fields of GPT2Config (n_layer, n_embd, n_head, vocab_size, n_positions, initializer_range). The tokenizer
reads "t0 t17 t3" as the ids 0, 17, 3, so that a text file can hold exact ids.
"""

import json
import sys
from pathlib import Path

import torch
from transformers import GPT2Config, GPT2LMHeadModel

folder = Path(sys.argv[1])
fields = json.loads(sys.argv[2])
torch.manual_seed(0)
model = GPT2LMHeadModel(GPT2Config(**fields, bos_token_id=None, eos_token_id=None))
model.save_pretrained(folder)
tokenizer = {
    "version": "1.0",
    "truncation": None,
    "padding": None,
    "added_tokens": [],
    "normalizer": None,
    "pre_tokenizer": {"type": "WhitespaceSplit"},
    "post_processor": None,
    "decoder": None,
    "model": {
        "type": "WordPiece",
        "unk_token": "t0",
        "continuing_subword_prefix": "##",
        "max_input_chars_per_word": 100,
        "vocab": {f"t{i}": i for i in range(fields["vocab_size"])},
    },
}
(folder / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
(folder / "tokenizer_config.json").write_text('{"tokenizer_class": "PreTrainedTokenizerFast"}\n', encoding="utf-8")
