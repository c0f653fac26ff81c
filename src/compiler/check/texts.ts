/** Prompt sets: from the declaration and the files it names to texts with their columns, ready for a tokenizer. */
import { resolvePath } from "../base/paths.js";
import type { Span } from "../base/span.js";
import { nearestNames } from "../base/suggest.js";
import { diagnostic } from "../diagnostics/create.js";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import type { Coordinate, Coordinates } from "../ir/protocol.js";
import type { FieldOption, PromptsStatement, StringLiteral, TextSource } from "../syntax/ast.js";
import { languageAxes } from "../ir/axes.js";
import { notYet, reportError, tooMany } from "./faults.js";
import { limits } from "./limits.js";
import { hasFields, plainLines, readRecords } from "./text-files.js";

/** A file as the host read it. */
export type FileFact = { readonly text: string } | { readonly problem: string };

export interface TextDraft {
  readonly text: string;
  readonly columns: Coordinates;
  /** The literal in the protocol, or the name of the file: where to point when something is wrong with the text. */
  readonly span: Span;
}

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

/** Reads a declaration with its files' contents. Null after an error. */
export function draftTexts(
  statement: PromptsStatement,
  files: ReadonlyMap<string, FileFact>,
  report: Report,
): TextsDraft | null {
  const { source } = statement;
  const optionsFit = checkOptions(statement, report);
  if (source.kind === "random") return optionsFit ? draftRandom(source, report) : null;
  const items = readSource(statement, source, {}, files, report);
  if (items === null || !optionsFit) return null;
  if (items.length === 0) {
    const hint = source.kind === "file" ? `${source.path.value} has no text in it` : "write at least one text";
    report(diagnostic("A4103", statement.name.span, { name: statement.name.text }, { hint }));
    return null;
  }
  return { kind: "texts", items };
}

/** Options that say which field of a file plays which part need a file with fields. */
function checkOptions({ source, fields }: PromptsStatement, report: Report): boolean {
  const [option] = fields;
  if (option === undefined) return true;
  if (!filesOf(source).some((file) => hasFields(file.value))) {
    const plain = filesOf(source).length > 0;
    const where = plain ? "a plain text file" : "prompts that are not read from a file";
    const hint = plain
      ? "a plain text file has one prompt a line; fields are for .jsonl, .json and .csv"
      : "fields are for files: .jsonl, .json and .csv";
    report(diagnostic("A1004", option.span, { what: `\`${option.part}\``, statement: where }, { hint }));
    return false;
  }
  const group = fields.find((o) => o.part === "group");
  if (source.kind === "groups" && group !== undefined) {
    report(diagnostic("A1004", group.span, { what: "`group`", statement: "prompts that are written in groups" }));
    return false;
  }
  const paired = fields.find((o) => o.part !== "text" && o.part !== "group");
  if (paired !== undefined) {
    notYet({ report }, paired.span, `\`${paired.part}\` of prompts`);
    return false;
  }
  return true;
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
  return { kind: "random", tokens, repeat, count, seed: source.seed?.value ?? 0 };
}

function readSource(
  statement: PromptsStatement,
  source: TextSource,
  columns: Coordinates,
  files: ReadonlyMap<string, FileFact>,
  report: Report,
): readonly TextDraft[] | null {
  switch (source.kind) {
    case "list":
      return source.items.map((item) => ({ text: item.value, columns, span: item.span }));
    case "groups": {
      const seen = new Set<string>();
      let sound = true;
      const drafts: TextDraft[] = [];
      for (const { name, source: inner } of source.groups) {
        if (seen.has(name.text)) {
          reportError({ report }, "A1003", name.span, { what: `the group ${name.text}` });
          sound = false;
        }
        seen.add(name.text);
        const part = readSource(statement, inner, { ...columns, group: name.text }, files, report);
        if (part === null) sound = false;
        else if (part.length > 0) drafts.push(...part);
        else {
          report(diagnostic("A4103", name.span, { name: `${statement.name.text}, group ${name.text},` }));
          sound = false;
        }
      }
      return sound ? drafts : null;
    }
    case "file": {
      const path = resolvePath(source.span.file, source.path.value);
      const fact = files.get(path);
      if (fact === undefined || "problem" in fact) {
        reportError(
          { report },
          "A4101",
          source.path.span,
          { path: source.path.value, problem: fact?.problem ?? "it was not read" },
          { hint: "paths start from the folder of the file that names them" },
        );
        return null;
      }
      return readFile(statement.fields, source.path, fact.text, columns, report);
    }
    case "random":
      return null;
  }
}

function readFile(
  options: readonly FieldOption[],
  path: StringLiteral,
  text: string,
  columns: Coordinates,
  report: Report,
): readonly TextDraft[] | null {
  const name = path.value;
  if (!hasFields(name)) return plainLines(text).map((line) => ({ text: line.text, columns, span: path.span }));
  const records = readRecords(name, text);
  if ("problem" in records) {
    report(diagnostic("A4102", path.span, { path: name, line: records.line, problem: records.problem }));
    return null;
  }

  const optionOf = (part: FieldOption["part"]): FieldOption | undefined => options.find((o) => o.part === part);
  const textField = optionOf("text")?.field.value ?? "text";
  const groupField = optionOf("group")?.field.value ?? null;
  const renamed = new Map<string, string>();
  const columnOf = (field: string): string => {
    if (field === groupField) return "group";
    const taken =
      field === "__proto__" ||
      languageAxes.has(field) ||
      (field === "group" && (groupField !== null || "group" in columns));
    if (!taken) return field;
    renamed.set(field, `field_${field}`);
    return `field_${field}`;
  };
  const drafts: TextDraft[] = [];
  for (const { place, fields } of records) {
    for (const [part, wanted] of [["text", textField] as const, ["group", groupField] as const]) {
      if (wanted === null || (fields.get(wanted) ?? null) !== null) continue;
      const suggestions = nearestNames(wanted, fields.keys()).map((s) => `"${s}"`);
      const listed = `its fields are ${[...fields.keys()].join(", ") || "none"}`;
      reportError(
        { report },
        "A4105",
        optionOf(part)?.field.span ?? path.span,
        { path: name, field: `"${wanted}" in ${place}` },
        { suggestions, hint: part === "text" ? `${listed}; say which one is the text: \`text "…"\`` : listed },
      );
      return null;
    }
    const extra: Record<string, Coordinate> = {};
    for (const [key, value] of fields) if (value !== null && key !== textField) extra[columnOf(key)] = value;
    drafts.push({ text: String(fields.get(textField)), columns: { ...columns, ...extra }, span: path.span });
  }
  for (const [field, column] of renamed) {
    report(diagnostic("A8006", path.span, { path: name, field, renamed: column }));
  }
  return drafts;
}
