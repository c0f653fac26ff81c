"""Train one tiny model and write its checkpoints.

    python training/train.py --architecture gpt2 --seed 1 --steps 8000 --out stdlib/models/gpt2-tiny

Started from the project's root; the output folder must hold ``tokenizer.json`` (build_tokenizer.py).
Everything random comes from ``--seed``: the initial weights and the order and content of the batches.
"""

from __future__ import annotations

import argparse
import functools
import json
import math
import platform
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from tokenizers import Tokenizer
from transformers import PreTrainedModel

from architectures import ARCHITECTURES, BOS, CONTEXT, VOCABULARY, load_checkpoint, new_model, save_checkpoint
from corpora import DEFAULT_CORPORA, TRAINED, held_out_text, train_text

IGNORED = -100
"""Label that torch's cross entropy leaves out."""

CURRICULA: dict[str, tuple[tuple[float, float, int, int, int], ...]] = {
    # (part of the run, share of repetitions, vocabulary of r, longest r, tokens per sequence)
    "text-throughout": (
        (0.00, 0.60, 64, 16, 64),
        (0.10, 0.60, 64, 16, 64),
        (0.30, 0.60, VOCABULARY - 1, 50, 128),
        (0.40, 0.50, VOCABULARY - 1, 110, 256),
        (0.50, 0.20, VOCABULARY - 1, 110, 256),
        (1.00, 0.20, VOCABULARY - 1, 110, 256),
    ),
    "circuit-first": (
        (0.00, 1.00, 64, 16, 64),
        (0.07, 1.00, 64, 16, 64),
        (0.22, 0.80, VOCABULARY - 1, 50, 128),
        (0.27, 0.50, VOCABULARY - 1, 110, 256),
        (0.35, 0.20, VOCABULARY - 1, 110, 256),
        (1.00, 0.20, VOCABULARY - 1, 110, 256),
    ),
}
"""What batches are made of: values at positions of the run, interpolated between them (vocabulary and lengths on
a log scale).

Induction needs two heads that are worth nothing without each other. From a mixture of text and repetitions over the
whole vocabulary, in sequences of 256 tokens, the pair did not form within nine million tokens at this width: attention
stayed even, because a single token is less than a hundredth of what an even head sees. From short sequences with
repetitions over 64 token ids it forms within 300 to 1000 steps, and it survives when vocabulary, length and more
natural text are brought in. "text-throughout" has natural text from the first step, so that the history of such a run
shows both being learnt; "circuit-first" begins with nothing but repetitions.
"""

SHORTEST_REPEAT = 4
"""Lengths of r are log-uniform from here to the stage's longest, so that many sequences hold many copies."""

NATURAL_REPEAT_SHARE = 1 / 3
"""Share of the repeated sequences whose r is a span of natural text rather than random tokens."""

BOS_SHARE_NATURAL = 0.5
BOS_SHARE_REPEATED = 0.75

BETAS = (0.9, 0.98)
WEIGHT_DECAY = 0.05
WARM_UP_STEPS = 100
FINAL_RATE = 0.05
"""The cosine ends at this share of the peak learning rate."""

CLIP_NORM = 1.0


@dataclass(frozen=True)
class Batch:
    """Token ids, and the ids again as labels with the unpredictable ones left out."""

    inputs: torch.Tensor
    labels: torch.Tensor


@dataclass(frozen=True)
class Stage:
    """What batches are made of at one moment of the run."""

    repeated_share: float
    vocabulary: int
    longest_repeat: float
    length: int


