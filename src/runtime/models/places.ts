import { existsSync, readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Span } from "../../compiler/base/span.js";
import type { Staged } from "../../compiler/diagnostics/staged.js";
import { nearestNames } from "../../compiler/base/suggest.js";
import { diagnostic } from "../../compiler/diagnostics/create.js";
import { cachedCommit, repositoryFolder, snapshotFolder } from "../hub/layout.js";
import type { ModelRequest } from "./model-request.js";
import { foldersIn, ggufFilesIn, isFolder, isGgufName, missingDownload, missingFolder } from "./model-advice.js";

/** Where to look for models; tests give their own. */
export interface ModelEnvironment {
  /** Environment variables: `HF_HUB_CACHE`, `HF_HOME`, `XDG_CACHE_HOME`. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly home: string;
}

/** The environment of this process. */
export function processEnvironment(): ModelEnvironment {
  return { variables: process.env, home: homedir() };
}

/** Folders of a model: files are looked for in each in turn. */
export interface ModelPlace {
  /** Holds config.json and the weights. */
  readonly folder: string;
  /** A GGUF file that stands for all files of a model; absent: the folder holds them. */
  readonly gguf?: string;
  /** The ONNX model that is meant, where the source names a file. */
  readonly file?: string;
  /** Where tokenizer files may be: the folder itself, and for a revision of a local folder its parent. */
  readonly tokenizerFolders: readonly string[];
}

/** The root folder of the atlasc package, found by walking up to its package.json: the same from sources and from dist. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const file = join(folder, "package.json");
    if (existsSync(file) && (JSON.parse(readFileSync(file, "utf8")) as { name?: string }).name === "atlasc") {
      return folder;
    }
    const parent = dirname(folder);
    if (parent === folder) throw new Error("packageRoot: no package.json of atlasc above this module");
    folder = parent;
  }
}

/** The folder where atlasc keeps what it can compute again. */
export function cacheFolder({ variables, home }: ModelEnvironment): string {
  const base = variables["XDG_CACHE_HOME"];
  return join(base === undefined || base === "" ? join(home, ".cache") : base, "atlasc");
}

/**
 * Finds a model's folder. Sources: `@stdlib/…` inside the package, a path that starts with `.` or `/`, else a Hub id,
 * which must be in Hugging Face's own cache. Errors: A4010, A4016, A4017.
 */
export function findModel(request: ModelRequest, environment: ModelEnvironment): Staged<ModelPlace | null> {
  const { source } = request;
  if (source.startsWith("@stdlib/")) {
    return localFolder(request, join(packageRoot(), "stdlib", source.slice("@stdlib/".length)), "packages");
  }
  if (source.endsWith(".onnx") && !source.startsWith("@stdlib/")) {
    const file = resolve(request.baseFolder, source);
    const folder = dirname(file);
    return { value: { folder, file, tokenizerFolders: [folder] }, diagnostics: [] };
  }
  if (source.startsWith(".") || source.startsWith("/")) {
    return localFolder(request, resolve(request.baseFolder, source), "paths");
  }
  return hubModel(request, environment);
}

function localFolder(
  { source, revision, span }: ModelRequest,
  folder: string,
  form: "packages" | "paths",
): Staged<ModelPlace | null> {
  if (isGgufName(source) && !isFolder(folder) && existsSync(folder)) {
    if (revision !== null) return missingRevision(source, revision, [], span);
    return { value: { folder: dirname(folder), gguf: folder, tokenizerFolders: [] }, diagnostics: [] };
  }
  if (!isFolder(folder)) {
    // The user wrote the source, not the place of the package on this machine.
    const shown = form === "packages" ? source : folder;
    const beside = form === "packages" ? join(packageRoot(), "stdlib", "models") : dirname(folder);
    const details = missingFolder(folder, foldersIn(beside), form, span);
    return { value: null, diagnostics: [diagnostic("A4010", span, { source, folder: shown }, details)] };
  }
  if (revision === null) return { value: placeOf(folder), diagnostics: [] };
  const inner = join(folder, "revisions", revision);
  if (revision.includes("..") || !isFolder(inner)) {
    return missingRevision(source, revision, foldersIn(join(folder, "revisions")), span);
  }
  return { value: { folder: inner, tokenizerFolders: [inner, folder] }, diagnostics: [] };
}

/** A folder of a model; one without config.json that holds a single GGUF file stands for this. */
function placeOf(folder: string): ModelPlace {
  const [file, ...others] = existsSync(join(folder, "config.json")) ? [] : ggufFilesIn(folder);
  const isOnly = file !== undefined && others.length === 0;
  return isOnly ? { folder, gguf: join(folder, file), tokenizerFolders: [] } : { folder, tokenizerFolders: [folder] };
}

function missingRevision(
  source: string,
  revision: string,
  available: readonly string[],
  span: Span | null,
): Staged<null> {
  if (available.includes(revision)) {
    const hint = `what its cache says of it is damaged or incomplete: \`atlasc models pull ${source}\` mends it`;
    return { value: null, diagnostics: [diagnostic("A4017", span, { source, revision }, { hint })] };
  }
  const near = nearestNames(revision, available);
  const listed = near.length > 0 ? near : available.slice(0, 12);
  // docs/decisions/0089-what-the-npm-package-holds.md
  const none = source.startsWith("@stdlib/")
    ? "the npm package leaves them out: they are in the repository"
    : "it has none";
  const hint = listed.length > 0 ? `there is ${listed.join(", ")}` : none;
  return { value: null, diagnostics: [diagnostic("A4017", span, { source, revision }, { hint })] };
}

function given({ variables }: ModelEnvironment, name: string): string | null {
  const value = variables[name] ?? "";
  return value === "" ? null : value;
}

/** Where Hugging Face's tools keep what is theirs. @source huggingface_hub/constants.py */
export function hubHomeFolder(environment: ModelEnvironment): string {
  const caches = given(environment, "XDG_CACHE_HOME") ?? join(environment.home, ".cache");
  return given(environment, "HF_HOME") ?? join(caches, "huggingface");
}

/** Where Hugging Face keeps downloads. */
export function hubCacheFolder(environment: ModelEnvironment): string {
  const named = given(environment, "HF_HUB_CACHE") ?? given(environment, "HUGGINGFACE_HUB_CACHE");
  return named ?? join(hubHomeFolder(environment), "hub");
}

/** Whether a source names a model of the Hub: neither one of the package nor a path. */
export function isHubSource(source: string): boolean {
  return !/^(?:@stdlib\/|\.|\/)|\.onnx$/.test(source);
}

/** A model in the cache of the Hub. */
function hubModel(request: ModelRequest, environment: ModelEnvironment): Staged<ModelPlace | null> {
  const { source, revision, span } = request;
  const repository = repositoryFolder(hubCacheFolder(environment), { kind: "models", name: source });
  if (source.includes("..") || !isFolder(repository)) {
    return { value: null, diagnostics: [diagnostic("A4016", request.span, { source }, missingDownload(request))] };
  }
  const name = revision ?? "main";
  const commit = name.includes("..") ? null : cachedCommit(repository, name);
  const folder = commit === null ? null : snapshotFolder(repository, commit);
  if (folder === null || !isFolder(folder)) {
    const references = existsSync(join(repository, "refs")) ? readdirSync(join(repository, "refs")) : [];
    return missingRevision(source, name, references, span);
  }
  return { value: placeOf(folder), diagnostics: [] };
}
