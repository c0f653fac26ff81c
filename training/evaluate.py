"""Measure a tiny model; write its metrics.json and the tables of its README.md.

    python training/evaluate.py stdlib/models/gpt2-tiny

What is measured, and how:

* Loss by domain. The held-out slice (corpora.py) is tokenised as one text and cut into consecutive
  windows of 256 tokens; the first token of a window is given, the other 255 are scored, no BOS. The
  figures "with BOS" put <|endoftext|> in front of each window of 255 tokens and score the same way, so
  every token of the window has a loss. Perplexity = exp(nats per scored token); bits per byte counts the
  bytes of the scored tokens.
* The bigram baseline (bigram.py) is counted on the tokens that the transformer was trained on and
  scored on exactly the same tokens (the first token of a window is known to it too).
* Induction. Prompts [BOS, r, r] with r uniform over the vocabulary without BOS, length 50. The score of
  a head is the mean of the diagonal 1 - len(r) of its pattern, averaged over the prompts.

A folder ``revisions/`` below the model is measured too, one row per revision. README.md keeps its own
words: only what stands between ``<!-- table NAME -->`` and ``<!-- end NAME -->`` is replaced.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from tokenizers import Tokenizer
from transformers import PreTrainedModel

from architectures import BOS, CONTEXT, VOCABULARY, load_checkpoint
from bigram import kneser_ney
from corpora import DEFAULT_CORPORA, DOMAINS, TRAINED, held_out_text, train_text
from train import encode

INDUCTION_LENGTH = 50
INDUCTION_PROMPTS = 64
INDUCTION_SEED = 0
BATCH = 32

Metrics = dict[str, Any]


@dataclass(frozen=True)
class Slice:
    """The held-out tokens of a domain as rows of CONTEXT ids, and the byte length of every token."""

    windows: torch.Tensor
    byte_lengths: np.ndarray


def windows_of(ids: np.ndarray) -> torch.Tensor:
    """Consecutive full windows; the last, incomplete one is left out."""
    count = len(ids) // CONTEXT
    return torch.from_numpy(ids[: count * CONTEXT].astype(np.int64)).view(count, CONTEXT)


def token_byte_lengths(tokenizer: Tokenizer) -> np.ndarray:
    """Bytes per token: in a byte-level vocabulary every character stands for one byte. BOS has none."""
    lengths = [len(tokenizer.id_to_token(token)) for token in range(tokenizer.get_vocab_size())]
    lengths[BOS] = 0
    return np.asarray(lengths)


@torch.no_grad()
def mean_loss(model: PreTrainedModel, windows: torch.Tensor) -> float:
    """Nats per scored token (all but the first of each row), summed in f64."""
    total = 0.0
    for start in range(0, len(windows), BATCH):
        rows = windows[start : start + BATCH]
        logits = model(input_ids=rows, use_cache=False).logits[:, :-1]
        losses = torch.nn.functional.cross_entropy(logits.flatten(0, 1), rows[:, 1:].flatten(), reduction="none")
        total += losses.double().sum().item()
    return total / (windows.shape[0] * (windows.shape[1] - 1))


def with_bos(windows: torch.Tensor) -> torch.Tensor:
    """The same tokens in windows of CONTEXT - 1 behind a BOS, so that the context is not exceeded."""
    flat = windows.flatten()
    count = len(flat) // (CONTEXT - 1)
    rows = flat[: count * (CONTEXT - 1)].view(count, CONTEXT - 1)
    return torch.cat([torch.full((count, 1), BOS), rows], dim=1)


@torch.no_grad()
def repeated_text(model: PreTrainedModel) -> Metrics:
    """Induction and previous-token scores of every head, and how well the second copy is predicted."""
    generator = torch.Generator().manual_seed(INDUCTION_SEED)
    size = INDUCTION_LENGTH
    r = torch.randint(BOS + 1, VOCABULARY, (INDUCTION_PROMPTS, size), generator=generator)
    ids = torch.cat([torch.full((INDUCTION_PROMPTS, 1), BOS), r, r], dim=1)
    output = model(input_ids=ids, use_cache=False, output_attentions=True)
    patterns = torch.stack(output.attentions).double()  # layer, prompt, head, query, key

    def diagonal(offset: int) -> torch.Tensor:
        return patterns.diagonal(offset=offset, dim1=-2, dim2=-1).mean(-1).mean(1)

    induction, previous = diagonal(1 - size), diagonal(-1)
    # The score of a head that attends evenly to everything it can see.
    even = np.mean([1 / (query + 1) for query in range(size - 1, 2 * size + 1)])
    logits = output.logits[:, size + 1 : -1]  # queries whose next token can be known by induction
    targets = ids[:, size + 2 :]
    loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten()).item()
    best, best_previous = int(induction.argmax()), int(previous.argmax())
    heads = induction.shape[1]
    return {
        "length": size,
        "prompts": INDUCTION_PROMPTS,
        "seed": INDUCTION_SEED,
        "even_attention": float(even),
        "best": {"layer": best // heads, "head": best % heads, "score": induction.max().item()},
        "best_previous_token": {
            "layer": best_previous // heads,
            "head": best_previous % heads,
            "score": previous.max().item(),
        },
        "induction": induction.tolist(),
        "previous_token": previous.tolist(),
        "second_copy_nats": loss,
        "second_copy_accuracy": (logits.argmax(-1) == targets).double().mean().item(),
    }


def measure(model: PreTrainedModel, slices: dict[str, Slice], log_bigram: np.ndarray | None) -> Metrics:
    """All figures of one checkpoint; the bigram column and the BOS column only for the folder's own weights."""
    domains: Metrics = {}
    for domain in DOMAINS:
        windows = slices[domain.name].windows
        nats = mean_loss(model, windows)
        scored = windows[:, 1:].numpy()
        bytes_per_token = slices[domain.name].byte_lengths[scored].mean()
        row: Metrics = {
            "trained_on": domain.trained_on,
            "tokens": int(scored.size),
            "nats_per_token": nats,
            "perplexity": math.exp(nats),
            "bits_per_byte": nats / math.log(2) / bytes_per_token,
        }
        if log_bigram is not None:
            row["nats_per_token_with_bos"] = mean_loss(model, with_bos(windows))
            bigram = -log_bigram[windows[:, :-1].numpy(), scored].mean()
            row["bigram_perplexity"] = math.exp(bigram)
            row["bigram_bits_per_byte"] = bigram / math.log(2) / bytes_per_token
        domains[domain.name] = row
    trained = [row for row in domains.values() if row["trained_on"]]
    mean = sum(row["nats_per_token"] * row["tokens"] for row in trained) / sum(row["tokens"] for row in trained)
    return {"held_out_nats_per_token": mean, "domains": domains, "repeated": repeated_text(model)}


