"""ONNX exports of the small random models of test/fixtures/families/models, by each exporter that runs.

    python training/exports.py FOLDER [MODEL.EXPORTER …]

run from the root of the project with torch 2.13 (CPU), transformers 5.24, onnx, onnxscript, onnxruntime 1.32 and
onnxruntime-genai 0.18. Without names, every model is given to every exporter; failures are printed and left out. A model that was
exported to MODEL.EXPORTER.onnx holds no debugging texts, so that it stays small.

Exporters:
  dynamo        torch.onnx.export(dynamo=True), scaled dot products as transformers chooses them
  dynamo-eager  the same with attention written out
  dynamo-past   the same with keys and values of earlier tokens as inputs and outputs
  script        torch.onnx.export(dynamo=False) with a mask of four axes and positions
  script-past   the same with keys and values of earlier tokens
  genai         onnxruntime_genai.models.builder, float32, CPU
"""

import contextlib
import io
import sys
import tempfile
import warnings
from pathlib import Path

import onnx
import torch
import transformers
from transformers import AutoModelForCausalLM, DynamicCache

ROOT = Path(__file__).resolve().parents[1]
MODELS = ROOT / "test" / "fixtures" / "families" / "models"
POSITIONS = 6

torch.set_num_threads(1)
warnings.simplefilter("ignore")
transformers.utils.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()


class Plain(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids):
        return self.model(input_ids=input_ids, use_cache=False).logits


class Masked(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask, position_ids):
        return self.model(
            input_ids=input_ids, attention_mask=attention_mask, position_ids=position_ids, use_cache=False
        ).logits


