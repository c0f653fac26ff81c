/** What a run backwards needs is computed again where memory asks for it: other plans, the same bits. */
import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { planRun, type Planned } from "../../src/runtime/plan-run.js";
import { oneThread, protocolIn, runFile, temporaryFolder } from "./support.js";

const ids = Array.from({ length: 96 }, (_, i) => 5 + ((i * 37) % 200));

/** Gradients at several sites, under interventions, beside measures of the way there, and a metric that is no loss. */
const statements = `
  model m from "@stdlib/models/gpt2-tiny"
  prompts p from [${JSON.stringify(ids)}]
  metric pull(layer: layer = L*) = sum(grad(loss, z[layer]) * z[layer] over pos, d_head)
  experiment plain measure pull, loss, norm(grad(loss, resid_pre[L0]) over d_model) as steep
  experiment cut ablate heads L1.H0 measure pull
  experiment other measure sum(grad(mean(entr(pattern[L2.H1]) over query, key), z[L0]) over pos, d_head) as spread
  table plain.pull`;

async function planned(text: string, memoryBudget: number): Promise<Planned> {
  const outcome = await planRun(
    { path: "checkpoints.atlas", text },
    { overrides: new Map(), memoryBudget, engine: oneThread() },
  );
  assert.ok(outcome.kind === "planned", JSON.stringify(outcome.kind === "rejected" ? outcome.diagnostics : []));
  return outcome.planned;
}

test("with less memory a run backwards computes again what lies between the layers, with the same bits", async (context) => {
  const folder = temporaryFolder(context);
  const path = protocolIn(folder, statements);
  const { plan } = await planned(statements, 2 ** 30);
  const most = plan.cost.peakActivationBytes;
  const less = await planned(statements, most - 1);
  assert.ok(plan.graphs.every(({ settings }) => settings.checkpoints !== true));
  assert.ok(less.plan.graphs.some(({ settings }) => settings.checkpoints === true));
  assert.ok(less.plan.cost.peakActivationBytes < most);
  const whole = await runFile(path, { runs: join(folder, "whole"), memoryBudget: 2 ** 30 });
  const again = await runFile(path, { runs: join(folder, "again"), memoryBudget: most - 1 });
  assert.equal(again.summary.status, "finished");
  assert.equal(again.record.values, whole.record.values);
});

test("what does not fit even then is refused before the start", async () => {
  const outcome = await planRun(
    { path: "checkpoints.atlas", text: statements },
    { overrides: new Map(), memoryBudget: 2 ** 16, engine: oneThread() },
  );
  assert.ok(outcome.kind === "rejected");
  assert.ok(outcome.diagnostics.some(({ code }) => code === "A5004"));
});
