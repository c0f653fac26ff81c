/** What each pass saves, as `atlasc explain` shows it: the table, and that its numbers add up. */
import assert from "node:assert/strict";
import test from "node:test";
import type { Plan } from "../../src/compiler/ir/plan.js";
import type { Speed } from "../../src/compiler/lower/estimate.js";
import { explainPasses, type PassSavings, type PlanWork } from "../../src/compiler/lower/explain-passes.js";
import { passTable } from "../../src/compiler/lower/explain-table.js";
import { explainPlan, type Explanation } from "../../src/compiler/lower/explain.js";
import { planProtocol, type PlanOptions } from "../../src/compiler/lower/plan.js";
import { passNames, type PassName } from "../../src/compiler/passes/names.js";
import type { Backend } from "../../src/runtime/engine/backend.js";
import { cpuBackend } from "../../src/runtime/engine/backends/cpu.js";
import { cudaBackend } from "../../src/runtime/engine/backends/cuda.js";
import { expectGolden } from "../support/golden.js";
import { capabilities, compileText } from "./compiling.js";
import { stageSurroundings } from "./stages.js";

const around = await stageSurroundings();

/**
 * Every pass but one has something to do here: shared captures, places without influence, a loss, a value of one
 * position. The texts are too short for attention in chunks.
 */
const text = `model m from "./m"
prompts p from ["the cat sat on the mat and looked at it", "the dog ran on and on and saw the cat"]
prompts q from ["it rained all day on the cat", "it rained on the dog"]
experiment early on m with q ablate heads L* by mean of q measure norm(resid_post[L1] at last) as size
experiment late on m with p ablate heads L* by mean of q measure loss
`;

const options: PlanOptions = {
  memoryBudget: 2 ** 30,
  // Graphs of so small a model are never worth opening otherwise.
  graphWork: 1e4,
  numerics: { onnxruntime: "none", device: "cpu", graphOptimization: "basic", prepacking: "always", tf32: false },
  capabilities,
};
const speed: Speed = { matrixRate: 1e9 };

interface Explained {
  readonly plan: Plan;
  readonly savings: PassSavings;
  readonly text: string;
}

function explained(
  changes: Partial<PlanOptions> = {},
  known: Speed | null = speed,
  backend?: Explanation["backend"],
): Explained {
  const { value, diagnostics } = compileText(text, around);
  assert.ok(value.protocol !== null, JSON.stringify(diagnostics));
  const { protocol, models } = value;
  const chosen = { ...options, ...changes };
  const { value: plan, diagnostics: faults } = planProtocol(protocol, models, chosen);
  assert.deepEqual(faults, []);
  const savings = explainPasses(protocol, plan, models, chosen, known);
  const explanation = {
    savings,
    times: "times are about, at 1 GFLOP/s",
    lastRun: "0.20 s for 9.0 MFLOP: 45 MFLOP/s",
    ...(backend === undefined ? {} : { backend }),
  };
  return { plan, savings, text: explainPlan(protocol, plan, (id) => models.get(id)?.signature, explanation) };
}

const keys = ["layerRuns", "flops", "activationBytes", "openedWeightBytes", "sessions", "units", "seconds"] as const;

function numbersOf(work: PlanWork): readonly number[] {
  return keys.map((key) => work[key] ?? Number.NaN);
}

/** The plan without passes less what they saved is the plan with them; seconds up to the rounding of their sum. */
function assertAddsUp({ naive, passes, planned }: PassSavings): void {
  for (const key of keys) {
    const left = passes.reduce((rest, { saved }) => rest - (saved[key] ?? 0), naive[key] ?? 0);
    const off = Math.abs(left - (planned[key] ?? 0));
    assert.ok(off <= (key === "seconds" ? 1e-12 * (naive.seconds ?? 0) : 0), `${key} is off by ${off}`);
  }
}

test("which layer each percentage of depth became stands before the table", () => {
  const protocol = 'model m from "./m"\nprompts p from ["the cat sat"]\nablate mlp L87.5% measure loss\n';
  const { value } = compileText(protocol, around);
  assert.ok(value.protocol !== null);
  const { value: plan } = planProtocol(value.protocol, value.models, options);
  const { savings } = explained();
  const explanation = { savings, times: "no times", lastRun: null, depths: value.depths };
  const shown = explainPlan(value.protocol, plan, (id) => value.models.get(id)?.signature, explanation);
  assert.match(shown, /\nDepths\n {2}L87\.5% is L2 of the 3 layers of m\n\nPasses /);
});

test("what the plan could not rely on is listed under the name of what computes", () => {
  const shownWith = (backend: Backend): string => {
    const changes = { capabilities: backend.capabilities };
    return explained(changes, speed, { name: backend.name, ...changes }).text;
  };
  const shown = shownWith(cudaBackend(1));
  assert.match(shown, /\nOn cuda:1\n {2}attention is computed as a whole: [^\n]+\n/);
  const limits = /\nOn cuda:1\n((?: {2}[^\n]+\n)+)\nPasses /.exec(shown)?.[1] ?? "";
  assert.ok(limits !== "" && limits.split("\n").every((line) => line.length <= 100), "100 columns");
  assert.equal(shownWith(cpuBackend), explained().text, "on the CPU there is nothing to say");
});