# --- tables -------------------------------------------------------------------------------------------


def table(header: list[str], rows: list[list[str]], others: str = "---:") -> str:
    """A Markdown table: first column left, the others right unless told."""
    rule = ["---"] + [others] * (len(header) - 1)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [header, rule, *rows])


def domain_table(metrics: Metrics) -> str:
    rows = [
        [
            name,
            "yes" if row["trained_on"] else "no",
            f"{row['tokens']:,}",
            f"{row['nats_per_token']:.3f}",
            f"{row['nats_per_token_with_bos']:.3f}",
            f"{row['perplexity']:.1f}",
            f"{row['bigram_perplexity']:.1f}",
            f"{row['bits_per_byte']:.3f}",
            f"{row['bigram_bits_per_byte']:.3f}",
        ]
        for name, row in metrics["domains"].items()
    ]
    header = ["domain", "trained on", "tokens", "nats/token", "with BOS", "perplexity", "bigram perplexity"]
    return table([*header, "bits/byte", "bigram bits/byte"], rows)


def head_table(scores: list[list[float]]) -> str:
    header = ["layer"] + [f"head {head}" for head in range(len(scores[0]))]
    return table(header, [[str(layer), *(f"{s:.3f}" for s in row)] for layer, row in enumerate(scores)])


def induction_table(metrics: Metrics) -> str:
    repeated = metrics["repeated"]
    best, previous = repeated["best"], repeated["best_previous_token"]
    words = (
        f"Best induction head: layer {best['layer']}, head {best['head']}, score **{best['score']:.3f}** "
        f"(a head that attends evenly: {repeated['even_attention']:.3f}). "
        f"Best previous-token head: layer {previous['layer']}, head {previous['head']}, score {previous['score']:.3f}. "
        f"Second copy of r: {repeated['second_copy_nats']:.3f} nats per token "
        f"(uniform: {math.log(VOCABULARY):.3f}), {100 * repeated['second_copy_accuracy']:.1f} % of tokens right."
    )
    return words + "\n\n" + head_table(repeated["induction"])


