import { existsSync, realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { Json } from "../../compiler/base/digest.js";
import { entryOf } from "../../compiler/base/entry.js";
import { fileLimits } from "../../compiler/base/file-limits.js";
import { hasErrors, type Staged } from "../../compiler/diagnostics/staged.js";
import { diagnostic } from "../../compiler/diagnostics/create.js";
import type { Diagnostic } from "../../compiler/diagnostics/diagnostic.js";
import type { ExportFacts } from "../../compiler/models/exports/export-facts.js";
import type { ModelFacts, TensorEntry } from "../../compiler/models/model.js";
import type { WeightFile } from "../engine/weights.js";
import { digestOfJson, openDigestCache } from "./digest-cache.js";
import { fileChange, settledFileIdentity, type IdentifiedFile } from "./file-identity.js";
import { cacheFolder, findModel, processEnvironment, type ModelEnvironment } from "./places.js";
import type { ModelRequest } from "./model-request.js";
import type { ReadModel } from "./read-model.js";
import { openGguf } from "./gguf/open-gguf.js";
import { incompleteFolder } from "./model-advice.js";
import { parseModelJson, repeatedKey, type JsonObject } from "./model-json.js";
import { readRegular } from "./regular-file.js";
import { exportIn, openExport } from "./open-export.js";
import { readSafetensorsHeader } from "./safetensors.js";
import { tensorEntries } from "./safetensors-header.js";
import { withSpecialTokensMap } from "./tokenizer/older-files.js";
import { createTokenizer, type Tokenizer } from "./tokenizer.js";
import { commonFolder, locationOf, type Weights } from "./weights.js";

/** A weight file by its path and by its content. */
export interface HashedWeights extends IdentifiedFile, WeightFile {}

/** A model on this machine: what the compiler needs to know, and where the engine finds the bytes. */
export interface OpenedModel extends ReadModel {
  /** Folder of config.json. */
  readonly folder: string;
  /**
   * What onnxruntime must be told as `session.model_external_initializers_file_folder_path`: the folder that the file
   * names of `facts.tensors` start from. Links are resolved, because onnxruntime refuses those that leave the folder;
   * in Hugging Face's cache this is `blobs`.
   */
  readonly externalDataFolder: string;
  /** The weight files as they were when they were hashed: whoever opens one by its path can tell whether it still is. */
  readonly weightFiles: readonly HashedWeights[];
}

export interface OpenOptions {
  /** Hash all weights, also those that did not change as far as the system tells. */
  readonly verifyWeights?: boolean;
}

/**
 * Finds a model, reads its config, the headers of its weight files and its tokenizer, and hashes the weights (from a
 * cache when the files did not change). Everything that is wrong with the files is a diagnostic at `request.span`:
 * A4010–A4019, and A8018 for weights that changed unnoticed.
 */
export async function openModel(
  request: ModelRequest,
  environment: ModelEnvironment = processEnvironment(),
  { verifyWeights = false }: OpenOptions = {},
): Promise<Staged<OpenedModel | null>> {
  const place = findModel(request, environment);
  if (place.value === null) return { value: null, diagnostics: place.diagnostics };
  const { source, revision, span } = request;
  const diagnostics: Diagnostic[] = [];
  const mismatched: string[] = [];
  const cache = openDigestCache(cacheFolder(environment), {
    verify: verifyWeights,
    onMismatch: (path) => mismatched.push(path),
  });
  const { gguf: ggufPath } = place.value;
  const gguf =
    ggufPath === undefined ? null : await openGguf(ggufPath, request, cacheFolder(environment), cache, diagnostics);
  if (ggufPath !== undefined && gguf === null) return { value: null, diagnostics };
  const folder = gguf?.folder ?? place.value.folder;
  const hasWeights = [single, index].some((name) => existsSync(join(folder, name)));
  const exportPath = place.value.file ?? (hasWeights ? null : exportIn(folder));
  const stated = request.tokenizer == null ? [] : [resolve(request.baseFolder, request.tokenizer)];
  const tokenizerFolders = [
    ...stated,
    ...(exportPath === null ? [] : [dirname(exportPath), dirname(dirname(exportPath))]),
    ...(gguf === null ? place.value.tokenizerFolders : [gguf.folder]),
  ];
  // Beside an export, a config tells how long texts may be; of any other model it is that of the weights.
  const configFolders = exportPath === null ? [folder] : tokenizerFolders;
  const configPath = configFolders.map((own) => join(own, "config.json")).find(existsSync);
  if (exportPath === null && configPath === undefined) {
    return { value: null, diagnostics: [diagnostic("A4011", span, { source, folder }, incompleteFolder(folder))] };
  }
  if (existsSync(join(folder, "adapter_config.json"))) {
    const problem = "it holds an adapter (adapter_config.json), which is not applied: merge it into the weights";
    diagnostics.push(diagnostic("A4021", span, { source, problem }));
  }
  const config = configPath === undefined ? {} : readJson(configPath, "config.json", request, diagnostics);
  const opened = exportPath === null ? null : await openExport(exportPath, config ?? {}, request, diagnostics);
  const weights = exportPath === null ? await readWeights(folder, request, diagnostics) : (opened?.weights ?? null);
  // A GGUF file's tokenizer is whole as it is, whatever the kind of model.
  const tokenizer = readTokenizer(tokenizerFolders, gguf === null ? (config ?? {}) : {}, request, diagnostics);
  if (config === null || weights === null || hasErrors(diagnostics)) return { value: null, diagnostics };

  const digests: Json[] = [];
  const weightFiles: HashedWeights[] = [];
  for (const { name, path, identity } of weights.files) {
    try {
      const content = await cache.digestOfFile(path);
      if (isDamagedBlob(path, content)) {
        const problem = `${name} has other bytes than the Hub's cache names it by: remove the model from the cache, and download it again`;
        diagnostics.push(diagnostic("A4021", span, { source, problem }));
        return { value: null, diagnostics };
      }
      digests.push([name, content]);
      weightFiles.push({ path, identity, digest: content, name: locationOf(path, weights.folder) });
      // What the header says and what was hashed must be of one and the same file.
      const change = fileChange({ path, identity });
      if (change !== null) throw new Error(`while it was being read, it ${change}`);
    } catch (error) {
      diagnostics.push(diagnostic("A4019", span, { source, file: name, reason: reasonOf(error) }));
      return { value: null, diagnostics };
    }
  }
  for (const path of mismatched) {
    const file = weights.files.find((own) => own.path === path)?.name ?? path;
    const hint =
      "what was computed meanwhile may be in runs under the wrong name: delete runs/.units, and it is computed again";
    diagnostics.push(diagnostic("A8018", span, { source, file }, { hint }));
  }
  // What an export is follows from its file alone, but for the length of its texts.
  const described = opened === null ? config : { longest: opened.exported.architecture.sizes.maxPositions };
  const content = gguf === null ? { config: described, weights: digests } : { config, gguf: { ...gguf.source } };
  const digest = digestOfJson(content);
  const common: ModelFacts = {
    source,
    revision,
    config: opened === null ? config : {},
    tensors: weights.tensors,
    digest,
    ...(gguf === null ? {} : { storage: gguf.storage }),
    tokenizer: tokenizer?.facts ?? null,
  };
  const facts: ModelFacts | ExportFacts = opened === null ? common : { ...common, exported: opened.exported };
  const original = opened === null ? {} : { original: opened.original };
  return {
    value: { facts, folder, externalDataFolder: weights.folder, weightFiles, tokenizer, ...original },
    diagnostics,
  };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A JSON object from a file; null after a report. */
function readJson(
  path: string,
  file: string,
  { source, span }: ModelRequest,
  diagnostics: Diagnostic[],
): JsonObject | null {
  const text = readRegular(path, fileLimits.modelJsonBytes);
  if (!text.ok) {
    diagnostics.push(diagnostic("A4019", span, { source, file, reason: text.reason }));
    return null;
  }
  const parsed = parseModelJson(text.value);
  // Vocabularies are long, and tokens that stand in them twice are the tokenizer's affair.
  const repeated = parsed.ok && file !== "tokenizer.json" ? repeatedKey(text.value) : null;
  if (parsed.ok && repeated === null) return parsed.value;
  const reason = parsed.ok ? `it has the key ${JSON.stringify(repeated)} twice` : parsed.reason;
  diagnostics.push(diagnostic("A4012", span, { source, file, reason }));
  return null;
}

const single = "model.safetensors";
const index = "model.safetensors.index.json";

/** Headers of the weight files, one or sharded; null after a report. */
async function readWeights(folder: string, request: ModelRequest, diagnostics: Diagnostic[]): Promise<Weights | null> {
  const { source, span } = request;
  const listed = weightFiles(folder, request, diagnostics);
  if (listed === null) return null;
  const names = [...new Set(listed.values())].sort();
  const files: Weights["files"][number][] = [];
  for (const name of names) {
    const linked = join(folder, name);
    // A link to nothing (a download that was broken off) is missing too.
    if (name.split("/").includes("..") || !existsSync(linked)) {
      diagnostics.push(diagnostic("A4015", span, { source, file: name }));
      continue;
    }
    try {
      const path = realpathSync(linked);
      files.push({ name, path, identity: await settledFileIdentity(path) });
    } catch (error) {
      diagnostics.push(diagnostic("A4019", span, { source, file: name, reason: reasonOf(error) }));
    }
  }
  if (files.length < names.length) return null;
  const common = commonFolder(files.map(({ path }) => dirname(path)));
  const tensors = new Map<string, TensorEntry>();
  const fileOf = new Map<string, string>();
  for (const { name: file, path } of files) {
    const header = readSafetensorsHeader(path);
    if (!header.ok) {
      diagnostics.push(diagnostic("A4014", span, { source, file, reason: header.reason }));
      continue;
    }
    const location = locationOf(path, common);
    for (const [name, entry] of tensorEntries(header.value, location)) {
      const other = fileOf.get(name);
      if (other === undefined) tensors.set(name, entry);
      else diagnostics.push(diagnostic("A4021", span, { source, problem: `${name} is in ${other} and in ${file}` }));
      fileOf.set(name, file);
    }
  }
  if (hasErrors(diagnostics)) return null;
  const absent = [...listed].find(([name, file]) => name !== wholeFile && fileOf.get(name) !== file);
  if (absent !== undefined) {
    const problem = `its index says that ${absent[0]} is in ${absent[1]}, which does not hold it`;
    diagnostics.push(diagnostic("A4021", span, { source, problem }));
    return null;
  }
  return { tensors: Object.fromEntries(tensors), files, folder: common };
}

/** Stands for all tensors of a model with one file. */
const wholeFile = "";

/** Names of tensors and of the files that they lie in, as the index says; null after a report. */
function weightFiles(
  folder: string,
  request: ModelRequest,
  diagnostics: Diagnostic[],
): ReadonlyMap<string, string> | null {
  const { source, span } = request;
  if (existsSync(join(folder, single))) return new Map([[wholeFile, single]]);
  if (!existsSync(join(folder, index))) {
    diagnostics.push(diagnostic("A4013", span, { source, folder }, incompleteFolder(folder)));
    return null;
  }
  const content = readJson(join(folder, index), index, request, diagnostics);
  if (content === null) return null;
  const map = entryOf(content, "weight_map");
  const entries = typeof map === "object" && map !== null && !Array.isArray(map) ? Object.entries(map) : [];
  const named = entries.filter((entry): entry is [string, string] => typeof entry[1] === "string");
  if (named.length === 0 || named.length < entries.length) {
    diagnostics.push(diagnostic("A4012", span, { source, file: index, reason: "it has no weight_map of file names" }));
    return null;
  }
  return new Map(named);
}

/** Whether a file of the Hub's cache, which is called by its digest, holds something else. */
function isDamagedBlob(path: string, digest: string): boolean {
  const name = basename(path);
  return basename(dirname(path)) === "blobs" && /^[0-9a-f]{64}$/.test(name) && name !== digest;
}

/** The tokenizer, each of its files from the first folder that has it; null when there is none or after a report. */
function readTokenizer(
  folders: readonly string[],
  model: JsonObject,
  request: ModelRequest,
  diagnostics: Diagnostic[],
): Tokenizer | null {
  const find = (name: string): string | null =>
    folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null;
  const definitionPath = find("tokenizer.json");
  if (definitionPath === null) return null;
  const configPath = find("tokenizer_config.json");
  const definition = readJson(definitionPath, "tokenizer.json", request, diagnostics);
  const stated = configPath === null ? {} : readJson(configPath, "tokenizer_config.json", request, diagnostics);
  if (definition === null || stated === null) return null;
  const older = (name: string): JsonObject | null => {
    const path = stated["added_tokens_decoder"] === undefined ? find(name) : null;
    return path === null ? {} : readJson(path, name, request, diagnostics);
  };
  const names = older("special_tokens_map.json");
  const added = older("added_tokens.json");
  if (names === null || added === null) return null;
  const config = withSpecialTokensMap(stated, names);
  const templatePath = find("chat_template.jinja");
  const template = templatePath === null ? null : readTemplate(templatePath, request, diagnostics);
  const tokenizer = createTokenizer(
    definition,
    template === null ? config : { ...config, chat_template: template },
    digestOfJson,
    model,
    added,
  );
  const { source, span } = request;
  if (tokenizer.ok) {
    const { facts, replaced } = tokenizer.value;
    if (replaced.length > 0) {
      const parts = replaced.map((part) => `\`${part}\``).join(" and ");
      diagnostics.push(diagnostic("A8040", span, { source, parts, class: facts.className ?? "" }));
    }
    return tokenizer.value;
  }
  diagnostics.push(diagnostic("A4018", span, { source, reason: tokenizer.reason }));
  return null;
}

/** A chat template in a file of its own, which comes before the one in tokenizer_config.json; null after a report. */
function readTemplate(path: string, { source, span }: ModelRequest, diagnostics: Diagnostic[]): string | null {
  const file = "chat_template.jinja";
  const text = readRegular(path, fileLimits.modelJsonBytes);
  if (text.ok) return text.value;
  diagnostics.push(diagnostic("A4019", span, { source, file, reason: text.reason }));
  return null;
}