test("the table of a protocol on which every pass but one has work to do", () => {
  const { plan, savings, text } = explained();
  assertAddsUp(savings);
  assert.deepEqual(
    savings.passes.filter(({ saved }) => numbersOf(saved).every((n) => n === 0)).map(({ name }) => name),
    ["chunk-attention"],
  );
  assert.equal(savings.planned.layerRuns, plan.cost.layerRuns);
  assert.equal(savings.planned.units, plan.cost.units);
  assert.ok(savings.planned.flops < savings.naive.flops);
  assert.ok(
    text.split("\n").every((line) => line.length <= 100 || line.startsWith("  begin ")),
    "100 columns",
  );
  expectGolden("explain/passes.txt", `${text.replace(/\n {2}plan +\w+$/, "")}\n`);
});

test("passes that are left out save nothing, and the others are applied without them", () => {
  const without: readonly PassName[] = passNames.filter(
    (name) => name !== "resume-from-prefix" && name !== "batch-rows",
  );
  const { plan, savings } = explained({ passes: without });
  assertAddsUp(savings);
  for (const { name, applied, saved } of savings.passes) {
    assert.equal(applied, without.includes(name), name);
    if (!applied)
      assert.ok(
        numbersOf(saved).every((n) => n === 0),
        name,
      );
  }
  assert.equal(savings.planned.flops, plan.cost.flops);
  const lines = passTable(savings);
  assert.deepEqual(
    lines.filter((line) => line.includes("left out")),
    ["  resume-from-prefix  left out", "  batch-rows  left out"],
  );
  const none = explained({ passes: [] }).savings;
  assert.deepEqual(none.planned, none.naive);
});

test("without a known speed there are no times", () => {
  const { savings } = explained({}, null);
  assert.equal(savings.naive.seconds, null);
  assert.ok(savings.passes.every(({ saved }) => saved.seconds === null));
  const [header = ""] = passTable(savings);
  assert.match(header, /batches$/);
  const timed = explained().savings;
  assert.deepEqual({ ...timed.planned, seconds: null }, savings.planned);
});

test("half the rate is half the seconds of the arithmetic", () => {
  const slow = explained({}, { ...speed, matrixRate: 5e8 }).savings;
  const fast = explained().savings;
  const more = (slow.naive.seconds ?? 0) - (fast.naive.seconds ?? 0);
  // Products reach 0.8 of the rate inside a graph.
  assert.ok(Math.abs(more - fast.naive.flops / 0.8e9) <= 1e-12 * more);
});

test("plans that do not fit into the memory count with what they need", () => {
  const { savings } = explained();
  const { value } = compileText(text, around);
  assert.ok(value.protocol !== null);
  const { value: plan } = planProtocol(value.protocol, value.models, options);
  const narrow = explainPasses(value.protocol, plan, value.models, { ...options, memoryBudget: 1000 }, speed);
  assertAddsUp(narrow);
  assert.ok(narrow.naive.activationBytes > 1000);
  assert.deepEqual(
    [narrow.naive.layerRuns, narrow.naive.flops, narrow.planned],
    [savings.naive.layerRuns, savings.naive.flops, savings.planned],
  );
});

test("what passes save survives JSON", () => {
  const { savings } = explained();
  assert.deepEqual(JSON.parse(JSON.stringify(savings)), savings);
  assert.deepEqual(
    savings.passes.map(({ name }) => name),
    passNames,
  );
});

test("second derivatives are explained, and where gradients are taken", () => {
  const { value, diagnostics } = compileText(
    `model m from "./m"
prompts p from ["the cat sat on the mat", "the dog ran on and on"]
experiment slopes measure norm(grad(loss, z[L1])) as slope
experiment bent curvature of loss over params W_Q L0..1 top 2 trace coupling probes 3 steps 8
`,
    around,
  );
  assert.ok(value.protocol !== null, JSON.stringify(diagnostics));
  const { value: plan } = planProtocol(value.protocol, value.models, options);
  const signatureOf = (id: string) => value.models.get(id)?.signature;
  const shown = explainPlan(value.protocol, plan, signatureOf);
  assert.match(shown, /\n {2}gradients {2}at z\[1\]: /);
  // Two blocks: 8 steps and 2 residuals, 3 probes of the trace, 3 of each of the heads.
  const heads = signatureOf(value.protocol.studies[0]?.model ?? "")?.heads ?? NaN;
  const products = 2 * (8 + 2 + 3 + 3 * heads);
  assert.match(
    shown,
    new RegExp(`bent on m with p, a curvature\n {2}weights {4}W_Q L0 L1: 2 blocks of [\\d,]+ parameters\n`),
  );
  assert.ok(shown.includes(`at most ${products} of a Hessian and a vector, each over 2 rows in `), shown);
  assert.match(shown, new RegExp(`Hessian products {5}at most ${products}, with about [\\d.]+ [MG]FLOP`));
});