def revision_table(revisions: dict[str, Metrics]) -> str:
    header = ["revision", "nats/token, trained domains", *(d.name for d in DOMAINS), "best induction score", "its head"]
    rows = []
    for name, metrics in revisions.items():
        best = metrics["repeated"]["best"]
        losses = [f"{metrics['domains'][d.name]['nats_per_token']:.3f}" for d in DOMAINS]
        place = f"{best['layer']}.{best['head']}"
        rows.append([name, f"{metrics['held_out_nats_per_token']:.3f}", *losses, f"{best['score']:.3f}", place])
    return table(header, rows)


def data_table(corpora: Path, training_tokens: dict[str, int]) -> str:
    rows = []
    for domain in DOMAINS:
        size = (corpora / domain.file).stat().st_size
        start, end = domain.held_out
        share = f"{100 * domain.weight:.0f} %" if domain.trained_on else "absent"
        tokens = f"{training_tokens[domain.name]:,}" if domain.trained_on else "0"
        cells = [domain.name, f"`{domain.file}`", domain.licence, f"{size:,}", f"[{start:,}, {end:,})", share, tokens]
        rows.append(cells)
    header = ["domain", "file", "licence", "bytes", "evaluated bytes", "share of natural text", "training tokens"]
    return table(header, rows)


