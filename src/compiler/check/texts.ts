/** Prompt sets: from the declaration and the files it names to texts with their columns, ready for a tokenizer. */
import { resolvePath } from "../base/paths.js";
import { nearestNames } from "../base/suggest.js";
import { diagnostic } from "../diagnostics/create.js";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import type { Coordinate, Coordinates } from "../ir/protocol.js";
import type { FieldOption, PromptsStatement, StringLiteral, TextSource } from "../syntax/ast.js";
import { notYet, reportError } from "./faults.js";
import { parseCsv } from "./csv.js";

/** A file as the host read it. */
export type FileFact = { readonly text: string } | { readonly problem: string };

export interface TextDraft {
  readonly text: string;
  readonly columns: Coordinates;
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

/** Names of the files that a source reads, in order. */
export function filesOf(source: TextSource): readonly StringLiteral[] {
  if (source.kind === "file") return [source.path];
  return source.kind === "groups" ? source.groups.flatMap((group) => filesOf(group.source)) : [];
}

/** Reads a declaration with its files' contents. Null after an error. */
export function draftTexts(
  statement: PromptsStatement,
  files: ReadonlyMap<string, FileFact>,
  report: (d: Diagnostic) => void,
): TextsDraft | null {
  const { source } = statement;
  if (source.kind === "random") {
    const tokens = source.tokens.value;
    const repeat = source.repeat?.value ?? 1;
    const count = source.count?.value ?? 1;
    for (const literal of [source.tokens, source.repeat, source.count]) {
      if (literal !== null && (!Number.isInteger(literal.value) || literal.value < 1)) {
        reportError({ report }, "A3005", literal.span, { value: literal.text, expected: "a count of at least 1" });
        return null;
      }
    }
    return { kind: "random", tokens, repeat, count, seed: source.seed?.value ?? 0 };
  }
  const items = readSource(statement, source, {}, files, report);
  if (items === null) return null;
  if (items.length === 0) {
    report(diagnostic("A4103", statement.span, { name: statement.name.text }));
    return null;
  }
  const [paired] = statement.fields.filter((f) => f.part === "clean" || f.part === "corrupt");
  if (paired !== undefined) {
    notYet({ report }, paired.span, "paired prompts (`clean`, `corrupt`)");
    return null;
  }
  return { kind: "texts", items };
}

function readSource(
  statement: PromptsStatement,
  source: TextSource,
  columns: Coordinates,
  files: ReadonlyMap<string, FileFact>,
  report: (d: Diagnostic) => void,
): readonly TextDraft[] | null {
  switch (source.kind) {
    case "list":
      return source.items.map((item) => ({ text: item.value, columns }));
    case "groups": {
      const parts = source.groups.map((group) =>
        readSource(statement, group.source, { ...columns, group: group.name.text }, files, report),
      );
      return parts.includes(null) ? null : parts.flatMap((part) => part ?? []);
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
          { hint: "paths are relative to the file that names them" },
        );
        return null;
      }
      return readFile(statement.fields, source.path, fact.text, columns, report);
    }
    case "random":
      return null;
  }
}

type Fields = Readonly<Record<string, Coordinate | null>>;

