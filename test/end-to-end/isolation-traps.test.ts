/** Ways in which one part of a run could reach into another, each written down as the protocol that would show it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { protocolIn, quoted, rowAt, rowsOf, runFile, temporaryFolder } from "./support.js";

const evening = "It was a fine evening, and nobody was at home.";
const king = "My lord, the king is dead, and we are all undone.";
const still = "The water was still.";

/** Runs protocols on gpt2-tiny in one folder of runs, so that finished units are found again. */
function runner(context: TestContext) {
  const folder = temporaryFolder(context);
  let count = 0;
  return async (text: string) => {
    count += 1;
    const path = protocolIn(folder, `model m from "@stdlib/models/gpt2-tiny"\n${text}\n`, `run-${count}.atlas`);
    return rowsOf(await runFile(path, { runs: join(folder, "runs") }));
  };
}

test("the names of two prompt sets are exchanged: the store does not give the one's values for the other's", async (t) => {
  const run = runner(t);
  const protocol = (a: string, b: string, before: string): string => `
    prompts p from [${quoted(evening)}]
    prompts a from [${quoted(a)}]
    prompts b from [${quoted(b)}]
    ${before}
    experiment e with p
      steer resid_pre L2 by mean(resid_post[L1] of a) - mean(resid_post[L1] of b)
      measure loss`;
  // Another experiment that has asked for the averages of b before must not make them come first.
  const other = "experiment other with p steer resid_pre L2 by mean(resid_post[L1] of b) measure loss";
  const one = rowAt(await run(protocol(king, still, "")), "e", "loss", { layer: 2 });
  const exchanged = rowAt(await run(protocol(still, king, other)), "e", "loss", { layer: 2 });
  const alone = rowAt(await run(protocol(still, king, "")), "e", "loss", { layer: 2 });
  assert.equal(exchanged.value, alone.value);
  assert.ok(Math.abs(one.value - alone.value) > 0.01, `${one.value} and ${alone.value}`);
});

test("two prompt sets of the same texts are two sets", async (t) => {
  const rows = await runner(t)(`
    prompts p from [${quoted(evening)}]
    prompts a from [${quoted(king)}]
    prompts b from [${quoted(king)}]
    experiment nothing with p
      steer resid_pre L2 by mean(resid_post[L1] of a) - mean(resid_post[L1] of b)
      measure loss
    experiment one with p ablate mlp L2 by mean of a measure loss
    experiment other with p ablate mlp L2 by mean of b measure loss`);
  assert.equal(rowAt(rows, "nothing", "loss", { layer: 2 }).impact, 0);
  const one = rowAt(rows, "one", "loss", { layer: 2 });
  assert.notEqual(one.impact, 0);
  assert.equal(one.value, rowAt(rows, "other", "loss", { layer: 2 }).value);
});

test("changes of one site happen at once: neither their order nor other conditions decide what they read", async (t) => {
  const rows = await runner(t)(`
    prompts p from [${quoted(evening)}]
    experiment swept with p ablate heads L0..1.H3 set z[L1.H2] to z[L1.H3] measure loss
    experiment alone with p ablate heads L1.H3 set z[L1.H2] to z[L1.H3] measure loss
    experiment turned with p set z[L1.H2] to z[L1.H3] ablate heads L1.H3 measure loss
    experiment exchanged with p set z[L1.H2] to z[L1.H3] set z[L1.H3] to z[L1.H2] measure norm(z[L1.H2]) as second, norm(z[L1.H3]) as third`);
  const at = { layer: 1, head: 3 };
  const alone = rowAt(rows, "alone", "loss", at).value;
  assert.equal(rowAt(rows, "swept", "loss", at).value, alone);
  assert.equal(rowAt(rows, "turned", "loss", at).value, alone);
  const norm = (metric: string, unmodified: boolean): number => rowAt(rows, "exchanged", metric, {}, unmodified).value;
  assert.equal(norm("second", false), norm("third", true));
  assert.equal(norm("third", false), norm("second", true));
  assert.ok(Math.abs(norm("second", true) - norm("third", true)) > 0.1);
});

test("a vector is unembedded alone as in company", async (t) => {
  const run = runner(t);
  const protocol = (texts: readonly string[]): string => `
    prompts p from [${texts.map(quoted).join(", ")}]
    experiment e with p measure sum(unembed(resid_post[L2] at last)) as total, max(unembed(resid_post[L2] at last)) as most`;
  const prompts = [evening, "I", "A", king];
  const together = await run(protocol(prompts));
  for (const [i, prompt] of prompts.entries()) {
    const alone = await run(protocol([prompt]));
    for (const metric of ["total", "most"]) {
      const { value } = rowAt(together, "e", metric, { prompt: i }, true);
      assert.equal(rowAt(alone, "e", metric, { prompt: 0 }, true).value, value, `${metric} of ${prompt}`);
    }
  }
});

test("what a prompt is resampled from does not depend on the other prompts", async (t) => {
  const run = runner(t);
  const others = Array.from({ length: 8 }, (_, i) => `${king} ${evening} ${i}`);
  const protocol = (texts: readonly string[]): string => `
    prompts p from [${texts.map(quoted).join(", ")}]
    prompts others from [${others.map(quoted).join(", ")}]
    experiment e with p ablate mlp L2 by resample from others seed 3 measure entropy`;
  const all = await run(protocol([still, evening, king]));
  const last = await run(protocol([king]));
  const { value } = rowAt(last, "e", "entropy", { layer: 2 });
  assert.equal(rowAt(all, "e", "entropy", { layer: 2, prompt: 2 }).value, value);
});