class Past(torch.nn.Module):
    """Takes and gives keys and values as optimum names them."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask, position_ids, *past):
        cache = DynamicCache()
        for layer in range(len(past) // 2):
            cache.update(past[2 * layer], past[2 * layer + 1], layer)
        out = self.model(
            input_ids=input_ids,
            attention_mask=attention_mask,
            position_ids=position_ids,
            past_key_values=cache,
            use_cache=True,
        )
        present = [x for layer in out.past_key_values.layers for x in (layer.keys, layer.values)]
        return (out.logits, *present)


def load(name, attention):
    model = AutoModelForCausalLM.from_pretrained(MODELS / name, attn_implementation=attention, dtype=torch.float32)
    return model.eval()


def cache_shape(config):
    heads = config.num_attention_heads
    kv_heads = getattr(config, "num_key_value_heads", None) or heads
    if getattr(config, "multi_query", False):
        kv_heads = 1
    if config.model_type == "falcon" and config.new_decoder_architecture:
        kv_heads = config.num_kv_heads
    head = getattr(config, "head_dim", None) or config.hidden_size // heads
    return kv_heads, head


def causal(length, total):
    mask = torch.full((1, 1, length, total), torch.finfo(torch.float32).min)
    return torch.triu(mask, diagonal=1 + total - length)


def past_of(model, length):
    kv_heads, head = cache_shape(model.config)
    count = 2 * model.config.num_hidden_layers
    past = [torch.randn(1, kv_heads, length, head) for _ in range(count)]
    names = [f"past_key_values.{i // 2}.{'value' if i % 2 else 'key'}" for i in range(count)]
    present = [name.replace("past_key_values", "present") for name in names]
    return past, names, present


IDS = torch.arange(POSITIONS).unsqueeze(0) % 40
PLACES = torch.arange(POSITIONS).unsqueeze(0)


def dynamo(name, path, attention="sdpa"):
    sequence = torch.export.Dim("sequence", min=2, max=32)
    batch = torch.export.Dim("batch", min=1, max=8)
    torch.onnx.export(
        Plain(load(name, attention)),
        (torch.cat([IDS, IDS]),),
        path,
        dynamo=True,
        input_names=["input_ids"],
        output_names=["logits"],
        dynamic_shapes={"input_ids": {0: batch, 1: sequence}},
        external_data=False,
        verbose=False,
    )


def dynamo_eager(name, path):
    dynamo(name, path, "eager")


def dynamo_past(name, path):
    model = load(name, "sdpa")
    past, names, present = past_of(model, 3)
    auto = torch.export.Dim.DYNAMIC
    places = PLACES + 3
    mask = torch.ones(1, POSITIONS + 3, dtype=torch.int64)
    torch.onnx.export(
        Past(model),
        (IDS, mask, places, *past),
        path,
        dynamo=True,
        input_names=["input_ids", "attention_mask", "position_ids", *names],
        output_names=["logits", *present],
        dynamic_shapes=({1: auto}, {1: auto}, {1: auto}, tuple({2: auto} for _ in past)),
        external_data=False,
        verbose=False,
    )


def script(name, path):
    torch.onnx.export(
        Masked(load(name, "eager")),
        (IDS, causal(POSITIONS, POSITIONS), PLACES),
        path,
        dynamo=False,
        opset_version=17,
        input_names=["input_ids", "attention_mask", "position_ids"],
        output_names=["logits"],
        dynamic_axes={
            "input_ids": {0: "batch", 1: "sequence"},
            "attention_mask": {0: "batch", 2: "sequence", 3: "total"},
            "position_ids": {0: "batch", 1: "sequence"},
        },
    )


def script_past(name, path):
    model = load(name, "eager")
    past, names, present = past_of(model, 3)
    torch.onnx.export(
        Past(model),
        (IDS, causal(POSITIONS, POSITIONS + 3), PLACES + 3, *past),
        path,
        dynamo=False,
        opset_version=18,
        input_names=["input_ids", "attention_mask", "position_ids", *names],
        output_names=["logits", *present],
        dynamic_axes={
            "input_ids": {0: "batch", 1: "sequence"},
            "attention_mask": {0: "batch", 2: "sequence", 3: "total"},
            "position_ids": {0: "batch", 1: "sequence"},
            **{n: {0: "batch", 2: "past"} for n in names},
        },
    )


def genai(name, path):
    from onnxruntime_genai.models.builder import create_model, parse_extra_options

    with tempfile.TemporaryDirectory() as folder:
        place = (None, str(MODELS / name), folder, "fp32", "cpu", folder)
        create_model(*place, **parse_extra_options(*place, []))
        whole = onnx.load(Path(folder) / "model.onnx")
        onnx.save(whole, path)


EXPORTERS = {
    "dynamo": dynamo,
    "dynamo-eager": dynamo_eager,
    "dynamo-past": dynamo_past,
    "script": script,
    "script-past": script_past,
    "genai": genai,
}


def lean(graph):
    """Takes what only debuggers read out of a graph."""
    del graph.value_info[:]
    graph.doc_string = ""
    for node in graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
        for attribute in node.attribute:
            attribute.doc_string = ""
            if attribute.HasField("g"):
                lean(attribute.g)
    for value in [*graph.input, *graph.output, *graph.initializer]:
        value.doc_string = ""
        if hasattr(value, "metadata_props"):
            del value.metadata_props[:]
    del graph.metadata_props[:]


def main():
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    names = sys.argv[2:] or [f"{m.name}.{e}" for m in sorted(MODELS.iterdir()) for e in EXPORTERS]
    for whole in names:
        name, exporter = whole.rsplit(".", 1)
        path = target / f"{whole}.onnx"
        torch.manual_seed(0)
        try:
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                EXPORTERS[exporter](name, str(path))
            model = onnx.load(path)
            lean(model.graph)
            del model.metadata_props[:]
            onnx.save(model, path)
            print(f"{whole}: {path.stat().st_size} bytes", flush=True)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            path.unlink(missing_ok=True)
            print(f"{whole}: {type(error).__name__}: {str(error).strip().splitlines()[0][:200] if str(error).strip() else ''}", flush=True)


if __name__ == "__main__":
    main()
