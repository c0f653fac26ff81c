/** What a run was expected to take: measured before it, recorded with it, told after it and when it is explained again. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { workDone } from "../../src/cli/work-done.js";
import { cpuBackend } from "../../src/runtime/engine/backends/cpu.js";
import { EngineFault } from "../../src/runtime/engine/fault.js";
import { measureMatrixRate } from "../../src/runtime/engine/matrix-rate.js";
import type { ExecutionSummary } from "../../src/runtime/execution.js";
import { provenanceOf } from "../../src/runtime/provenance.js";
import { readRecord } from "../../src/runtime/store/record.js";
import {
  command,
  oneThread,
  protocolIn,
  randomModel,
  runFile,
  spelled,
  spelledModel,
  temporaryFolder,
} from "./support.js";

/** A protocol of a small model in a folder of its own. */
function project(folder: string): string {
  spelledModel(join(folder, "model"), randomModel);
  const text = `model m from "./model"
prompts p from ["${spelled([3, 14, 15, 9, 2, 6])}"]
experiment sweep ablate heads L0 measure loss
`;
  return protocolIn(folder, text, "small.atlas");
}

const finished: ExecutionSummary = {
  status: "finished",
  units: { total: 50, computed: 48, reused: 2, failed: 0, skipped: 0, left: 0 },
  rowsComputed: 1376,
  seconds: 16.94,
  faults: [],
  stopped: null,
  engine: null,
  restarts: 0,
  outcomes: new Map(),
  recovered: new Set(),
};

test("the line about a run", () => {
  const estimate = { flops: 2.58e12, matrixRate: 1.7e11, seconds: 15.2 };
  assert.equal(
    workDone(finished, estimate),
    "48 units computed (1376 rows), 2 reused in 16.9 s (estimated 15.2 s: 2.58 TFLOP at 170 GFLOP/s).",
  );
  assert.equal(workDone(finished, null), "48 units computed (1376 rows), 2 reused in 16.9 s.");
  const some = { ...finished, status: "interrupted" as const };
  assert.equal(workDone(some, estimate), "48 units computed (1376 rows), 2 reused in 16.9 s.");
  const none = { ...finished, units: { ...finished.units, computed: 0, reused: 50 } };
  assert.equal(workDone(none, estimate), "Nothing to compute: all 50 units were finished before.");
});

test("a run's estimate is of what is missing, and stands in its record and report", async (context) => {
  const folder = temporaryFolder(context);
  const path = project(folder);
  const runs = join(folder, "runs");
  const unmeasured = await runFile(path, { runs: join(folder, "others") });
  assert.equal(unmeasured.record.estimate, null);

  const first = await runFile(path, { runs, estimateFromFlops: 0 });
  const { estimate } = first.record;
  assert.ok(estimate !== null);
  assert.equal(estimate.flops, first.planned.plan.cost.flops);
  assert.ok(estimate.matrixRate > 0);
  assert.ok(estimate.seconds > estimate.flops / estimate.matrixRate);
  assert.deepEqual((await readRecord(first.folder.record))?.estimate, estimate);
  const labels = provenanceOf(first.record).flatMap(({ entries }) => entries.map(({ label }) => label));
  assert.ok(labels.includes("estimated time"));

  const told = await command(["explain", path, "--runs", runs, "--threads", "1"]);
  assert.equal(told.code, 0, told.stderr);
  assert.match(told.stdout, /^ {2}last run {13}\d+\.\d+ s for \d+\.\d MFLOP: \d+ MFLOP\/s$/m);

  const second = await runFile(path, { runs, estimateFromFlops: 0 });
  assert.equal(second.record.estimate, null, "nothing was missing");
  const again = await command(["explain", path, "--runs", runs, "--threads", "1"]);
  assert.match(
    again.stdout,
    /^ {2}last run {13}\d+\.\d+ s for \d+\.\d MFLOP: \d+ MFLOP\/s, and nothing to compute since$/m,
  );

  // No machine has a hundredth device.
  const without = await command(["explain", path, "--runs", runs, "--device", "cuda:99"]);
  assert.deepEqual([without.code, without.stderr], [0, ""]);
  assert.match(without.stdout, /^ {2}no times: \S.*$/m);
  assert.doesNotMatch(without.stdout, /^ {2}time /m);

  writeFileSync(first.folder.record, "{");
  const damaged = await command(["explain", path, "--runs", runs, "--threads", "1"]);
  assert.equal(damaged.code, 0);
  assert.match(damaged.stdout, /^ {2}last run {13}\S.*record\.json/m);
});

test("the rate of a product is a number", async () => {
  const product = { rows: 16, inner: 32, columns: 32, prepacked: false };
  const engine = await cpuBackend.start(oneThread());
  try {
    const { rate, product: reached } = await measureMatrixRate(engine, [product]);
    assert.ok(rate > 0 && Number.isFinite(rate));
    assert.deepEqual(reached, product);
    await assert.rejects(measureMatrixRate(engine, []), RangeError);
  } finally {
    await engine.stop();
  }
  await assert.rejects(measureMatrixRate(engine, [product]), EngineFault);
});
