/**
 * Optimised plans give the numbers of the naive plan: random protocols over sites, operations, positions and metrics are
 * run naively, with every pass, and with each pass left out. Every plan must give the same bits: rows go through the same
 * kernels wherever they begin, whatever shares their batch, and however the model is cut. A protocol that shows a
 * difference is made small and written to test/fixtures/optimisations, from where it is run ever after.
 */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { passNames, type PassName } from "../../src/compiler/passes/names.js";
import { planRun } from "../../src/runtime/plan-run.js";
import { seeded } from "../support/random.js";
import { root } from "../support/root.js";
import { protocolText, randomExperiments, type RandomProtocol } from "./random-protocols.js";
import { assertSame, models, pairs, runner, sets, type Rows } from "./random-runs.js";
import { shrinkProtocol, smallerProtocols } from "./shrink-protocol.js";
import { oneThread, protocolIn, rowsOf, runFile, temporaryFolder } from "./support.js";

const fixtures = join(root, "test", "fixtures", "optimisations");

/** A protocol that once gave different numbers without the pass. */
interface Kept {
  readonly model: string;
  readonly without: PassName | "all";
  readonly protocol: RandomProtocol;
}

type Run = (protocol: RandomProtocol, without: Kept["without"] | "none") => Promise<Rows>;

/** A graph costs nothing here, and no text is too short for chunks, so that passes do as much as they can. */
function plannedRunner(context: TestContext, model: string): Run {
  const random = models[model];
  assert.ok(random !== undefined);
  const run = runner(context, random);
  return (protocol, without) => {
    const passes = without === "all" ? [] : passNames.filter((name) => name !== without);
    return run(protocol, { passes, graphWork: 0, chunkedFrom: 0 });
  };
}

/** Compares the plan without a pass (or without all) with the one that has every pass. */
async function compare(run: Run, { model, protocol, without }: Kept, optimised: Rows): Promise<void> {
  const expected = await run(protocol, without);
  const shown = protocolText(models[model] ?? assert.fail(model), sets, protocol, "pairs", "even");
  assertSame(optimised, expected, `with every pass, and without ${without}\n${shown}`);
}

async function keepSmallest(context: TestContext, run: Run, kept: Kept, name: string): Promise<void> {
  const fails = (protocol: RandomProtocol): Promise<boolean> =>
    run(protocol, "none")
      .then((optimised) => compare(run, { ...kept, protocol }, optimised))
      .then(
        () => false,
        () => true,
      );
  const protocol = await shrinkProtocol(kept.protocol, fails);
  mkdirSync(fixtures, { recursive: true });
  const path = join(fixtures, `${name}.json`);
  writeFileSync(path, `${JSON.stringify({ ...kept, protocol }, null, 2)}\n`);
  context.diagnostic(`the smallest protocol that fails is in ${path}`);
}

/** Seed, model, and the passes that are left out one at a time. ATLASC_PASS_SEEDS=21,22 tries others, with all passes. */
const cases: readonly (readonly [number, string, readonly Kept["without"][]])[] =
  process.env["ATLASC_PASS_SEEDS"] === undefined
    ? [
        [1, "gpt2-tiny", ["all", "drop-unaffected", "share-evaluations", "resume-from-prefix"]],
        [2, "pythia-tiny", ["all", "resume-from-prefix", "stop-after-last-need", "chunk-attention"]],
        [3, "llama-tiny", ["all", "share-evaluations", "chunk-attention", "stream-loss"]],
        [4, "gpt2-tiny", ["all", "batch-rows", "cut-segments", "restrict-positions"]],
      ]
    : process.env["ATLASC_PASS_SEEDS"]
        .split(",")
        .flatMap((seed) => Object.keys(models).map((model) => [Number(seed), model, ["all", ...passNames]] as const));

for (const [seed, model, left] of cases) {
  test(`seed ${seed} on ${model}: the same bits without ${left.join(", ")}`, async (context) => {
    const random = models[model];
    assert.ok(random !== undefined);
    const run = plannedRunner(context, model);
    const protocol: RandomProtocol = {
      texts: [0, 2, 3, 5, 7],
      pairs: pairs.map((_, i) => i),
      experiments: randomExperiments(seeded(1000 + seed), random, 4),
    };
    const optimised = await run(protocol, "none");
    assert.ok(Object.keys(optimised).length > 50);
    for (const without of left) {
      const kept = { model, without, protocol };
      try {
        await compare(run, kept, optimised);
      } catch (error) {
        await keepSmallest(context, run, kept, `seed-${seed}-${model}-${without}`);
        throw error;
      }
    }
  });
}

for (const file of existsSync(fixtures) ? readdirSync(fixtures).sort() : []) {
  test(`${file}, which differed once`, async (context) => {
    const kept = JSON.parse(readFileSync(join(fixtures, file), "utf8")) as Kept;
    const run = plannedRunner(context, kept.model);
    await compare(run, kept, await run(kept.protocol, "none"));
  });
}

