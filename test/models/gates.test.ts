import assert from "node:assert/strict";
import { test } from "node:test";
import type { Tensor } from "onnxruntime-node";
import { allSites, siteValueInfo } from "../../src/compiler/models/site-values.js";
import { siteKey, sites, type SiteReference } from "../../src/compiler/models/sites.js";
import type { ModelGraph } from "../../src/compiler/models/model.js";
import { addOutput, eliminateDeadNodes, gateNames, insertGate } from "../../src/compiler/onnx/edit.js";
import type { Graph } from "../../src/compiler/onnx/graph.js";
import { boolTensor, floatTensor } from "../support/tensors.js";
import { loadModel, readFixture, trainedModels, whyAbsent } from "./fixture.js";
import type { RandomFixture, TrainedFixture } from "./fixture.js";
import { createSession, idsTensor, runGraph, runSession, type RunTensor } from "./run-graph.js";

const nllSite: SiteReference = { site: "nll", layer: null };

function valueOf(built: ModelGraph, reference: SiteReference): string {
  const value = built.values[siteKey(reference)];
  assert.ok(value !== undefined, `${siteKey(reference)} has no value`);
  return value;
}

/** The model with a gate at one site, its change, and the given sites (after the gate) as outputs. */
function gatedGraph(built: ModelGraph, at: SiteReference, wanted: readonly SiteReference[]): Graph {
  const value = valueOf(built, at);
  const rank = sites[at.site].axes.length + 1;
  const names = gateNames(value, siteKey(at));
  let graph = insertGate(built.graph, value, siteKey(at), rank);
  for (const reference of wanted) {
    const source = siteKey(reference) === siteKey(at) ? names.gated : valueOf(built, reference);
    graph = addOutput(graph, source, siteValueInfo(built.signature, reference, `out ${siteKey(reference)}`));
  }
  graph = addOutput(graph, names.change, { name: names.change, type: "float32", shape: ["row"] });
  return eliminateDeadNodes(graph);
}

/** Feeds of a gate that takes the replacement `value` everywhere (or nowhere). */
function everywhere(key: string, rank: number, on: boolean, value: number): Record<string, Tensor> {
  const ones = Array.from({ length: rank }, () => 1);
  const names = gateNames("", key);
  return { [names.mask]: boolTensor([on], ones), [names.replacement]: floatTensor([value], ones) };
}

/** Mean nll of the rows [condition × prompt] per condition. */
function meanPerCondition(nll: RunTensor, conditions: number): readonly number[] {
  const size = nll.data.length / conditions;
  return Array.from({ length: conditions }, (_, i) => {
    const part = nll.data.subarray(i * size, (i + 1) * size);
    return part.reduce((sum, x) => sum + x, 0) / size;
  });
}

for (const name of trainedModels) {
  test(`${name}: head ablations at z equal Hugging Face's`, { skip: whyAbsent(name) ?? false }, async (t) => {
    const fixture = readFixture<TrainedFixture>(name);
    assert.ok(fixture !== null);
    const { opened, built } = await loadModel(fixture.model);
    const { heads, dHead, layers } = built.signature;
    const prompts = fixture.ids.length;
    const rows = Array.from({ length: heads }, () => fixture.ids).flat();
    // Row r = head · prompts + prompt replaces head ⌊r / prompts⌋ only.
    const mask = rows.flatMap((_, row) => Array.from({ length: heads }, (_, h) => h === Math.floor(row / prompts)));
    let worst = 0;
    for (let layer = 0; layer < layers; layer++) {
      const at: SiteReference = { site: "z", layer };
      const names = gateNames(valueOf(built, at), siteKey(at));
      const session = await createSession(gatedGraph(built, at, [nllSite, at]), opened.externalDataFolder);
      const run = (replacement: Tensor, on = mask): ReturnType<typeof runSession> =>
        runSession(session, {
          input_ids: idsTensor(rows),
          [names.mask]: boolTensor(on, [rows.length, 1, heads, 1]),
          [names.replacement]: replacement,
        });
      const check = (outputs: Readonly<Record<string, RunTensor>>, expected: readonly number[]): void => {
        const nll = outputs["out nll"];
        assert.ok(nll !== undefined);
        meanPerCondition(nll, heads).forEach((mean, head) => {
          const difference = Math.abs(mean - (expected[head] ?? NaN));
          worst = Math.max(worst, difference);
          assert.ok(difference <= 1e-5, `L${layer}.H${head}: ${mean} instead of ${expected[head]}`);
        });
        assert.ok(outputs[names.change]?.data.every((change) => change > 0));
      };
      check(await run(floatTensor([0], [1, 1, 1, 1])), fixture.zero_ablation_mean_nll[layer] ?? []);

      const nothing = await run(
        floatTensor([0], [1, 1, 1, 1]),
        mask.map(() => false),
      );
      assert.ok(nothing[names.change]?.data.every((change) => change === 0));
      meanPerCondition(nothing["out nll"] ?? { shape: [], data: new Float32Array() }, heads).forEach((mean) => {
        assert.ok(Math.abs(mean - fixture.mean_nll) <= 1e-5);
      });
      const z = nothing[`out ${siteKey(at)}`];
      assert.ok(z !== undefined);
      const width = heads * dHead;
      const average = new Float64Array(width);
      for (let i = 0; i < width; i++) {
        for (let at = i; at < z.data.length; at += width) average[i] = (average[i] ?? 0) + (z.data[at] ?? NaN);
        average[i] = (average[i] ?? 0) / (z.data.length / width);
      }
      check(await run(floatTensor([...average], [1, 1, heads, dHead])), fixture.mean_ablation_mean_nll[layer] ?? []);
    }
    t.diagnostic(`max |Δ mean nll| = ${worst.toExponential(2)} nats`);
  });
}

