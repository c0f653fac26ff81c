/**
 * Every protocol of pipelines/seeds runs, and comes to the conclusion that is known of the models that ship. A changed
 * verdict is no fault in itself: it says that what the gallery and pipelines/seeds/README.md say has to be looked at.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { root } from "../support/root.js";
import { conclusionsOf } from "./conclusions.js";
import { checks } from "./seed-checks.js";
import { rowsOf, runFile, temporaryFolder } from "./support.js";

interface Expected {
  /** Conclusions in the order of the protocol. */
  readonly concluded: readonly string[];
  /** How many values are NaN, and meant to be. */
  readonly missing?: number;
}

const expected: Readonly<Record<string, Expected>> = {
  behaviours: {
    concluded: [
      "changepoint over revision: step724 (line) in alpha, step724 (level) in beta",
      "changepoint over revision: step724 (step) in alpha, step724 (line) in beta",
      "correlate skills.prob where model is alpha with skills.prob where model is beta by revision: something other than 0 in 6 of 7 tests",
    ],
  },
  "brute-force": {
    concluded: ["**REJECTED**: There is a hero head", "**REJECTED**: Removing the six strongest heads changes R_V"],
  },
  contraction: {
    concluded: [
      "compare baseline.R_V between group recursive, factual: welch_t 0.00 (p ≥ 0.05), cohens_d 0.04 (interval with 0), bootstrap 0.00 (interval with 0)",
      "**NOT SIGNIFICANT**: Recursive texts contract more than factual ones",
    ],
  },
  coupling: {
    concluded: [
      "correlate heads.coupling with layer by model: gpt2-tiny: spearman -0.07 (interval without 0), pythia-tiny: spearman 0.31 (interval without 0), llama-tiny: spearman -0.74 (interval without 0)",
      "peak over layer: 2 in gpt2-tiny, 1 in pythia-tiny, 0 in llama-tiny",
      "dip over layer: 3 in gpt2-tiny, 2 in pythia-tiny, 2 in llama-tiny",
    ],
  },
  development: {
    concluded: [
      "changepoint over revision: step2896 (level)",
      "peak over revision: step0",
      "**NOT SIGNIFICANT**: At some step recursive texts contract more than factual ones",
    ],
  },
  distributed: {
    concluded: [
      "**CONFIRMED**: No head matters alone",
      "**CONFIRMED**: The suspected layer does not matter",
      "**CONFIRMED**: One head carries nothing over",
      "**CONFIRMED**: All heads together matter",
      "**CONFIRMED**: Distributed, as the author concludes",
      "**CONFIRMED**: Distributed, and the work of these heads",
    ],
  },
  "domain-map": {
    concluded: [
      "prose is low_drag",
      "drama is low_drag",
      "technical is low_drag",
      "abstracts is elevated",
      "dialect is elevated",
      "poetry is archaeological",
      "spanish is archaeological",
      "spanish_verse is archaeological",
      "**CONFIRMED**: Documents of prose are easier than those of poetry",
    ],
  },
  fingerprint: {
    concluded: [
      "**CONFIRMED**: The second model finds abstracts easier than the first does",
      "**CONFIRMED**: Its advantage is larger there than on prose",
      "**CONFIRMED**: Both models find prose easier than poetry",
      "correlate map.bits_per_byte where model is webtext with map.bits_per_byte where model is pile: pearson 0.97 (p < 0.05)",
    ],
  },
  "gain-entropy": {
    concluded: ["correlate gains.entropy with deviation by model: something other than 0 in 0 of 6 tests"],
  },
  "hero-head": {
    concluded: [
      "compare loudness.hero_norm between group recursive, factual: welch_t 0.10 (p ≥ 0.05), cohens_d 0.45 (interval without 0)",
      "compare selectivity.head_pr between group recursive, factual: welch_t 0.03 (p ≥ 0.05), cohens_d 0.23 (interval with 0)",
      "**NOT SIGNIFICANT**: The head writes into fewer directions on recursive texts",
      "**REJECTED**: Removing the head breaks the contraction",
      "**NOT SIGNIFICANT**: Removing the head changes nothing that matters",
      "**REJECTED**: Giving the head its average breaks the contraction",
      "**NOT SIGNIFICANT**: The head alone brings the contraction to other texts",
    ],
  },
  "layer-ablation": {
    concluded: [
      "**REJECTED**: Without its attention the contraction is gone",
      "**NOT SIGNIFICANT**: Without the layer the contraction is gone",
      "**PARTIAL**: The layer does not matter",
    ],
  },
  layernorm: {
    concluded: [
      "**REJECTED**: The last layer has a gain below one in every model",
      "**REJECTED**: It has one in two models at least",
      "**REJECTED**: The gain is that of Pythia-6.9B",
      "compare gains.gain between group by model: something other than 0 in 0 of 30 tests",
    ],
  },
  "loss-curves": {
    concluded: [
      "principal components over revision: 63%, 13%, 8% of the variance",
      "principal components over revision: 64%, 12%, 8% of the variance",
      "changepoint over revision: step256 (line) in alpha, step256 (line) in beta",
      "changepoint over revision: step1024 (s-shape) in alpha, step1024 (s-shape) in beta",
      "logistic over step: alpha low = 8.0, height = -7.5, centre = 9.5e+2, width = 97; beta low = 8.1, height = -7.6, centre = 9.2e+2, width = 1.0e+2",
    ],
  },
  "mean-ablation": {
    concluded: [
      "**CONFIRMED**: The average does less than zero does",
      "**UNDECIDED**: Emptying the layer's values ends the contraction",
    ],
    missing: 80,
  },
  records: {
    concluded: [
      "**CONFIRMED**: Poetry is harder than prose",
      "correlate once.loss with once.tokens_per_word: pearson 0.86 (p < 0.05), spearman 0.88 (p < 0.05)",
      "correlate once.loss with once.tokens_per_word by group: prose: spearman 0.22 (p ≥ 0.05), poetry: spearman 0.36 (p ≥ 0.05), spanish: spearman -0.24 (p ≥ 0.05)",
    ],
  },
  relay: {
    concluded: ["**PARTIAL**: Attention writes into fewer directions than the MLP"],
  },
  resistance: {
    concluded: [
      "**CONFIRMED**: Heads three quarters down matter less than heads of the first layers",
      "correlate harm with alike: spearman 0.26 (p ≥ 0.05)",
    ],
  },
  scaling: {
    concluded: [
      "gpt2-tiny is inert",
      "pythia-tiny is confused",
      "llama-tiny is confused",
      "power_law over params: a = 0.00072, b = 0.56",
      "**NOT SIGNIFICANT**: Recursive texts contract more in two models at least",
    ],
  },
  seeds: {
    concluded: [
      "correlate tokens.nll between model, revision: something other than 0 in 15 of 15 tests",
      "**NOT SIGNIFICANT**: One run is better than the other",
    ],
  },
  "self-attention": {
    concluded: [
      "compare looks.self_attention between group recursive, factual: welch_t 0.01 (p < 0.05), cohens_d 0.98 (interval without 0)",
      "compare looks.entropy between group recursive, factual: welch_t -0.14 (p < 0.05), cohens_d -1.17 (interval without 0)",
      "**CONFIRMED**: The head attends to itself more on recursive texts",
      "**NOT SIGNIFICANT**: The head attends to itself alike on both",
    ],
  },
  transfer: {
    concluded: [
      "**NOT SIGNIFICANT**: One head carries the contraction over",
      "**NOT SIGNIFICANT**: All attention carries it over",
    ],
  },
  tuning: {
    concluded: [
      "**REJECTED**: Tuning reduces the spread of perplexity over thinly covered texts",
      "**NOT SUPPORTED**: The reduction is larger where coverage was thin",
      "**NOT SUPPORTED**: Tuning flattens the landscape, and most where coverage was thin",
    ],
  },
};

