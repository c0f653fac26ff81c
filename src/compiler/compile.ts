/**
 * Every stage in order: the file to read first.
 *
 *     parse → import → scope → models, texts (facts of the host) → check → protocol → plan
 *
 * The compiler does no IO. When it lacks a fact it says so (`needs`); the host reads what is asked for and calls again.
 */
import type { SourceFile, Span } from "./base/span.js";
import { finished, type Steps } from "./base/steps.js";
import { hasErrors, type Staged } from "./diagnostics/staged.js";
import { checkProtocol } from "./check/check.js";
import type { EncodedText, EncodingRequest, TextPieces } from "./ir/encodings.js";
import { doubtfulNames, withoutConsequences } from "./check/names/doubtful.js";
import { readImports, type KnownFiles } from "./check/names/imports.js";
import { modelInstances } from "./check/models/models.js";
import type { DepthPlace } from "./models/depths.js";
import { createNotes } from "./check/notes.js";
import { declarationsIn } from "./check/symbols/declarations.js";
import { scopeWithParams } from "./check/names/param-values.js";
import { collectScope } from "./check/names/scope.js";
import { tokenLiterals } from "./check/texts/named-tokens.js";
import { fieldsOfFiles } from "./check/texts/file-fields.js";
import { textsWithStandardFields } from "./check/texts/standard-fields.js";
import { draftAll, encodingsWanted, readTexts } from "./check/texts/read-texts.js";
import { filesOf, textFileName } from "./check/texts/texts.js";
import { reportError, wrongKind } from "./check/faults.js";
import { nearestNames } from "./base/suggest.js";
import type { Diagnostic } from "./diagnostics/diagnostic.js";
import type { ModelInstance, Protocol } from "./ir/protocol.js";
import type { ResultType } from "./ir/result-type.js";
import type { Declaration, SideTable } from "./ir/side-table.js";
import type { ModelFacts, ModelGraph, OpenedModel } from "./models/model.js";
import { withDtype } from "./models/dtype.js";
import { buildModelGraph } from "./models/family.js";
import type { Expression, FileSyntax } from "./syntax/ast.js";
import { parseOnce } from "./syntax/parse.js";
import { soundStatements } from "./syntax/sound-statements.js";

export { importedPath } from "./check/names/imports.js";
export { declarationsOf } from "./check/symbols/declarations.js";

/** What the host has found out so far. A key that is absent has not been looked at yet. */
export interface Facts extends KnownFiles {
  /** By instance id. A value of null with diagnostics means that the model could not be opened. */
  readonly models: ReadonlyMap<string, Staged<ModelFacts | null>>;
  /** Encodings of texts, by the request's key, in the order asked for. */
  readonly tokens: ReadonlyMap<string, readonly EncodedText[]>;
}

/** What the compiler wants to know before it can go on. */
export interface Needs {
  readonly files: readonly string[];
  /** `span` is where the protocol declares the model, for what opening it may have to report. */
  readonly models: readonly { readonly instance: ModelInstance; readonly span: Span }[];
  readonly tokens: readonly EncodingRequest[];
}

export interface CompileOptions {
  /** `--set name=value`: the value as text of the language. */
  readonly overrides: ReadonlyMap<string, string>;
  /** Whether what is known of each piece of the texts is collected, for an editor. */
  readonly sideTable?: boolean;
}

export type Compiled =
  | { readonly kind: "needs"; readonly needs: Needs }
  /**
   * `protocol` is sound only when there are no errors; it is null when a text has syntax errors. `models` are those
   * that opened, by instance id. `pieces` are the tokens of the texts in words, for whoever shows them. `depths` says which
   * layer of which model each percentage became. `syntax` are the files that were read, the protocol's own first, then its
   * `imports` imports and the standard library: of one with errors, `recovered` has the statements that are sound and the places of
   * those that are not. `scope`, `results`, `fields` and `sideTable` are for editors, and are there also when there are errors;
   * `sideTable` is null unless it was asked for.
   */
  | {
      readonly kind: "checked";
      readonly protocol: Protocol | null;
      readonly models: ReadonlyMap<string, OpenedModel>;
      readonly pieces: TextPieces;
      readonly depths: readonly DepthPlace[];
      readonly syntax: readonly FileSyntax[];
      readonly imports: number;
      readonly scope: readonly Declaration[];
      /** What is known of the results of each experiment. */
      readonly results: readonly ResultType[];
      /** Fields of the prompt files that were read, by path; empty unless a side table was asked for. */
      readonly fields: ReadonlyMap<string, readonly string[]>;
      readonly sideTable: SideTable | null;
    };

