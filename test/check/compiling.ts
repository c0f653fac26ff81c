/**
 * Compiling in memory: sizes and weights' places of a committed random model, a tokenizer that makes one token of every
 * word, and texts given by the test. What a host does, without a disk.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { SourceFile } from "../../src/compiler/base/span.js";
import type { EncodedText } from "../../src/compiler/ir/encodings.js";
import type { FileFact } from "../../src/compiler/base/file-fact.js";
import { compile, type Compiled, type Facts } from "../../src/compiler/compile.js";
import type { Diagnostic } from "../../src/compiler/diagnostics/diagnostic.js";
import type { Numerics } from "../../src/compiler/ir/plan.js";
import type { Measure, ModelInstance, Protocol, TokenizedTexts } from "../../src/compiler/ir/protocol.js";
import type { ModelFacts, TokenizerFacts } from "../../src/compiler/models/model.js";
import { cpuBackend } from "../../src/runtime/engine/backends/cpu.js";
import { openModel } from "../../src/runtime/models/open-model.js";
import { packageRoot } from "../../src/runtime/models/places.js";
import { digestOf } from "../../src/compiler/base/digest.js";

const root = packageRoot();

/** No special tokens but BOS, which is 0 and is not added. */
export const wordTokenizer: TokenizerFacts = {
  size: 61,
  bosToken: "<s>",
  bosTokenId: 0,
  addsBos: false,
  specialTokenIds: [0],
  digest: "words",
};

/** Ids of a text: one for every word, 1 to 60. */
export function encodeWords(text: string): readonly number[] {
  const words = text.split(/\s+/).filter((word) => word !== "");
  return words.map(
    (word) => 1 + (Array.from(word).reduce((sum, c) => (sum * 31 + (c.codePointAt(0) ?? 0)) % 60, 7) % 60),
  );
}

/** Facts of a model in test/fixtures/models, with the tokenizer of words; null for none. */
export async function fixtureFacts(
  name: string,
  tokenizer: TokenizerFacts | null = wordTokenizer,
): Promise<ModelFacts> {
  const request = { source: `./test/fixtures/models/${name}`, revision: null, baseFolder: root, span: null };
  const variables = { XDG_CACHE_HOME: join(root, "node_modules", ".cache") };
  const { value, diagnostics } = await openModel(request, { home: root, variables });
  if (value === null) throw new Error(JSON.stringify(diagnostics));
  return { ...value.facts, tokenizer };
}

/** The metrics that ship with atlasc. */
export const standardLibrary: readonly SourceFile[] = readdirSync(join(root, "stdlib"))
  .filter((name) => name.endsWith(".atlas"))
  .sort()
  .map((name) => ({ path: `@stdlib/${name}`, text: readFileSync(join(root, "stdlib", name), "utf8") }));

/** What a plan may rely on where a test does not care. */
export const { capabilities } = cpuBackend;

/** How a plan is computed where a test does not care. */
export const numerics: Numerics = {
  onnxruntime: "1",
  device: "cpu",
  graphOptimization: "basic",
  prepacking: "short texts",
  tf32: false,
};

export interface Surroundings {
  /** Models by their source; `*` for every other one. */
  readonly models: Readonly<Record<string, ModelFacts>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly set?: Readonly<Record<string, string>>;
  /** Whether to collect a side table. */
  readonly sideTable?: boolean;
}

export interface CompiledText {
  readonly value: Extract<Compiled, { kind: "checked" }>;
  readonly diagnostics: readonly Diagnostic[];
  /** Every text that a span may point into. */
  readonly sources: ReadonlyMap<string, string>;
}

const variants = new Map<string, ModelFacts>();

/** The same sizes with other weights: two sources or revisions are two models. Made once, so that graphs are too. */
function variantOf(facts: ModelFacts, { source, revision }: ModelInstance): ModelFacts {
  const digest = digestOf([facts.digest, facts.tokenizer?.digest ?? null, source, revision]);
  const made = variants.get(digest) ?? { ...facts, digest };
  variants.set(digest, made);
  return made;
}