/** What must vanish or equal what when a site is replaced by zeros; masked scores are −∞ whatever the queries are. */
const consequences: Readonly<Record<string, (layer: number) => readonly string[]>> = {
  embed: () => ["resid_pre[0]"],
  resid_post: (layer) => [`resid_pre[${layer + 1}]`],
  q: (layer) => [`scores[${layer}]`],
  k: (layer) => [`scores[${layer}]`],
  v: (layer) => [`z[${layer}]`, `head_out[${layer}]`],
  pattern: (layer) => [`z[${layer}]`, `head_out[${layer}]`],
  z: (layer) => [`head_out[${layer}]`],
};

for (const name of ["gpt2-f32", "llama-tied-f32", "neox-parallel-f32"]) {
  test(`${name}: a gate at any writable site acts on everything downstream`, async () => {
    const fixture = readFixture<RandomFixture>(name);
    assert.ok(fixture !== null);
    const { opened, built } = await loadModel(fixture.model);
    const { signature } = built;
    const feeds = { input_ids: idsTensor(fixture.ids) };
    const logitsSite: SiteReference = { site: "logits", layer: null };
    const references = new Map(allSites(signature).map((reference) => [siteKey(reference), reference]));
    for (const at of references.values()) {
      if (!sites[at.site].writable) continue;
      const key = siteKey(at);
      const rank = sites[at.site].axes.length + 1;
      const dependent = (consequences[at.site]?.(at.layer ?? 0) ?? []).flatMap((k) => references.get(k) ?? []);
      const graph = gatedGraph(built, at, [logitsSite, nllSite, ...dependent]);
      const { change } = gateNames(valueOf(built, at), key);

      const session = await createSession(graph, opened.externalDataFolder);
      const off = await runSession(session, { ...feeds, ...everywhere(key, rank, false, 7) });
      assert.ok(
        off[change]?.data.every((x) => x === 0),
        `${key}: a closed gate changes something`,
      );
      off["out logits"]?.data.forEach((x, i) => {
        assert.ok(Math.abs(x - (fixture.logits[i] ?? NaN)) <= 5e-5, `${key}: a closed gate changes the logits`);
      });

      const on = await runSession(session, { ...feeds, ...everywhere(key, rank, true, 0) });
      assert.deepEqual(on[change]?.shape, [2]);
      assert.ok(
        on[change].data.every((x) => x > 0),
        `${key}: an open gate changes nothing`,
      );
      const moved = on["out logits"]?.data.some((x, i) => Math.abs(x - (fixture.logits[i] ?? NaN)) > 1e-3);
      assert.ok(moved, `${key}: an open gate does not reach the logits`);
      for (const reference of dependent) {
        const data = on[`out ${siteKey(reference)}`]?.data;
        assert.ok(
          data?.every((x) => x === 0 || x === -Infinity),
          `${key} = 0 does not reach ${siteKey(reference)}`,
        );
      }
      if (at.site === "logits") {
        assert.ok(on["out nll"]?.data.every((x) => Math.abs(x - Math.log(signature.vocab)) < 1e-5));
      }
    }
  });
}

test("gating resid_pre is seen by the norm and by the residual connection", async () => {
  const { opened, built } = await loadModel("test/fixtures/models/gpt2-f32");
  const site = (name: SiteReference["site"]): SiteReference => ({ site: name, layer: 1 });
  const graph = gatedGraph(built, site("resid_pre"), [site("resid_mid"), site("attn_out"), site("q")]);
  const feeds = { input_ids: idsTensor([[1, 2, 3]]), ...everywhere("resid_pre[1]", 3, true, 0) };
  const outputs = await runGraph(graph, opened.externalDataFolder, feeds);
  assert.deepEqual(outputs["out resid_mid[1]"]?.data, outputs["out attn_out[1]"]?.data);
  // The norm of a zero vector is its bias, whatever the position.
  const q = outputs["out q[1]"]?.data ?? new Float32Array();
  assert.deepEqual(q.subarray(0, q.length / 3), q.subarray(q.length / 3, (2 * q.length) / 3));
});

test("one row of ids may meet a gate of many rows: conditions without repeated prompts", async () => {
  const { opened, built } = await loadModel("test/fixtures/models/llama-tied-f32");
  const at: SiteReference = { site: "z", layer: 1 };
  const logits: SiteReference = { site: "logits", layer: null };
  const session = await createSession(gatedGraph(built, at, [logits, nllSite]), opened.externalDataFolder);
  const names = gateNames("z[1]", "z[1]");
  const { heads } = built.signature;
  const each = Array.from({ length: heads * heads }, (_, i) => Math.floor(i / heads) === i % heads);
  const gate = {
    [names.mask]: boolTensor(each, [heads, 1, heads, 1]),
    [names.replacement]: floatTensor([0], [1, 1, 1, 1]),
  };
  const ids = [5, 17, 3, 44, 29, 8];
  const one = await runSession(session, { input_ids: idsTensor([ids]), ...gate });
  const repeated = idsTensor(Array.from({ length: heads }, () => ids));
  assert.deepEqual(one, await runSession(session, { input_ids: repeated, ...gate }));
  assert.deepEqual(one["out nll"]?.shape, [heads, ids.length - 1]);
  assert.deepEqual(one[names.change]?.shape, [heads]);
});
