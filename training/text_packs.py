"""Cut short held-out passages of every public-domain text for ``stdlib/prompts/held-out``.

    python training/text_packs.py

One JSON object a line, ``{"text": …}``: a passage that begins at a paragraph of a domain's held-out range (corpora.py)
and is cut at the last word before 200 tokens, so that it fits the 256 positions of the tiny models in every domain. Line
breaks are kept, because the models know where lines of these editions break: joined to one line, the same words are
twice as hard for them. Passages are spread evenly over the range. No model was trained on any of them.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

from tokenizers import Tokenizer

from corpora import DEFAULT_CORPORA, DOMAINS, Domain, held_out_text

PASSAGES = 12
LONGEST = 200
"""Tokens of a passage at most."""

SHORTEST = 90
"""Tokens of a passage at least."""


def passages(domain: Domain, corpora: Path, tokenizer: Tokenizer) -> list[str]:
    """Evenly spread passages of a domain's held-out text."""
    text = held_out_text(domain, corpora)
    chosen: list[str] = []
    for i in range(PASSAGES):
        # Begin at the first paragraph after this share of the text, behind front matter.
        share = 0.05 + 0.9 * i / PASSAGES
        start = text.find("\n\n", int(share * (len(text) - 4000))) + 2
        passage = ""
        for word in re.findall(r"\s*\S+", text[start : start + 3000]):
            longer = (passage + word).lstrip()
            if len(tokenizer.encode(longer, add_special_tokens=False).ids) > LONGEST:
                break
            passage = longer
        if len(tokenizer.encode(passage, add_special_tokens=False).ids) < SHORTEST:
            raise SystemExit(f"{domain.name}: passage {i + 1} is too short")
        chosen.append(passage)
    return chosen


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpora", type=Path, default=DEFAULT_CORPORA)
    parser.add_argument("--tokenizer", type=Path, default=Path("stdlib/models/gpt2-tiny/tokenizer.json"))
    parser.add_argument("--out", type=Path, default=Path("stdlib/prompts/held-out"))
    options = parser.parse_args()
    tokenizer = Tokenizer.from_file(str(options.tokenizer))
    options.out.mkdir(parents=True, exist_ok=True)
    for domain in DOMAINS:
        # What is not in the public domain is measured in the model cards and not redistributed here.
        if domain.licence != "public domain":
            continue
        lines = passages(domain, options.corpora, tokenizer)
        records = "".join(json.dumps({"text": line}, ensure_ascii=False) + "\n" for line in lines)
        (options.out / f"{domain.name}.jsonl").write_text(records, encoding="utf-8")
        print(f"{domain.name}: {len(lines)} passages, {sum(map(len, lines))} characters")


if __name__ == "__main__":
    main()
