/**
 * A number depends on its prompt, its condition and what the condition names, and on nothing else: random protocols are
 * taken apart, their statements shuffled, prompts and conditions left out, the memory made small, and every row that is
 * left must be the same to the last bit.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { seeded, type Random } from "../support/random.js";
import {
  fewerConditions,
  protocolText,
  randomExperiments,
  shuffled,
  some,
  type RandomProtocol,
} from "./random-protocols.js";
import { assertSame, models, pairs, runner, sets } from "./random-runs.js";

/** Part of a protocol: some of the experiments, some of their conditions, some of the prompts. */
function partOf(random: Random, { texts, pairs: paired, experiments }: RandomProtocol, first: boolean): RandomProtocol {
  const half = experiments.filter((_, i) => i % 2 === (first ? 0 : 1));
  return {
    texts: shuffled(random, some(random, texts)),
    pairs: shuffled(random, some(random, paired)),
    experiments: shuffled(
      random,
      half.map((experiment) => ({
        ...fewerConditions(random, experiment),
        measures: shuffled(random, some(random, experiment.measures)),
      })),
    ),
  };
}

/** Seeds of the protocols by model. ATLASC_ISOLATION_SEEDS=1,2,3 tries others. */
const seeds: Readonly<Record<string, readonly number[]>> = { "gpt2-tiny": [1], "pythia-tiny": [2], "llama-tiny": [3] };
const asked = process.env["ATLASC_ISOLATION_SEEDS"]?.split(",").map(Number);

for (const [name, model] of Object.entries(models)) {
  for (const seed of asked ?? seeds[name] ?? []) {
    test(`${name}, seed ${seed}: the same bits in parts, in another order and in small batches`, async (context) => {
      const random = seeded(seed);
      const run = runner(context, model);
      const whole: RandomProtocol = {
        texts: sets.texts.map((_, i) => i),
        pairs: pairs.map((_, i) => i),
        experiments: randomExperiments(random, model, 5),
      };
      const expected = await run(whole);
      assert.ok(Object.keys(expected).length > 100);

      const again = await run(whole, {
        order: (statements) => shuffled(random, statements),
        memory: (least) => Math.ceil(least * (1 + 2 * random.next())),
      });
      assertSame(again, expected, `shuffled, in small batches\n${protocolText(model, sets, whole, "pairs", "even")}`);

      for (const first of [true, false]) {
        const part = partOf(random, whole, first);
        const rows = await run(part, { memory: (least) => Math.ceil(least * (1 + 9 * random.next())) });
        assert.ok(Object.keys(rows).length > 0);
        const same = Object.fromEntries(Object.keys(rows).map((key) => [key, expected[key] ?? "no such row"]));
        assertSame(rows, same, `a part\n${protocolText(model, sets, part, "pairs", "even")}`);
      }
    });
  }
}
