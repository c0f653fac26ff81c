/** results.parquet is written once for equal rows, and again as soon as anything differs. */
import assert from "node:assert/strict";
import { readFileSync, readdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { SavedRow } from "../../src/compiler/ir/results.js";
import { keepResults } from "../../src/runtime/results-cache.js";
import { readResults } from "../../src/runtime/store/results.js";
import { savedTableOfRows } from "../../src/runtime/store/saved-table.js";
import { temporaryFolder } from "./processes.js";

const rowOf = (layer: number, value: number, relative: number | null = null): SavedRow => ({
  experiment: "e",
  condition: `layer ${layer}`,
  axes: { prompt: 0, layer },
  metric: "loss",
  unit: "nats",
  value,
  baseline: 1,
  impact: value - 1,
  relative,
  reason: null,
  promptText: "a text",
  token: null,
  valueText: null,
});

test("equal rows are written once, others and changed files again", async (t) => {
  const folder = temporaryFolder(t);
  const cache = join(folder, ".figures");
  const path = join(folder, "results.parquet");
  const rows = [rowOf(0, 1.5), rowOf(1, 2.5)];
  const old = new Date(2020, 1, 1);
  /** Whether keeping rows writes the file. */
  const writes = async (kept: readonly SavedRow[]): Promise<boolean> => {
    utimesSync(path, old, old);
    await keepResults(cache, path, savedTableOfRows(kept));
    return statSync(path).mtimeMs !== old.getTime();
  };
  await keepResults(cache, path, savedTableOfRows(rows));
  const first = readFileSync(path);
  assert.equal(await writes(structuredClone(rows)), false);
  for (const other of [
    [rowOf(0, 1.5), rowOf(1, 2.5000000000000004)],
    [rowOf(0, 1.5, NaN), rowOf(1, 2.5)],
    [rowOf(1, 2.5), rowOf(0, 1.5)],
    [rowOf(0, 1.5)],
    [],
  ]) {
    assert.equal(await writes(other), true);
    assert.deepEqual((await readResults(path)).map(({ value }) => value), other.map(({ value }) => value)); // prettier-ignore
  }
  assert.equal(await writes(rows), true, "the file is that of other rows");
  assert.deepEqual(readFileSync(path), first);
  writeFileSync(path, Buffer.concat([first, Buffer.from([0])]));
  assert.equal(await writes(rows), true, "somebody has changed the file");
  assert.deepEqual(readFileSync(path), first);
  assert.ok(readdirSync(cache).every((name) => name.startsWith("results-")));
});

test("a cache that cannot be written costs nothing but time", async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, "file"), "");
  const path = join(folder, "results.parquet");
  await keepResults(join(folder, "file", ".figures"), path, savedTableOfRows([rowOf(0, 1)]));
  assert.equal((await readResults(path)).length, 1);
});
