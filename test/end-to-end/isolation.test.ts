/** No number depends on its neighbours: batches, order, other experiments and threads change no bit. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { ResultRow } from "../../src/compiler/ir/results.js";
import { readFixture, trainedModels, whyAbsent, type TrainedFixture } from "../models/fixture.js";
import { root } from "../support/root.js";
import { leastMemory, oneThread, planOf, protocolIn, quoted, rowsOf, runFile, temporaryFolder } from "./support.js";

const sweep = `experiment sweep on m with demo
  ablate heads L*
  measure loss, R_V early L0 late L-1, entropy, self_attention, sum(nll over pos) as total`;
const averaged = `experiment averaged on m with demo
  ablate heads L1..2 by mean
  measure loss, perplexity, gain, norm(final at last) as size`;
const plain = `experiment plain on m with demo
  measure nll, pattern_entropy, prev_token, max(logits at last) as largest`;

/** Everything about a row but its prompt's number, which changes with the order; the value as bits. */
function rowKey(row: ResultRow, texts: readonly string[]): readonly [string, string] {
  const { prompt, ...axes } = row.axes;
  const bits = (value: number | null): string =>
    value === null ? "-" : Buffer.from(Float64Array.of(value).buffer).toString("hex");
  const key = JSON.stringify([row.experiment, row.metric, texts[Number(prompt)], axes, row.baseline === null]);
  return [key, [row.value, row.baseline, row.impact, row.relative].map(bits).join(" ") + (row.reason ?? "")];
}

for (const name of trainedModels) {
  test(`${name}: bit-equal alone and in company`, { skip: whyAbsent(name) ?? false }, async (context) => {
    const fixture = readFixture<TrainedFixture>(name);
    assert.ok(fixture !== null);
    const folder = temporaryFolder(context);
    // Several lengths, and two prompts of each of the longer ones.
    const texts = fixture.texts.flatMap((text) => [text.slice(0, 60), text.slice(0, 74), text.slice(8, 70)]);
    const source = (order: readonly string[], experiments: readonly string[]): string =>
      `model m from ${quoted(join(root, fixture.model.replace("@stdlib", "stdlib")))}
       prompts demo from [${order.map(quoted).join(", ")}]\n${experiments.join("\n")}\n`;
    let count = 0;
    const run = async (
      order: readonly string[],
      experiments: readonly string[],
      memoryBudget = 2 ** 30,
      threads = 1,
    ): Promise<Map<string, string>> => {
      count += 1;
      const path = protocolIn(folder, source(order, experiments), `run-${count}.atlas`);
      // A folder of runs for each, so that nothing is reused.
      const runs = join(folder, `runs-${count}`);
      const ran = await runFile(path, { runs, memoryBudget, engine: oneThread(threads) });
      assert.equal(ran.summary.units.reused, 0);
      const rows = await rowsOf(ran);
      const keyed = new Map(rows.map((row) => rowKey(row, order)));
      assert.equal(keyed.size, rows.length, "every row has coordinates of its own");
      return keyed;
    };
    const all = [sweep, averaged, plain];
    const together = await run(texts, all);

    const path = protocolIn(folder, source(texts, all), "plan.atlas");
    const planned = await planOf(path);
    const { plan } = planned;
    const least = leastMemory(planned);
    const split = (await planOf(path, least)).plan;
    const sizes = (p: typeof plan): readonly number[] =>
      p.evaluations.flatMap((e) => e.units.map((u) => u.rows.length));
    const singles = sizes(split).filter((size) => size === 1).length;
    assert.ok(Math.max(...sizes(plan)) > 10);
    assert.ok(singles > 0.5 * sizes(split).length);
    context.diagnostic(`${plan.cost.units} units by default, ${split.cost.units} with ${least} bytes`);
    assert.deepEqual(await run(texts, all, least), together, "one row at a time");

    const shuffled = [...texts.keys()].map((i) => texts[(i * 4 + 3) % texts.length] ?? "");
    assert.equal(new Set(shuffled).size, texts.length);
    assert.deepEqual(
      new Map([...(await run(shuffled, all))].sort()),
      new Map([...together].sort()),
      "in another order",
    );
    const alone = await run(texts, [sweep]);
    for (const [key, value] of alone) assert.equal(value, together.get(key), `alone: ${key}`);
    assert.deepEqual(await run(texts, all, 2 ** 30, 2), together, "two threads");
  });
}
