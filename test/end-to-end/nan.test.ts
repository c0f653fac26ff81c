/** A metric that has no value somewhere: the row stays, with the true reason, wherever results are shown. */
import assert from "node:assert/strict";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { ResultRow } from "../../src/compiler/ir/results.js";
import { readSafetensors, writeSafetensors } from "../../src/runtime/models/safetensors.js";
import { root } from "../support/root.js";
import { bothWays, rowsBothWays } from "./both-ways.js";
import { renderTextTable } from "../../src/runtime/report/text-table.js";
import { protocolIn, rowAt, rowsOf, runFile, runOnRandomModel, temporaryFolder } from "./support.js";

test("a vanishing Gram matrix gives NaN with its reason, and the row is kept everywhere", async (context) => {
  const ran = await runOnRandomModel(
    context,
    `
    experiment gone
      ablate attention L0..2
      measure PR(attn_out[L2] last 4) as pr
    experiment dead
      ablate layer L2 by constant 0
      measure norm(attn_out[L2] at last) / norm(mlp_out[L2] at last) as ratio
    table gone
    table gone by pr
    save gone to "gone.csv"
    save gone to "gone.jsonl"
    `,
  );
  assert.equal(ran.summary.status, "finished");
  const rows = await rowsOf(ran);
  for (const prompt of [0, 1]) {
    const row = rowAt(rows, "gone", "pr", { layer: 2, prompt });
    assert.ok(Number.isNaN(row.value) && Number.isNaN(row.impact) && Number.isNaN(row.relative));
    assert.match(row.reason ?? "", /divisor|trace/);
    assert.ok((row.baseline ?? 0) >= 1);
    for (const layer of [0, 1]) {
      const kept = rowAt(rows, "gone", "pr", { layer, prompt });
      assert.ok(Number.isFinite(kept.value) && kept.reason === null);
    }
    assert.match(rowAt(rows, "dead", "ratio", { layer: 2, prompt }).reason ?? "", /divisor/);
  }
  assert.equal(rows.filter((row) => row.experiment === "gone").length, 2 * (1 + 3));

  const [table, sorted] = ran.written.tables;
  assert.ok(table !== undefined && sorted !== undefined);
  const shown = renderTextTable(table, { width: 120 });
  assert.match(shown, /^ +2 +NaN¹/m);
  assert.match(shown, /¹ NaN: .*(divisor|trace)/);
  assert.equal(sorted.rows.at(-1)?.[0]?.value, 2, "NaN sorts last and is not dropped");
  const report = readFileSync(ran.written.report, "utf8");
  assert.match(report, /NaN/);
  assert.match(report, /divisor|trace\(g\)/);
  const csv = readFileSync(join(ran.folder.outputs, "gone.csv"), "utf8").trim().split("\n");
  assert.equal(csv.length, 1 + 8);
  assert.equal(csv.filter((line) => line.includes("NaN")).length, 2);
  const lines = readFileSync(join(ran.folder.outputs, "gone.jsonl"), "utf8").trim().split("\n");
  const objects = lines.map((line) => JSON.parse(line) as { value: unknown; reason: unknown });
  assert.equal(objects.filter((object) => object.value === "NaN" && object.reason !== null).length, 2);
});

test("a value of another run that is no number says so with the reason that it had there", async (context) => {
  const folder = temporaryFolder(context);
  const path = protocolIn(
    folder,
    `model m from "@stdlib/models/gpt2-tiny"
     prompts p from ["The old house stood at the end of the road."]
     experiment e
       ablate heads L1.H0
       measure loss - (log(loss / loss - 2) of baseline) as odd`,
  );
  const rows = await rowsOf(await runFile(path, { runs: folder }));
  assert.equal(rows.length, 2);
  for (const { value, reason } of rows) {
    assert.ok(Number.isNaN(value));
    assert.match(reason ?? "", /in the unmodified run on p: .*the logarithm needs a positive number/);
  }
});

const tiny = join(root, "stdlib", "models", "gpt2-tiny");

