/** Protocols of pipelines/ whose answer is known from how the models were trained. */
import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { evaluateResult } from "../../src/compiler/results/evaluate.js";
import type { Output } from "../../src/compiler/ir/protocol.js";
import { root } from "../support/root.js";
import { protocolIn, rowsOf, runFile, temporaryFolder, type Ran } from "./support.js";

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

test("norms: the stream grows through the last layer of every model, and only RMSNorm leaves its mean in use", async (t) => {
  const ran = await runFile(join(root, "pipelines", "norms.atlas"), { runs: temporaryFolder(t) });
  const gains = await tableCells(ran, "gain_of_layer");
  const ones = await tableCells(ran, "along_ones");
  const of = (cells: typeof gains, model: string): readonly number[] =>
    cells.filter((cell) => cell.coordinates["model"] === model).map((cell) => cell.value);
  for (const model of ["gpt2", "pythia", "llama"]) {
    assert.equal(of(gains, model).length, 5);
    // That LayerNorm dampens the last layer (gain below 1), as is said of large models, does not hold for these.
    assert.ok((of(gains, model).at(-1) ?? NaN) > 1.3, `${model}: ${JSON.stringify(of(gains, model))}`);
  }
  // A random direction of width 64 has 1/64 = 0.016 of its square along the ones. LayerNorm does not see that direction,
  // so training leaves only weight decay at work on it.
  for (const model of ["gpt2", "pythia"])
    assert.ok(Math.max(...of(ones, model)) < 0.001, JSON.stringify(of(ones, model)));
  assert.ok(Math.min(...of(ones, "llama")) > 0.002, JSON.stringify(of(ones, "llama")));
});

test("two ways to copy: gpt2 attends one token after the earlier copy, llama three", async (t) => {
  const ran = await runFile(join(root, "pipelines", "two-ways-to-copy.atlas"), { runs: temporaryFolder(t) });
  const cells = await tableCells(ran, "best_by_distance");
  const best = (model: string, ahead: number): number => {
    const at = cells.filter((c) => c.coordinates["model"] === model && c.coordinates["ahead"] === ahead);
    assert.equal(at.length, 8, `prompts of ${model} at ${ahead}`);
    return at.reduce((sum, cell) => sum + cell.value, 0) / at.length;
  };
  for (const [model, distance] of [
    ["gpt2", 1],
    ["llama", 3],
  ] as const) {
    for (const ahead of [1, 2, 3, 4]) {
      // A head that attends evenly has 0.014.
      if (ahead === distance) assert.ok(best(model, ahead) > 0.7, `${model} at ${ahead}: ${best(model, ahead)}`);
      else assert.ok(best(model, ahead) < 0.05, `${model} at ${ahead}: ${best(model, ahead)}`);
    }
  }
  // Copying is what is measured: without the one head that carries the token to look for, it is gone.
  const removed = (await rowsOf(ran)).filter(
    (row) =>
      row.experiment === "removed" &&
      row.axes["model"] === "llama" &&
      row.axes["layer"] === 4 &&
      row.axes["head"] === 1,
  );
  assert.equal(removed.length, 8);
  for (const row of removed) {
    assert.ok((row.baseline ?? NaN) < 1, `baseline ${String(row.baseline)}`);
    assert.ok(row.value > 8, `ablated ${row.value}`);
  }
});

test("gpt2-tiny's second seed opens as a revision, copies as well, and is another model", async (t) => {
  const folder = temporaryFolder(t);
  const path = protocolIn(
    folder,
    `
    model seeds from "@stdlib/models/gpt2-tiny" revision ["seed2"]
    model first from "@stdlib/models/gpt2-tiny"
    prompts probe random tokens 50 repeat 2 count 8 seed 7
    experiment induction on first, seeds with probe measure induction_score
    let best_head = max(induction.induction_score over layer, head)
    table best_head
    `,
  );
  const cells = await tableCells(await runFile(path, { runs: join(folder, "runs") }), "best_head");
  const best = (model: string): readonly number[] =>
    cells.filter((cell) => cell.coordinates["model"] === model).map((cell) => cell.value);
  // The model card has 0.80 and 0.82, from other probes.
  for (const model of ["first", "seeds"]) assert.ok(Math.min(...best(model)) > 0.7, JSON.stringify(best(model)));
  assert.notDeepEqual(best("first"), best("seeds"));
});
