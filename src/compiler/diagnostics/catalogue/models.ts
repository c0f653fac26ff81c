/** Diagnostics of models: A40 and A42. */
import type { CatalogueEntry } from "./entry.js";

export const modelsDiagnostics = {
  A4001: {
    severity: "error",
    title: "unsupported architecture",
    message: "{source} is a {architecture} model, which atlasc cannot build; it builds {supported}",
    explanation:
      "The architecture of the model is not implemented. Use a model of one of the families that the message names.",
  },
  A4002: {
    severity: "error",
    title: "config lacks a field",
    message: "config.json of {source} has no {field}",
    explanation:
      "The model's config.json lacks a field that its architecture needs. Save the model again with transformers, or add the field.",
  },
  A4003: {
    severity: "error",
    title: "unsupported setting of a model",
    message: "config.json of {source} has {field} = {found}, which atlasc does not implement",
    explanation:
      "The model uses a setting that would change its results and that is not implemented, so that it is refused. Use a model without it.",
  },
  A4004: {
    severity: "error",
    title: "tensor missing",
    message: "{source} has no tensor {tensor}",
    explanation:
      "The weights lack a tensor that the architecture needs. The download may be incomplete, or the config is that of another model.",
  },
  A4005: {
    severity: "error",
    title: "tensor of another shape",
    message: "the tensor {tensor} of {source} does not have the shape that its config asks for",
    explanation:
      "A tensor has other dimensions than config.json says. Config and weights seem to be of different models.",
  },
  A4006: {
    severity: "error",
    title: "unsupported stored type",
    message: "the tensor {tensor} of {source} is stored as {type}; atlasc reads F32, BF16, F16 and F64",
    explanation:
      "Weights are read as F32, BF16, F16 or F64. Save the model in one of these types; quantised weights are not read.",
  },
  A4007: {
    severity: "error",
    title: "token without a row",
    message: "the tokenizer of {model} gives {what} the id {id}; the model has rows for the ids 0 to {last}",
    explanation:
      "A tokenizer may know more tokens than its model has rows in the embedding; a text that uses such a one cannot be read. Use the tokenizer that belongs to the model, or another text.",
  },
  A4010: {
    severity: "error",
    title: "no such model folder",
    message: "there is no folder {folder} (model {source})",
    explanation:
      "The path of the model is relative to the file that names it. Correct it; a name without . or / at its beginning is one of the Hugging Face Hub.",
  },
  A4011: {
    severity: "error",
    title: "not a model folder",
    message: "the folder {folder} has no config.json, so it is not a model (model {source})",
    explanation:
      "A model folder has config.json in it. Name the folder that transformers has saved, not the one above it.",
  },
  A4012: {
    severity: "error",
    title: "unreadable JSON",
    message: "{file} of {source} is not valid JSON: {reason}",
    explanation: "The file is not JSON, perhaps because it is incomplete. Get it again.",
  },
  A4013: {
    severity: "error",
    title: "no weights",
    message: "the folder {folder} has neither model.safetensors nor model.safetensors.index.json (model {source})",
    explanation:
      "The folder has no weights as safetensors. Save the model with safe_serialization, or get the missing files.",
  },
  A4014: {
    severity: "error",
    title: "invalid safetensors file",
    message: "{file} of {source} is not a valid safetensors file: {reason}",
    explanation: "The file is not a safetensors file, or ends too early. Get it again.",
  },
  A4015: {
    severity: "error",
    title: "shard missing",
    message: "the weights of {source} are incomplete: its index names {file}, which does not exist",
    explanation: "One of the files of the weights is missing. Get it again, into the same folder.",
  },
  A4016: {
    severity: "error",
    title: "model is not on this machine",
    message: "{source} is a model of the Hugging Face Hub that is not on this machine",
    explanation:
      "Only `atlasc run` and `atlasc models pull` download models of the Hub, and not when HF_HUB_OFFLINE is set. Everything else reads the cache that Hugging Face's tools share.",
  },
  A4017: {
    severity: "error",
    title: "no such revision",
    message: "{source} has no revision {revision}",
    explanation:
      "A revision of a Hub model is a branch, a tag or a commit; that of a folder is its subfolder revisions/NAME. Name one that is there, or take it out of the list.",
  },
  A4018: {
    severity: "error",
    title: "unusable tokenizer",
    message: "the tokenizer of {source} cannot be used: {reason}",
    explanation:
      "The files of the tokenizer cannot be read or need something that is not implemented. Save the tokenizer again as tokenizer.json.",
  },
  A4019: {
    severity: "error",
    title: "unreadable file",
    message: "{file} of {source} cannot be read: {reason}",
    explanation: "The file is there, but the system does not let it be read. Look at its permissions and at the disk.",
  },
  A4020: {
    severity: "error",
    title: "identity of the model fails",
    message:
      "{source}: {identity} does not hold at {site}: the two sides differ by {difference}, and at most {tolerance} is allowed",
    explanation:
      "A run of the model contradicts what must hold for its sites, so that its results would be wrong. This is a fault of atlasc or of damaged weights: please report it.",
  },
  A4021: {
    severity: "error",
    title: "files of a model at odds",
    message: "the files of {source} do not say one thing: {problem}",
    explanation:
      "The files of the folder contradict each other, or one of them would change the model and is not read. Save the model again, into a new folder.",
  },
  A4022: {
    severity: "error",
    title: "unreadable ONNX export",
    message: "{file} of {source} cannot be opened: {reason}",
    explanation:
      "The file is no ONNX model, it ends too early, or the files of its tensors are missing or lie outside of its folder. Export the model again, into a folder of its own.",
  },
  A4023: {
    severity: "error",
    title: "ONNX export not understood",
    message: "the graph in {file} of {source} is not understood: {reason}",
    explanation:
      "An export is recognised by what its parts do, and the message names the place where that ended. See docs/onnx-exports.md for what is recognised, or open the checkpoint instead.",
  },
  A4024: {
    severity: "error",
    title: "GGUF file that cannot be used",
    message: "{file} of {source} cannot be used: {reason}",
    explanation:
      "The file is damaged, or has something that is not read: another architecture, kind of tokenizer or quantisation, or a setting that would change the model. Get it again, or use another file of the model.",
  },
  A4030: {
    severity: "error",
    title: "download failed",
    message: "{source} could not be downloaded: {problem}",
    explanation:
      "The connection broke or the Hub did not answer as it should, several times. What was received is kept, so that the next run goes on from there.",
  },
  A4031: {
    severity: "error",
    title: "not given by the Hub",
    message: "{source} cannot be had: {problem}",
    explanation:
      "The Hub has nothing of this name, or gives it only to people who have logged in or accepted its conditions. Look at the name, and log in with `hf auth login` or HF_TOKEN.",
  },
  A4032: {
    severity: "error",
    title: "nothing there that can be opened",
    message: "{source} cannot be opened: {problem}",
    explanation:
      "The repository lacks what atlasc reads: config.json with weights as safetensors, or the parquet files of a data set. Nothing was downloaded.",
  },
  A4033: {
    severity: "error",
    title: "too little room",
    message: "there is no room for {source}: {problem}",
    explanation:
      "Sizes are compared with what the disk has left before anything is downloaded or written. Make room, or let HF_HOME (downloads) or XDG_CACHE_HOME (what becomes of GGUF files) name a larger disk.",
  },
  A4201: {
    severity: "error",
    title: "layer beyond the model",
    message: "{place} is beyond {model}, which has {count} layers (the last is {last})",
    explanation:
      "Layers count from 0, so that the last one is their number minus 1. Write a smaller number, or count from the end: L-1.",
  },
  A4202: {
    severity: "error",
    title: "head or neuron beyond the model",
    message: "{place} is beyond {model}, which has {count} {unit} per layer (the last is {last})",
    explanation: "Heads and neurons count from 0 in each layer. Write a smaller number, or count from the end: L5.H-1.",
  },
  A4203: {
    severity: "error",
    title: "site the model lacks",
    message: "{model} has no site {site}",
    explanation:
      "The model's architecture does not compute this value: where attention and MLP read the same stream, there is no resid_mid. `atlasc inspect MODEL` lists its sites.",
  },
} as const satisfies Readonly<Record<string, CatalogueEntry>>;
