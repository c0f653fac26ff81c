/** A metric that has no value somewhere: the row stays, with the reason, wherever results are shown. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { renderTextTable } from "../../src/runtime/report/text-table.js";
import { protocolIn, randomModel, rowAt, rowsOf, runFile, spelled, spelledModel, temporaryFolder } from "./support.js";

test("a vanishing Gram matrix gives NaN with its reason, and the row is kept everywhere", async (context) => {
  const folder = temporaryFolder(context);
  spelledModel(join(folder, "model"), randomModel);
  const path = protocolIn(
    folder,
    `
    model m from "./model"
    prompts p from ["${spelled([5, 9, 30, 2, 44])}", "${spelled([8, 8, 1, 60, 12])}"]
    experiment gone
      ablate attention L0..2
      measure PR(attn_out[L2] last 4) as pr
    experiment dead
      ablate layer L2 by constant 0
      measure norm(attn_out[L2] at last) / norm(mlp_out[L2] at last) as ratio
    table gone
    table gone by pr
    save gone to "gone.csv"
    save gone to "gone.jsonl"
    `,
  );
  const ran = await runFile(path, { runs: join(folder, "runs") });
  assert.equal(ran.summary.status, "finished");
  const rows = await rowsOf(ran);
  for (const prompt of [0, 1]) {
    const row = rowAt(rows, "gone", "pr", { layer: 2, prompt });
    assert.ok(Number.isNaN(row.value) && Number.isNaN(row.impact) && Number.isNaN(row.relative));
    assert.match(row.reason ?? "", /divisor|trace/);
    assert.ok((row.baseline ?? 0) >= 1);
    for (const layer of [0, 1]) {
      const kept = rowAt(rows, "gone", "pr", { layer, prompt });
      assert.ok(Number.isFinite(kept.value) && kept.reason === null);
    }
    assert.match(rowAt(rows, "dead", "ratio", { layer: 2, prompt }).reason ?? "", /divisor/);
  }
  assert.equal(rows.filter((row) => row.experiment === "gone").length, 2 * (1 + 3));

  const [table, sorted] = ran.written.tables;
  assert.ok(table !== undefined && sorted !== undefined);
  const shown = renderTextTable(table, { width: 120 });
  assert.match(shown, /^ +2 +NaN¹/m);
  assert.match(shown, /¹ NaN: .*(divisor|trace)/);
  assert.equal(sorted.rows.at(-1)?.[0]?.value, 2, "NaN sorts last and is not dropped");
  const report = readFileSync(ran.written.report, "utf8");
  assert.match(report, /NaN/);
  assert.match(report, /divisor|trace\(g\)/);
  const csv = readFileSync(join(ran.folder.outputs, "gone.csv"), "utf8").trim().split("\n");
  assert.equal(csv.length, 1 + 8);
  assert.equal(csv.filter((line) => line.includes("NaN")).length, 2);
  const lines = readFileSync(join(ran.folder.outputs, "gone.jsonl"), "utf8").trim().split("\n");
  const objects = lines.map((line) => JSON.parse(line) as { value: unknown; reason: unknown });
  assert.equal(objects.filter((object) => object.value === "NaN" && object.reason !== null).length, 2);
});

test("a value of another run that is no number says so with the reason that it had there", async (context) => {
  const folder = temporaryFolder(context);
  const path = protocolIn(
    folder,
    `model m from "@stdlib/models/gpt2-tiny"
     prompts p from ["The old house stood at the end of the road."]
     experiment e
       ablate heads L1.H0
       measure loss - (log(loss / loss - 2) of baseline) as odd`,
  );
  const rows = await rowsOf(await runFile(path, { runs: folder }));
  assert.equal(rows.length, 2);
  for (const { value, reason } of rows) {
    assert.ok(Number.isNaN(value));
    assert.match(reason ?? "", /in the unmodified run on p: .*the logarithm needs a positive number/);
  }
});
