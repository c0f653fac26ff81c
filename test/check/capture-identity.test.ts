/** What units that use values of other runs are called: by how these were computed, and by nothing beside that. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Plan, Unit } from "../../src/compiler/ir/plan.js";
import { planProtocol, type PlanOptions } from "../../src/compiler/lower/plan.js";
import { passNames } from "../../src/compiler/passes/names.js";
import { cudaBackend } from "../../src/runtime/engine/backends/cuda.js";
import { capabilities, compileText, fixtureFacts, numerics } from "./compiling.js";

const facts = await fixtureFacts("gpt2-f32");
const long = Array.from({ length: 24 }, (_, i) => `word${i % 7}`).join(" ");
const texts = `model m from "x"
prompts p from ["the cat sat on the mat"]
prompts other from ["${long}", "${long} too", "the"]
`;
const averaged = "experiment averaged on m with p ablate mlp L1 by mean of other measure loss\n";
const patched =
  'prompts q from ["a dog lay on a bed"]\nexperiment patched on m patch mlp L1 from q into p measure loss\n';

function planOf(statements: string, options: Partial<PlanOptions> = {}): Plan {
  const { value, diagnostics } = compileText(texts + statements, { models: { "*": facts } });
  assert.ok(value.protocol !== null, diagnostics.map((d) => d.message).join("; "));
  return planProtocol(value.protocol, value.models, { memoryBudget: 2 ** 30, numerics, capabilities, ...options })
    .value;
}

/** Units that measure, and use the captured values. */
function measuring({ evaluations }: Plan): readonly Unit[] {
  const [first] = evaluations.filter((evaluation) => evaluation.purpose === "measure");
  return first?.units ?? [];
}

const idsOf = (plan: Plan): readonly string[] => measuring(plan).map(({ id }) => id);

test("a captured value has the identity of how it was computed", () => {
  const usual = idsOf(planOf(averaged));
  assert.ok(usual.length > 0);
  assert.deepEqual(idsOf(planOf(averaged)), usual);
  // The measuring units themselves are of a short text, and computed in the same way each time.
  const always = planOf(averaged, { numerics: { ...numerics, prepacking: "always" } });
  assert.deepEqual(idsOf(always), usual, "no text is as long as that it would make a difference");
  for (const changed of [
    { numerics: { ...numerics, onnxruntime: "2" } },
    { numerics: { ...numerics, prepacking: "never" as const } },
    { numerics: { ...numerics, tf32: true } },
    { passes: passNames.filter((name) => name !== "restrict-positions") },
  ]) {
    const other = idsOf(planOf(averaged, changed));
    assert.ok(!other.some((id) => usual.includes(id)), JSON.stringify(changed));
  }
});

test("on the CPU neither batches nor what else is captured are part of it", () => {
  const usual = idsOf(planOf(averaged));
  // Room for one long text at a time: captured in several batches, the single token alone in its own as before.
  const small = planOf(averaged, { memoryBudget: 2 ** 17 });
  const captures = (plan: Plan): number =>
    plan.evaluations.filter(({ purpose }) => purpose === "capture").flatMap(({ units }) => units).length;
  assert.ok(captures(small) >= captures(planOf(averaged)));
  assert.deepEqual(idsOf(small), usual);
  const beside = planOf(`${averaged}experiment more on m with p ablate heads L0 by mean of other measure entropy\n`);
  assert.deepEqual(idsOf(beside), usual);
});

test("on another device the value is that of its very units", () => {
  const { capabilities: limited } = cudaBackend(0);
  const cuda: Partial<PlanOptions> = { numerics: { ...numerics, device: "cuda" }, capabilities: limited };
  const usual = idsOf(planOf(averaged, cuda));
  const beside = planOf(
    `${averaged}experiment more on m with p ablate heads L0 by mean of other measure entropy\n`,
    cuda,
  );
  assert.ok(!idsOf(beside).some((id) => usual.includes(id)));
});

test("other texts, and the same under another name, are other values", () => {
  const usual = idsOf(planOf(patched));
  assert.deepEqual(idsOf(planOf(patched)), usual);
  assert.ok(!idsOf(planOf(patched.replace("dog", "cow"))).some((id) => usual.includes(id)));
  assert.ok(!idsOf(planOf(patched.replaceAll("q", "r"))).some((id) => usual.includes(id)));
});