test("a failing protocol is made as small as it can be", async () => {
  const protocol: RandomProtocol = {
    texts: [0, 1, 2],
    pairs: [0, 1],
    experiments: ["a", "b", "c"].map((name) => ({
      name,
      on: "texts",
      interventions: [{ before: "ablate heads", places: ["L0", "L1", "L2"], after: "" }],
      measures: ["loss", "nll", "kl"],
    })),
  };
  assert.equal(smallerProtocols(protocol).length, 3 + 3 + 2 + 3 * (3 + 3));
  // The made-up fault needs experiment b, its place L1, its measure kl and text 2.
  const smallest = await shrinkProtocol(protocol, ({ texts, experiments }) => {
    const b = experiments.find(({ name }) => name === "b");
    const places = b?.interventions[0]?.places ?? [];
    return Promise.resolve(places.includes("L1") && b?.measures.includes("kl") === true && texts.includes(2));
  });
  assert.deepEqual(smallest, {
    texts: [2],
    pairs: [1],
    experiments: [
      {
        name: "b",
        on: "texts",
        interventions: [{ before: "ablate heads", places: ["L1"], after: "" }],
        measures: ["kl"],
      },
    ],
  });
});

const sentences = sets.texts.slice(2, 5).map((text) => JSON.stringify(text));

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
  // Three starts keep the residual stream and the heads of 64 texts of 100 tokens, 64 numbers each: 9.8 MB of float32.
  assert.deepEqual(await plan(11e6), [0, 3, 4, 5]);
  assert.deepEqual(await plan(9e6), [0]);
});

test("rows begin inside the layer that their condition changes first", async (t) => {
  const folder = temporaryFolder(t);
  const text = `model m from "@stdlib/models/gpt2-tiny"\nprompts p from [${sentences.join(", ")}]\nablate heads L* measure loss`;
  const ran = await runFile(protocolIn(folder, text), { runs: folder, graphWork: 0, passes: passNames });
  const { graphs, cost, cuts } = ran.planned.plan;
  assert.deepEqual(graphs.map((graph) => graph.start).sort(), [0, 0, 1, 2, 3, 4, 5]);
  assert.deepEqual(
    graphs.find((graph) => graph.start === 3)?.inputs,
    [
      { site: "resid_pre", layer: 3 },
      { site: "z", layer: 3 },
    ],
    "the attention of the first changed layer is not computed again",
  );
  assert.deepEqual(cuts, { m: [1, 2, 3, 4, 5, 6] });
  // Four heads on three prompts: 12 rows a layer, 6 − l layers each; the clean run of 3 rows goes up to z of L5, and the
  // baseline begins there.
  assert.equal(cost.layerRuns, 12 * (6 + 5 + 4 + 3 + 2 + 1) + 3 * 5 + 3);
});

test("attention of long texts is computed in chunks, except where its pattern is read", async (t) => {
  const folder = temporaryFolder(t);
  const text = `model m from "@stdlib/models/llama-tiny"
    prompts long random tokens 255 count 2
    prompts short random tokens 200 count 2
    experiment far with long ablate heads L2 measure loss
    experiment near with short ablate heads L2 measure loss
    experiment read with long measure pattern_entropy layer L3, loss`;
  const path = protocolIn(folder, text);
  const ran = await runFile(path, { runs: `${folder}/chunks`, graphWork: 0 });
  const without = passNames.filter((name) => name !== "chunk-attention");
  const whole = await runFile(path, { runs: `${folder}/whole`, graphWork: 0, passes: without });
  assert.deepEqual(await rowsOf(ran), await rowsOf(whole));
  const chunked = (of: typeof ran): readonly string[] => {
    const { evaluations, graphs } = of.planned.plan;
    const used = new Set(
      evaluations.filter(({ texts }) => texts === "long").flatMap(({ units }) => units.map(({ graph }) => graph)),
    );
    return graphs.filter(({ settings }) => settings.chunkAttention).map(({ id }) => `${used.has(id)}`);
  };
  assert.deepEqual([...new Set(chunked(ran))], ["true"], "only graphs of the long texts");
  assert.deepEqual(chunked(whole), []);
  // Two chunks of 128 queries, of which the first has half of the keys: a quarter of all pairs is left out.
  assert.ok(ran.planned.plan.cost.flops < whole.planned.plan.cost.flops);
});

test("what two experiments ask for is computed once, with the measures of both", async (t) => {
  const folder = temporaryFolder(t);
  const text = `model m from "@stdlib/models/gpt2-tiny"
    prompts p from [${sentences.join(", ")}]
    experiment one with p ablate heads L2 measure loss
    experiment two with p ablate heads L2 measure entropy, loss
    experiment three with p ablate mlp L2 measure loss`;
  const shared = await runFile(protocolIn(folder, text), { runs: `${folder}/shared`, graphWork: 0 });
  const apart = await runFile(protocolIn(folder, text), {
    runs: `${folder}/apart`,
    graphWork: 0,
    passes: passNames.filter((name) => name !== "share-evaluations"),
  });
  // Three prompts under the four heads of L2 and the baseline twice, and under the MLP and the baseline: the first five
  // conditions are shared by two experiments and the baseline by all three. The clean run of 3 rows keeps z for the heads
  // and mlp_out for the MLP: together where evaluations are shared, in two runs otherwise.
  assert.equal(apart.planned.plan.cost.rows, 3 * (5 + 5 + 2) + 2 * 3);
  assert.equal(shared.planned.plan.cost.rows, 3 * (4 + 1 + 1) + 3);
  assert.equal(shared.summary.rowsComputed, shared.planned.plan.cost.rows);
});
