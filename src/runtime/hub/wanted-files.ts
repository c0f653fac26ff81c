/** Which files of a model's repository are needed. */
import { HubFault } from "./fault.js";
import type { RemoteFile, Repository } from "./repository.js";

const single = "model.safetensors";
const index = "model.safetensors.index.json";

/** What says how texts become tokens. Where there is no tokenizer, a model still runs on ids. */
const tokenizerFiles = [
  "tokenizer.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "added_tokens.json",
  "chat_template.jinja",
];

/** The file that says what the model is: a snapshot that has it has everything. */
export const configFile = "config.json";

/** The small files of a model, the index of its shards among them. Rejects where the repository holds no model that can be opened. */
export function smallFiles({ id, files }: Repository): readonly RemoteFile[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const names = [...byPath.keys()];
  if (!byPath.has(single) && !byPath.has(index)) throw noWeights(id.name, names);
  if (!byPath.has(configFile)) {
    throw new HubFault("A4032", `${id.name} has no config.json`, `it has ${shortList(names)}`);
  }
  const wanted = [configFile, ...tokenizerFiles, ...(byPath.has(single) ? [] : [index])];
  return wanted.flatMap((name) => byPath.get(name) ?? []);
}

/** The weights; `indexText` is the index of the shards, null where there is one file. */
export function weightFiles({ id, files }: Repository, indexText: string | null): readonly RemoteFile[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const names = indexText === null ? [single] : shardsOf(indexText, id.name);
  return names.map((name) => {
    const file = byPath.get(name);
    if (file !== undefined) return file;
    throw new HubFault("A4032", `the weights of ${id.name} are incomplete: its index names ${name}`, "ask its owner");
  });
}

function shardsOf(text: string, name: string): readonly string[] {
  let map: unknown;
  try {
    map = (JSON.parse(text) as { readonly weight_map?: unknown } | null)?.weight_map;
  } catch {
    map = null;
  }
  const values: readonly unknown[] = typeof map === "object" && map !== null ? Object.values(map) : [];
  const shards = [...new Set(values)].filter((value): value is string => typeof value === "string");
  if (shards.length > 0) return shards.sort();
  throw new HubFault("A4032", `${index} of ${name} names no files`, "ask its owner");
}

export { index as indexFile, single as singleFile };

function noWeights(name: string, files: readonly string[]): HubFault {
  const bin = files.find((file) => /^pytorch_model.*\.bin$/.test(file));
  if (bin !== undefined) {
    const hint =
      'other formats run code or are not read; look for a revision with safetensors (`revision "refs/pr/…"`), or save it: ' +
      `AutoModelForCausalLM.from_pretrained("${name}").save_pretrained("FOLDER")`;
    return new HubFault(
      "A4032",
      `${name} has its weights only in PyTorch's own format (${bin}), not as safetensors`,
      hint,
    );
  }
  return new HubFault("A4032", `${name} has no ${single}`, `it has ${shortList(files)}`);
}

function shortList(names: readonly string[]): string {
  return names.length === 0 ? "no files" : names.slice(0, 8).join(", ") + (names.length > 8 ? ", …" : "");
}
