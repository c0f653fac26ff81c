/** Data sets of the Hub: which files a name means, and texts of a protocol from them. */
import assert from "node:assert/strict";
import { readFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after } from "node:test";
import { createDownload } from "../../src/runtime/hub/download-models.js";
import { cachedDataset, parquetFiles, parseDataset } from "../../src/runtime/hub/datasets.js";
import { HubFault } from "../../src/runtime/hub/fault.js";
import { diskReading, loadProtocol } from "../../src/runtime/load.js";
import { packageRoot } from "../../src/runtime/models/places.js";
import { startHub } from "../support/hub-server.js";
import { settingsFor } from "./support.js";

const rows = readFileSync(join(packageRoot(), "test", "fixtures", "parquet", "zstd.parquet"));
const folder = mkdtempSync(join(tmpdir(), "atlasc-datasets-"));
const hub = await startHub({
  repositories: {
    "org/texts": {
      kind: "datasets",
      revisions: {
        main: {
          "README.md": Buffer.from("# Texts\n"),
          "data/train-00000-of-00002.parquet": rows,
          "data/train-00001-of-00002.parquet": rows,
          "data/test-00000-of-00001.parquet": rows,
        },
      },
    },
  },
});
after(async () => {
  await hub.close();
  rmSync(folder, { recursive: true, force: true });
});

const files = [
  "README.md",
  "data/train-00000-of-00002.parquet",
  "data/train-00001-of-00002.parquet",
  "data/test-00000-of-00001-0123abc.parquet",
  "small/train-00000-of-00001.parquet",
  "small/validation/0000.parquet",
].map((path) => ({ path }));

/** The files of a name, or why there are none. */
function chosen(name: string): readonly string[] | string {
  const part = parseDataset(name);
  if (part === null) return "no name";
  try {
    return parquetFiles(files, part).map(({ path }) => path);
  } catch (error) {
    if (error instanceof HubFault) return `${error.message}: ${error.hint}`;
    throw error;
  }
}

test("a split and a folder choose parquet files; what is not said is not chosen", () => {
  assert.deepEqual(chosen("hf:datasets/org/texts/data#train"), [
    "data/train-00000-of-00002.parquet",
    "data/train-00001-of-00002.parquet",
  ]);
  assert.deepEqual(chosen("hf:datasets/org/texts#test"), ["data/test-00000-of-00001-0123abc.parquet"]);
  assert.deepEqual(chosen("hf:datasets/org/texts@v1/small#validation"), ["small/validation/0000.parquet"]);
  const one = "small/train-00000-of-00001.parquet";
  assert.deepEqual(chosen(`hf:datasets/org/texts/${one}`), [one]);
  assert.equal(
    chosen("hf:datasets/org/texts/data"),
    'it does not say which split: write one: split "train", split "test"',
  );
  assert.equal(
    chosen("hf:datasets/org/texts#train"),
    'it does not say which configuration: name one: "hf:datasets/org/texts/data", "hf:datasets/org/texts/small"',
  );
  assert.match(String(chosen("hf:datasets/org/texts#validation")), /^it does not say which configuration/);
  assert.match(
    String(chosen("hf:datasets/org/texts/data#dev")),
    /^org\/texts has no split dev: write one: split "train"/,
  );
  assert.match(
    String(chosen("hf:datasets/org/texts/large#train")),
    /has no parquet files in large: there are some in data, small/,
  );
  assert.equal(parseDataset("hf:datasets/org/texts@refs%2Fpr%2F1")?.revision, "refs/pr/1");
  for (const name of [
    "hf:datasets/org",
    "hf:datasets/../x",
    "hf:datasets/org/texts/../../x",
    "hf:datasets/org/texts@../x",
  ]) {
    assert.equal(chosen(name), "no name", name);
  }
});

test("a run reads all files of a split, once downloaded without the network; a check downloads nothing", async () => {
  const text =
    'model gpt2 from "@stdlib/models/gpt2-tiny"\n' +
    'prompts p from "hf:datasets/org/texts" split "train" group "meta.source"\nmeasure loss\n';
  const source = { path: join(folder, "a.atlas"), text };
  const cache = join(folder, "hub");
  const before = process.env["HF_HUB_CACHE"];
  process.env["HF_HUB_CACHE"] = cache;
  const download = createDownload(
    { say: () => undefined, progress: () => undefined },
    settingsFor(hub.endpoint, cache),
  );
  try {
    const checked = await loadProtocol(source, { reading: diskReading });
    const [missing] = checked.compiled.diagnostics;
    assert.equal(missing?.message, "cannot read hf:datasets/org/texts: it is not on this machine");
    assert.equal(hub.asked.length, 0);

    const loaded = await loadProtocol(source, { reading: diskReading, download });
    assert.deepEqual(
      loaded.compiled.diagnostics.map(({ code }) => code),
      ["A8030"],
    );
    const [texts] = loaded.compiled.value.protocol?.texts ?? [];
    assert.equal(texts?.prompts.length, 6);
    assert.deepEqual(
      texts.prompts.map(({ group }) => group),
      ["books", "news", "books", "books", "news", "books"],
    );
    const asked = hub.asked.length;
    const again = await loadProtocol(source, { reading: diskReading, download });
    assert.notEqual(again.compiled.value.protocol, null);
    assert.equal(hub.asked.length, asked);
    // Half of a split is not the split.
    const part = parseDataset("hf:datasets/org/texts#train");
    assert.ok(part);
    const [first = ""] = cachedDataset(cache, part) ?? [];
    rmSync(first);
    assert.equal(cachedDataset(cache, part), null);
  } finally {
    await download.end();
    if (before === undefined) delete process.env["HF_HUB_CACHE"];
    else process.env["HF_HUB_CACHE"] = before;
  }
});
