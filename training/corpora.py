"""The texts: which domains are trained on, which are deliberately absent, and how each is split.

A perplexity map by domain is only worth looking at when its right answer is known. The tiny models
are therefore trained on exactly three domains (prose, drama, technical); the others (Spanish, dialect,
poetry, abstracts) are kept out altogether. Only public-domain texts are trained on.

Splits are contiguous byte ranges written down here as constants, so that anyone can cut the same
held-out text with nothing but ``dd``. Ranges begin and end at blank lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

DEFAULT_CORPORA = Path("../shared/corpora")
"""Relative to the root of the project, where the scripts are meant to be started."""


@dataclass(frozen=True)
class Domain:
    """One text file, and the slice of it that is never trained on.

    Attributes:
        name: How tables call the domain.
        file: File name below the corpora folder.
        licence: Licence of the text.
        held_out: Byte range [start, end) that is evaluated and never trained on.
        weight: Share of the natural-text sequences of a training run; 0 for a domain that is
            absent from training.
    """

    name: str
    file: str
    licence: str
    held_out: tuple[int, int]
    weight: float = 0.0

    @property
    def trained_on(self) -> bool:
        return self.weight > 0.0


TRAINED: tuple[Domain, ...] = (
    Domain("prose", "prose_austen_novels.txt", "public domain", (2_415_230, 2_817_640), 0.45),
    Domain("drama", "shakespeare_tiny.txt", "public domain", (669_244, 780_993), 0.20),
    Domain("technical", "hacker_jargon.txt", "public domain", (1_009_439, 1_177_466), 0.35),
)

ABSENT: tuple[Domain, ...] = (
    Domain("dialect", "dialect_huckfinn.txt", "public domain", (370_199, 431_899)),
    Domain("poetry", "poetry_lyra-frivola_little-past.txt", "public domain", (0, 102_111)),
    Domain("abstracts", "academic_scitldr.txt", "Apache-2.0", (2_136_693, 2_492_354)),
    Domain("spanish", "spanish_novels.txt", "public domain", (2_602_967, 3_036_898)),
    Domain("spanish_verse", "spanish_gaucho_martin-fierro.txt", "public domain", (0, 67_716)),
)

DOMAINS: tuple[Domain, ...] = TRAINED + ABSENT


def _decode(data: bytes) -> str:
    """Bytes as text: no byte order mark, Unix line ends.

    One source has a byte order mark and CRLF line ends. The models never saw a carriage return, so
    without this the dialect domain would be measured by its line ends rather than by its language.
    """
    return data.decode("utf-8-sig").replace("\r\n", "\n")


def train_text(domain: Domain, corpora: Path) -> str:
    """Everything of a trained domain outside its held-out range."""
    if not domain.trained_on:
        raise ValueError(f"{domain.name} is absent from training")
    data = (corpora / domain.file).read_bytes()
    start, end = domain.held_out
    return _decode(data[:start]) + "\n\n" + _decode(data[end:])


def held_out_text(domain: Domain, corpora: Path) -> str:
    """The evaluated slice of a domain."""
    data = (corpora / domain.file).read_bytes()
    start, end = domain.held_out
    return _decode(data[start:end])
