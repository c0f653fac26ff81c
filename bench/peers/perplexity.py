"""Perplexity of a text with transformers and PyTorch, by the strided loop of Hugging Face's guide.

The task is a JSON file: model (folder), text (file), limit (tokens), window, stride, threads, answer (file). The guide
passes labels; here log likelihoods are summed instead of averaged window by window, so that the result is the mean over
scored tokens, and the logits of tokens that are not scored are not made (logits_to_keep), as a careful user would.
"""

import time

from common import load_model, read_task, write_answer

task = read_task()

import torch  # noqa: E402
from tokenizers import Tokenizer  # noqa: E402

model = load_model(task)
tokenizer = Tokenizer.from_file(f"{task['model']}/tokenizer.json")
with open(task["text"], encoding="utf-8") as file:
    ids = torch.tensor([tokenizer.encode(file.read(), add_special_tokens=False).ids[: task["limit"]]])
length = ids.shape[1]

with torch.inference_mode():
    model(ids[:, :64])
    start = time.perf_counter()
    total, scored, previous = 0.0, 0, 0
    for begin in range(0, length, task["stride"]):
        end = min(begin + task["window"], length)
        part = ids[:, begin:end]
        # The first window scores everything but its first token, a later one what is new in it.
        new = end - previous if begin > 0 else end - 1
        logits = model(part, logits_to_keep=new + 1).logits[0, :-1]
        total += torch.nn.functional.cross_entropy(logits, part[0, -new:], reduction="sum").item()
        scored += new
        previous = end
        if end == length:
            break
    seconds = time.perf_counter() - start
write_answer(
    task,
    {"nll": total / scored, "scored": scored, "seconds": seconds},
    ["torch", "transformers"],
)
