/** The table of families in docs/families.md is that of the registry and the fixtures. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../support/root.js";

test("docs/families.md is up to date", () => {
  const { status, stderr } = spawnSync(process.execPath, [join(root, "scripts", "families.mjs"), "--check"]);
  assert.equal(status, 0, String(stderr));
});