function readFile(
  options: readonly FieldOption[],
  path: StringLiteral,
  text: string,
  columns: Coordinates,
  report: (d: Diagnostic) => void,
): readonly TextDraft[] | null {
  const name = path.value;
  const suffix = /\.([a-z]+)$/i.exec(name)?.[1]?.toLowerCase() ?? "";
  const bad = (line: number, problem: string): null => {
    report(diagnostic("A4102", path.span, { path: name, line, problem }));
    return null;
  };
  if (suffix !== "jsonl" && suffix !== "json" && suffix !== "csv") {
    const [option] = options;
    if (option !== undefined) return bad(1, "a plain text file has no fields: one prompt a line");
    return lines(text).map((line) => ({ text: line.text, columns }));
  }

  const records: { line: number; fields: Fields }[] = [];
  if (suffix === "csv") {
    const rows = parseCsv(text);
    if (typeof rows === "string") return bad(1, rows);
    const [header, ...body] = rows;
    if (header === undefined) return [];
    for (const [i, row] of body.entries()) {
      if (row.length !== header.length) return bad(i + 2, `${row.length} cells where the header has ${header.length}`);
      records.push({ line: i + 2, fields: Object.fromEntries(header.map((key, j) => [key, row[j] ?? ""])) });
    }
  } else {
    const parsed = suffix === "jsonl" ? parseJsonLines(text) : parseJsonArray(text);
    if (!Array.isArray(parsed)) return bad(parsed.line, parsed.problem);
    records.push(...parsed);
  }

  const fieldOf = (part: FieldOption["part"], fallback: string): string =>
    options.find((o) => o.part === part)?.field.value ?? fallback;
  const textField = fieldOf("text", "text");
  const groupField = options.find((o) => o.part === "group")?.field.value ?? null;
  const drafts: TextDraft[] = [];
  for (const { line, fields } of records) {
    for (const wanted of [textField, ...(groupField === null ? [] : [groupField])]) {
      if (fields[wanted] !== undefined && fields[wanted] !== null) continue;
      const option = options.find((o) => o.field.value === wanted);
      const span = option?.field.span ?? path.span;
      reportError(
        { report },
        "A4105",
        span,
        { path: name, field: `"${wanted}" in line ${line}` },
        {
          suggestions: nearestNames(wanted, Object.keys(fields)).map((s) => `"${s}"`),
          hint: `its fields are ${Object.keys(fields).join(", ")}; name the text's field with \`text "…"\``,
        },
      );
      return null;
    }
    const extra: Record<string, Coordinate> = {};
    for (const [key, value] of Object.entries(fields)) {
      if (value === null || key === textField) continue;
      extra[key === groupField ? "group" : key] = value;
    }
    drafts.push({ text: String(fields[textField]), columns: { ...columns, ...extra } });
  }
  return drafts;
}

function lines(text: string): readonly { readonly line: number; readonly text: string }[] {
  return text
    .split(/\r?\n/)
    .map((line, i) => ({ line: i + 1, text: line }))
    .filter((l) => l.text.trim() !== "");
}

type JsonRecords = { line: number; fields: Fields }[] | { readonly line: number; readonly problem: string };

function toFields(value: unknown): Fields | string {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "expected an object with fields";
  const fields: Record<string, Coordinate | null> = {};
  for (const [key, field] of Object.entries(value)) {
    if (field === null || typeof field === "string" || typeof field === "number") fields[key] = field;
    else if (typeof field === "boolean") fields[key] = String(field);
    else return `the field "${key}" is neither text nor a number`;
  }
  return fields;
}

function parseJsonLines(text: string): JsonRecords {
  const records: { line: number; fields: Fields }[] = [];
  for (const { line, text: content } of lines(text)) {
    let value: unknown;
    try {
      value = JSON.parse(content);
    } catch (error) {
      return { line, problem: `not JSON: ${error instanceof Error ? error.message : String(error)}` };
    }
    const fields = toFields(value);
    if (typeof fields === "string") return { line, problem: fields };
    records.push({ line, fields });
  }
  return records;
}

/** A JSON array of objects, or of plain strings. */
function parseJsonArray(text: string): JsonRecords {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { line: 1, problem: `not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
  if (!Array.isArray(value)) return { line: 1, problem: "expected an array of texts or of objects" };
  const records: { line: number; fields: Fields }[] = [];
  for (const [i, item] of value.entries()) {
    const fields = typeof item === "string" ? { text: item } : toFields(item);
    if (typeof fields === "string") return { line: 1, problem: `item ${i + 1}: ${fields}` };
    records.push({ line: i + 1, fields });
  }
  return records;
}
