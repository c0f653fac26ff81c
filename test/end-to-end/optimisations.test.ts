/**
 * Optimised plans give the numbers of plans without optimisation: random protocols over sites, operations, positions and
 * metrics, run both ways. A row of a batch is computed by the same kernels wherever it begins, so the numbers are the
 * same bits; the seeds are recorded in the tests' names.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { passNames } from "../../src/compiler/passes/names.js";
import type { ResultRow } from "../../src/compiler/ir/results.js";
import { seededIntegers } from "../../src/compiler/base/random.js";
import { planRun } from "../../src/runtime/plan-run.js";
import { oneThread, protocolIn, rowsOf, runFile, temporaryFolder } from "./support.js";

/** Clauses of interventions; `layers` is the last layer. */
const interventions: readonly ((layers: number) => string)[] = [
  () => "ablate heads L*",
  (last) => `ablate heads L1..${last}.H1 by mean`,
  () => "ablate mlp L2..4 by constant 0.5",
  (last) => `ablate attention L${last - 1}, L${last} together`,
  () => "ablate neurons L2.N3..6 at last",
  () => "scale heads L3..4 by [0.5, 2]",
  (last) => `steer resid_pre L1..${last} by 2 * random_direction(seed: 3) at -2`,
  () => "set resid_post[L2..3] at last to 0.5 * resid_post[L1] of others at last",
  () => "ablate heads L2 by resample from others seed 5",
  () => "set mlp_out[L3] to mean(mlp_out[L3] of others) + 0.1 * attn_out[L1]",
];

const metrics: readonly string[] = [
  "loss",
  "nll at last as final_nll",
  "R_V early L0 late L4 window 6",
  "kl",
  "norm(resid_post[L2] at last) as middle_norm",
  "pattern_entropy layer [L1, L5]",
  "cosine(resid_post[L4], resid_post[L4] of baseline over d_model) as turned",
  "logit_lens layer [L0, L3]",
];

const texts = [
  '"The old house stood at the end of the road, and nobody could say who had built it."',
  '"She opened the letter slowly."',
  '"A program that reads its own text must stop somewhere, or it will read for ever."',
];
const others = [
  '"The new ships lay in the bay, and every sailor knew the name of the one that had won."',
  '"He closed the window gently."',
  '"A letter that answers its own question need not be sent, unless somebody waits for it."',
];

function protocolOf(seed: number, model: string): string {
  const next = seededIntegers(seed);
  const pick = <T>(list: readonly T[]): T => list[next(list.length)] as T;
  const measured = [...new Set([pick(metrics), pick(metrics), pick(metrics)])];
  const experiments = [0, 1].map((i) => {
    const intervention = pick(interventions)(5);
    return `experiment e${i}\n  with texts\n  ${intervention}\n  measure ${measured.join(", ")}`;
  });
  return [
    `model m from "${model}"`,
    `prompts texts from [${texts.join(", ")}]`,
    `prompts others from [${others.join(", ")}]`,
    ...experiments,
  ].join("\n");
}

function byPlace(rows: readonly ResultRow[]): ReadonlyMap<string, ResultRow> {
  return new Map(
    rows.map((row) => [JSON.stringify([row.experiment, row.metric, row.axes, row.baseline === null]), row]),
  );
}

const cases = [
  [1, "@stdlib/models/gpt2-tiny"],
  [2, "@stdlib/models/pythia-tiny"],
  [3, "@stdlib/models/llama-tiny"],
  [4, "@stdlib/models/gpt2-tiny"],
  [5, "@stdlib/models/pythia-tiny"],
  [6, "@stdlib/models/llama-tiny"],
] as const;

for (const [seed, model] of cases) {
  test(`seed ${seed} on ${model}: with and without optimisations the same bits`, async (t) => {
    const folder = temporaryFolder(t);
    const path = protocolIn(folder, protocolOf(seed, model));
    const naive = await runFile(path, { runs: `${folder}/naive`, passes: [] });
    // A graph costs nothing here, so that every condition begins as late as it can.
    const optimised = await runFile(path, { runs: `${folder}/optimised`, graphWork: 0 });
    const expected = byPlace(await rowsOf(naive));
    const found = byPlace(await rowsOf(optimised));
    assert.deepEqual([...found.keys()].sort(), [...expected.keys()].sort());
    assert.ok(expected.size > 0);
    for (const [place, row] of expected) {
      const other = found.get(place);
      assert.deepEqual([other?.value, other?.reason], [row.value, row.reason], place);
    }
    assert.equal(
      naive.planned.plan.graphs.every((graph) => graph.start === 0),
      true,
    );
  });
}

test("texts whose clean run would fill the memory are run whole", async (t) => {
  const folder = temporaryFolder(t);
  const text = `model m from "@stdlib/models/gpt2-tiny"\nprompts p random tokens 100 count 64\nablate heads L3..5 measure loss`;
  const plan = async (memoryBudget: number): Promise<readonly number[]> => {
    const path = protocolIn(folder, text);
    const outcome = await planRun(
      { path, text },
      { overrides: new Map(), engine: oneThread(), memoryBudget, graphWork: 0 },
    );
    assert.ok(outcome.kind === "planned");
    return outcome.planned.plan.graphs.map((graph) => graph.start).sort();
  };
  // Three starts keep 64 texts of 100 tokens and 64 numbers each: 4.9 MB of float32.
  assert.deepEqual(await plan(6e6), [0, 0, 3, 4, 5]);
  assert.deepEqual(await plan(4e6), [0]);
});

test("rows begin at the layer that their condition changes first", async (t) => {
  const folder = temporaryFolder(t);
  const text = `model m from "@stdlib/models/gpt2-tiny"\nprompts p from [${texts.join(", ")}]\nablate heads L* measure loss`;
  const ran = await runFile(protocolIn(folder, text), { runs: folder, graphWork: 0, passes: passNames });
  const starts = ran.planned.plan.graphs.map((graph) => graph.start);
  assert.deepEqual([...starts].sort(), [0, 0, 1, 2, 3, 4, 5]);
  const { layerRuns, naiveLayerRuns } = ran.planned.plan.cost;
  // Four heads on three prompts: 12 rows a layer, 6 − l layers each; the clean run of 3 rows goes to L5, the baseline from it.
  assert.equal(layerRuns, 12 * (6 + 5 + 4 + 3 + 2 + 1) + 3 * 5 + 3);
  assert.ok(layerRuns < naiveLayerRuns);
});
