/** Protocols of pipelines/ whose answer is known from how the models were trained. */
import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { evaluateResult } from "../../src/compiler/results/evaluate.js";
import type { Output } from "../../src/compiler/ir/protocol.js";
import { root } from "../support/root.js";
import { rowsOf, runFile, temporaryFolder, type Ran } from "./support.js";

/** The cells of the table that a pipeline shows under a title. */
async function tableCells(ran: Ran, title: string) {
  const table = ran.planned.protocol.outputs.find(
    (output): output is Extract<Output, { kind: "table" }> => output.kind === "table" && output.title === title,
  );
  const [column] = table?.columns ?? [];
  assert.ok(column, `the pipeline has a table ${title}`);
  return evaluateResult(column.expression, await rowsOf(ran)).cells;
}

test("domains: the registers that gpt2-tiny was trained on are easier than those that were kept from it", async (t) => {
  const ran = await runFile(join(root, "pipelines", "domains.atlas"), { runs: temporaryFolder(t) });
  const perplexity = new Map(
    (await tableCells(ran, "perplexity_by_domain")).map((cell) => [String(cell.coordinates["group"]), cell.value]),
  );
  const trained = ["prose", "drama", "technical"].map((domain) => perplexity.get(domain) ?? NaN);
  const absent = ["dialect", "poetry", "spanish", "spanish_verse"].map((domain) => perplexity.get(domain) ?? NaN);
  assert.ok(Math.max(...trained) < Math.min(...absent), JSON.stringify([...perplexity]));
  // A model that had learnt nothing would be at the size of the vocabulary, 1024.
  assert.ok(Math.min(...trained) < 40, JSON.stringify([...perplexity]));
});

test("development: in both seeds induction heads form between two checkpoints", async (t) => {
  const ran = await runFile(join(root, "pipelines", "development.atlas"), { runs: temporaryFolder(t) });
  const cells = await tableCells(ran, "best_head");
  for (const seed of ["first", "second"]) {
    const best = (step: number): number => {
      const at = cells.filter((c) => c.coordinates["model"] === seed && c.coordinates["revision"] === `step${step}`);
      // The best head of each prompt; the table shows their mean.
      return at.reduce((sum, cell) => sum + cell.value, 0) / at.length;
    };
    // A head that attends evenly scores 0.014 on two copies of 50 tokens.
    assert.ok(best(0) < 0.03, `${seed}: ${best(0)}`);
    assert.ok(best(512) < 0.1, `${seed}: ${best(512)}`);
    assert.ok(best(724) > 0.4, `${seed}: ${best(724)}`);
    assert.ok(best(4000) > 0.7, `${seed}: ${best(4000)}`);
  }
});
