import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { checkIdentities, identitySites } from "../../src/compiler/models/identities.js";
import { allSites, siteValueInfo } from "../../src/compiler/models/site-values.js";
import { siteKey, type SiteReference } from "../../src/compiler/models/sites.js";
import { addOutput, eliminateDeadNodes } from "../../src/compiler/onnx/edit.js";
import type { InferenceSession } from "onnxruntime-node";
import { loadModel, readFixture, root, trainedModels, whyAbsent, type TrainedFixture } from "./fixture.js";
import { createSession, idsTensor, runSession, type RunTensor } from "./run-graph.js";

type Loaded = Awaited<ReturnType<typeof loadModel>>;

/** A session whose outputs are the sites that `wanted` accepts. */
async function sessionFor(loaded: Loaded, wanted: (reference: SiteReference) => boolean): Promise<InferenceSession> {
  let graph = loaded.built.graph;
  for (const reference of allSites(loaded.built.signature).filter(wanted)) {
    const value = loaded.built.values[siteKey(reference)] ?? "";
    graph = addOutput(graph, value, siteValueInfo(loaded.built.signature, reference));
  }
  return createSession(eliminateDeadNodes(graph), loaded.opened.externalDataFolder);
}

function get(taps: Readonly<Record<string, RunTensor>>, key: string): RunTensor {
  const tensor = taps[key];
  assert.ok(tensor !== undefined, key);
  return tensor;
}

/** pattern[row][head] as rows of numbers [query][key]. */
function patternOf(tensor: RunTensor, row: number, head: number): readonly Float32Array[] {
  const [, heads = 0, queries = 0, keys = 0] = tensor.shape;
  return Array.from({ length: queries }, (_, query) => {
    const start = ((row * heads + head) * queries + query) * keys;
    return tensor.data.subarray(start, start + keys);
  });
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, x) => sum + x, 0) / values.length;
}

function entropy(row: Float32Array): number {
  return [...row].reduce((sum, p) => sum - (p > 0 ? p * Math.log(p) : 0), 0);
}

/** (Σσ²)² / Σσ⁴ of the rows [from, to) of a matrix, from its Gram matrix. */
function participationRatio(data: Float32Array, width: number, from: number, to: number): number {
  let trace = 0;
  let squares = 0;
  for (let a = from; a < to; a++) {
    for (let b = from; b < to; b++) {
      let product = 0;
      for (let i = 0; i < width; i++) product += (data[a * width + i] ?? NaN) * (data[b * width + i] ?? NaN);
      squares += product ** 2;
      if (a === b) trace += product;
    }
  }
  return trace ** 2 / squares;
}

function close(actual: number, expected: number | undefined, tolerance: number, what: string): void {
  assert.ok(Math.abs(actual - (expected ?? NaN)) <= tolerance, `${what}: ${actual} instead of ${expected}`);
}

for (const name of trainedModels) {
  const options = { skip: whyAbsent(name) ?? false };
  test(`${name}: measures on the sites equal those on Hugging Face's tensors`, options, async () => {
    const fixture = readFixture<TrainedFixture>(name);
    assert.ok(fixture !== null);
    const loaded = await loadModel(fixture.model);
    const { layers, heads, kvHeads, dHead, dModel, vocab } = loaded.built.signature;
    const wanted = new Set(["pattern", "v", "resid_post", "logprobs"]);
    const session = await sessionFor(loaded, ({ site }) => wanted.has(site));
    const taps = await runSession(session, { input_ids: idsTensor(fixture.ids) });
    const positions = fixture.ids[0]?.length ?? 0;
    const { early, late, window, per_row: ratios } = fixture.R_V;
    for (let row = 0; row < fixture.ids.length; row++) {
      const ratio = (layer: number): number => {
        const last = (row + 1) * positions;
        return participationRatio(get(taps, `v[${layer}]`).data, kvHeads * dHead, last - window, last);
      };
      close(ratio(late) / ratio(early), ratios[row], 1e-4, "R_V");
      const end = ((row + 1) * positions - 1) * vocab;
      const probabilities = get(taps, "logprobs")
        .data.slice(end, end + vocab)
        .map(Math.exp);
      close(entropy(probabilities), fixture.entropy_at_last[row], 2e-5, "entropy");
      for (let layer = 0; layer < layers; layer++) {
        for (let head = 0; head < heads; head++) {
          const pattern = patternOf(get(taps, `pattern[${layer}]`), row, head);
          const entropies = fixture.pattern_entropy[row]?.[layer]?.[head];
          close(mean(pattern.map(entropy)), entropies, 2e-5, "pattern entropy");
          const diagonal = mean(pattern.map((weights, query) => weights[query] ?? NaN));
          close(diagonal, fixture.self_attention[row]?.[layer]?.[head], 1e-5, "self attention");
        }
        if (layer === 0) continue;
        const norm = (at: number): number => {
          const start = ((row + 1) * positions - 1) * dModel;
          return Math.hypot(...get(taps, `resid_post[${at}]`).data.subarray(start, start + dModel));
        };
        close(norm(layer) / norm(layer - 1), fixture.gain[row]?.[layer - 1], 1e-5, "gain");
      }
    }
    const { ids, length, score } = fixture.induction;
    const probe = await runSession(session, { input_ids: idsTensor([ids]) });
    for (let layer = 0; layer < layers; layer++) {
      for (let head = 0; head < heads; head++) {
        const pattern = patternOf(get(probe, `pattern[${layer}]`), 0, head);
        const stripe = pattern.slice(length - 1).map((weights, i) => weights[i] ?? NaN);
        close(mean(stripe), score[layer]?.[head], 1e-5, "induction score");
      }
    }
  });
}

