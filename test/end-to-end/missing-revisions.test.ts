/** A revision that is missing from a sweep: the others give what they give without it, and its rows say why there is nothing. */
import assert from "node:assert/strict";
import test from "node:test";
import { runProtocol } from "../../src/runtime/run.js";
import { oneThread, protocolIn, rowsOf, runFile, temporaryFolder } from "./support.js";

const protocol = (revisions: string): string => `
  model m from "@stdlib/models/pythia-tiny" revision ${revisions}
  prompts p from ["Time heals all wounds, my lady."]
  ablate heads L1.H1 measure loss`;

test("the others run, its rows are NaN with the reason, and a warning and a fault say so (A8037)", async (t) => {
  const folder = temporaryFolder(t);
  const runs = `${folder}/runs`;
  const whole = await runFile(protocolIn(folder, protocol('["step512", "step1024"]'), "whole.atlas"), { runs });
  const path = protocolIn(folder, protocol('["step512", "step513", "step1024"]'), "lacking.atlas");
  const lacking = await runFile(path, { runs });
  const rows = await rowsOf(lacking);
  const there = rows.filter(({ axes }) => axes["revision"] !== "step513");
  assert.deepEqual(there, await rowsOf(whole));
  const gone = rows.filter(({ axes }) => axes["revision"] === "step513");
  assert.equal(gone.length, there.length / 2);
  for (const { value, reason } of gone) {
    assert.ok(Number.isNaN(value));
    assert.match(reason ?? "", /pythia-tiny has no revision step513/);
  }
  const { record } = lacking;
  assert.equal(record.status, "failed");
  assert.ok(record.warnings.some((text) => text.includes("has no revision step513: its rows have no values")));
  assert.ok(record.faults.some(({ message }) => message.includes("no revision step513")));
  // Nothing was taken from the revision that stands for it.
  assert.equal(new Set(record.models.map(({ digest }) => digest)).size, 3);
});

test("without any revision of the list, or without a list, it is an error", async (t) => {
  const folder = temporaryFolder(t);
  for (const revisions of ['["step513", "step514"]', '"step513"']) {
    const outcome = await runProtocol(
      { path: `${folder}/p.atlas`, text: protocol(revisions) },
      { overrides: new Map(), memoryBudget: 2 ** 30, engine: oneThread(), runs: `${folder}/runs` },
    );
    assert.ok(outcome.kind === "rejected");
    assert.ok(outcome.diagnostics.every(({ code }) => code === "A4017"));
  }
});
