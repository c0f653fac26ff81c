/** Files of prompts: records with fields (JSON Lines, JSON, CSV) or plain lines. */
import type { FileFact } from "../../base/file-fact.js";
import type { Span } from "../../base/span.js";
import type { Coordinate } from "../../ir/protocol.js";
import { numberFault, smallestNumber } from "../../syntax/literals.js";
import { limits } from "../limits.js";
import { parseCsv } from "./csv.js";

/** A field's value: null where the file says null; a list or an object as JSON has it. */
export type FieldValue = Coordinate | null | { readonly json: unknown };

/** Fields of a record by name. */
export type Fields = ReadonlyMap<string, FieldValue>;

/** A record and where it stands: its line, its number in a JSON array, or its place in the protocol. */
export interface TextRecord {
  /** `line 3`, `item 3` or `record 3`, for messages. */
  readonly place: string;
  readonly fields: Fields;
  /** Of a record in the protocol: where it is, and where the values of its fields are. */
  readonly span: Span | null;
  readonly spans: ReadonlyMap<string, Span>;
}

const inFile = { span: null, spans: new Map<string, Span>() } as const;

export interface FileProblem {
  readonly line: number;
  readonly problem: string;
}

/** True when the name says that the file has fields; any other file is plain text, one prompt a line. */
export function hasFields(name: string): boolean {
  return ["jsonl", "json", "csv"].includes(suffixOf(name));
}

function suffixOf(name: string): string {
  return /\.([a-z]+)$/i.exec(name)?.[1]?.toLowerCase() ?? "";
}

const tooManyFields = `the records have more than ${limits.fields.toLocaleString("en")} values up to here: leave out records or fields`;

const known = new WeakMap<FileFact, readonly TextRecord[] | FileProblem>();

/** {@link readRecords}, of a file that is read once however often it is asked for. */
export function recordsOf(
  name: string,
  fact: FileFact & { readonly text: string },
): readonly TextRecord[] | FileProblem {
  const records = known.get(fact) ?? readRecords(name, fact.text);
  known.set(fact, records);
  return records;
}

/** Records of a file by its suffix. A JSON array of strings has records with the field `text`. */
export function readRecords(name: string, text: string): readonly TextRecord[] | FileProblem {
  const suffix = suffixOf(name);
  if (suffix === "csv") return csvRecords(text);
  return suffix === "jsonl" ? jsonLines(text) : jsonArray(text);
}

/** Lines that are not blank, with their numbers. */
export function plainLines(text: string): readonly { readonly line: number; readonly text: string }[] {
  return text
    .split(/\r?\n/)
    .map((line, i) => ({ line: i + 1, text: line }))
    .filter((l) => l.text.trim() !== "");
}

function csvRecords(text: string): readonly TextRecord[] | FileProblem {
  const rows = parseCsv(text);
  if ("problem" in rows) return rows;
  const [header, ...body] = rows;
  if (header === undefined) return [];
  const twice = header.cells.find((cell, i) => header.cells.indexOf(cell) < i);
  if (twice !== undefined) return { line: header.line, problem: `the header has "${twice}" twice` };
  const records: TextRecord[] = [];
  const most = limits.fields / header.cells.length;
  for (const { line, cells } of body) {
    if (records.length > most) return { line, problem: tooManyFields };
    if (cells.length !== header.cells.length) {
      return { line, problem: `${cells.length} cells where the header has ${header.cells.length}` };
    }
    records.push({
      place: `line ${line}`,
      fields: new Map(header.cells.map((key, i) => [key, cells[i] ?? ""])),
      ...inFile,
    });
  }
  return records;
}

function jsonLines(text: string): readonly TextRecord[] | FileProblem {
  const records: TextRecord[] = [];
  let count = 0;
  for (const { line, text: content } of plainLines(text)) {
    if (count > limits.fields) return { line, problem: tooManyFields };
    const value = parseJson(content);
    if ("problem" in value) return { line, problem: value.problem };
    const fields = toFields(value.value);
    if (typeof fields === "string") return { line, problem: fields };
    count += fields.size;
    records.push({ place: `line ${line}`, fields, ...inFile });
  }
  return records;
}

function jsonArray(text: string): readonly TextRecord[] | FileProblem {
  const value = parseJson(text);
  if ("problem" in value) return value;
  if (!Array.isArray(value.value)) return { line: 1, problem: "expected an array of texts or of objects" };
  const records: TextRecord[] = [];
  let count = 0;
  for (const [i, item] of (value.value as readonly unknown[]).entries()) {
    if (count > limits.fields) return { line: 1, problem: `item ${i + 1}: ${tooManyFields}` };
    const fields = typeof item === "string" ? new Map<string, FieldValue>([["text", item]]) : toFields(item);
    if (typeof fields === "string") return { line: 1, problem: `item ${i + 1}: ${fields}` };
    count += fields.size;
    records.push({ place: `item ${i + 1}`, fields, ...inFile });
  }
  return records;
}

/** A JSON value, or what is wrong with the text and in which of its lines. */
function parseJson(text: string): { readonly value: unknown } | FileProblem {
  try {
    const value: unknown = JSON.parse(text);
    return lostNumber(text) ?? { value };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const position = Number(/position (\d+)/.exec(message)?.[1] ?? Number.NaN);
    const before = Number.isNaN(position) ? text.trimEnd() : text.slice(0, position);
    return { line: before.split("\n").length, problem: `not JSON: ${message}` };
  }
}

/** The first number of a JSON text that reading would make infinite, 0 or another number; null when all are kept. */
function lostNumber(text: string): FileProblem | null {
  let name = "";
  for (const { 0: token, index } of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g)) {
    if (token.startsWith('"')) {
      name = token;
      continue;
    }
    const fault = numberFault(token, Number(token));
    if (fault === null) continue;
    const line = text.slice(0, index).split("\n").length;
    const shown = token.length > 24 ? `${token.slice(0, 20)}…` : token;
    const where = name === "" ? "" : ` of ${name}`;
    const why = {
      "too large": `is too large: the largest is ${Number.MAX_VALUE}`,
      "too small": `is too small: the smallest above 0 is ${smallestNumber}`,
      inexact: `would become ${Number(token)}`,
    }[fault];
    return { line, problem: `the number ${shown}${where} ${why}; in quotes it is kept as text` };
  }
  return null;
}

function toFields(value: unknown): Fields | string {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "expected an object with fields";
  const fields = new Map<string, FieldValue>();
  for (const [key, field] of Object.entries(value as Readonly<Record<string, unknown>>)) {
    // Adding 0 leaves every number as it is but −0, which is written as 0 everywhere.
    if (typeof field === "number") fields.set(key, field + 0);
    else if (field === null || typeof field === "string") fields.set(key, field);
    else if (typeof field === "boolean") fields.set(key, String(field));
    else fields.set(key, { json: field });
  }
  return fields;
}
