/** Prompt sets: from the declaration and the files it names to texts with their columns, ready for a tokenizer. */
import { datasetPrefix, resolvePath, withSplit } from "../../base/paths.js";
import type { FileFact } from "../../base/file-fact.js";
import type { Span } from "../../base/span.js";
import { diagnostic } from "../../diagnostics/create.js";
import type { Diagnostic } from "../../diagnostics/diagnostic.js";
import type {
  CorpusStatement,
  FieldOption,
  InlineValue,
  PromptsStatement,
  StringLiteral,
  TextSource,
} from "../../syntax/ast.js";
import { reportError, tooMany } from "../faults.js";
import { limits } from "../limits.js";
import { checkInputs } from "./check-inputs.js";
import { listDrafts } from "./inline-texts.js";
import { plainLines, recordsOf } from "./text-files.js";
import { plainDraft, type TextDraft } from "./text-draft.js";
import { formatOf, hasFields, type TextFormat } from "../../base/text-format.js";
import { readTextRecords } from "./text-records.js";

/** A prompt set before tokenisation. `random` sets have no text: their ids are drawn from the model's vocabulary. */
export type TextsDraft =
  | { readonly kind: "texts"; readonly items: readonly TextDraft[] }
  | {
      readonly kind: "random";
      readonly tokens: number;
      readonly repeat: number;
      readonly count: number;
      readonly seed: number;
    };

type Report = (d: Diagnostic) => void;

/** Names of the files that a source reads, in order. */
export function filesOf(source: TextSource): readonly StringLiteral[] {
  if (source.kind === "file") return [source.path];
  return source.kind === "groups" ? source.groups.flatMap((group) => filesOf(group.source)) : [];
}

/** What a host calls a file that a declaration reads. */
export function textFileName({ span, value }: StringLiteral, { split }: Pick<PromptsStatement, "split">): string {
  return withSplit(resolvePath(span.file, value), split?.value ?? null);
}

/** Reads a declaration with its files' contents. Null after an error. */
export function draftTexts(
  statement: PromptsStatement,
  files: ReadonlyMap<string, FileFact>,
  report: Report,
): TextsDraft | null {
  const { source } = statement;
  const optionsFit = checkOptions(statement, report);
  if (source.kind === "random" && statement.chat !== null) {
    const parameters = { what: "`chat`", statement: "random prompts" };
    report(diagnostic("A1004", statement.chat.span, parameters, { hint: "random tokens say nothing: leave it out" }));
    return null;
  }
  if (source.kind === "random") return optionsFit ? draftRandom(source, report) : null;
  const readFile: ReadFile = (path, format, fact, group) =>
    format === "plain"
      ? plainLines(fact.text).map((line) => plainDraft(line.text, group, path.span))
      : readTextRecords(statement.fields, path, recordsOf(format, fact), group, report);
  const readList: SourceReader["readList"] = (items, group) => listDrafts(items, statement.fields, group, report);
  const items = optionsFit ? readSource({ statement, files, readFile, readList, report }, source, null) : null;
  if (items === null || !checkInputs(statement, items, report)) return null;
  if (items.length === 0) {
    const hint = source.kind === "file" ? `${source.path.value} has no text in it` : "write at least one text";
    report(diagnostic("A4103", statement.name.span, { name: statement.name.text }, { hint }));
    return null;
  }
  return isPossibleSet(items.length, statement.name.span, report) ? { kind: "texts", items } : null;
}

/** Reports a set of more prompts than are possible. */
function isPossibleSet(count: number, span: Span, report: Report): boolean {
  if (count <= limits.prompts) return true;
  tooMany({ report }, span, "prompts", count, "this set", "prompts", "take a part of them; a long text is a `corpus`");
  return false;
}

