/** What tells a weight file from another in its place, and from itself after a change. */
import assert from "node:assert/strict";
import {
  chmodSync,
  closeSync,
  copyFileSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileChange, settledFileIdentity } from "../../src/runtime/models/file-identity.js";
import type { HashedWeights } from "../../src/runtime/models/open-model.js";
import { createWeightsGuard } from "../../src/runtime/models/weights-guard.js";
import { temporaryFolder } from "./processes.js";

/** Seconds since 1970: a time that can be set again to the last digit. */
const wholeSecond = 1_700_000_000;

/** Writes other bytes of the same number into a file and puts its times back. */
function changeUnseen(path: string, byte: number): void {
  const { atime, mtime, size } = statSync(path);
  const file = openSync(path, "r+");
  writeSync(file, Buffer.alloc(size, byte));
  closeSync(file);
  utimesSync(path, atime, mtime);
}

const changes: readonly (readonly [string, RegExp, (path: string) => void])[] = [
  ["overwritten, with the same size and time", /was changed/, (path) => changeUnseen(path, 7)],
  ["written to", /was written to or touched/, (path) => writeFileSync(path, Buffer.alloc(4096, 3))],
  ["touched", /was written to or touched/, (path) => utimesSync(path, 1, 1)],
  ["given other rights", /was changed/, (path) => chmodSync(path, 0o600)],
  ["cut off", /has 5 bytes instead of 4096/, (path) => truncateSync(path, 5)],
  ["removed", /is gone/, (path) => rmSync(path)],
  [
    "replaced by a copy of itself, with the same time",
    /was replaced by another file/,
    (path) => {
      const { atime, mtime } = statSync(path);
      copyFileSync(path, `${path}.copy`);
      utimesSync(`${path}.copy`, atime, mtime);
      renameSync(`${path}.copy`, path);
    },
  ],
];

for (const [what, expected, change] of changes) {
  test(`a file that is ${what} is told from what it was`, async (context) => {
    const path = join(temporaryFolder(context), "weights");
    writeFileSync(path, Buffer.alloc(4096, 1));
    utimesSync(path, wholeSecond, wholeSecond);
    const identity = await settledFileIdentity(path);
    readFileSync(path);
    assert.equal(fileChange({ path, identity }), null, "reading it is no change");
    change(path);
    assert.match(fileChange({ path, identity }) ?? "", expected);
  });
}

test("a file that was written just now cannot be changed unseen right afterwards", async (context) => {
  const path = join(temporaryFolder(context), "weights");
  // The system's clock for files ticks: without waiting, some of these changes would leave no mark.
  for (let round = 0; round < 30; round += 1) {
    writeFileSync(path, Buffer.alloc(64, round));
    utimesSync(path, wholeSecond, wholeSecond);
    const identity = await settledFileIdentity(path);
    assert.ok(Date.now() - Number(BigInt(identity.changed) / 1_000_000n) >= 20, "the clock has ticked since");
    changeUnseen(path, round + 1);
    assert.notEqual(fileChange({ path, identity }), null, `round ${round}`);
  }
});

test("a guard names file and model, and does not forget a file that was put back", async (context) => {
  const folder = temporaryFolder(context);
  const files = await Promise.all(
    ["one", "two"].map(async (name) => {
      const path = join(folder, name);
      writeFileSync(path, name);
      return { path, identity: await settledFileIdentity(path), digest: name, name };
    }),
  );
  const [first, second] = files;
  assert.ok(first !== undefined && second !== undefined);
  const guard = createWeightsGuard(
    new Map([
      ["both", { weightFiles: files }],
      ["first", { weightFiles: [first] }],
    ]),
  );
  assert.deepEqual([guard("both"), guard("first"), guard("unknown")], [null, null, null]);
  renameSync(second.path, join(folder, "elsewhere"));
  const said = guard("both");
  assert.equal(said, `the weights of both changed during the run: ${second.path} is gone`);
  assert.equal(guard("first"), null, "the other model has nothing of that file");
  renameSync(join(folder, "elsewhere"), second.path);
  assert.equal(guard("both"), said);
});

test("a guard watches every copy of a model, because the engine may read any of them", async (context) => {
  const folder = temporaryFolder(context);
  const copy = async (name: string): Promise<{ weightFiles: HashedWeights[] }> => {
    const path = join(folder, name);
    writeFileSync(path, "the same");
    const identity = await settledFileIdentity(path);
    return { weightFiles: [{ path, identity, digest: "the same", name: "model.safetensors" }] };
  };
  const guard = createWeightsGuard(
    new Map([
      ["one", await copy("one")],
      ["two", await copy("two")],
    ]),
  );
  assert.deepEqual([guard("one"), guard("two")], [null, null]);
  rmSync(join(folder, "one"));
  assert.equal(guard("two"), `the weights of two changed during the run: ${join(folder, "one")} is gone`);
});
