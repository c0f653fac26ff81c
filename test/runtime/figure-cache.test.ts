/** Pictures are drawn once, and what is kept of them is never trusted blindly. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { drawnFigure, figureCacheOf, pruneFigures } from "../../src/runtime/figure-cache.js";
import { temporaryFolder } from "./processes.js";

const spec = (title: string): Record<string, unknown> => ({
  $schema: "https://vega.github.io/schema/vega-lite/v6.json",
  title,
  data: { values: [{ a: 1 }] },
  mark: "point",
  encoding: { x: { field: "a", type: "quantitative" } },
});

test("a picture comes back as it was drawn, and another specification has another picture", async (t) => {
  const cache = join(temporaryFolder(t), ".figures");
  const first = await drawnFigure(cache, spec("one"));
  const [name = ""] = await readdir(cache);
  const written = await readFile(join(cache, name));
  const again = await drawnFigure(cache, spec("one"));
  assert.equal(again.svg, first.svg);
  assert.deepEqual(Buffer.from(again.png), Buffer.from(first.png));
  assert.deepEqual(await readFile(join(cache, name)), written, "nothing was written a second time");
  const other = await drawnFigure(cache, spec("two"));
  assert.notEqual(other.svg, first.svg);
  assert.equal((await readdir(cache)).length, 2);
});

test("a damaged picture is drawn anew, and a folder that cannot be made does no harm", async (t) => {
  const folder = temporaryFolder(t);
  const cache = join(folder, ".figures");
  const first = await drawnFigure(cache, spec("one"));
  const [name = ""] = await readdir(cache);
  const bytes = await readFile(join(cache, name));
  bytes[bytes.length - 5] = (bytes.at(-5) ?? 0) ^ 1;
  await writeFile(join(cache, name), bytes);
  assert.deepEqual(Buffer.from((await drawnFigure(cache, spec("one"))).png), Buffer.from(first.png));
  await writeFile(join(cache, name), "");
  assert.equal((await drawnFigure(cache, spec("one"))).svg, first.svg);
  await writeFile(join(folder, "file"), "");
  assert.equal((await drawnFigure(join(folder, "file", ".figures"), spec("one"))).svg, first.svg);
});

test("the pictures that were not used for longest go first", async (t) => {
  const cache = join(temporaryFolder(t), ".figures");
  await mkdir(cache);
  for (let i = 0; i < 403; i++) {
    await writeFile(join(cache, `picture-${i}`), "x");
    await utimes(join(cache, `picture-${i}`), i + 1, i + 1);
  }
  await pruneFigures(cache);
  assert.equal((await readdir(cache)).length, 400);
  assert.ok(!existsSync(join(cache, "picture-2")) && existsSync(join(cache, "picture-3")));
  await pruneFigures(join(cache, "nowhere"));
});

test("pictures lie beside the runs, not in one of them", () => {
  assert.equal(figureCacheOf(join("runs", "protocol", "0123456789ab")), join("runs", ".figures"));
});