const corpus = join(root, "..", "shared", "corpora", "tinystories_1000.json");
const noCorpus = existsSync(corpus) ? whyAbsent("stories260K") : "../shared/corpora is not here";

test("stories260K: 1.334 nats per token on TinyStories", { skip: noCorpus ?? false }, async () => {
  const fixture = readFixture<TrainedFixture>("stories260K");
  assert.ok(fixture?.corpus !== undefined);
  const { stories, longest, tokens, total_nll: total } = fixture.corpus;
  const loaded = await loadModel(fixture.model);
  const session = await sessionFor(loaded, ({ site }) => site === "nll");
  let sum = 0;
  let count = 0;
  for (const text of (JSON.parse(readFileSync(corpus, "utf8")) as string[]).slice(0, stories)) {
    const ids = loaded.opened.tokenizer?.encode(text).slice(0, longest) ?? [];
    const { data } = get(await runSession(session, { input_ids: idsTensor([ids]) }), "nll");
    sum += data.reduce((a, b) => a + b, 0);
    count += data.length;
  }
  assert.equal(count, tokens);
  close(sum / count, total / tokens, 1e-5, "nats per token");
  close(sum / count, 1.334, 5e-4, "nats per token");
});

test("a sequence of one token has no nll and is run all the same", async () => {
  const loaded = await loadModel("test/fixtures/models/llama-tied-f32");
  const session = await sessionFor(loaded, ({ site }) => site === "nll" || site === "pattern");
  const taps = await runSession(session, { input_ids: idsTensor([[3], [4]]) });
  assert.deepEqual(get(taps, "nll").shape, [2, 0]);
  assert.ok(get(taps, "pattern[1]").data.every((weight) => weight === 1));
});

for (const model of ["gpt2-f32", "neox-parallel-f32"]) {
  test(`${model}: an identity that fails names its site`, async () => {
    const loaded = await loadModel(`test/fixtures/models/${model}`);
    const { signature } = loaded.built;
    const wanted = new Set(identitySites(signature));
    const session = await sessionFor(loaded, (reference) => wanted.has(siteKey(reference)));
    const taps = await runSession(session, { input_ids: idsTensor([[1, 2, 3, 4, 5]]) });
    assert.deepEqual(Object.keys(taps).sort(), [...wanted].sort());
    // Without b_O the sum over heads is not what attention adds: a wrong parameter is noticed as well as a wrong tap.
    const failing = checkIdentities(signature, taps, {}).filter((identity) => !identity.ok);
    assert.deepEqual(
      failing.map((identity) => identity.site),
      Array.from({ length: signature.layers }, (_, layer) => `attn_out[${layer}]`),
    );
    const damaged = (key: string, value: number): readonly string[] => {
      const data = get(taps, key).data.slice();
      data[2] = value;
      const { shape } = get(taps, key);
      const results = checkIdentities(signature, { ...taps, [key]: { shape, data } }, {});
      return results.filter(({ ok, name }) => !ok && !name.startsWith("attn_out")).map(({ site }) => site);
    };
    assert.deepEqual(damaged("mlp_out[1]", 0.5), ["resid_post[1]"]);
    assert.deepEqual(damaged("z[0]", 0.5), ["z[0]"]);
    assert.deepEqual(damaged("z[0]", NaN), ["z[0]"]);
    assert.ok(damaged("pattern[1]", 0.5).includes("pattern[1]"));
    assert.ok(damaged("resid_pre[1]", 1e6).includes("resid_pre[1]"));
  });
}
