/** Units of a run in stages, each counted once, whatever the plans of earlier stages had beside them. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { protocolIn, randomModel, runFile, spelledModel, temporaryFolder } from "./support.js";

/**
 * What `a` captures is captured together with what `again` needs as soon as that is known: the first stage's captures
 * are no part of the last plan.
 */
const stages = `model m from "./model"
prompts p random tokens 9 count 3 seed 3
prompts q random tokens 7 count 4 seed 5
experiment a on m with p ablate mlp L* by mean of q measure loss
experiment b on m with p ablate heads L* measure loss
`;

const again = "experiment again on m with p ablate top 2 heads of b by loss.impact by mean of q measure loss\n";

test("a run in stages counts each unit of its last plan once", async (context) => {
  const folder = temporaryFolder(context);
  spelledModel(join(folder, "model"), randomModel);
  const runs = join(folder, "runs");
  const first = await runFile(protocolIn(folder, stages, "first.atlas"), { runs });
  const path = protocolIn(folder, stages + again, "both.atlas");
  const { summary, record } = await runFile(path, { runs });
  const { total, computed, reused, failed, skipped, left } = summary.units;
  assert.equal(computed + reused, total);
  assert.deepEqual([failed, skipped, left], [0, 0, 0]);
  assert.equal(total, record.plan?.units);
  assert.ok(
    reused > 0 && reused < first.summary.units.computed,
    `${reused}: a capture of the first run is not in this`,
  );

  const fresh = await runFile(path, { runs: join(folder, "others") });
  assert.deepEqual([fresh.summary.units.computed, fresh.summary.units.reused], [total, 0]);
  assert.equal(fresh.summary.rowsComputed, fresh.record.plan?.rows);
  const last = await runFile(path, { runs });
  assert.deepEqual([last.summary.units.computed, last.summary.units.reused], [0, total]);
});