/** gpt2-tiny whose thirteenth position is infinite: a text of more than 12 tokens is no number any more. */
function brokenModel(folder: string): void {
  const to = join(folder, "broken");
  mkdirSync(to);
  for (const name of ["config.json", "tokenizer.json", "tokenizer_config.json"]) cpSync(join(tiny, name), join(to, name)); // prettier-ignore
  const file = readSafetensors(readFileSync(join(tiny, "model.safetensors")));
  assert.ok(file.ok);
  const positions = file.value.tensors["transformer.wpe.weight"];
  assert.ok(positions?.data instanceof Float32Array);
  const data = Float32Array.from(positions.data);
  data[12 * (positions.shape[1] ?? 0)] = Infinity;
  const tensors = { ...file.value.tensors, "transformer.wpe.weight": { ...positions, data } };
  writeFileSync(join(to, "model.safetensors"), writeSafetensors(tensors, file.value.metadata));
}

describe("what is computed from NaN is NaN, with what it comes from", () => {
  test("ranks, choices, comparisons and truth values too", async (context) => {
    const rows = await rowsBothWays(
      context,
      `prompts p from ["The old house stood at the end of the road.", "My lord, the king is dead."]
       metric hits = argmax(logits at last over vocab) is target at last
       experiment e
         with p
         scale resid_post L2 by 3e38
         measure loss, hits, top_token, top_prob, entropy,
           sum(logits at last > logits[target at last] at last over vocab) as rank,
           (nll at last > 3) as high,
           (loss > 3 and not loss < 2) as both,
           max(resid_post[L3] at last) as largest,
           top(logits at last, 2 over vocab) as best,
           loss where loss > 1 as guarded,
           1 / norm(resid_post[L2] at last) as inverse,
           norm(resid_post[L3] at last) ^ 0 as power,
           coupling layer L3,
           norm(resid_post[L1] at last) as before`,
    );
    const changed = rows.filter((row) => row.baseline !== null);
    assert.ok(changed.length > 2 * 14);
    for (const row of changed) {
      if (row.metric === "before") {
        assert.ok(Number.isFinite(row.value) && row.reason === null);
        continue;
      }
      assert.ok(Number.isNaN(row.value), `${row.metric} is ${row.value}`);
      assert.equal(row.reason, "resid_post[L2] times 3e+38 is not finite", row.metric);
    }
    assert.ok(rows.every((row) => row.baseline !== null || Number.isFinite(row.value)));
  });

  test("an activation is blamed only where it is not finite, and by name", async (context) => {
    const folder = temporaryFolder(context);
    brokenModel(folder);
    const path = protocolIn(
      folder,
      `model m from "./broken"
       prompts p from ["The old house.", "My lord, the king is dead, and we are all undone by this night, and nobody knows."]
       experiment e
         measure perplexity, top_token, R_V early L1 late L4 window 4, max(scores[L1]) as strongest, min(scores[L1]) as weakest,
           exp(1000 + 0 * norm(embed at last)) as large`,
    );
    const rows = await bothWays(path, folder);
    const at = (metric: string, prompt: number): ResultRow => rowAt(rows, "e", metric, { prompt }, true);
    for (const metric of ["perplexity", "top_token", "R_V", "strongest"]) {
      assert.ok(Number.isFinite(at(metric, 0).value), metric);
      assert.ok(Number.isNaN(at(metric, 1).value), metric);
    }
    const blamed = (metric: string): string => at(metric, 1).reason ?? "";
    assert.equal(blamed("perplexity"), "an activation of the model is not finite: nll");
    assert.equal(blamed("top_token"), "an activation of the model is not finite: logits at last");
    assert.match(blamed("R_V"), /^an activation of the model is not finite: v\[L[14]\] last 4$/);
    assert.equal(blamed("strongest"), "an activation of the model is not finite: scores[L1]");
    // −∞ is what a masked score is.
    assert.equal(at("weakest", 0).value, -Infinity);
    assert.equal(at("weakest", 0).reason, "scores[L1] is −∞ where attention is masked");
    assert.match(at("large", 1).reason ?? "", /^exp\(.*beyond the range of float64$/);
  });
});

describe("interventions and other runs keep their reasons", () => {
  test("a value that is added or put in", async (context) => {
    const rows = await rowsBothWays(
      context,
      `prompts p from ["The old house stood at the end of the road.", "My lord, the king is dead."]
       experiment divided
         with p
         steer resid_post L2 by resid_post[L1] / (norm(resid_post[L1]) - norm(resid_post[L1]))
         measure loss, top_token, norm(resid_post[L1] at last) as before
       experiment averaged
         with p
         steer resid_post L2 by 3 * random_direction(seed: 1) / (mean(resid_post[L1] of p) * 0) at 2
         measure loss
       experiment rooted
         with p
         set resid_post[L2] to sqrt(resid_post[L1])
         measure loss
       experiment guarded
         with p
         steer resid_post L2 by resid_post[L1] where resid_post[L1] > 0
         measure loss
       experiment large
         with p
         steer resid_post L2 by exp(100 * resid_post[L1])
         measure loss
       prompts one from ["The old house stood at the end of the road."]
       experiment somewhere
         with one
         steer resid_post L2 by (resid_post[L1] where norms(resid_post[L1]) < max(norms(resid_post[L1]) over pos)) at 0..5
         measure loss, argmax(norms(resid_post[L1]) at 0..5 over pos) as largest
       metric norms(x: [pos, d_model]) = norm(x over d_model)`,
    );
    const put = (experiment: string, metric = "loss"): ReadonlySet<string | null> =>
      new Set(
        rows
          .filter((row) => row.experiment === experiment && row.metric === metric && row.baseline !== null)
          .map((row) => row.reason),
      );
    const one = (reason: string): ReadonlySet<string> => new Set([reason]);
    const added = "the value that is added to resid_post[L2]: ";
    const zero = `${added}the divisor norm(resid_post[L1]) - norm(resid_post[L1]) is 0`;
    assert.deepEqual(put("divided"), one(zero));
    assert.deepEqual(put("divided", "top_token"), one(zero));
    assert.deepEqual(put("divided", "before"), new Set([null]));
    assert.deepEqual(put("averaged"), one(`${added}the divisor mean(resid_post[L1] of p) * 0 is 0`));
    assert.deepEqual(
      put("rooted"),
      one("the value that is put in as resid_post[L2]: the square root needs a number that is not negative, and resid_post[L1] is"), // prettier-ignore
    );
    assert.deepEqual(put("guarded"), one(`${added}requires resid_post[L1] > 0`));
    assert.deepEqual(put("large"), one(`${added}exp(100 * resid_post[L1]) is beyond the range of float32`));
    // A reason at a position where nothing is put in is nobody's.
    const positions = rows.filter((row) => row.experiment === "somewhere" && row.metric === "loss" && row.baseline !== null); // prettier-ignore
    const largest = rowAt(rows, "somewhere", "largest", {}, true).value;
    assert.deepEqual(
      positions.map((row) => row.reason !== null),
      positions.map((row) => row.axes["position"] === largest),
    );
    assert.equal(positions.length, 6);
  });

  test("a value that is patched in, a mean, a value of another run, and what is recovered", async (context) => {
    const folder = temporaryFolder(context);
    brokenModel(folder);
    const path = protocolIn(
      folder,
      `model m from "./broken"
       prompts short from ["The old house.", "My lord, the king."]
       prompts long from [
         "The old house stood at the end of the road and it was very old and cold.",
         "My lord, the king is dead, and we are all undone by this night, and nobody knows."
       ]
       experiment patched
         with short
         patch resid_post L1 at last from long into short
         measure loss, recovery of loss, (loss of long) - loss as change
       experiment averaged
         with short
         ablate attention L1 by mean of long
         measure loss
       experiment drawn
         with short
         ablate heads L1.H0 by resample from long seed 2
         measure loss
       experiment steered
         with short
         steer resid_post L2 by mean(resid_post[L1] of long)
         measure loss, norm(mean(resid_post[L1] of long)) as length, mean(log(resid_post[L1]) of short) as logarithm,
           (loss > 1 and top_token is target at last) as truth`,
    );
    const rows = await bothWays(path, folder);
    const changed = (experiment: string, metric: string): readonly (string | null)[] => [
      ...new Set(
        rows
          .filter((row) => row.experiment === experiment && row.metric === metric && row.baseline !== null)
          .map((row) => row.reason),
      ),
    ];
    const inLong = "in the unmodified run on long: an activation of the model is not finite: ";
    assert.deepEqual(changed("patched", "loss"), ["resid_post[L1] of long, which is put in, is not finite"]);
    assert.deepEqual(changed("patched", "recovery"), [`${inLong}nll`]);
    assert.deepEqual(changed("patched", "change"), [`${inLong}nll`]);
    assert.deepEqual(changed("averaged", "loss"), ["the mean of attn_out[L1] over long, which is put in, is not finite"]); // prettier-ignore
    assert.deepEqual(changed("drawn", "loss"), ["z[L1] of long, which is put in, is not finite"]);
    const added = `the value that is added to resid_post[L2]: ${inLong}resid_post[L1]`;
    assert.deepEqual(changed("steered", "loss"), [added]);
    assert.deepEqual(changed("steered", "truth"), [added]);
    assert.deepEqual(changed("steered", "length"), [`${inLong}resid_post[L1]`]);
    assert.deepEqual(
      changed("steered", "logarithm").filter((reason) => reason !== null),
      ["in the unmodified run on short: the logarithm needs a positive number, and resid_post[L1] is not"],
    );
    assert.ok(rows.every((row) => row.baseline !== null || row.reason === null || row.metric !== "loss"));
  });

  test("several reasons of another run are told apart", async (context) => {
    const rows = await rowsBothWays(
      context,
      `prompts p from ["The old house stood at the end of the road.", "My lord."]
       prompts q from ["The old house stood at the end of the road.", "My lord."]
       experiment e
         with p
         measure (log(loss / loss - (1 where tokens > 5)) of q) as odd`,
    );
    const reasons = rows.map((row) => row.reason ?? "");
    assert.equal(reasons.length, 2);
    assert.match(
      reasons[0] ?? "",
      /^in the unmodified run on q: the logarithm needs a positive number, and .* is not$/,
    );
    assert.equal(reasons[1], "in the unmodified run on q: requires tokens > 5");
  });

  test("in the windows of a corpus", async (context) => {
    const folder = temporaryFolder(context);
    writeFileSync(join(folder, "story.txt"), "The old house stood at the end of the road, and nobody lived in it. ".repeat(6)); // prettier-ignore
    const rows = await rowsBothWays(
      context,
      `corpus c from "story.txt" window 32 stride 16
       experiment e
         with c
         steer resid_post L2 by resid_post[L1] / (norm(resid_post[L1]) * 0)
         measure loss, perplexity, max(nll over pos) as worst, (loss > 3) as high`,
      folder,
    );
    const changed = rows.filter((row) => row.baseline !== null);
    assert.equal(changed.length, 4);
    for (const { value, reason, metric } of changed) {
      assert.ok(Number.isNaN(value), metric);
      assert.equal(reason, "the value that is added to resid_post[L2]: the divisor norm(resid_post[L1]) * 0 is 0");
    }
  });
});

test("where a metric has no gradient, the reason says so beside what else it may be", async (context) => {
  const ran = await runOnRandomModel(
    context,
    `experiment kink measure norm(grad(norm(z[L0] - z[L0]), z[L0])) as slope, exp(1000 * mean(nll)) as large`,
  );
  const rows = await rowsOf(ran);
  const [slope, large] = ["slope", "large"].map((metric) => rowAt(rows, "kink", metric, { prompt: 0 }, true));
  assert.ok(Number.isNaN(slope?.value));
  assert.match(slope?.reason ?? "", /norm\(z\[L0\] - z\[L0\]\) has no gradient there/);
  assert.doesNotMatch(large?.reason ?? "", /gradient/);
});
