/** The check of a GPU runs to its end on the processor, with a model of some kilobytes. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryFolder } from "./support.js";
import { root } from "../support/root.js";

const python = process.env["ATLASC_PYTHON"] ?? "python3";
const hasPython = spawnSync(python, ["-c", "import sys; sys.exit(sys.version_info < (3, 10))"]).status === 0;

interface Finding {
  readonly name: string;
  readonly ok: boolean | null;
  readonly values?: number;
}

test("scripts/gpu-check runs to its end", { skip: hasPython ? false : "there is no Python 3.10" }, (context) => {
  const work = temporaryFolder(context);
  const report = join(work, "report.json");
  const script = join(root, "scripts", "gpu-check");
  const ran = spawnSync(python, [script, "--cpu", "--small", "--work", work, "--report", report], { encoding: "utf8" });
  assert.equal(ran.status, 0, ran.stdout + ran.stderr);
  const written = JSON.parse(readFileSync(report, "utf8")) as {
    readonly device: string;
    readonly findings: readonly Finding[];
  };
  assert.equal(written.device, "cpu");
  const found = new Map(written.findings.map((finding) => [finding.name, finding]));
  // Both sides are the processor: the numbers are equal, all of them are there.
  assert.deepEqual([found.get("numbers in f32")?.ok, found.get("numbers in f32")?.values], [true, 36]);
  assert.deepEqual([found.get("README's job")?.ok, found.get("README's job")?.values], [true, 1800]);
  // Where PyTorch is, it has the same numbers; where it is not, that is said.
  assert.ok(found.get("part G") !== undefined || found.get("r_v in f32: the hand's numbers")?.ok === true);
});
