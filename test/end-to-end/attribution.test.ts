/**
 * Attributions of heads, edges and the embedding, and the saliency of R_V, against TransformerLens, captum and PyTorch in float64
 * (test/fixtures/gradients/attribution.py says how each is computed). What is compared is summed over up to 2000 products of
 * float32 numbers, each right to about 10⁻⁶ of the largest: 2·10⁻⁵ of the largest value of a kind is the bound.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { ResultRow } from "../../src/compiler/ir/results.js";
import { root } from "../support/root.js";
import { protocolIn, rowsOf, runFile, temporaryFolder } from "./support.js";

interface Fixture {
  /** [pair, layer, head] */
  readonly attribution: readonly (readonly (readonly number[])[])[];
  readonly saliency: Fixture["attribution"];
  readonly R_V: Fixture["attribution"];
  /** Reader's layer → [slot, reader's head, source's layer, source's head], the mean over pairs. */
  readonly edges: Readonly<Record<string, readonly Fixture["attribution"][]>>;
  /** [pair, pos] */
  readonly embedding: readonly (readonly number[])[];
}

const fixture = JSON.parse(
  readFileSync(join(root, "test", "fixtures", "gradients", "attribution.json"), "utf8"),
) as Fixture;
const pairs = fixture.attribution.length;
const skip = existsSync(join(root, "stdlib/models/gpt2-tiny/model.safetensors")) ? false : "there is no gpt2-tiny";
const bound = 2e-5;

const edges = Object.keys(fixture.edges)
  .map(
    (reader) => `experiment edges${reader} with p
  measure edges_to_q(logit_diff, reader_head: 0..3, reader: L${reader}) as q,
    edges_to_k(logit_diff, reader_head: 0..3, reader: L${reader}) as k,
    edges_to_v(logit_diff, reader_head: 0..3, reader: L${reader}) as v`,
  )
  .join("\n");
const protocol = `
model gpt2 from "@stdlib/models/gpt2-tiny"
prompts p from "pairs.jsonl"
metric on_the_way(share: scalar) = resid_pre[L0] + share * (resid_pre[L0] of corrupt - resid_pre[L0])
experiment heads with p
  measure attribution(logit_diff) as attribution, saliency(logit_diff) as saliency
experiment contraction with p
  measure norm(grad(R_V(early: L1, late: L4, window: 16), z[L*]) over pos, d_head) as R_V
experiment path with p
  set resid_pre[L0] to on_the_way(share: 0.05..0.95 step 0.1)
  measure
    sum(grad(logit_diff, resid_pre[L0]) * (resid_pre[L0] of corrupt - resid_pre[L0] of baseline) over d_model) as embedding
${edges}
`;

test("attributions are those of other programs", { skip }, async (t) => {
  const folder = temporaryFolder(t);
  const lines = readFileSync(join(root, "docs/examples/answers.jsonl"), "utf8").split("\n");
  writeFileSync(join(folder, "pairs.jsonl"), lines.slice(0, pairs).join("\n"));
  const rows = await rowsOf(await runFile(protocolIn(folder, protocol), { runs: join(folder, "runs") }));
  const mean = (experiment: string, metric: string, axes: Readonly<Record<string, number>>): number => {
    const found = rows
      .filter((row) => row.experiment === experiment && row.metric === metric && at(row, axes))
      // Of an experiment with interventions: not the unmodified model.
      .filter((row) => experiment !== "path" || row.baseline !== null);
    assert.ok(found.length > 0, `no ${experiment}.${metric} at ${JSON.stringify(axes)}`);
    return found.reduce((sum, { value }) => sum + value / found.length, 0);
  };
  const compare = (what: string, each: readonly (readonly [found: number, expected: number])[]): void => {
    const scale = Math.max(...each.map(([, expected]) => Math.abs(expected)));
    const worst = Math.max(...each.map(([found, expected]) => Math.abs(found - expected) / scale));
    t.diagnostic(`${what}: ${each.length} values, largest error ${worst.toExponential(1)} of the largest value`);
    assert.ok(worst <= bound, `${what} differs by ${worst}`);
  };
  for (const [experiment, metric] of [
    ["heads", "attribution"],
    ["heads", "saliency"],
    ["contraction", "R_V"],
  ] as const) {
    const expected = fixture[metric].flatMap((layers, prompt) =>
      layers.flatMap((heads, layer) => heads.map((value, head) => ({ prompt, layer, head, value }))),
    );
    compare(
      metric,
      expected.map(({ value, ...axes }) => [mean(experiment, metric, axes), value] as const),
    );
  }
  compare(
    "embedding",
    fixture.embedding.flatMap((values, prompt) =>
      values.map((value, position) => [mean("path", "embedding", { prompt, position }), value] as const),
    ),
  );
  for (const [reader, slots] of Object.entries(fixture.edges)) {
    for (const [slot, metric] of ["q", "k", "v"].entries()) {
      const expected = (slots[slot] ?? []).flatMap((layers, reader_head) =>
        layers.flatMap((heads, source) => heads.map((value, head) => ({ reader_head, source, head, value }))),
      );
      compare(
        `edges to ${metric} of L${reader}`,
        expected.map(({ value, ...axes }) => [mean(`edges${reader}`, metric, axes), value] as const),
      );
    }
  }
  assert.equal(new Set(rows.map(({ axes }) => axes["prompt"])).size, pairs);
});

function at({ axes }: ResultRow, wanted: Readonly<Record<string, number>>): boolean {
  return Object.entries(wanted).every(([axis, value]) => axes[axis] === value);
}
