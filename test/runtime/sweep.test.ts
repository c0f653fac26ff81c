/** Temporary files that killed writers leave, and those of living ones. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { hostMark, isTemporaryName, temporaryWriter, writeFileAtomic } from "../../src/runtime/store/atomic.js";
import { ownStartMark } from "../../src/runtime/store/lock.js";
import { sweepTemporaries } from "../../src/runtime/store/sweep.js";
import { startProgram, temporaryFolder } from "./processes.js";

test("the file of a writer that lives stays; when it is killed, the file goes", async (context) => {
  const folder = temporaryFolder(context);
  const own = (): string[] => readdirSync(folder).filter(isTemporaryName);
  // It writes all the time: stopped in the middle of a file sooner or later, it has a temporary one.
  let program = startProgram("writer", [join(folder, "file")]);
  for (let round = 0; ; round += 1) {
    await program.line((line) => line === "begun");
    await sleep(round % 10);
    program.process.kill("SIGSTOP");
    if (own().length > 0) break;
    program.process.kill("SIGKILL");
    await program.ended;
    assert.ok(round < 50, "no writer was stopped in the middle of a file");
    program = startProgram("writer", [join(folder, "file")]);
  }
  const [name = ""] = own();
  assert.deepEqual(temporaryWriter(name), {
    host: hostMark(),
    started: ownStartMark() === null ? null : temporaryWriter(name)?.started,
    processId: program.process.pid,
  });
  await sweepTemporaries([folder]);
  assert.deepEqual(own(), [name]);
  program.process.kill("SIGKILL");
  await program.ended;
  await sweepTemporaries([folder]);
  assert.deepEqual(readdirSync(folder), ["file"]);
});

test("only temporary files of dead processes are swept, however deep", async (context) => {
  const folder = temporaryFolder(context);
  const deep = join(folder, "ab", "cd");
  mkdirSync(deep, { recursive: true });
  const [here, mark, dead] = [hostMark(), ownStartMark() ?? "0", 999999999];
  const swept = [
    `.unit.safetensors.${here}-77.${dead}.1.part`,
    // The format of earlier versions.
    `.unit.safetensors.${dead}.12.part`,
    // A dead process whose id this one has now.
    ...(mark === "0" ? [] : [`.record.json.${here}-77.${process.pid}.3.part`]),
    `.old.00000000-77.${dead}.1.part`,
  ];
  const kept = [
    `.record.json.${here}-${mark}.${process.pid}.4.part`,
    `.record.json.${process.pid}.4.part`,
    // Of another machine, written just now.
    `.new.00000000-77.${dead}.1.part`,
    "unit.safetensors",
    ".hidden.part",
    `notes.${dead}.1.part`,
  ];
  for (const name of [...swept, ...kept]) writeFileSync(join(deep, name), "");
  mkdirSync(join(folder, `.folder.${dead}.1.part`));
  const lastWeek = Date.now() / 1000 - 7 * 24 * 3600;
  utimesSync(join(deep, `.old.00000000-77.${dead}.1.part`), lastWeek, lastWeek);
  await sweepTemporaries([folder, join(folder, "missing")]);
  assert.deepEqual(readdirSync(deep).sort(), [...kept].sort());
  assert.ok(existsSync(join(folder, `.folder.${dead}.1.part`)));
});

test("a name as long as the file system takes can be written", async (context) => {
  const folder = temporaryFolder(context);
  const name = "ü".repeat(127);
  await writeFileAtomic(join(folder, name), "long");
  assert.deepEqual(readdirSync(folder), [name]);
});

test("a folder that is deleted while files are written into it is made again", async (context) => {
  const folder = join(temporaryFolder(context), "units");
  for (let round = 0; round < 20; round += 1) {
    const path = join(folder, String(round), "unit");
    const writing = writeFileAtomic(path, "unit");
    // Between two system calls of the write: after the folder was made, after the temporary file was opened …
    for (let call = 0; call < round % 5; call += 1) await stat(".");
    try {
      rmSync(folder, { recursive: true, force: true });
    } catch {
      // The write was quicker, and has put something into a folder that was just emptied.
    }
    // It does not reject; whether the file is there depends on which of the two came last.
    await writing;
  }
});