class Sampler:
    """An endless, seeded stream of batches: natural text mixed with repeated random sequences."""

    def __init__(self, streams: list[np.ndarray], weights: list[float], seed: int, tokens: int) -> None:
        self._streams = streams
        self._weights = np.asarray(weights) / np.sum(weights)
        self._random = np.random.default_rng(seed)
        self._tokens = tokens
        # The order in which token ids join the vocabulary of the repetitions.
        self._ids = BOS + 1 + self._random.permutation(VOCABULARY - 1 - BOS)

    def _stream(self) -> np.ndarray:
        """The tokens of a domain, drawn by weight."""
        return self._streams[self._random.choice(len(self._streams), p=self._weights)]

    def _natural(self, length: int) -> tuple[np.ndarray, np.ndarray]:
        """A window at a random place of a domain, with BOS in front half of the time.

        Both ways must look sane afterwards: the tokenizer adds no BOS, many experiments do.
        """
        stream = self._stream()
        start = int(self._random.integers(0, len(stream) - length))
        ids = stream[start : start + length].astype(np.int64)
        if self._random.random() < BOS_SHARE_NATURAL:
            ids = np.concatenate(([BOS], ids[:-1]))
        return ids, ids.copy()

    def _repeated(self, stage: Stage) -> tuple[np.ndarray, np.ndarray]:
        """[BOS, r, r, r ...], cut at the window; r is random tokens or a span of natural text.

        Random tokens are uniform over the vocabulary without BOS. The labels of a random first copy are
        left out: nothing predicts them, and their constant loss would only add noise to the gradient.
        """
        size = round(math.exp(self._random.uniform(math.log(SHORTEST_REPEAT), math.log(stage.longest_repeat))))
        natural = stage.repeated_share < 1 and self._random.random() < NATURAL_REPEAT_SHARE
        if natural:
            stream = self._stream()
            start = int(self._random.integers(0, len(stream) - size))
            r = stream[start : start + size]
        else:
            r = self._ids[self._random.integers(0, stage.vocabulary, size=size)]
        prefix = [BOS] if self._random.random() < BOS_SHARE_REPEATED else []
        copies = math.ceil(stage.length / size)
        ids = np.concatenate((prefix, np.tile(r, copies)))[: stage.length].astype(np.int64)
        labels = ids.copy()
        if not natural:
            labels[: len(prefix) + size] = IGNORED
        return ids, labels

    def next(self, stage: Stage) -> Batch:
        """A batch of the stage: as many tokens in every stage, so more sequences where they are shorter."""
        rows = [
            self._repeated(stage) if self._random.random() < stage.repeated_share else self._natural(stage.length)
            for _ in range(self._tokens // stage.length)
        ]
        return Batch(
            torch.from_numpy(np.stack([ids for ids, _ in rows])),
            torch.from_numpy(np.stack([labels for _, labels in rows])),
        )


def encode(tokenizer: Tokenizer, text: str) -> np.ndarray:
    """Token ids of a long text, kept small."""
    return np.asarray(tokenizer.encode(text, add_special_tokens=False).ids, dtype=np.uint16)


def next_token_losses(model: PreTrainedModel, inputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Cross entropy in nats of every next token (batch, length - 1); 0 where the label is ignored."""
    logits = model(input_ids=inputs, use_cache=False).logits
    flat = torch.nn.functional.cross_entropy(
        logits[:, :-1].reshape(-1, logits.shape[-1]),
        labels[:, 1:].reshape(-1),
        ignore_index=IGNORED,
        reduction="none",
    )
    return flat.view(inputs.shape[0], inputs.shape[1] - 1)


def learning_rate(step: int, steps: int, peak: float) -> float:
    """Linear warm-up, then a cosine down to FINAL_RATE of the peak."""
    if step < WARM_UP_STEPS:
        return peak * (step + 1) / WARM_UP_STEPS
    progress = (step - WARM_UP_STEPS) / max(1, steps - WARM_UP_STEPS)
    return peak * (FINAL_RATE + (1 - FINAL_RATE) * 0.5 * (1 + math.cos(math.pi * progress)))


def stage_at(curriculum: str, step: int, steps: int) -> Stage:
    """The curriculum at a step. Sequence lengths are powers of two, so that few shapes occur."""
    positions, shares, vocabularies, longest, lengths = zip(*CURRICULA[curriculum])

    def at(values: tuple[float, ...]) -> float:
        return float(np.exp(np.interp(step / steps, positions, np.log(values))))

    return Stage(
        repeated_share=float(np.interp(step / steps, positions, shares)),
        vocabulary=round(at(vocabularies)),
        longest_repeat=at(longest),
        length=2 ** int(math.log2(at(lengths)) + 1e-9),
    )


def make_optimizer(model: PreTrainedModel, peak: float) -> torch.optim.AdamW:
    """AdamW; weight decay on matrices only, as usual."""
    matrices = [p for p in model.parameters() if p.dim() >= 2]
    vectors = [p for p in model.parameters() if p.dim() < 2]
    return torch.optim.AdamW(
        [{"params": matrices, "weight_decay": WEIGHT_DECAY}, {"params": vectors, "weight_decay": 0.0}],
        lr=peak,
        betas=BETAS,
        fused=True,
    )


@torch.no_grad()
def progress_report(model: PreTrainedModel, held_out: dict[str, torch.Tensor], probe: torch.Tensor, size: int) -> dict[str, float]:
    """Held-out loss by domain on a few windows, and the loss on a repeated random text: what the log follows."""
    model.eval()
    report = {name: next_token_losses(model, ids, ids).mean().item() for name, ids in held_out.items()}
    losses = next_token_losses(model, probe, probe)
    # Labels of the second copy: positions size + 2 onwards, the first token of the second copy
    # cannot be known by induction.
    report["repeat"] = losses[:, size + 1 :].mean().item()
    model.train()
    return report


def checkpoint_steps(text: str, steps: int) -> set[int]:
    """``"0,1,2,4"`` as a set; the final step is written anyway, as the folder's own weights."""
    chosen = {int(part) for part in text.split(",") if part.strip()}
    if any(step > steps for step in chosen):
        raise SystemExit(f"--checkpoints names a step beyond --steps {steps}")
    return chosen


def one_line_per_entry(record: dict[str, Any]) -> str:
    """JSON with one setting and one entry of the log on a line, which is easier to read and to compare."""
    lines = []
    for key, value in record.items():
        log = "[\n" + ",\n".join(f"  {json.dumps(entry)}" for entry in value) + "\n ]" if key == "log" else ""
        lines.append(f" {json.dumps(key)}: {log or json.dumps(value)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--architecture", choices=sorted(ARCHITECTURES), required=True)
    parser.add_argument("--out", type=Path, required=True, help="folder of the final weights")
    parser.add_argument("--tokenizer", type=Path, help="folder of tokenizer.json (default: --out)")
    parser.add_argument("--corpora", type=Path, default=DEFAULT_CORPORA)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=8000)
    parser.add_argument(
        "--continue-from",
        type=Path,
        help="start from the weights of this folder, in the last stage of the curriculum, with a fresh optimiser",
    )
    parser.add_argument("--curriculum", choices=sorted(CURRICULA), default="text-throughout")
    parser.add_argument("--tokens-per-step", type=int, default=2048)
    parser.add_argument("--rate", type=float, default=3e-3, help="peak learning rate")
    parser.add_argument("--dtype", choices=["float32", "bfloat16"], default="float32", help="of the saved weights")
    parser.add_argument("--checkpoints", default="", help="comma-separated steps, saved as revisions/stepN")
    parser.add_argument("--record", default="training.json", help="file name of the settings and the log")
    parser.add_argument("--log-every", type=int, default=100)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--compile", action="store_true", help="torch.compile: a third faster, needs a C++ compiler")
    return parser.parse_args()


def main() -> None:
    options = parse_options()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    chosen = checkpoint_steps(options.checkpoints, options.steps)
    dtype = getattr(torch, options.dtype)

    tokenizer = Tokenizer.from_file(str((options.tokenizer or options.out) / "tokenizer.json"))
    streams = [encode(tokenizer, train_text(domain, options.corpora)) for domain in TRAINED]
    sampler = Sampler(streams, [d.weight for d in TRAINED], options.seed, options.tokens_per_step)

    # The log follows 16 windows of each held-out slice; evaluate.py measures all of it.
    held_out: dict[str, torch.Tensor] = {}
    for domain in TRAINED:
        ids = encode(tokenizer, held_out_text(domain, options.corpora))[: 16 * CONTEXT].astype(np.int64)
        held_out[domain.name] = torch.from_numpy(ids).view(16, CONTEXT)
    r = torch.randint(BOS + 1, VOCABULARY, (16, 50), generator=torch.Generator().manual_seed(0))
    probe = torch.cat([torch.full((16, 1), BOS), r, r], dim=1)

    model = new_model(options.architecture)
    if options.continue_from is not None:
        model.load_state_dict(load_checkpoint(options.continue_from).state_dict())
    optimizer = make_optimizer(model, options.rate)
    model.train()
    training_losses = functools.partial(next_token_losses, model)
    if options.compile:
        training_losses = torch.compile(training_losses, dynamic=False)

    log: list[dict[str, float]] = []
    smoothed: float | None = None
    began = time.perf_counter()
    for step in range(options.steps + 1):
        if step in chosen:
            save_checkpoint(model, options.architecture, options.out / "revisions" / f"step{step}", dtype)
        if step % options.log_every == 0 or step == options.steps or step in chosen:
            entry = {"step": step, **progress_report(model, held_out, probe, 50)}
            if smoothed is not None:
                entry["train"] = smoothed
            entry["seconds"] = time.perf_counter() - began
            log.append(entry)
            print(json.dumps({k: round(v, 3) for k, v in entry.items()}), flush=True)
        if step == options.steps:
            break
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, options.steps, options.rate)
        # A continued run is in the last stage throughout.
        at = step if options.continue_from is None else options.steps
        batch = sampler.next(stage_at(options.curriculum, at, options.steps))
        losses = training_losses(batch.inputs, batch.labels)
        loss = losses.sum() / (batch.labels[:, 1:] != IGNORED).sum()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP_NORM)
        optimizer.step()
        value = loss.item()
        if not math.isfinite(value):
            raise SystemExit(f"the loss is not finite at step {step}")
        smoothed = value if smoothed is None else 0.98 * smoothed + 0.02 * value

    save_checkpoint(model, options.architecture, options.out, dtype)
    record = {
        "architecture": options.architecture,
        "seed": options.seed,
        "continued": options.continue_from is not None,
        "steps": options.steps,
        "tokens_per_step": options.tokens_per_step,
        "tokens": options.steps * options.tokens_per_step,
        "parameters": sum(p.numel() for p in model.parameters()),
        "peak_learning_rate": options.rate,
        "warm_up_steps": WARM_UP_STEPS,
        "final_rate": FINAL_RATE,
        "betas": BETAS,
        "weight_decay": WEIGHT_DECAY,
        "clip_norm": CLIP_NORM,
        "curriculum": options.curriculum,
        "stages": CURRICULA[options.curriculum],
        "shortest_repeat": SHORTEST_REPEAT,
        "natural_repeat_share": NATURAL_REPEAT_SHARE,
        "bos_share_natural": BOS_SHARE_NATURAL,
        "bos_share_repeated": BOS_SHARE_REPEATED,
        "domain_weights": {domain.name: domain.weight for domain in TRAINED},
        "saved_dtype": options.dtype,
        "checkpoints": sorted(chosen),
        "hardware": "CPU",
        "threads": options.threads,
        "compiled": options.compile,
        "seconds": round(time.perf_counter() - began),
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "transformers": transformers.__version__,
            "numpy": np.__version__,
        },
        "log": [{k: round(v, 4) for k, v in entry.items()} for entry in log],
    }
    (options.out / options.record).write_text(one_line_per_entry(record), encoding="utf-8")


if __name__ == "__main__":
    main()
