import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parquetMetadata, parquetSchema } from "hyparquet";
import type { ResultRow } from "../../src/compiler/ir/results.js";
import { StoreFault } from "../../src/runtime/store/fault.js";
import { readResults, saveFormatOf, saveResults, writeResults } from "../../src/runtime/store/results.js";
import { savedTableOfRows, type SavedTable } from "../../src/runtime/store/saved-table.js";
import { temporaryFolder } from "./processes.js";

const base = { experiment: "heads", condition: "baseline", metric: "nll", unit: "nats", reason: null } as const;
const wordless = { promptText: null, token: null, valueText: null };
const none = { baseline: null, impact: null, relative: null };

const rows: readonly ResultRow[] = [
  { ...base, axes: { model: "gpt2", prompt: 0 }, value: 3.25, ...none },
  {
    ...base,
    axes: { model: "gpt2", prompt: 0, layer: 11, head: 0 },
    value: 3.5,
    baseline: 3.25,
    impact: 0.25,
    relative: 0.1,
  },
  {
    ...base,
    axes: { model: "gpt2", prompt: 1, layer: 0, head: 3, group: 'a, "b"\nc' },
    value: Number.NaN,
    baseline: Number.POSITIVE_INFINITY,
    impact: Number.NaN,
    relative: null,
    reason: "the trace is 0",
  },
  { ...base, experiment: "", metric: "R_V", unit: "none", axes: { id: 2 ** 40, rate: 0.1 }, value: -0, ...none },
  { ...base, axes: { id: -5, rate: 2, mixed: 1 }, value: 1e-300, ...none },
  { ...base, axes: { mixed: "one", group: "" }, value: Number.NEGATIVE_INFINITY, ...none, reason: "" },
];

function saved(plain: readonly ResultRow[]): SavedTable {
  return savedTableOfRows(plain.map((row) => ({ ...row, ...wordless })));
}

test("results come back from parquet in order, with NaN, null and axes that only some rows have", async (context) => {
  const path = join(temporaryFolder(context), "results.parquet");
  await writeResults(path, saved(rows));
  const expected = rows.map((row) => {
    // Text and numbers on one axis make it text.
    return row.axes["mixed"] === 1 ? { ...row, axes: { ...row.axes, mixed: "1" } } : row;
  });
  assert.deepEqual(await readResults(path), expected);

  const bytes = readFileSync(path);
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  const columns = parquetSchema(parquetMetadata(file)).children.map(({ element }) => [element.name, element.type]);
  assert.deepEqual(columns, [
    ["experiment", "BYTE_ARRAY"],
    ["condition", "BYTE_ARRAY"],
    ["model", "BYTE_ARRAY"],
    ["prompt", "INT32"],
    ["layer", "INT32"],
    ["head", "INT32"],
    ["group", "BYTE_ARRAY"],
    ["id", "INT64"],
    ["rate", "DOUBLE"],
    ["mixed", "BYTE_ARRAY"],
    ["prompt_text", "BYTE_ARRAY"],
    ["token", "BYTE_ARRAY"],
    ["metric", "BYTE_ARRAY"],
    ["unit", "BYTE_ARRAY"],
    ["value", "DOUBLE"],
    ["value_text", "BYTE_ARRAY"],
    ["baseline", "DOUBLE"],
    ["impact", "DOUBLE"],
    ["relative", "DOUBLE"],
    ["reason", "BYTE_ARRAY"],
  ]);
});

test("equal results are equal files; none and many are files too", async (context) => {
  const folder = temporaryFolder(context);
  const path = (name: string): string => join(folder, `${name}.parquet`);
  await writeResults(path("a"), saved(rows));
  await writeResults(path("b"), saved(rows));
  assert.ok(readFileSync(path("a")).equals(readFileSync(path("b"))));
  await writeResults(path("none"), saved([]));
  assert.deepEqual(await readResults(path("none")), []);
  const many = Array.from({ length: 150_000 }, (_, i): ResultRow => {
    return { ...base, axes: { prompt: i % 100, layer: i }, value: i % 7 === 0 ? Number.NaN : i / 3, ...none };
  });
  await writeResults(path("many"), saved(many));
  assert.deepEqual(await readResults(path("many")), many);
});

test("a results file that is missing, damaged or of somebody else is a StoreFault", async (context) => {
  const folder = temporaryFolder(context);
  const path = join(folder, "results.parquet");
  await assert.rejects(readResults(path), StoreFault);
  await writeResults(path, saved(rows));
  writeFileSync(path, readFileSync(path).subarray(0, 200));
  await assert.rejects(readResults(path), StoreFault);
});

test("csv quotes what needs it and writes NaN as NaN", async (context) => {
  const path = join(temporaryFolder(context), "r.csv");
  await saveResults(path, saved(rows));
  const text = readFileSync(path, "utf8");
  const head =
    "experiment,condition,model,prompt,layer,head,group,id,rate,mixed,prompt_text,token,metric,unit,value,value_text,baseline,impact,relative,reason";
  const lines = text.split("\n");
  assert.equal(lines[0], head);
  assert.equal(lines[1], "heads,baseline,gpt2,0,,,,,,,,,nll,nats,3.25,,,,,");
  assert.equal(lines[3], 'heads,baseline,gpt2,1,0,3,"a, ""b""');
  assert.equal(lines[4], 'c",,,,,,nll,nats,NaN,,Infinity,NaN,,the trace is 0');
  assert.match(lines[5] ?? "", /^"",baseline,,.*,1099511627776,0\.1,/);
  assert.match(lines[7] ?? "", /^heads,baseline,,,,,"",.*,-Infinity,,,,,""$/);
  assert.ok(text.endsWith("\n"));
});

test("json and jsonl are valid JSON, with NaN as a text", async (context) => {
  const folder = temporaryFolder(context);
  await saveResults(join(folder, "r.json"), saved(rows));
  await saveResults(join(folder, "r.jsonl"), saved(rows));
  const objects = JSON.parse(readFileSync(join(folder, "r.json"), "utf8")) as Record<string, unknown>[];
  const lines = readFileSync(join(folder, "r.jsonl"), "utf8").trimEnd().split("\n");
  const parsed = lines.map((line) => JSON.parse(line) as unknown);
  assert.deepEqual(parsed, objects);
  assert.deepEqual([objects[2]?.["value"], objects[2]?.["relative"], objects[4]?.["value"]], ["NaN", null, 1e-300]);
});

test("parquet is a save format; an unknown suffix names those that there are", async (context) => {
  const folder = temporaryFolder(context);
  await saveResults(join(folder, "r.PARQUET"), saved(rows));
  assert.equal((await readResults(join(folder, "r.PARQUET"))).length, rows.length);
  assert.equal(saveFormatOf("x.JSONL"), "jsonl");
  assert.equal(saveFormatOf("noformat"), null);
  await assert.rejects(
    saveResults(join(folder, "r.xlsx"), saved(rows)),
    /r\.xlsx: results are saved as \.csv, \.jsonl, \.json, \.parquet/,
  );
});
