/** The host of the compiler in a page: it reads the static files of the site and nothing else. */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type { Json } from "../../src/compiler/base/digest.js";
import { resolvePath, stdlibPrefix } from "../../src/compiler/base/paths.js";
import type { SourceFile } from "../../src/compiler/base/span.js";
import { diagnostic } from "../../src/compiler/diagnostics/create.js";
import type { Staged } from "../../src/compiler/diagnostics/staged.js";
import type { Reading } from "../../src/runtime/load-protocol.js";
import { encodeTexts } from "../../src/runtime/models/encode-texts.js";
import type { ModelRequest } from "../../src/runtime/models/model-request.js";
import type { ReadModel } from "../../src/runtime/models/read-model.js";
import { headerOf, tensorEntries } from "../../src/runtime/models/safetensors-header.js";
import { createTokenizer } from "../../src/runtime/models/tokenizer.js";
import type { SiteFiles } from "./site-files.js";

/** A model of the site. */
export interface PageModel extends ReadModel {
  /** The folder that its files lie in. */
  readonly folder: string;
}

const weights = "model.safetensors";
const elsewhere = "the command line opens every model on your machine; this page has ";

/** Reading for any number of compilations: models are opened once. */
export function createPageReading(files: SiteFiles): Reading<PageModel> {
  const pathOf = (name: string): string =>
    name.startsWith(stdlibPrefix) ? `stdlib/${name.slice(stdlibPrefix.length)}` : name;
  const folderOf = (name: string): string => pathOf(name).split("/").slice(0, -1).join("/");
  let library: Promise<readonly SourceFile[]> | null = null;
  const models = new Map<string, Promise<PageModel>>();
  return {
    pathOf,
    folderOf,
    standardLibrary: () => (library ??= standardLibrary(files)),
    identity: (path) => Promise.resolve(files.about(path) === undefined ? null : path),
    async file(path, most) {
      const known = files.about(path);
      if (known === undefined) {
        const advice =
          "the page has the files of the examples and of the standard library; write texts into the protocol";
        return { problem: "this page has no such file", advice };
      }
      if (known.bytes > most) return { problem: `it has ${known.bytes} bytes, and at most ${most} are read` };
      try {
        return { text: await files.text(path) };
      } catch (error) {
        return { problem: error instanceof Error ? error.message : String(error) };
      }
    },
    async model(request) {
      const folder = modelFolder(request, pathOf);
      if (files.about(`${folder}/config.json`) === undefined) return missing(request, folder, files);
      const opened = models.get(folder) ?? openPageModel(request, folder, files);
      models.set(folder, opened);
      try {
        return { value: await opened, diagnostics: [] };
      } catch (error) {
        models.delete(folder);
        const { source, span } = request;
        const reason = error instanceof Error ? error.message : String(error);
        return { value: null, diagnostics: [diagnostic("A4019", span, { source, file: folder, reason })] };
      }
    },
    encode(tokenizer, request) {
      // Templates come with models and are programs: a page has nothing that could end one.
      const problem = "this page renders no chat templates";
      return Promise.resolve(
        request.as === "chat"
          ? request.texts.map(() => ({ ids: [], pieces: [], problem }))
          : encodeTexts(tokenizer, request),
      );
    },
  };
}

async function standardLibrary(files: SiteFiles): Promise<readonly SourceFile[]> {
  const paths = files.manifest.files.map(({ path }) => path).filter((path) => /^stdlib\/[^/]+\.atlas$/.test(path));
  return Promise.all(
    paths.sort().map(async (path) => ({ path: path.replace(/^stdlib\//, stdlibPrefix), text: await files.text(path) })),
  );
}

function modelFolder({ source, revision, baseFolder }: ModelRequest, pathOf: (name: string) => string): string {
  const folder = source.startsWith(stdlibPrefix) ? pathOf(source) : resolvePath(`${baseFolder}/protocol`, source);
  return revision === null ? folder : `${folder}/revisions/${revision}`;
}

function missing({ source, revision, span }: ModelRequest, folder: string, files: SiteFiles): Staged<null> {
  const names = files.manifest.files.flatMap(
    ({ path }) => /^(stdlib\/models\/[^/]+)\/config\.json$/.exec(path)?.[1] ?? [],
  );
  const hint = elsewhere + names.map((name) => name.replace(/^stdlib\//, stdlibPrefix)).join(", ");
  const isHere = revision !== null && files.about(`${folder.replace(/\/revisions\/.*/, "")}/config.json`) !== undefined;
  const found = isHere
    ? diagnostic("A4017", span, { source, revision }, { hint: "this page has none; the command line has them all" })
    : /^[@./]/.test(source)
      ? diagnostic("A4010", span, { source, folder: source }, { hint })
      : diagnostic("A4016", span, { source }, { hint });
  return { value: null, diagnostics: [found] };
}

/** Rejects with a sentence when a file is damaged: the site is built from files that were sound. */
async function openPageModel({ source, revision }: ModelRequest, folder: string, files: SiteFiles): Promise<PageModel> {
  const json = async (name: string): Promise<Readonly<Record<string, Json>>> =>
    JSON.parse(await files.text(`${folder}/${name}`)) as Readonly<Record<string, Json>>;
  const config = await json("config.json");
  const header = headerOf(await files.bytes(`${folder}/${weights}`));
  if (!header.ok) throw new Error(header.reason);
  const tokenizer = createTokenizer(
    await json("tokenizer.json"),
    await json("tokenizer_config.json"),
    digestOfJson,
    config,
  );
  if (!tokenizer.ok) throw new Error(tokenizer.reason);
  const content = files.about(`${folder}/${weights}`)?.sha256;
  if (content === undefined) throw new Error(`the site says nothing of the content of ${weights}`);
  return {
    folder,
    tokenizer: tokenizer.value,
    weightFiles: [{ digest: content, name: weights }],
    facts: {
      source,
      revision,
      config,
      tensors: Object.fromEntries(tensorEntries(header.value, weights)),
      // The digest that the command line gives the same files.
      digest: digestOfJson({ config, weights: [[weights, content]] }),
      tokenizer: tokenizer.value.facts,
    },
  };
}

function digestOfJson(value: Json): string {
  return bytesToHex(sha256(utf8ToBytes(JSON.stringify(value))));
}
