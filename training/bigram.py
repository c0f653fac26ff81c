"""An interpolated Kneser-Ney bigram model: the baseline that a transformer has to beat clearly."""

from __future__ import annotations

import numpy as np

FloatArray = np.ndarray


def kneser_ney(streams: list[np.ndarray], vocabulary: int) -> FloatArray:
    """log P(next | previous) as a (vocabulary, vocabulary) matrix, from token streams.

    The discount is the usual estimate n1 / (n1 + 2 n2). The continuation distribution is itself
    mixed with the uniform one (weight of one count), so that a token that never occurred still has
    a probability; a previous token that never occurred backs off to the continuation distribution.
    """
    counts = np.zeros((vocabulary, vocabulary))
    for stream in streams:
        np.add.at(counts, (stream[:-1].astype(np.int64), stream[1:].astype(np.int64)), 1.0)
    once, twice = np.sum(counts == 1), np.sum(counts == 2)
    discount = once / (once + 2 * twice)

    continuations = np.count_nonzero(counts, axis=0).astype(np.float64)
    continuation = (continuations + 1 / vocabulary) / (continuations.sum() + 1)

    totals = counts.sum(axis=1, keepdims=True)
    followers = np.count_nonzero(counts, axis=1)[:, None]
    safe = np.maximum(totals, 1.0)
    left_over = np.where(totals > 0, discount * followers / safe, 1.0)
    probabilities = np.maximum(counts - discount, 0.0) / safe + left_over * continuation[None, :]
    if not np.allclose(probabilities.sum(axis=1), 1.0):
        raise RuntimeError("a row of the bigram model does not sum to 1")
    return np.log(probabilities)
