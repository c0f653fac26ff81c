/** The host of the compiler: reads what it needs to know and calls it until it needs nothing more. */
import type { SourceFile } from "../compiler/base/span.js";
import type { Diagnostic } from "../compiler/diagnostics/diagnostic.js";
import type { Steps } from "../compiler/base/steps.js";
import type { Staged } from "../compiler/diagnostics/staged.js";
import { compile, compileSteps, overrideSource, type Compiled, type Facts } from "../compiler/compile.js";
import type { EncodedText, EncodingRequest } from "../compiler/ir/encodings.js";
import type { FileFact } from "../compiler/base/file-fact.js";
import type { ModelFacts } from "../compiler/models/model.js";
import { fileLimits } from "../compiler/base/file-limits.js";
import { standIns, type AbsentModel } from "./missing-revisions.js";
import type { OpenedModel } from "./models/open-model.js";
import type { ModelRequest } from "./models/model-request.js";
import type { ReadModel } from "./models/read-model.js";
import type { Tokenizer } from "./models/tokenizer.js";

/** Puts into the local cache what a protocol names of the Hub. */
export interface Download {
  /** Resolves to why a model cannot be had; to null when it is there, or is none of the Hub. */
  readonly model: (request: ModelRequest) => Promise<Diagnostic | null>;
  /** Resolves to why a part of a data set cannot be had; to null when it is there. */
  readonly dataset: (name: string) => Promise<FileFact | null>;
}

export interface LoadOptions {
  /** `--set` overrides, as text of the language. */
  readonly overrides?: ReadonlyMap<string, string>;
  /** Hash all weights, also those of files that did not change as far as the system tells. */
  readonly verifyWeights?: boolean;
  /** What gets models and data sets that are not on this machine; nothing is downloaded without it. */
  readonly download?: Download;
  /** Whether what is known of each piece of the texts is collected, for an editor. */
  readonly sideTable?: boolean;
  /** Waited for between the steps of compiling, by a host that answers others meanwhile; an error thrown by it ends the work. */
  readonly pause?: () => Promise<void>;
}

/** What a host of the compiler reads. An editor has its own: it knows texts that are not saved, and keeps what it read. */
export interface Reading<M extends ReadModel = OpenedModel> {
  readonly standardLibrary: () => Promise<readonly SourceFile[]>;
  /** Where a file that the compiler names lies: the path that the functions below are asked with. */
  readonly pathOf: (name: string) => string;
  /** The folder of a file that the compiler names: paths of models in it start there. */
  readonly folderOf: (name: string) => string;
  /** A file of at most `most` bytes, by its path. */
  readonly file: (path: string, most: number, options: LoadOptions) => Promise<FileFact>;
  /** What a path really names; null for one that leads nowhere. */
  readonly identity: (path: string) => Promise<string | null>;
  readonly model: (request: ModelRequest, options: LoadOptions) => Promise<Staged<M | null>>;
  readonly encode: (tokenizer: Tokenizer, request: EncodingRequest) => Promise<readonly EncodedText[]>;
}

/** A protocol as far as it compiles, with the models that were opened for it (by instance id). */
export interface Loaded<M extends ReadModel = OpenedModel> {
  readonly source: SourceFile;
  readonly compiled: Staged<Extract<Compiled, { kind: "checked" }>>;
  readonly models: ReadonlyMap<string, M>;
  /** Every text that a diagnostic may point into, by the name that its span gives. */
  readonly sources: ReadonlyMap<string, string>;
  /** What the compiler was told: with it, it can be called again without reading anything. */
  readonly facts: Facts;
}

/** Compiles a protocol, reading files, models and tokenizers as the compiler asks for them. */
export async function loadWith<M extends ReadModel>(
  reading: Reading<M>,
  source: SourceFile,
  options: LoadOptions = {},
): Promise<Loaded<M>> {
  const files = new Map<string, FileFact>();
  const identities = new Map<string, string>();
  const models = new Map<string, Staged<ModelFacts | null>>();
  const tokens = new Map<string, readonly EncodedText[]>();
  const opened = new Map<string, M>();
  const identify = async (name: string): Promise<void> => {
    const identity = await reading.identity(reading.pathOf(name));
    // Why a file cannot be read is told where it is read.
    if (identity !== null) identities.set(name, identity);
  };
  const facts: Facts = { stdlib: await reading.standardLibrary(), files, identities, models, tokens };
  const overrides = options.overrides ?? new Map<string, string>();
  await identify(source.path);
  for (;;) {
    const compiling = { overrides, sideTable: options.sideTable ?? false };
    const compiled =
      options.pause === undefined
        ? compile(source, facts, compiling)
        : await inSteps(compileSteps(source, facts, compiling), options.pause);
    if (compiled.value.kind === "checked") {
      const sources = new Map([...facts.stdlib, source].map((file) => [file.path, file.text]));
      for (const [path, fact] of files) if ("text" in fact) sources.set(path, fact.text);
      for (const [name, text] of overrides) {
        const written = overrideSource(name, text);
        sources.set(written.path, written.text);
      }
      return {
        source,
        compiled: { value: compiled.value, diagnostics: compiled.diagnostics },
        models: opened,
        sources,
        facts,
      };
    }
    const { needs } = compiled.value;
    for (const name of needs.files) {
      // What is not a protocol is a file of texts.
      const most = name.endsWith(".atlas") ? fileLimits.protocolBytes : fileLimits.textBytes;
      files.set(name, await reading.file(reading.pathOf(name), most, options));
      await identify(name);
    }
    const absent: AbsentModel[] = [];
    for (const { instance, span } of needs.models) {
      // Like every path, it starts from the file that names it, which may be an imported one.
      const baseFolder = reading.folderOf(span.file);
      const { source: model, revision, tokenizer = null } = instance;
      const request = { source: model, revision, tokenizer, baseFolder, span };
      const { value, diagnostics } = await reading.model(request, options);
      if (value !== null) opened.set(instance.id, value);
      else absent.push({ instance, diagnostics });
      models.set(instance.id, { value: value?.facts ?? null, diagnostics });
    }
    for (const { instance, stand, warnings } of standIns(absent, needs.models, opened)) {
      opened.set(instance.id, stand);
      models.set(instance.id, { value: stand.facts, diagnostics: warnings });
    }
    for (const request of needs.tokens) {
      const { key, model } = request;
      const tokenizer = opened.get(model)?.tokenizer;
      // The compiler asks only for models that have a tokenizer.
      if (tokenizer == null) throw new RangeError(`${model} has no tokenizer`);
      tokens.set(key, await reading.encode(tokenizer, request));
    }
  }
}

async function inSteps<T>(steps: Steps<T>, pause: () => Promise<void>): Promise<T> {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
    await pause();
  }
}
