/** Digests of weights are remembered for as long as a file is what it was, and no longer. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  futimesSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { openDigestCache } from "../../src/runtime/models/digest-cache.js";
import { openModel } from "../../src/runtime/models/open-model.js";
import { codes, copyOfModel, temporaryFolder } from "./temporary.js";

/** Puts another digest in the place of a remembered one, so that it shows where it is taken from memory. */
function disguise(cache: string, digest: string): void {
  const stored = join(cache, "weight-digests.json");
  writeFileSync(stored, readFileSync(stored, "utf8").replaceAll(digest, "remembered"));
}

test("digests of weights are remembered until the file changes; a broken cache is no error", async (t) => {
  const folder = temporaryFolder(t);
  const weights = join(folder, "weights");
  const cache = join(folder, "cache");
  writeFileSync(weights, "abc");
  const digests = openDigestCache(cache);
  const first = await digests.digestOfFile(weights);
  assert.equal(first, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  disguise(cache, first);
  assert.equal(await digests.digestOfFile(weights), "remembered");
  utimesSync(weights, 1, 1);
  assert.equal(await digests.digestOfFile(weights), first);
  const stored = join(cache, "weight-digests.json");
  writeFileSync(stored, "not JSON");
  assert.equal(await digests.digestOfFile(weights), first);
  // What an earlier version remembered says too little of the file.
  const { size, mtimeMs: modified } = statSync(weights);
  writeFileSync(stored, JSON.stringify({ [weights]: { size, modified, digest: "remembered" } }));
  assert.equal(await digests.digestOfFile(weights), first);
  // A file where the cache's folder should be.
  const blocked = openDigestCache(join(weights, "below", dirname("x")));
  assert.equal(await blocked.digestOfFile(weights), first);
});

/** Ways to put other bytes of the same length under a path, with the time of the last change of before. */
const swaps: Readonly<Record<string, (path: string, other: string, time: Date) => void>> = {
  "written in place, time set back": (path, other, time) => {
    writeFileSync(path, readFileSync(other));
    utimesSync(path, time, time);
  },
  "another file renamed to it": (path, other, time) => {
    utimesSync(other, time, time);
    renameSync(other, path);
  },
  "a byte changed through an open file": (path, other, time) => {
    const file = openSync(path, "r+");
    writeSync(file, readFileSync(other), 0, 3, 0);
    futimesSync(file, time, time);
    closeSync(file);
  },
  "another file linked to it": (path, other, time) => {
    utimesSync(other, time, time);
    rmSync(path);
    linkSync(other, path);
  },
};

for (const [name, swap] of Object.entries(swaps)) {
  test(`weights of the same size and time are hashed again: ${name}`, async (t) => {
    const folder = temporaryFolder(t);
    const [weights, other] = [join(folder, "weights"), join(folder, "other")];
    const time = new Date("2026-01-02T03:04:05Z");
    writeFileSync(weights, "abc");
    writeFileSync(other, "abd");
    utimesSync(weights, time, time);
    const digests = openDigestCache(join(folder, "cache"));
    const first = await digests.digestOfFile(weights);
    swap(weights, other, time);
    assert.deepEqual([statSync(weights).size, statSync(weights).mtimeMs], [3, time.getTime()]);
    const second = await digests.digestOfFile(weights);
    assert.notEqual(second, first);
    assert.equal(second, createHash("sha256").update("abd").digest("hex"));
  });
}

test("a file that changes while it is hashed is told, and nothing is remembered of it", async (t) => {
  const folder = temporaryFolder(t);
  const [weights, cache] = [join(folder, "weights"), join(folder, "cache")];
  writeFileSync(weights, Buffer.alloc(40_000_000, 1));
  const digests = openDigestCache(cache);
  let writes = 0;
  const writer = setInterval(() => {
    const file = openSync(weights, "r+");
    writeSync(file, Buffer.of(writes++ % 256), 0, 1, 39_999_999);
    closeSync(file);
  }, 1);
  try {
    await assert.rejects(digests.digestOfFile(weights), /^Error: while it was being read, it was written to/);
  } finally {
    clearInterval(writer);
  }
  assert.ok(writes > 0 && !existsSync(join(cache, "weight-digests.json")));
});

test("verified weights are hashed whatever is remembered, and a secret change is told", async (t) => {
  const folder = copyOfModel(t, "gpt2-f32");
  const home = temporaryFolder(t);
  const open = (verifyWeights: boolean) =>
    openModel(
      { source: folder, revision: null, baseFolder: "/", span: null },
      { home, variables: {} },
      { verifyWeights },
    );
  const { value } = await open(false);
  const known = value?.facts.digest;
  assert.deepEqual([(await open(true)).diagnostics, (await open(true)).value?.facts.digest], [[], known]);

  const stored = join(home, ".cache", "atlasc", "weight-digests.json");
  writeFileSync(stored, readFileSync(stored, "utf8").replace(/"digest":"[0-9a-f]+"/, '"digest":"of other bytes"'));
  assert.notEqual((await open(false)).value?.facts.digest, known, "what is remembered is believed");
  const verified = await open(true);
  assert.equal(verified.value?.facts.digest, known);
  assert.deepEqual(codes(verified.diagnostics), ["A8018"]);
  assert.match(
    verified.diagnostics[0]?.message ?? "",
    /^model\.safetensors of .* holds other weights than were hashed before/,
  );
  assert.deepEqual([(await open(false)).diagnostics, (await open(false)).value?.facts.digest], [[], known]);
});
