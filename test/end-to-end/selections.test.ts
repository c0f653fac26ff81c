/** What a run says of places that its results choose: in which direction, and what could not be chosen. */
import assert from "node:assert/strict";
import test from "node:test";
import { rowsOf, runOnRandomModel } from "./support.js";

test("a ranking without values is a failure that is told; the rest of the run is done", async (context) => {
  const ran = await runOnRandomModel(
    context,
    `
    experiment sweep ablate heads L* measure loss
    experiment none ablate top 2 heads of sweep by log(0 - abs(relative)) together measure loss
    experiment few ablate top 2 heads of sweep by (impact where loss > 1000) measure loss
    experiment some ablate top 1 heads of sweep by abs(impact) measure loss
    `,
  );
  assert.equal(ran.summary.status, "failed");
  assert.equal(ran.record.status, "failed");
  const messages = ran.record.faults.map((fault) => fault.message).join("\n");
  assert.match(
    messages,
    /In none on m with p, no choice from sweep: none of them has a value there, and 2 are wanted\./,
  );
  assert.match(messages, /In few on m with p, no choice from sweep: none of them has a value/);
  assert.match(
    ran.record.selections.join("\n"),
    /In some on m with p, the head of sweep with the largest \|impact\| is L/,
  );
  const rows = await rowsOf(ran);
  const changed = (experiment: string): number =>
    rows.filter((row) => row.experiment === experiment && row.baseline !== null).length;
  assert.deepEqual(["none", "few", "some"].map(changed), [0, 0, 2]);
});

test("a ranking by sign says what is larger at the other end, and a percentage its layer, in the record too", async (context) => {
  const ran = await runOnRandomModel(
    context,
    `
    experiment sweep ablate heads L* measure loss
    experiment signed ablate top 11 heads of sweep by impact together measure loss
    experiment sized ablate top 11 heads of sweep by abs(impact) together measure loss
    experiment deep ablate mlp L87.5% measure loss
    `,
  );
  assert.equal(ran.summary.status, "finished");
  const warnings = ran.notes.filter((note) => note.includes("larger |impact|"));
  assert.equal(warnings.length, 1, ran.notes.join("\n"));
  assert.match(warnings[0] ?? "", /^In signed on m with p, .* `by abs\(impact\)` chooses by size$/);
  assert.ok(ran.record.warnings.includes(warnings[0] ?? ""));
  // Which layer a percentage became is nowhere else in the record.
  assert.equal(ran.record.selections[0], "L87.5% is L2 of the 3 layers of m.");
});
