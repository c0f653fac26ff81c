/** Memory does not grow with rows, but for a number each. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { test } from "node:test";
import { readResults } from "../../src/runtime/store/results.js";
import { temporaryFolder } from "./processes.js";

interface Outcome {
  readonly rows: number;
  readonly values: string;
  readonly means: readonly { readonly coordinates: { readonly layer: number }; readonly value: number }[];
  readonly bytes: readonly number[];
}

/**
 * As objects, 200,000 rows with what is made of them to write them took more than 200 MB. In columns they take 1.6 MB, which
 * is not in the heap; most of it is what a group of 100,000 rows of the parquet file is encoded from.
 */
const heapMegabytes = 112;

test("200,000 rows are assembled, averaged and written with little memory", async (t) => {
  const folder = temporaryFolder(t);
  const child = join(import.meta.dirname, "many-rows.js");
  const answer = execFileSync(process.execPath, [`--max-old-space-size=${heapMegabytes}`, child, folder, "2000"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  const { rows, values, means, bytes } = JSON.parse(answer) as Outcome;
  assert.equal(rows, 200_000);
  // The values are 1, 2, … in float32, which holds all of them.
  const expected = Float64Array.from({ length: rows }, (_, i) => i + 1);
  assert.equal(values, createHash("sha256").update(expected).digest("hex"));
  // The impact of condition c is 100 c for every prompt; layer l has the conditions l, l + 12, …
  for (const { coordinates, value } of means) {
    const own = Array.from({ length: 2000 }, (_, c) => c).filter((c) => c > 0 && c % 12 === coordinates.layer);
    assert.equal(value, (100 * own.reduce((sum, c) => sum + c, 0)) / own.length);
  }
  assert.equal(means.length, 12);
  assert.ok(bytes.every((size) => size > 500_000));
  const read = await readResults(join(folder, "results.parquet"));
  assert.equal(read.length, rows);
  const one = read.find(({ value }) => value === 150_038);
  assert.deepEqual(one?.axes, { prompt: 37, layer: 0, neuron: 1500 });
});
