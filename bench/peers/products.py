"""The best rate of f32 matrix products that PyTorch reaches, for the limit of the machine.

Beside `threads` and `answer` the task holds `products`, [[rows, inner, columns], …], and `seconds` and `repetitions`, after
which a product is not repeated any more.
"""

import json
import sys
import time

with open(sys.argv[1], encoding="utf-8") as file:
    task = json.load(file)

import torch

torch.set_num_threads(task["threads"])
best = {"rate": 0.0, "product": None}
for rows, inner, columns in task["products"]:
    left, right = torch.rand(rows, inner), torch.rand(inner, columns)
    begun = time.perf_counter()
    for _ in range(task["repetitions"]):
        started = time.perf_counter()
        left @ right
        rate = 2 * rows * inner * columns / (time.perf_counter() - started)
        if rate > best["rate"]:
            best = {"rate": rate, "product": [rows, inner, columns]}
        if time.perf_counter() - begun > task["seconds"]:
            break
with open(task["answer"], "w", encoding="utf-8") as file:
    json.dump({**best, "versions": {"torch": torch.__version__}}, file)