/** Compiles as far as the facts allow. */
export function compile(source: SourceFile, facts: Facts, options: CompileOptions): Staged<Compiled> {
  return finished(compileSteps(source, facts, options));
}

/** The same in steps of a few milliseconds (parsing a long text is the longest), for a host that answers somebody meanwhile. */
export function* compileSteps(source: SourceFile, facts: Facts, options: CompileOptions): Steps<Staged<Compiled>> {
  const diagnostics: Diagnostic[] = [];
  const tell = (d: Diagnostic): void => void diagnostics.push(d);
  const texts = new Map<string, string>([[source.path, source.text]]);
  const read = (file: SourceFile): FileSyntax => {
    texts.set(file.path, file.text);
    const parsed = parseOnce(file);
    for (const d of parsed.diagnostics) tell(d);
    return parsed.value;
  };
  const sourceOf = (span: Span): string => texts.get(span.file)?.slice(span.start, span.end) ?? "";

  // Parse the protocol and everything it imports.
  const main = read(source);
  const imports = readImports(source.path, main, facts, read, tell);
  if (imports.missing.length > 0) {
    return needs({ files: imports.missing, models: [], tokens: [] }, diagnostics);
  }
  const stdlib = facts.stdlib.map(read);
  const sources = [main, ...imports.files];

  yield;
  // Collect what is declared. A text with syntax errors is checked as far as it can be read, and never run.
  const doubtful = doubtfulNames(main, imports.files, imports.lost);
  const report = withoutConsequences(doubtful, sourceOf, tell);
  for (const [name, value] of options.overrides) {
    const { path, text } = overrideSource(name, value);
    texts.set(path, text);
  }
  const overrides = readOverrides(options.overrides, sources, read, report);
  const asWritten = scopeWithParams(collectScope(main, imports.files, stdlib, overrides, report, doubtful), report);
  const scope = { ...asWritten, texts: textsWithStandardFields(asWritten.texts, facts.files) };
  const instances = new Map<string, readonly ModelInstance[]>();
  const wantedModels: { instance: ModelInstance; span: Span }[] = [];
  for (const [name, statement] of scope.models) {
    const own = modelInstances(statement, report);
    instances.set(name, own);
    own.forEach((instance, i) => {
      const literal = statement.sources[Math.floor((i * statement.sources.length) / own.length)];
      wantedModels.push({ instance, span: literal?.span ?? statement.span });
    });
  }
  const wantedFiles = [...scope.texts.values()].flatMap((statement) =>
    filesOf(statement.source).map((f) => textFileName(f, statement)),
  );
  const missing = {
    files: [...new Set(wantedFiles)].filter((path) => !facts.files.has(path)),
    models: wantedModels.filter(({ instance }) => !facts.models.has(instance.id)),
    tokens: [],
  };
  if (missing.files.length > 0 || missing.models.length > 0) return needs(missing, diagnostics);

  yield;
  // Read texts, open models, and have the texts encoded.
  const drafts = draftAll(scope, facts.files, report);
  const models = new Map<string, OpenedModel | null>();
  for (const { instance, span } of wantedModels) models.set(instance.id, openModel(facts, instance, span, report));
  const readers = wantedModels.flatMap(({ instance }) => {
    const opened = models.get(instance.id) ?? null;
    return opened === null ? [] : [{ instance, facts: opened.facts, signature: opened.signature }];
  });
  const literals = tokenLiterals(scope);
  const requests = encodingsWanted(drafts, literals, readers);
  const tokens = requests.filter(({ key }) => !facts.tokens.has(key));
  if (tokens.length > 0) return needs({ files: [], models: [], tokens }, diagnostics);
  const { texts: tokenized, pieces, tokenOf } = readTexts(drafts, literals, readers, requests, facts.tokens, report);

  yield;
  const notes = createNotes(options.sideTable === true);
  const others = [...imports.files, ...stdlib];
  const surroundings = { scope, main, others, instances, models, texts: tokenized, tokenOf, sourceOf };
  const checked = yield* checkProtocol({ ...surroundings, report, notes });
  const protocol = sources.every((file) => file.complete) ? checked : null;
  const sound = new Map([...models].flatMap(([id, model]) => (model === null ? [] : [[id, model] as const])));
  return {
    value: {
      kind: "checked",
      protocol,
      models: sound,
      pieces,
      depths: notes.depths(),
      syntax: [main, ...others],
      imports: imports.files.length,
      scope: declarationsIn(scope, sourceOf),
      results: checked.results,
      fields: notes.collecting ? fieldsOfFiles(facts.files) : new Map<string, readonly string[]>(),
      sideTable: notes.collecting ? notes.table() : null,
    },
    diagnostics,
  };
}

