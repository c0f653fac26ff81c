import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { EngineTensors } from "../../src/runtime/engine/messages.js";
import { isTemporaryName, writeFileAtomic } from "../../src/runtime/store/atomic.js";
import { LockHeldFault, lockFolder, ownStartMark } from "../../src/runtime/store/lock.js";
import { lockRunFolder, protocolName, runFolderOf } from "../../src/runtime/store/run-folder.js";
import { openUnitStore, type UnitDamage } from "../../src/runtime/store/units.js";
import { startProgram, temporaryFolder } from "./processes.js";
import { unitId } from "./tiny-graphs.js";

test("a file is whole at every moment, whenever its writer is killed", async (context) => {
  const folder = temporaryFolder(context);
  let temporaries = 0;
  const kill = async (round: number): Promise<void> => {
    const path = join(folder, `file-${round}`);
    const writer = startProgram("writer", [path]);
    await writer.line((line) => line === "begun");
    await sleep(Math.random() * 60);
    writer.process.kill("SIGKILL");
    await writer.ended;
    const content = readFileSync(path);
    assert.equal(content.length, 2_000_000);
    assert.ok(content.equals(Buffer.alloc(2_000_000, content[0])), "one letter from one writing");
  };
  for (let round = 0; round < 20; round += 2) await Promise.all([kill(round), kill(round + 1)]);
  for (const name of readdirSync(folder)) {
    if (isTemporaryName(name)) temporaries += 1;
    else assert.match(name, /^file-\d+$/);
  }
  context.diagnostic(`${temporaries} of 20 writers were killed in the middle of a file`);
});

test("a failed write leaves the old file and no temporary one", async (context) => {
  const folder = temporaryFolder(context);
  const path = join(folder, "deep", "file");
  await writeFileAtomic(path, "old");
  mkdirSync(join(folder, "deep", "taken", "inside"), { recursive: true });
  await assert.rejects(writeFileAtomic(join(folder, "deep", "taken"), "new"));
  assert.deepEqual(readdirSync(dirname(path)).sort(), ["file", "taken"]);
  assert.equal(readFileSync(path, "utf8"), "old");
});

// `cannot write: the disk is full` did not say what: a handle that is written to has no path.
test("a write that fails in the middle of a file says which file", async (context) => {
  const path = join(temporaryFolder(context), "file");
  const full = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC", syscall: "write" });
  const parts = function* (): Generator<string> {
    yield "half";
    throw full;
  };
  await assert.rejects(writeFileAtomic(path, parts), (error) => error === full && "path" in full && full.path === path);
});

const tensors: EngineTensors = {
  a: { type: "float32", dims: [2, 2], data: Float32Array.of(1.5, Number.NaN, -0, Number.POSITIVE_INFINITY) },
  b: { type: "int64", dims: [1], data: BigInt64Array.of(-(2n ** 60n)) },
  c: { type: "int32", dims: [], data: Int32Array.of(-7) },
  d: { type: "bool", dims: [3], data: Uint8Array.of(1, 0, 1) },
  e: { type: "float32", dims: [0, 4], data: new Float32Array(0) },
};

test("units come back as they were written", async (context) => {
  const store = openUnitStore(temporaryFolder(context));
  const unit = { id: unitId(1), tensors, about: { graph: "g", note: "ü" } };
  assert.equal(await store.read(unit.id), null);
  assert.equal(await store.has(unit.id), false);
  await store.write(unit);
  assert.deepEqual(await store.read(unit.id), unit);
  assert.equal(await store.has(unit.id), true);
  assert.equal(basename(dirname(store.pathOf(unit.id))), unit.id.slice(0, 2));
  await assert.rejects(store.read("../../etc"), RangeError);
});

test("whatever is wrong with a unit's file, it counts as absent and is reported", async (context) => {
  const damages: UnitDamage[] = [];
  const store = openUnitStore(temporaryFolder(context), (damage) => damages.push(damage));
  const id = unitId(2);
  await store.write({ id, tensors, about: {} });
  const path = store.pathOf(id);
  const whole = readFileSync(path);
  let broken = 0;
  const tryWith = async (bytes: Uint8Array): Promise<void> => {
    writeFileSync(path, bytes);
    broken += 1;
    assert.equal(await store.read(id), null);
    assert.equal(damages.length, broken);
  };
  await tryWith(new Uint8Array(0));
  for (let length = 1; length < whole.length; length += 37) await tryWith(whole.subarray(0, length));
  for (let place = 0; place < whole.length; place += 3) {
    const changed = Buffer.from(whole);
    changed[place] = (changed[place] ?? 0) ^ 0x11;
    await tryWith(changed);
  }
  await tryWith(Buffer.concat([whole, Buffer.from([0])]));
  writeFileSync(path, whole);
  const other = unitId(3);
  mkdirSync(dirname(store.pathOf(other)), { recursive: true });
  writeFileSync(store.pathOf(other), whole);
  assert.equal(await store.read(other), null);
  assert.match(damages.at(-1)?.reason ?? "", /holds the unit/);
  assert.ok(await store.has(id));
});

