/** Results that float32 cannot hold, and that float64 can. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ResultRow } from "../../src/compiler/ir/results.js";
import { rowsBothWays } from "./both-ways.js";

describe("what float32 cannot hold is finished in float64", () => {
  test("perplexities, and whatever is computed from them place by place", async (context) => {
    const rows = await rowsBothWays(
      context,
      `prompts p from ["The old house stood at the end of the road.", "My lord, the king is dead, and we are undone."]
       prompts q from ["The old house stood at the end of the lane.", "My lady, the king is dead, and we are undone."]
       experiment e
         with p
         patch resid_post L1 at last from q into p
         scale final by 100
         measure loss, perplexity, word_perplexity, exp(nll) as each, mean(exp(nll) over pos) as average,
           1 / perplexity as inverse, log(perplexity) as back, perplexity ^ 9 as more,
           perplexity - (perplexity of p) as change, recovery of perplexity,
           max(exp(logprobs at last) over vocab) as top_probability`,
    );
    const changed = rows.filter((row) => row.baseline !== null);
    const at = (metric: string, prompt: number): ResultRow => {
      const found = changed.find((row) => row.metric === metric && row.axes["prompt"] === prompt);
      assert.ok(found !== undefined, metric);
      return found;
    };
    const near = (actual: number, expected: number): void => {
      assert.ok(Math.abs(actual - expected) <= 1e-9 * Math.abs(expected), `${actual} instead of ${expected}`);
    };
    for (const prompt of [0, 1]) {
      const loss = at("loss", prompt).value;
      assert.ok(loss > 89, "exp of the loss is beyond float32");
      near(at("perplexity", prompt).value, Math.exp(loss));
      assert.equal(at("perplexity", prompt).reason, null);
      near(at("inverse", prompt).value, 1 / Math.exp(loss));
      near(at("back", prompt).value, loss);
      const before = at("perplexity", prompt).baseline ?? NaN;
      assert.ok(before < 3e38);
      near(at("change", prompt).value, Math.exp(loss) - before);
      const nll = changed.filter((row) => row.metric === "each" && row.axes["prompt"] === prompt);
      assert.ok(nll.every((row) => Number.isFinite(row.value)) && nll.some((row) => row.value > 3.5e38));
      near(at("average", prompt).value, nll.reduce((sum, row) => sum + row.value, 0) / nll.length);
      assert.ok(Number.isFinite(at("recovery", prompt).value));
      assert.ok(at("top_probability", prompt).value <= 1);
    }
    assert.ok(
      changed.every((row) => row.metric !== "more" || (row.reason ?? "").endsWith("beyond the range of float64")),
    );
  });

  test("a number that float32 holds stays as it is", async (context) => {
    const rows = await rowsBothWays(
      context,
      `prompts p from ["The old house stood at the end of the road.", "My lord, the king is dead, and we are undone."]
       experiment e
         with p
         measure perplexity, loss, 1 / (1 + exp(1000 * norm(embed at last))) as gate`,
    );
    for (const { metric, value } of rows) {
      if (metric === "perplexity") assert.equal(value, Math.fround(value));
      if (metric === "gate") assert.equal(value, 0);
    }
  });
});