/** Options that say which field of a record plays which part need records. */
function checkOptions(statement: PromptsStatement, report: Report): boolean {
  const { source, fields } = statement;
  if (!isReadingSound(statement, report)) return false;
  const asText = statement.asText !== null;
  const [option] = fields;
  if (option === undefined) return true;
  const named = filesOf(source);
  // A file that is read as nothing is refused for that.
  if (named.some(({ value }) => typeof formatOf(value, asText) !== "string")) return true;
  if (!hasSomeFields(source, asText)) {
    const plain = named.length > 0;
    const where = plain ? "a plain text file" : "prompts that have no fields";
    const hint = plain
      ? "a plain text file has one prompt a line; fields are for .jsonl, .json, .csv, .tsv and .parquet"
      : 'fields are for files such as .jsonl and .csv and for records: from [{text: "…", answer: "…"}]';
    report(diagnostic("A1004", option.span, { what: `\`${option.part}\``, statement: where }, { hint }));
    return false;
  }
  const fault = partFault(source, fields, asText);
  if (fault === null) return true;
  const { part, statement: where, hint } = fault;
  report(diagnostic("A1004", part.span, { what: `\`${part.part}\``, statement: where }, hint === null ? {} : { hint }));
  return false;
}

/** What is wrong with the parts that the options name together. */
function partFault(
  source: TextSource,
  fields: readonly FieldOption[],
  asText: boolean,
): { readonly part: FieldOption; readonly statement: string; readonly hint: string | null } | null {
  const of = (part: FieldOption["part"]): FieldOption | undefined => fields.find((option) => option.part === part);
  const [text, group, clean, corrupt, answer, distractor] = [
    of("text"),
    of("group"),
    of("clean"),
    of("corrupt"),
    of("answer"),
    of("distractor"),
  ];
  if (source.kind === "groups" && group !== undefined) {
    return { part: group, statement: "prompts that are written in groups", hint: null };
  }
  if (clean !== undefined && corrupt === undefined) {
    return { part: clean, statement: "prompts without `corrupt`", hint: 'pairs have both; one text is `text "…"`' };
  }
  if (corrupt !== undefined && clean === undefined) {
    return { part: corrupt, statement: "prompts without `clean`", hint: 'pairs have both; one text is `text "…"`' };
  }
  if (text !== undefined && clean !== undefined) {
    return { part: text, statement: "prompts with `clean` and `corrupt`", hint: "the clean texts are the texts" };
  }
  if (distractor !== undefined && answer === undefined) {
    return { part: distractor, statement: "prompts without `answer`", hint: "a distractor is compared with an answer" };
  }
  const whole = [clean, answer, of("continuation")].find((option) => option !== undefined);
  if (whole !== undefined && !allFromFields(source, asText)) {
    const hint = "every text needs one: write all of them as records, or in files with fields";
    return { part: whole, statement: "prompts of which some have no fields", hint };
  }
  return null;
}

/** Reports `as text` where no file is read, and `split` where that is no data set of the Hub. */
export function isReadingSound(statement: PromptsStatement | CorpusStatement, report: Report): boolean {
  const { source, asText, split } = statement;
  if (split !== null && !filesOf(source).some(({ value }) => value.startsWith(datasetPrefix))) {
    const parameters = { what: "`split`", statement: "texts that are not from a data set of the Hub" };
    report(diagnostic("A1004", split.span, parameters, { hint: 'such a one is written "hf:datasets/org/name"' }));
    return false;
  }
  if (asText === null || filesOf(source).length > 0) return true;
  const parameters = { what: "`as text`", statement: "texts that are not from a file" };
  report(diagnostic("A1004", asText.span, parameters, { hint: "it says that a file is plain text: leave it out" }));
  return false;
}

/** True where some of the texts are records. */
function hasSomeFields(source: TextSource, asText: boolean): boolean {
  if (source.kind === "groups") return source.groups.some((group) => hasSomeFields(group.source, asText));
  if (source.kind === "list") return source.items.some(({ kind }) => kind === "record");
  return source.kind === "file" && hasFields(source.path.value, asText);
}

function allFromFields(source: TextSource, asText: boolean): boolean {
  if (source.kind === "file") return hasFields(source.path.value, asText);
  if (source.kind === "list") return source.items.every(({ kind }) => kind === "record");
  return source.kind === "groups" && source.groups.every((group) => allFromFields(group.source, asText));
}

