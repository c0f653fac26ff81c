/** Files of prompts: records with fields (JSON Lines, JSON, CSV, rows of parquet) or plain lines. */
import type { FileFact } from "../../base/file-fact.js";
import type { Span } from "../../base/span.js";
import type { Coordinate } from "../../ir/protocol.js";
import { limits } from "../limits.js";
import { parseCsv } from "./csv.js";
import { parseJson } from "./json-text.js";
import type { TextFormat } from "../../base/text-format.js";

/** A field's value: null where the file says null; a list or an object as JSON has it. */
export type FieldValue = Coordinate | null | { readonly json: unknown };

/** Fields of a record by name. */
export type Fields = ReadonlyMap<string, FieldValue>;

/** A record and where it stands: its line, its row, its number in a JSON array, or its place in the protocol. */
export interface TextRecord {
  /** `line 3`, `row 3`, `item 3` or `record 3`, for messages. */
  readonly place: string;
  readonly fields: Fields;
  /** Of a record in the protocol: where it is, and where the values of its fields are. */
  readonly span: Span | null;
  readonly spans: ReadonlyMap<string, Span>;
}

const inFile = { span: null, spans: new Map<string, Span>() } as const;

export interface FileProblem {
  /** As in {@link TextRecord}. */
  readonly place: string;
  readonly problem: string;
}

/** A format in which files have records. */
export type RecordFormat = Exclude<TextFormat, "plain">;

const tooManyFields = `the records have more than ${limits.fields.toLocaleString("en")} values up to here: leave out records or fields`;

const known = new WeakMap<FileFact, readonly TextRecord[] | FileProblem>();

/** {@link readRecords}, of a file that is read once however often it is asked for. */
export function recordsOf(
  format: RecordFormat,
  fact: FileFact & { readonly text: string },
): readonly TextRecord[] | FileProblem {
  const records = known.get(fact) ?? readRecords(format, fact.text);
  known.set(fact, records);
  return records;
}

/** Records of a file. A JSON array of strings has records with the field `text`. */
export function readRecords(format: RecordFormat, text: string): readonly TextRecord[] | FileProblem {
  switch (format) {
    case "csv":
    case "tsv":
      return cellRecords(text, format);
    case "json":
      return jsonArray(text);
    case "json lines":
      return jsonLines(text, "line");
    case "parquet":
      return jsonLines(text, "row");
  }
}

/** Lines that are not blank, with their numbers. */
export function plainLines(text: string): readonly { readonly line: number; readonly text: string }[] {
  return text
    .split(/\r?\n/)
    .map((line, i) => ({ line: i + 1, text: line }))
    .filter((l) => l.text.trim() !== "");
}

function cellRecords(text: string, format: "csv" | "tsv"): readonly TextRecord[] | FileProblem {
  const rows = parseCsv(text, format);
  if ("problem" in rows) return { place: `line ${rows.line}`, problem: rows.problem };
  const [header, ...body] = rows;
  if (header === undefined) return [];
  const twice = header.cells.find((cell, i) => header.cells.indexOf(cell) < i);
  if (twice !== undefined) return { place: `line ${header.line}`, problem: `the header has "${twice}" twice` };
  const records: TextRecord[] = [];
  const most = limits.fields / header.cells.length;
  for (const { line, cells } of body) {
    const place = `line ${line}`;
    if (records.length > most) return { place, problem: tooManyFields };
    if (cells.length !== header.cells.length) {
      return { place, problem: `${cells.length} cells where the header has ${header.cells.length}` };
    }
    records.push({
      place,
      fields: new Map(header.cells.map((key, i) => [key, cells[i] ?? ""])),
      ...inFile,
    });
  }
  return records;
}

/** One object a line; `unit` is what a line is called. */
function jsonLines(text: string, unit: "line" | "row"): readonly TextRecord[] | FileProblem {
  const records: TextRecord[] = [];
  let count = 0;
  for (const { line, text: content } of plainLines(text)) {
    const place = `${unit} ${line}`;
    if (count > limits.fields) return { place, problem: tooManyFields };
    const value = parseJson(content, 1);
    if ("problem" in value) {
      const isArray = line === 1 && /^\s*\[/.test(content);
      return { place, problem: isArray ? `${value.problem}; ${arrayHere}` : value.problem };
    }
    const fields = toFields(value.value);
    if (typeof fields === "string") {
      return { place, problem: Array.isArray(value.value) ? `${fields}; ${arrayHere}` : fields };
    }
    count += fields.size;
    records.push({ place, fields, ...inFile });
  }
  return records;
}

const arrayHere = "a file that is one JSON array ends in .json";

function jsonArray(text: string): readonly TextRecord[] | FileProblem {
  const value = parseJson(text, 2);
  if ("problem" in value) {
    const problem = isJsonLines(text) ? `${value.problem}; ${linesHere}` : value.problem;
    return { place: `line ${value.line}`, problem };
  }
  if (!Array.isArray(value.value)) {
    return { place: "line 1", problem: `expected an array of texts or of objects; ${linesHere}` };
  }
  const records: TextRecord[] = [];
  let count = 0;
  for (const [i, item] of (value.value as readonly unknown[]).entries()) {
    const place = `item ${i + 1}`;
    if (count > limits.fields) return { place, problem: tooManyFields };
    const fields = typeof item === "string" ? new Map<string, FieldValue>([["text", item]]) : toFields(item);
    if (typeof fields === "string") return { place, problem: fields };
    count += fields.size;
    records.push({ place, fields, ...inFile });
  }
  return records;
}

const linesHere = "a file with one object a line ends in .jsonl";

/** Whether the first line is an object by itself. */
function isJsonLines(text: string): boolean {
  const [first] = plainLines(text.slice(0, text.indexOf("\n") + 1));
  return first !== undefined && !("problem" in parseJson(first.text, 0));
}

function toFields(value: unknown): Fields | string {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "expected an object with fields";
  const fields = new Map<string, FieldValue>();
  for (const [key, field] of Object.entries(value as Readonly<Record<string, unknown>>))
    fields.set(key, valueOf(field));
  return fields;
}

function valueOf(json: unknown): FieldValue {
  // Adding 0 leaves every number as it is but −0, which is written as 0 everywhere.
  if (typeof json === "number") return json + 0;
  if (json === null || typeof json === "string") return json;
  return typeof json === "boolean" ? String(json) : { json };
}

/**
 * The value that a name means in a record: a field of this name, or else what lies inside one, with dots between the
 * names: `meta.source`. Undefined where there is none.
 */
export function fieldAt(fields: Fields, name: string): FieldValue | undefined {
  const own = fields.get(name);
  if (own !== undefined) return own;
  const [outer = "", ...inner] = name.split(".");
  let value = fields.get(outer);
  for (const part of inner) {
    if (typeof value !== "object" || value === null) return undefined;
    const { json } = value;
    if (typeof json !== "object" || json === null || Array.isArray(json) || !Object.hasOwn(json, part))
      return undefined;
    value = valueOf((json as Readonly<Record<string, unknown>>)[part]);
  }
  return value;
}
