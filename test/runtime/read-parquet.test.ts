/** Rows of parquet files that pyarrow wrote (test/fixtures/parquet/make.py), whatever packs them. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after } from "node:test";
import { readNamedFile } from "../../src/runtime/read-file.js";
import { packageRoot } from "../../src/runtime/models/places.js";

const fixtures = join(packageRoot(), "test", "fixtures", "parquet");
const folder = mkdtempSync(join(tmpdir(), "atlasc-parquet-"));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});

const most = 2 ** 26;
const read = async (name: string): Promise<readonly Record<string, unknown>[]> => {
  const fact = await readNamedFile(join(fixtures, name), most);
  if ("problem" in fact) throw new Error(fact.problem);
  const lines = fact.text.split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
};
const problem = async (path: string, size = most): Promise<string> => {
  const fact = await readNamedFile(path, size);
  return "problem" in fact ? fact.problem : "read";
};

for (const codec of ["none", "snappy", "gzip", "zstd", "brotli", "lz4"]) {
  test(`${codec}: every type of cell as JSON has it`, async () => {
    const when = "2026-01-02T03:04:05.000Z";
    assert.deepEqual(await read(`${codec}.parquet`), [
      {
        text: "It was a fine evening.",
        id: 1,
        score: 0.5,
        good: true,
        when,
        meta: { source: "books", year: 1900 },
        tags: ["a"],
        image: { bytes: 5 },
      },
      {
        text: "The bell rang twice.",
        id: 2 ** 53 - 1,
        score: null,
        good: null,
        when,
        meta: { source: "news", year: 1901 },
        tags: [],
        image: null,
      },
      {
        text: "Ça sonne à 5 h — déjà.",
        // float64 has no such number.
        id: "1152921504606846977",
        score: "Infinity",
        good: false,
        when,
        meta: { source: "books", year: null },
        tags: ["b", "c"],
        image: { bytes: 2 },
      },
    ]);
  });
}

test("times and decimals keep every digit, also before 1970", async () => {
  const first = {
    micros: "1969-12-31T23:59:59.999999Z",
    nanos: "1969-12-31T23:59:59.999999999Z",
    millis: "1969-12-31T23:59:59.999Z",
    clock: "00:00:00.000000",
    short_clock: "00:00:00.001",
    price: 123.45,
    wide: "12345678901234567890.123",
    day: "1969-12-31T00:00:00.000Z",
  };
  const second = {
    micros: "2026-01-02T03:04:05.000001Z",
    nanos: "2026-01-02T03:04:05.000000001Z",
    millis: "2026-01-02T03:04:05.678Z",
    clock: "23:59:59.999999",
    short_clock: "23:59:59.999",
    price: -0.01,
    wide: -1,
    day: "2026-01-02T00:00:00.000Z",
  };
  const nothing = Object.fromEntries(Object.keys(first).map((name) => [name, null]));
  assert.deepEqual(await read("exact.parquet"), [first, second, nothing]);
  const stored = await read("exact-int.parquet");
  const { nanos: _first, ...older } = first;
  const { nanos: _second, ...newer } = second;
  const { nanos: _nothing, ...neither } = nothing;
  assert.deepEqual(stored, [older, newer, neither]);
  const inside = "its price, inside a list or an object, holds decimals: write them as texts or numbers";
  assert.equal(await problem(join(fixtures, "inner-decimal.parquet")), inside);
});

test("several row groups and pages are one file; one without rows is empty", async () => {
  const rows = await read("groups.parquet");
  assert.equal(rows.length, 10_000);
  assert.ok(rows.every(({ text, n }, i) => text === `line ${i}` && n === i));
  assert.deepEqual(await read("empty.parquet"), []);
});

test("what cannot be read is said", async () => {
  assert.equal(await problem(join(fixtures, "no.parquet")), "there is no such file");
  assert.equal(await problem(fixtures), "it is a folder");
  const latin = "it cannot be read as parquet: a text in it is not UTF-8";
  assert.equal(await problem(join(fixtures, "latin.parquet")), latin);
  const text = join(folder, "text.parquet");
  writeFileSync(text, "It was a fine evening.\n");
  assert.match(await problem(text), /^it cannot be read as parquet: parquet file invalid/);
  const cut = join(folder, "cut.parquet");
  copyFileSync(join(fixtures, "snappy.parquet"), cut);
  truncateSync(cut, 1_000);
  assert.match(await problem(cut), /^it cannot be read as parquet: /);
  const size = readFileSync(join(fixtures, "groups.parquet")).length;
  assert.match(await problem(join(fixtures, "groups.parquet"), size - 1), /and at most/);
  // Of few bytes may come many: what is made of them counts, too.
  assert.match(await problem(join(fixtures, "groups.parquet"), size + 1), /and at most/);
});

test("a pipe is no file: reading it would wait for ever", { skip: process.platform === "win32" }, async () => {
  const pipe = join(folder, "pipe.txt");
  execFileSync("mkfifo", [pipe]);
  assert.equal(await problem(pipe), "it is a pipe or a device, not a file");
});