function draftRandom(source: Extract<TextSource, { kind: "random" }>, report: Report): TextsDraft | null {
  for (const literal of [source.tokens, source.repeat, source.count]) {
    if (literal !== null && (!Number.isInteger(literal.value) || literal.value < 1)) {
      reportError({ report }, "A3005", literal.span, { value: literal.text, expected: "a count of at least 1" });
      return null;
    }
  }
  if (source.seed !== null && !(Number.isInteger(source.seed.value) && source.seed.value < 2 ** 32)) {
    const expected = "a seed: a whole number below 4294967296";
    reportError({ report }, "A3005", source.seed.span, { value: source.seed.text, expected });
    return null;
  }
  const tokens = source.tokens.value;
  const repeat = source.repeat?.value ?? 1;
  const count = source.count?.value ?? 1;
  if (tokens * repeat * count > limits.randomTokens) {
    const hint = "take fewer prompts (`count`) or shorter ones";
    tooMany({ report }, source.span, "randomTokens", tokens * repeat * count, "this set", "tokens", hint);
    return null;
  }
  if (!isPossibleSet(count, source.span, report)) return null;
  return { kind: "random", tokens, repeat, count, seed: source.seed?.value ?? 0 };
}

/** What helps with a file of prompts that could not be read. */
function fileAdvice(path: string, fact: FileFact | undefined): string {
  if (fact !== undefined && "problem" in fact && fact.advice !== undefined) return fact.advice;
  // A text in the place of a file's name.
  if (/\s/.test(path.trim()) && !/\.\w{2,5}$/.test(path)) return `a text itself stands in brackets: from ["${path}"]`;
  return "paths start from the folder of the file that names them";
}

/** Reads the content of a file; null after an error. */
type ReadFile = (
  path: StringLiteral,
  format: TextFormat,
  fact: FileFact & { readonly text: string },
  group: string | null,
) => readonly TextDraft[] | null;

export interface SourceReader {
  /** The declaration of the set: its name, and how files are read. */
  readonly statement: Pick<PromptsStatement, "name" | "asText" | "split">;
  readonly files: ReadonlyMap<string, FileFact>;
  readonly readFile: ReadFile;
  /** The texts of a list, or null after an error. */
  readonly readList: (items: readonly InlineValue[], group: string | null) => readonly TextDraft[] | null;
  readonly report: Report;
}

/** The texts of a source, which lies in the group of that name; null after an error. */
export function readSource(
  reader: SourceReader,
  source: TextSource,
  group: string | null,
): readonly TextDraft[] | null {
  const { statement, files, readFile, readList, report } = reader;
  const { name, asText } = statement;
  switch (source.kind) {
    case "list":
      return readList(source.items, group);
    case "groups": {
      const seen = new Set<string>();
      let sound = true;
      const drafts: TextDraft[] = [];
      for (const { name: own, source: inner } of source.groups) {
        if (seen.has(own.text)) {
          reportError({ report }, "A1003", own.span, { what: `the group ${own.text}` });
          sound = false;
        }
        seen.add(own.text);
        const part = readSource(reader, inner, own.text);
        if (part === null) sound = false;
        else if (part.length > 0) drafts.push(...part);
        else {
          report(diagnostic("A4103", own.span, { name: `${name.text}, group ${own.text},` }));
          sound = false;
        }
      }
      return sound ? drafts : null;
    }
    case "file": {
      const format = formatOf(source.path.value, asText !== null);
      const fact = files.get(textFileName(source.path, statement));
      const isThere = fact !== undefined && ("text" in fact || fact.advice !== undefined);
      if (typeof format !== "string" && isThere) {
        const parameters = { path: source.path.value, problem: format.problem };
        report(diagnostic("A4126", source.path.span, parameters, { hint: format.hint }));
        return null;
      }
      if (fact === undefined || "problem" in fact || typeof format !== "string") {
        reportError(
          { report },
          "A4101",
          source.path.span,
          {
            path: source.path.value,
            problem: fact !== undefined && "problem" in fact ? fact.problem : "it was not read",
          },
          { hint: fileAdvice(source.path.value, fact) },
        );
        return null;
      }
      return readFile(source.path, format, fact, group);
    }
    case "random":
      return null;
  }
}
