/** What the stages hand to each other is plain JSON: it can be written down, compared and read back. */
import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { numericsOf } from "../../src/runtime/engine/backend.js";
import { cpuBackend } from "../../src/runtime/engine/backends/cpu.js";
import { planRun, type PlanSettings } from "../../src/runtime/plan-run.js";
import { root } from "../support/root.js";

const text = `model m from "./test/fixtures/models/gpt2-f32"
prompts probes random tokens 5 repeat 2 count 3 seed 7

experiment sweep
  ablate heads L* by mean of probes
  measure R_V early L0 late L1 window 4, pattern_entropy

table sweep.R_V.impact top 3 by abs(R_V.impact)
plot heatmap of sweep.R_V.impact over layer, head
`;

const settings: PlanSettings = {
  overrides: new Map(),
  memoryBudget: 2 ** 20,
  engine: { backend: cpuBackend, threads: 1, optimisation: "basic", prepacking: "always", tf32: false },
};

test("protocol, plan and graphs survive JSON unchanged", async () => {
  const outcome = await planRun({ path: join(root, "json.atlas"), text }, settings);
  assert.deepEqual(outcome.kind === "rejected" ? outcome.diagnostics : [], []);
  assert.ok(outcome.kind === "planned");
  const { protocol, plan } = outcome.planned;
  assert.ok(protocol.studies.length > 0 && plan.evaluations.length > 0);
  assert.deepEqual(JSON.parse(JSON.stringify(protocol)), protocol);
  assert.deepEqual(JSON.parse(JSON.stringify(plan)), plan);
  assert.deepEqual(JSON.parse(JSON.stringify(numericsOf(settings.engine))), numericsOf(settings.engine));
});