function needs(wanted: Needs, diagnostics: readonly Diagnostic[]): Staged<Compiled> {
  return { value: { kind: "needs", needs: wanted }, diagnostics };
}

function openModel(
  facts: Facts,
  instance: ModelInstance,
  span: Span,
  report: (d: Diagnostic) => void,
): OpenedModel | null {
  const opened = facts.models.get(instance.id);
  for (const d of opened?.diagnostics ?? []) report(d.primary === null ? { ...d, primary: { span, text: "" } } : d);
  if (opened?.value == null) return null;
  const model = withDtype(opened.value, instance.dtype);
  const built = builtGraphs.get(model) ?? buildModelGraph(model);
  builtGraphs.set(model, built);
  for (const d of built.diagnostics) report(d.primary === null ? { ...d, primary: { span, text: "" } } : d);
  if (built.value === null || hasErrors(built.diagnostics)) return null;
  return { facts: model, signature: built.value.signature, graph: built.value };
}

/**
 * What was built before, by the very object that it was made from: the host calls again with the same facts after every answer,
 * and an editor after every key.
 */
const builtGraphs = new WeakMap<ModelFacts, Staged<ModelGraph | null>>();

/** The text that a `--set name=value` stands for: diagnostics about the value point into it. */
export function overrideSource(name: string, value: string): SourceFile {
  return { path: `--set ${name}`, text: `param ${name} = ${value}` };
}

function readOverrides(
  overrides: ReadonlyMap<string, string>,
  files: readonly FileSyntax[],
  read: (file: SourceFile) => FileSyntax,
  report: (d: Diagnostic) => void,
): ReadonlyMap<string, Expression> {
  const statements = files.flatMap(soundStatements);
  const params = statements.flatMap((s) => (s.kind === "param" ? [s] : []));
  const declared = params.map(({ name }) => name.text);
  const values = new Map<string, Expression>();
  for (const [name, text] of overrides) {
    const source = overrideSource(name, text);
    if (!declared.includes(name)) {
      const near = nearestNames(name, declared);
      const start = source.text.indexOf(name);
      reportError(
        { report },
        "A2016",
        { file: source.path, start, end: start + name.length },
        { name },
        {
          suggestions: near,
          hint: declared.length === 0 ? "it declares none" : `it declares ${declared.join(", ")}`,
        },
      );
      continue;
    }
    const plain = plainStrings(params.find((s) => s.name.text === name)?.value, text, {
      file: source.path,
      start: source.text.length - text.length,
      end: source.text.length,
    });
    if (plain !== null) {
      values.set(name, plain);
      continue;
    }
    const { statements: written, complete, span } = read(source);
    const [statement, ...more] = written;
    // A value that cannot be read is an error already: nothing more is said of what uses it.
    if (!complete) values.set(name, { kind: "missing", span });
    else if (statement?.kind === "param") values.set(name, statement.value);
    const [extra] = more;
    if (extra !== undefined) wrongKind({ report }, extra.span, "one value", text);
  }
  return values;
}

/**
 * The value of a `--set` for a param that is a string or a list of strings, where it is written without quotes, which a
 * shell would take away: the text itself, or with commas between them several. Null for what is to be read as in a file.
 */
function plainStrings(declared: Expression | undefined, text: string, span: Span): Expression | null {
  if (/^\s*["[]/.test(text)) return null;
  if (declared?.kind === "string") return { kind: "string", value: text, span };
  if (declared?.kind !== "list" || !declared.items.every(({ kind }) => kind === "string")) return null;
  const items = text.split(",").map((item): Expression => ({ kind: "string", value: item.trim(), span }));
  return { kind: "list", items, span };
}
