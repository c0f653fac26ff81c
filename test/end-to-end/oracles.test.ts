/** Every number that a run stores, against Hugging Face transformers and NumPy (test/fixtures/hf/make.py). */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { ResultRow } from "../../src/compiler/ir/results.js";
import { loadModel, readFixture, trainedModels, whyAbsent, type TrainedFixture } from "../models/fixture.js";
import { root } from "../support/root.js";
import { differences, protocolIn, rowAt, rowsOf, runFile, spelled, spelledModel, temporaryFolder } from "./support.js";

/** Where a fixture's model lies on this machine. */
function folderOf(fixture: TrainedFixture): string {
  return join(root, fixture.model.replace("@stdlib", "stdlib"));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, x) => sum + x, 0) / values.length;
}

/**
 * The fixture's rows as texts: each is a text whose encoding was cut, so the text is cut where its encoding is the same.
 */
async function textsOf(fixture: TrainedFixture): Promise<readonly string[]> {
  const { tokenizer } = (await loadModel(fixture.model)).opened;
  assert.ok(tokenizer !== null);
  return fixture.texts.map((text, row) => {
    const wanted = JSON.stringify(fixture.ids[row]);
    for (let length = text.length; length > 0; length--) {
      const cut = text.slice(0, length);
      if (JSON.stringify(tokenizer.encode(cut)) === wanted) return cut;
    }
    throw new Error(`no beginning of text ${row} has the fixture's ids`);
  });
}

for (const name of trainedModels) {
  test(
    `${name}: losses, ablations and metrics of a run equal the reference`,
    { skip: whyAbsent(name) ?? false },
    async (context) => {
      const fixture = readFixture<TrainedFixture>(name);
      assert.ok(fixture !== null);
      const folder = temporaryFolder(context);
      const texts = await textsOf(fixture);
      writeFileSync(join(folder, "demo.jsonl"), texts.map((text) => `${JSON.stringify({ text })}\n`).join(""));
      spelledModel(join(folder, "spelled"), folderOf(fixture));
      writeFileSync(join(folder, "probe.txt"), `${spelled(fixture.induction.ids)}\n`);
      const { early, late, window } = fixture.R_V;
      const path = protocolIn(
        folder,
        `
      model m       from ${JSON.stringify(folderOf(fixture))}
      model spelled from "./spelled"
      prompts demo  from "demo.jsonl"
      prompts probe from "probe.txt"
      experiment zero on m with demo ablate heads L* measure loss
      experiment averaged on m with demo ablate heads L* by mean measure loss
      experiment plain on m with demo
        measure nll, loss, perplexity, R_V early L${early} late L${late} window ${window}, entropy, pattern_entropy,
                self_attention, gain layer L1..${late}
      experiment induction on spelled with probe measure induction_score repeat ${fixture.induction.length}
      `,
      );
      const ran = await runFile(path, { runs: join(folder, "runs") });
      assert.equal(ran.summary.status, "finished");
      const rows = await rowsOf(ran);
      const d = differences();
      const heads = fixture.zero_ablation_mean_nll[0]?.length ?? 0;
      const layers = fixture.zero_ablation_mean_nll.length;

      // The fixture gives the mean over all prompts, which have equal lengths.
      const overPrompts = (experiment: string, axes: Record<string, number>): readonly ResultRow[] =>
        texts.map((_, prompt) => rowAt(rows, experiment, "loss", { ...axes, prompt }));
      for (let layer = 0; layer < layers; layer++) {
        for (let head = 0; head < heads; head++) {
          // float32 logits within 5e-5 of Hugging Face's; their errors average out over the predicted tokens.
          const zero = overPrompts("zero", { layer, head });
          d.check("zero ablation", mean(zero.map((r) => r.value)), fixture.zero_ablation_mean_nll[layer]?.[head], 1e-5);
          d.check("baseline", mean(zero.map((r) => r.baseline ?? NaN)), fixture.mean_nll, 1e-5);
          for (const row of zero) {
            assert.equal(row.impact, row.value - (row.baseline ?? NaN));
            assert.equal(row.relative, row.impact / Math.abs(row.baseline ?? NaN));
          }
          const averaged = overPrompts("averaged", { layer, head }).map((r) => r.value);
          d.check("mean ablation", mean(averaged), fixture.mean_ablation_mean_nll[layer]?.[head], 1e-5);
        }
      }
      texts.forEach((_, prompt) => {
        const at = (metric: string, axes: Record<string, number> = {}): number => {
          const row = rowAt(rows, "plain", metric, { ...axes, prompt }, true);
          assert.equal(row.reason, null);
          return row.value;
        };
        const nll = fixture.nll[prompt] ?? [];
        nll.forEach((value, i) => {
          // Entry i of nll is the cost of token i + 1: results number positions by the predicted token.
          d.check("nll", at("nll", { position: i + 1 }), value, 2e-5);
        });
        d.check("loss", at("loss"), mean(nll), 1e-5);
        d.check("perplexity", at("perplexity"), Math.exp(mean(nll)), 1e-5, true);
        // The Gram matrix in float64 of float32 values, against an SVD in float64.
        d.check("R_V (relative)", at("R_V"), fixture.R_V.per_row[prompt], 1e-5, true);
        // |∂entropy / ∂logit| is at most about 1, and the logits' errors partly cancel.
        d.check("entropy", at("entropy"), fixture.entropy_at_last[prompt], 1e-5);
        for (let layer = 0; layer < layers; layer++) {
          for (let head = 0; head < heads; head++) {
            const entropy = fixture.pattern_entropy[prompt]?.[layer]?.[head];
            d.check("pattern_entropy", at("pattern_entropy", { layer, head }), entropy, 5e-6);
            const self = fixture.self_attention[prompt]?.[layer]?.[head];
            d.check("self_attention", at("self_attention", { layer, head }), self, 2e-6);
          }
          if (layer > 0) d.check("gain", at("gain", { layer }), fixture.gain[prompt]?.[layer - 1], 5e-6);
        }
      });
      for (let layer = 0; layer < layers; layer++) {
        for (let head = 0; head < heads; head++) {
          const score = rowAt(rows, "induction", "induction_score", { layer, head }, true).value;
          d.check("induction_score", score, fixture.induction.score[layer]?.[head], 2e-6);
        }
      }
      context.diagnostic(`${name}, largest differences: ${d.text()}`);
    },
  );
}
