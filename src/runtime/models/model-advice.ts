/** What helps when a model cannot be found or opened where a protocol says that it is. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import type { Span } from "../../compiler/base/span.js";
import { nearestNames } from "../../compiler/base/suggest.js";
import type { Details } from "../../compiler/diagnostics/create.js";
import type { ModelRequest } from "./model-request.js";

const mostListed = 12;

/** False as well for what cannot be looked at: a path through a file, a name with a NUL, a locked folder. */
export function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** Names of the folders in a folder; none where it is not one. */
export function foldersIn(path: string): readonly string[] {
  if (!isFolder(path)) return [];
  return readdirSync(path).filter((name) => isFolder(join(path, name)));
}

/** Whether a source names a GGUF file. */
export function isGgufName(source: string): boolean {
  return /\.gguf$/i.test(source);
}

/** Names of the GGUF files in a folder; none where it is not one. */
export function ggufFilesIn(folder: string): readonly string[] {
  return isFolder(folder) ? readdirSync(folder).filter(isGgufName).sort() : [];
}

const opens = "a folder as transformers saves it can: config.json, model.safetensors and tokenizer.json";

/** Advice for a folder that lacks `config.json` or the weights. */
export function incompleteFolder(folder: string): { readonly hint?: string } {
  const names = isFolder(folder) ? readdirSync(folder) : [];
  const exported = [...names, ...(isFolder(join(folder, "onnx")) ? readdirSync(join(folder, "onnx")) : [])].some(
    (name) => name.endsWith(".onnx"),
  );
  if (exported) return { hint: 'it holds several ONNX models: name one of them, as in `from "./folder/model.onnx"`' };
  if (names.some((name) => /^pytorch_model.*\.bin$|\.(?:pt|pth|ckpt)$/.test(name))) {
    return {
      hint: "its weights are in PyTorch's own format: save them with `model.save_pretrained(FOLDER)`, as safetensors",
    };
  }
  const [gguf, ...others] = ggufFilesIn(folder);
  if (gguf !== undefined && others.length > 0) {
    const more = others.length > 1 ? ` and ${others.length - 1} more` : "";
    return { hint: `it holds several GGUF files, ${gguf}, ${others[0] ?? ""}${more}: name one of them` };
  }
  const models = foldersIn(folder).filter((name) => existsSync(join(folder, name, "config.json")));
  if (models.length > 0) return { hint: `there are models in it: ${models.slice(0, mostListed).join(", ")}` };
  return { hint: opens };
}

/** Advice for a folder that is not there: the models beside it. */
export function missingFolder(
  folder: string,
  siblings: readonly string[],
  form: "packages" | "paths",
  span: Span | null,
): Details {
  const near = nearestNames(folder.split(/[/\\]/).at(-1) ?? "", siblings);
  const listed = near.length > 0 ? near : siblings.slice(0, mostListed);
  if (listed.length === 0) return {};
  if (form === "paths") return { hint: `there is ${listed.join(", ")}` };
  const names = listed.map((name) => `@stdlib/models/${name}`);
  const [meant] = near.length > 0 ? names : [];
  const fixes =
    meant === undefined || span === null
      ? []
      : [{ title: `change to "${meant}"`, edits: [{ span, replacement: `"${meant}"` }] }];
  return { hint: `there is ${names.join(", ")}; a model of the Hub is named without @stdlib, such as "gpt2"`, fixes };
}

/** Names that other tools have for models of the Hub. */
const otherNames: readonly (readonly [RegExp, string])[] = [
  [/^gpt2-small$/, "gpt2"],
  [/^(pythia-.+)$/, "EleutherAI/$1"],
  [/^(gpt-neox?-.+)$/, "EleutherAI/$1"],
  [/^((?:Meta-)?Llama-.+)$/i, "meta-llama/$1"],
  [/^(Mistral-.+)$/i, "mistralai/$1"],
  [/^(Qwen2.+)$/i, "Qwen/$1"],
];

/** A folder beside the file that is called like a model of the Hub: as it would be written; null where there is none. */
export function folderOfThatName({ source, baseFolder }: ModelRequest): string | null {
  const local = resolve(baseFolder, source);
  return isFolder(local) ? `./${relative(baseFolder, local).split("\\").join("/")}` : null;
}

/** What the Hub calls a model that other tools call so; null for any other name. */
export function nameOnHub(source: string): string | null {
  const other = otherNames.find(([pattern]) => pattern.test(source));
  return other === undefined ? null : source.replace(...other);
}

/** Advice for a model of the Hub that is not on this machine. */
export function missingDownload(request: ModelRequest): { readonly hint: string } {
  const { source, revision } = request;
  const folder = folderOfThatName(request);
  if (folder !== null) return { hint: `a folder is named from the file on: "${folder}"` };
  const id = nameOnHub(source);
  if (id !== null) return { hint: `the Hub calls it ${id}: write "${id}"` };
  const version = revision === null ? "" : ` --revision ${revision}`;
  return {
    hint:
      `\`atlasc run\` downloads it, unless HF_HUB_OFFLINE is set; or get it with \`atlasc models pull ${source}${version}\`, ` +
      "or name a folder: a path that starts with . or /",
  };
}