const files = readdirSync(join(root, "pipelines/seeds")).filter((name) => name.endsWith(".atlas"));

test("what is expected is expected of protocols that exist", () => {
  const names = files.map((file) => file.replace(".atlas", ""));
  assert.deepEqual(Object.keys(expected).sort(), names.sort());
  for (const name of Object.keys(checks)) assert.ok(names.includes(name), name);
});

test("the gallery says what is concluded", () => {
  const page = readFileSync(join(root, "docs/gallery.md"), "utf8");
  const blocks = [...page.matchAll(/<!-- gallery: (\S+) [\d,]+ -->([^]*?)<!-- end gallery -->/g)];
  const said = blocks.map(([, name = "", block = ""]) => {
    const lines = [...block.matchAll(/^- (.*)$/gm)].map(([, line = ""]) => line.replaceAll("\\", ""));
    return [name, lines] as const;
  });
  const known = Object.entries(expected).map(([name, { concluded }]) => [name, concluded] as const);
  assert.deepEqual(Object.fromEntries(said), Object.fromEntries(known), "run node scripts/gallery.mjs");
});

for (const [name, { concluded, missing = 0 }] of Object.entries(expected)) {
  test(`pipelines/seeds/${name}.atlas`, async (t) => {
    const path = join(root, "pipelines/seeds", `${name}.atlas`);
    const ran = await runFile(path, { runs: temporaryFolder(t) });
    assert.equal(ran.summary.status, "finished");
    const rows = await rowsOf(ran);
    const absent = rows.filter((row) => !Number.isFinite(row.value));
    assert.equal(absent.length, missing);
    for (const { reason } of absent) assert.ok(reason !== null && reason !== "");
    const outcomes = ran.record.decisions.flatMap(({ outcome }) => (outcome === null ? [] : conclusionsOf(outcome)));
    assert.deepEqual(outcomes, concluded);
    checks[name]?.(rows, ran);
  });
}
