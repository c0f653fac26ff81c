/** The example in the comment of every metric of the standard library is something that runs. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { documentedMetrics } from "../../src/compiler/docs/metrics.js";
import { readStandardLibrary } from "../../src/runtime/load.js";
import { root } from "../support/root.js";
import { protocolIn, rowsOf, runFile, temporaryFolder } from "../end-to-end/support.js";

test("what `atlasc doc` shows as the example of a metric can be measured, and gives numbers", async (t) => {
  const metrics = (await readStandardLibrary()).flatMap(documentedMetrics);
  const examples = metrics.map(({ name, facts }) => {
    const example = facts.find((fact) => fact.name === "example")?.text ?? "";
    assert.match(example, new RegExp(`\\b${name}\\b`), `the example of ${name}`);
    return { name, example };
  });
  assert.ok(examples.length > 30);
  const folder = temporaryFolder(t);
  // Texts with answers, which some metrics need, and long enough for every window; a few of each group.
  const pack = readFileSync(join(root, "stdlib/prompts/induction.jsonl"), "utf8").trim().split("\n");
  const chosen = pack.filter((_, i) => i % 4 === 0);
  writeFileSync(join(folder, "pairs.jsonl"), chosen.join("\n"));
  // Pairs of equally long texts, for what compares them place by place.
  const aligned = readFileSync(join(root, "docs/examples/answers.jsonl"), "utf8");
  writeFileSync(join(folder, "aligned.jsonl"), aligned);
  const textsOf = (name: string): string =>
    name.startsWith("continuation_") ? "continued" : alignedMetrics.test(name) ? "aligned" : "pairs";
  const alignedMetrics = /^(?:attribution|integrated_gradients|edges_to_.)$/;
  const path = protocolIn(
    folder,
    [
      'model gpt2 from "@stdlib/models/gpt2-tiny"',
      'prompts pairs from "pairs.jsonl"',
      '  clean "clean" corrupt "corrupt" answer "answer" distractor "distractor"',
      'prompts aligned from "aligned.jsonl"',
      'prompts continued from "@stdlib/prompts/induction.jsonl" text "clean" continuation "answer"',
      ...examples.map(({ name, example }) => {
        return `experiment example_${name} with ${textsOf(name)} measure ${example}`;
      }),
    ].join("\n"),
  );
  const ran = await runFile(path, { runs: `${folder}/runs` });
  assert.deepEqual(
    ran.summary.faults.map(({ message }) => message),
    [],
  );
  assert.equal(ran.summary.stopped, null);
  assert.equal(ran.summary.status, "finished");
  const rows = await rowsOf(ran);
  for (const { name } of examples) {
    const own = rows.filter((row) => row.experiment === `example_${name}`);
    const least = textsOf(name) === "aligned" ? aligned.trim().split("\n").length : chosen.length;
    assert.ok(own.length >= least, `${name} has a row for each pair`);
    for (const row of own) assert.ok(Number.isFinite(row.value), `${name}: ${row.value}, ${String(row.reason)}`);
  }
});
