"""Train the shared tokenizer: byte-level BPE with GPT-2's pre-tokeniser, on the training split only.

    python training/build_tokenizer.py --out stdlib/models/gpt2-tiny
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from architectures import BOS, CONTEXT, VOCABULARY
from corpora import DEFAULT_CORPORA, TRAINED, train_text

END_OF_TEXT = "<|endoftext|>"

TOKENIZER_CONFIG = {
    "add_bos_token": False,
    "add_prefix_space": False,
    "bos_token": END_OF_TEXT,
    "clean_up_tokenization_spaces": False,
    "eos_token": END_OF_TEXT,
    "model_max_length": CONTEXT,
    "tokenizer_class": "GPT2Tokenizer",
    "unk_token": END_OF_TEXT,
}


def build(corpora: Path) -> Tokenizer:
    """Merges are learnt from the three trained domains, each counted once; the 256 bytes are always there."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator((train_text(domain, corpora) for domain in TRAINED), trainer)
    if tokenizer.token_to_id(END_OF_TEXT) != BOS or tokenizer.get_vocab_size() != VOCABULARY:
        raise RuntimeError("the tokenizer does not have the layout that architectures.py promises")
    return tokenizer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="model folder")
    parser.add_argument("--corpora", type=Path, default=DEFAULT_CORPORA)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    build(options.corpora).save(str(options.out / "tokenizer.json"))
    text = json.dumps(TOKENIZER_CONFIG, indent=2) + "\n"
    (options.out / "tokenizer_config.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