/** Compiles `text` as test.atlas to the end: answers what the compiler needs until it needs nothing. */
export function compileText(text: string, around: Surroundings): CompiledText {
  const files = new Map<string, FileFact>();
  const models = new Map<string, { value: ModelFacts | null; diagnostics: readonly Diagnostic[] }>();
  const tokens = new Map<string, readonly EncodedText[]>();
  const facts: Facts = { stdlib: standardLibrary, files, models, tokens };
  const overrides = new Map(Object.entries(around.set ?? {}));
  // Files, imports in imports, models and tokens: each answer can raise one more question.
  for (let round = 0; round < 20; round++) {
    const { value, diagnostics } = compile({ path: "test.atlas", text }, facts, {
      overrides,
      sideTable: around.sideTable === true,
    });
    if (value.kind === "checked") {
      const sources = new Map([...standardLibrary, { path: "test.atlas", text }].map((f) => [f.path, f.text]));
      for (const [path, fact] of files) if ("text" in fact) sources.set(path, fact.text);
      for (const [name, set] of overrides) sources.set(`--set ${name}`, `param ${name} = ${set}`);
      return { value, diagnostics, sources };
    }
    for (const path of value.needs.files) {
      const content = around.files?.[path];
      files.set(path, content === undefined ? { problem: "there is no such file" } : { text: content });
    }
    for (const { instance } of value.needs.models) {
      const found = around.models[instance.source] ?? around.models["*"] ?? null;
      const value = found === null ? null : variantOf(found, instance);
      models.set(instance.id, { value, diagnostics: [] });
    }
    for (const { key, texts, limit } of value.needs.tokens) {
      tokens.set(
        key,
        texts.map((text) => ({
          ids: encodeWords(text).slice(0, limit ?? Infinity),
          pieces: (text.match(/\s*\S+/g) ?? []).slice(0, limit ?? Infinity),
        })),
      );
    }
  }
  throw new Error(`the compiler never stops asking: ${text}`);
}

/** The protocol of a text that compiles without errors. */
export function protocolOf(text: string, around: Surroundings): Protocol {
  const { value, diagnostics } = compileText(text, around);
  const errors = diagnostics.filter((d) => d.severity === "error");
  if (value.protocol === null || errors.length > 0) {
    throw new Error(errors.map((d) => `${d.code} ${d.message}`).join("\n"));
  }
  return value.protocol;
}

/** `A2003 unknown name x` for every diagnostic, in order. */
export function messagesOf(text: string, around: Surroundings): readonly string[] {
  return compileText(text, around).diagnostics.map((d) => `${d.code} ${d.message}`);
}

/** The text under a diagnostic's carets. */
export function markedText({ diagnostics, sources }: CompiledText, index = 0): string {
  const span = diagnostics[index]?.primary?.span;
  return span === undefined ? "" : (sources.get(span.file)?.slice(span.start, span.end) ?? "");
}

/** A measured expression as text: operations in prefix form, constants as numbers, sites with their layer. */
export function formula({ expression }: Pick<Measure, "expression">): string {
  const show = (index: number): string => {
    const node = expression.nodes[index];
    if (node === undefined) return "?";
    if (node.kind === "constant") return String(node.value);
    if (node.kind === "text") return node.quantity;
    if (node.kind === "site")
      return node.site.layer === null ? node.site.site : `${node.site.site}[${node.site.layer}]`;
    if (node.kind === "ids") return "ids";
    if (node.kind === "parameter") return node.parameter;
    if (node.kind === "given") {
      const { texts, take, expression: taken } = node.source;
      return take === "mean" ? `mean(${formula({ expression: taken })} of ${texts})` : `(${formula({ expression: taken })} of ${texts})`; // prettier-ignore
    }
    const attributes = Object.entries(node.attributes).map(([key, value]) => ` ${key}=${String(value)}`);
    return `${node.operation}(${node.inputs.map(show).join(", ")}${attributes.join("")})`;
  };
  return show(expression.result);
}

/** The prompt set of that name; fails the test when there is none. */
export function textsOf(protocol: Protocol, name: string): TokenizedTexts {
  const found = protocol.texts.find((t) => t.name === name);
  if (found === undefined) throw new Error(`no prompt set ${name}`);
  return found;
}