test("a folder in the way of a unit counts as a damaged one, and is set aside when the unit is written", async (context) => {
  const damages: string[] = [];
  const store = openUnitStore(temporaryFolder(context), ({ unit, reason }) => damages.push(`${unit}: ${reason}`));
  const id = unitId(4);
  mkdirSync(store.pathOf(id), { recursive: true });
  writeFileSync(join(store.pathOf(id), "kept"), "");
  assert.equal(await store.read(id), null);
  assert.deepEqual(damages, [`${id}: there is a folder of this name`]);
  await store.write({ id, tensors, about: {} });
  assert.equal((await store.read(id))?.id, id);
  const aside = readdirSync(dirname(store.pathOf(id))).find((name) => name.includes(".aside-"));
  assert.ok(aside !== undefined && existsSync(join(dirname(store.pathOf(id)), aside, "kept")));
});

// The administrator may write anywhere, so that there is nothing to see.
test("a folder without permission is named", { skip: process.getuid?.() === 0 }, async (context) => {
  const folder = temporaryFolder(context);
  const store = openUnitStore(folder);
  chmodSync(folder, 0o500);
  await assert.rejects(store.write({ id: unitId(9), tensors, about: {} }), /there is no permission/);
  chmodSync(folder, 0o700);
});

test("run folders are named after protocol and digest", () => {
  const digest = "0123456789abcdef".repeat(4);
  const run = runFolderOf("runs", "pipelines/head sweep.atlas", digest);
  assert.equal(run.folder, join("runs", "head-sweep", "0123456789ab"));
  assert.equal(run.record, join(run.folder, "record.json"));
  assert.equal(protocolName(".."), "protocol");
  assert.throws(() => runFolderOf("runs", "p", "../../.."), RangeError);
});

test("one process writes in a run folder at a time", async (context) => {
  const run = runFolderOf(temporaryFolder(context), "p.atlas", "f".repeat(64));
  const lock = await lockRunFolder(run);
  await assert.rejects(lockRunFolder(run), (error: unknown) => {
    assert.ok(error instanceof LockHeldFault);
    assert.equal(error.holder.processId, process.pid);
    assert.match(error.message, new RegExp(`in use by process ${process.pid}, since `));
    return true;
  });
  await lock.release();
  await lock.release();
  assert.deepEqual(readdirSync(run.folder), []);

  // Of another process that runs: refused. When it has been killed: taken over, its file removed.
  const holder = startProgram("holder", [run.folder]);
  await holder.line((line) => line === "held");
  await assert.rejects(lockRunFolder(run), new RegExp(`process ${String(holder.process.pid)}`));
  holder.process.kill("SIGKILL");
  await holder.ended;
  const second = await lockRunFolder(run);
  assert.equal(readdirSync(run.folder).length, 1);
  await second.release();
});

test("locks of dead processes, half-written locks and locks of other machines", async (context) => {
  const folder = temporaryFolder(context);
  const host = hostname();
  const lockFile = (name: string, content: unknown): string => {
    const path = join(folder, `writer.${name}.lock`);
    writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
    return path;
  };
  const since = "2026-01-01T00:00:00Z";
  // The id of a living process, this one's parent, that belonged to another when the lock was taken.
  const reused = lockFile(`${host}.${process.ppid}`, { processId: process.ppid, host, started: "1", since });
  const partial = lockFile(`${host}.999999999`, '{"processId":');
  const lock = await lockFolder(folder);
  if (ownStartMark() !== null) assert.equal(existsSync(reused), false);
  assert.equal(existsSync(partial), false);
  await lock.release();
  const elsewhere = lockFile("elsewhere.1", { processId: 1, host: "elsewhere", started: null, since });
  await assert.rejects(
    lockFolder(folder),
    /process 1 on elsewhere \(delete .*elsewhere\.1\.lock if that process is gone/,
  );
  assert.ok(existsSync(elsewhere));
});
