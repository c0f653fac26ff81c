/** What is known of the rows of the seed protocols: from how the models were trained, or because it must be so. */
import assert from "node:assert/strict";
import type { ResultRow } from "../../src/compiler/ir/results.js";
import { mean, meanOf, pearson, pick, valuesOf } from "./pipeline-rows.js";
import type { Ran } from "./support.js";

/** What must hold of a protocol's rows. */
export type Check = (rows: readonly ResultRow[], ran: Ran) => void;

const layers = [0, 1, 2, 3, 4, 5];

/** The checks, by the name of the protocol; bounds have room, and what was measured stands beside them. */
export const checks: Readonly<Record<string, Check>> = {
  "brute-force": (rows, ran) => {
    const alone = pick(rows, { experiment: "sweep", metric: "R_V", at: { layer: 3, head: 1 } });
    const first = pick(rows, { experiment: "strongest", metric: "R_V", at: { count: 1 } });
    assert.deepEqual(
      first.map((row) => row.value),
      alone.map((row) => row.value),
      "the strongest head alone is the same condition",
    );
    // Strong is strong in either direction: of the two strongest one raises R_V and the other lowers it.
    const change = (head: number): number =>
      mean(pick(rows, { experiment: "sweep", metric: "R_V", at: { layer: 3, head } }).map((row) => row.impact ?? NaN));
    assert.ok(change(1) > 0.02 && change(0) < -0.01);
    assert.match(ran.record.selections.join(" "), /with the largest \|impact\| are L3\.H1 .*, L3\.H0 /);
  },

  "domain-map": (rows) => {
    const perplexity = (group: string): number => {
      const of = (metric: string): number => meanOf(rows, { experiment: "map", metric, at: { group } });
      return Math.exp(of("total") / of("predicted"));
    };
    const trained = ["prose", "drama", "technical"].map(perplexity);
    const absent = ["abstracts", "dialect", "poetry", "spanish", "spanish_verse"].map(perplexity);
    assert.ok(Math.max(...trained) < 50 && Math.min(...absent) > 60, JSON.stringify({ trained, absent }));
    assert.ok(Math.min(...absent.slice(3)) > 400, JSON.stringify(absent));
  },

  coupling: (rows) => {
    const of = (metric: string, layer: number): number =>
      meanOf(rows, { experiment: "heads", metric, at: { model: "gpt2-tiny", layer } });
    // The zeros that all heads share are alike.
    for (const layer of layers) assert.ok(of("coupling_full", layer) > of("coupling", layer));
    // Measured: 0.41 in layer 0, 0.87 in layer 2.
    assert.ok(of("coupling", 0) < 0.6 && of("coupling", 2) > 0.75);
  },

  // Two seeds form induction heads between the same two checkpoints.
  behaviours: (rows) => {
    for (const model of ["alpha", "beta"]) {
      const best = (step: number): number => {
        const at = { model, revision: `step${step}` };
        const scores = pick(rows, { experiment: "induction", metric: "induction_score", at });
        const prompts = [...new Set(scores.map((row) => row.axes["prompt"]))];
        return mean(
          prompts.map((prompt) =>
            Math.max(...scores.filter((row) => row.axes["prompt"] === prompt).map((row) => row.value)),
          ),
        );
      };
      // A head that attends evenly scores 0.014 on two copies of 50 tokens.
      assert.ok(best(512) < 0.1, `${model}: ${best(512)}`);
      assert.ok(best(724) > 0.4, `${model}: ${best(724)}`);
      assert.ok(best(4000) > 0.7, `${model}: ${best(4000)}`);
    }
  },

  fingerprint: (rows) => {
    const bits = (model: string, group: string): number => {
      const of = (metric: string): number => meanOf(rows, { experiment: "map", metric, at: { model, group } });
      return of("total") / of("size");
    };
    // The same corpus leaves the same fingerprint: 0.00 to 0.18 bits apart where registers are 1 bit apart.
    for (const group of ["prose", "technical", "poetry", "abstracts"]) {
      assert.ok(Math.abs(bits("webtext", group) - bits("pile", group)) < 0.3, group);
    }
    for (const model of ["webtext", "pile"]) {
      assert.ok(bits(model, "prose") < bits(model, "technical") && bits(model, "technical") < bits(model, "poetry"));
    }
  },

  relay: (rows) => {
    const groups = [...new Set(rows.map((row) => row.axes["group"] ?? ""))];
    assert.equal(groups.length, 7);
    for (const group of groups) {
      const of = (metric: string, layer: number): number =>
        meanOf(rows, { experiment: "relay", metric, at: { group, layer } });
      // Layer 2 writes along one direction, whatever the text; only in layer 1 the MLP has fewer than attention.
      assert.ok(of("attn_pr", 2) >= 1 && of("attn_pr", 2) < 1.05, `${group}: ${of("attn_pr", 2)}`);
      for (const layer of layers)
        assert.equal(of("attn_pr", layer) < of("mlp_pr", layer), layer !== 1, `${group}, layer ${layer}`);
    }
  },

  resistance: (rows) => {
    const harm = (layer: number, head: number): number =>
      mean(
        pick(rows, { experiment: "sweep", metric: "perplexity", at: { layer, head } }).map((row) =>
          Math.abs(row.impact ?? NaN),
        ),
      );
    const all = layers.flatMap((layer) =>
      [0, 1, 2, 3].map((head) => [`L${layer}.H${head}`, harm(layer, head)] as const),
    );
    const [worst, second] = all.sort(([, a], [, b]) => b - a);
    // Most single heads hardly matter: the median is 1.5 in a perplexity of 33, the worst 16.5.
    assert.equal(worst?.[0], "L3.H2");
    assert.ok(worst[1] > 1.5 * (second?.[1] ?? NaN));
    assert.ok((all[12]?.[1] ?? NaN) < 0.2 * worst[1], JSON.stringify(all));
  },

  seeds: (rows) => {
    const tokens = (model: string, revision: string): readonly number[] =>
      valuesOf(rows, { experiment: "tokens", metric: "nll", at: { model, revision } });
    assert.ok(tokens("alpha", "step4000").length > 2000);
    const between = pearson(tokens("alpha", "step4000"), tokens("beta", "step4000"));
    const time = pearson(tokens("alpha", "step724"), tokens("alpha", "step4000"));
    // Measured: 0.90 between the seeds at the end, 0.72 between a seed and its own past.
    assert.ok(between > 0.85, `between seeds ${between}`);
    assert.ok(between > time + 0.1, `between seeds ${between}, through time ${time}`);
  },

  // The order in which texts are read cannot matter.
  records: (rows) => {
    for (const group of ["prose", "poetry", "spanish"]) {
      const losses = (experiment: string): readonly number[] =>
        [...valuesOf(rows, { experiment, metric: "loss", at: { group } })].sort((a, b) => a - b);
      assert.deepEqual(losses("once"), losses("again"));
    }
  },
};
