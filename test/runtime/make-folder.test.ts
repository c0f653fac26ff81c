import assert from "node:assert/strict";
import { existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { makeFolder } from "../../src/runtime/store/make-folder.js";
import { temporaryFolder } from "./processes.js";

test("folders that are missing are made, one below the other; those that are there stay", async (context) => {
  const folder = temporaryFolder(context);
  await makeFolder(join(folder, "a", "b", "c"));
  assert.ok(statSync(join(folder, "a", "b", "c")).isDirectory());
  mkdirSync(join(folder, "d"));
  await makeFolder(join(folder, "d"));
  await Promise.all([1, 2, 3].map(() => makeFolder(join(folder, "e", "f"))));
  assert.ok(statSync(join(folder, "e", "f")).isDirectory());
});

test("a file in the way is an error", async (context) => {
  const folder = temporaryFolder(context);
  writeFileSync(join(folder, "file"), "");
  await assert.rejects(makeFolder(join(folder, "file")), { code: "EEXIST" });
  await assert.rejects(makeFolder(join(folder, "file", "below")), { code: "ENOTDIR" });
});

test("a file system that takes no folders says so and does not hang", { skip: !existsSync("/proc/self") }, async () => {
  await assert.rejects(makeFolder("/proc/no-such-folder/below"), { code: "ENOENT" });
});
