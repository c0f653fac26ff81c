/** A value that does not depend on the text is the same in every row, and never lost. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { ResultRow } from "../../src/compiler/ir/results.js";
import { rowsBothWays } from "./both-ways.js";
import { rowAt, temporaryFolder } from "./support.js";

function reasonsOf(rows: readonly ResultRow[], experiment: string, metric: string): readonly (string | null)[] {
  return rows.filter((row) => row.experiment === experiment && row.metric === metric).map((row) => row.reason);
}

describe("a value that is the same for every row of a batch is given to every row", () => {
  test("averages of other texts, weights, random directions, numbers; alone, in larger expressions, as reasons", async (context) => {
    const rows = await rowsBothWays(
      context,
      `prompts a random tokens 8 count 4 seed 1
       prompts b random tokens 8 count 4 seed 2
       experiment e
         with a
         ablate heads L2.H0..1
         measure norm(mean(resid_post[L3] of a) - mean(resid_post[L3] of b)) as length,
           mean(resid_post[L3] of b) as free,
           norm(W_U) as weights,
           (norm(W_U) of b where norm(W_U) > 1) as guarded,
           mean(norm(W_U) of b) as averaged,
           norm(random_direction(seed: 3)) as direction,
           1 + 1 as two,
           loss * norm(W_U) as product,
           norm(W_U) > 3 as true_for_all,
           1 / (norm(W_U) - norm(W_U)) as never
       experiment single
         with a
         measure 1 + 1 as two`,
    );
    const valuesOf = (metric: string, experiment = "e"): readonly number[] =>
      rows.filter((row) => row.experiment === experiment && row.metric === metric).map((row) => row.value);
    for (const metric of ["length", "weights", "averaged", "direction", "two", "true_for_all"]) {
      assert.equal(valuesOf(metric).length, 4 * 3, metric);
      assert.equal(new Set(valuesOf(metric)).size, 1, metric);
      assert.ok(valuesOf(metric).every(Number.isFinite), metric);
    }
    // Averaged over texts, a number that does not depend on them is itself.
    assert.equal(valuesOf("averaged")[0], valuesOf("weights")[0]);
    assert.equal(valuesOf("direction")[0], 1);
    assert.deepEqual(valuesOf("two", "single"), [2, 2, 2, 2]);
    assert.equal(valuesOf("free").length, 64 * 4 * 3);
    assert.equal(new Set(valuesOf("free")).size, 64);
    const product = valuesOf("product");
    assert.ok(product.every(Number.isFinite) && new Set(product).size > 4);
    assert.deepEqual(new Set(reasonsOf(rows, "e", "never")), new Set(["the divisor norm(W_U) - norm(W_U) is 0"]));
  });

  test("in what is put in, and for the texts of a corpus", async (context) => {
    const folder = temporaryFolder(context);
    writeFileSync(join(folder, "story.txt"), "The old house stood at the end of the road, and nobody lived in it. ".repeat(6)); // prettier-ignore
    const rows = await rowsBothWays(
      context,
      `prompts a random tokens 8 count 4 seed 1
       corpus c from "story.txt" window 32 stride 16
       experiment steered
         with a
         steer resid_post L2 by norm(W_U) * random_direction(seed: 3)
         measure loss
       experiment put
         with a
         set resid_post[L3] to mean(resid_post[L3] of a)
         measure norm(resid_post[L3] at last) as length, norm(mean(resid_post[L3] of a)) as wanted
       experiment read
         with c
         measure norm(W_U) as weights, loss * norm(W_U) as product, loss`,
      folder,
    );
    assert.ok(rows.every((row) => Number.isFinite(row.value)));
    assert.equal(new Set(rows.filter((row) => row.experiment === "steered").map((row) => row.value)).size, 8);
    const put = rows.filter((row) => row.experiment === "put" && row.baseline !== null);
    assert.equal(new Set(put.map((row) => row.value)).size, 1);
    const [weights, product, loss] = ["weights", "product", "loss"].map((metric) => rowAt(rows, "read", metric, {}, true).value); // prettier-ignore
    assert.ok(Math.abs((product ?? 0) - (weights ?? 0) * (loss ?? 0)) < 1e-4);
  });
});