def training_records(folder: Path) -> list[Metrics]:
    """What train.py wrote about every run that led to the weights: training.json, or training-1.json and so on."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("training*.json"))]


def training_table(records: list[Metrics]) -> str:
    """The settings of every run that led to the weights."""

    def facts(run: Metrics) -> dict[str, str]:
        knots, last = run["stages"], run["stages"][-1]
        return {
            "parameters": f"{run['parameters']:,}",
            "start": "weights of the run before, fresh optimiser" if run["continued"] else "random weights",
            "curriculum": f"{last[1]:.0%} repetitions, as at the end of the run before"
            if run["continued"]
            else f"`{run['curriculum']}` ({len(knots)} knots, below)",
            "seed": f"{run['seed']}",
            "steps": f"{run['steps']:,}",
            "tokens per step": f"{run['tokens_per_step']:,}",
            "tokens": f"{run['tokens']:,}",
            "BOS in front": f"{run['bos_share_natural']:.0%} of natural, {run['bos_share_repeated']:.0%} of repeated sequences",
            "optimiser": f"AdamW, betas {tuple(run['betas'])}, weight decay {run['weight_decay']} on matrices, "
            f"gradient norm clipped at {run['clip_norm']}",
            "learning rate": f"{run['warm_up_steps']} steps of warm-up to {run['peak_learning_rate']}, "
            f"then a cosine to {run['final_rate']:.0%} of it",
            "training loss at the end": f"{run['log'][-1]['train']:.3f} nats per scored token (both kinds of sequence)",
            "trained in, saved in": f"float32, {run['saved_dtype']}",
            "hardware": f"{run['hardware']} ({run['threads']} {'thread' if run['threads'] == 1 else 'threads'}, "
            f"{run['seconds'] / 60:.0f} minutes)",
            "versions": ", ".join(f"{name} {version}" for name, version in run["versions"].items()),
        }

    runs = [facts(run) for run in records]
    header = ["what", "value"] if len(runs) == 1 else ["what", *(f"run {i + 1}" for i in range(len(runs)))]
    return table(header, [[name, *(run[name] for run in runs)] for name in runs[0]], "---")


def curriculum_table(record: Metrics) -> str:
    """What the batches are made of at the knots of the curriculum."""
    rows = [
        [f"{100 * at:.0f} %", f"{100 * share:.0f} %", f"{vocabulary:,}", f"{record['shortest_repeat']} to {longest}", str(length)]
        for at, share, vocabulary, longest, length in record["stages"]
    ]
    return table(["position in the run", "repetitions", "token ids in r", "length of r", "tokens per sequence"], rows)


def fill(readme: str, tables: dict[str, str]) -> str:
    """Replace the marked tables; a marker without a table is an error, so that none goes stale unnoticed."""

    def replace(match: re.Match[str]) -> str:
        name = match.group(1)
        return f"<!-- table {name} -->\n\n{tables[name]}\n\n<!-- end {name} -->"

    return re.sub(r"<!-- table (\w+) -->.*?<!-- end \1 -->", replace, readme, flags=re.DOTALL)


def revision_order(folder: Path) -> tuple[int, str]:
    """step2 before step10; other names after the steps."""
    match = re.fullmatch(r"step(\d+)", folder.name)
    return (int(match.group(1)), "") if match else (10**9, folder.name)


def rounded(value: Any) -> Any:
    """Five digits are plenty for a card and keep the file readable."""
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return value


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="model folder")
    parser.add_argument("--corpora", type=Path, default=DEFAULT_CORPORA)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)

    folder: Path = options.model
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    byte_lengths = token_byte_lengths(tokenizer)
    streams = {d.name: encode(tokenizer, train_text(d, options.corpora)) for d in TRAINED}
    slices = {
        d.name: Slice(windows_of(encode(tokenizer, held_out_text(d, options.corpora))), byte_lengths) for d in DOMAINS
    }
    log_bigram = kneser_ney(list(streams.values()), VOCABULARY)

    metrics = measure(load_checkpoint(folder), slices, log_bigram)
    revisions = {
        path.name: measure(load_checkpoint(path), slices, None)
        for path in sorted((folder / "revisions").glob("*"), key=revision_order)
        if (path / "model.safetensors").exists()
    }
    metrics["revisions"] = revisions
    metrics["versions"] = {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "numpy": np.__version__,
    }
    (folder / "metrics.json").write_text(json.dumps(rounded(metrics), indent=1) + "\n", encoding="utf-8")

    records = training_records(folder)
    tables = {
        "data": data_table(options.corpora, {name: len(stream) for name, stream in streams.items()}),
        "training": training_table(records),
        "curriculum": curriculum_table(records[0]),
        "domains": domain_table(metrics),
        "induction": induction_table(metrics),
        "revisions": revision_table(revisions),
    }
    readme = folder / "README.md"
    if readme.exists():
        readme.write_text(fill(readme.read_text(encoding="utf-8"), tables), encoding="utf-8")
    best = metrics["repeated"]["best"]
    for name, row in metrics["domains"].items():
        print(f"{name:14} perplexity {row['perplexity']:7.1f}  bigram {row['bigram_perplexity']:7.1f}  bits/byte {row['bits_per_byte']:.3f}")
    print(f"induction {best['score']:.3f} at layer {best['layer']} head {best['head']}")
    for name, revision in revisions.items():
        print(f"{name:10} {revision['held_out_nats_per_token']:.3f} nats, induction {revision['repeated']['best']['score']:.3f}")


if __name__ == "__main__":
    main()
