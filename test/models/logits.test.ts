import assert from "node:assert/strict";
import { test } from "node:test";
import { checkIdentities, identityParameters } from "../../src/compiler/models/identities.js";
import { allSites, siteValueInfo } from "../../src/compiler/models/site-values.js";
import { siteKey } from "../../src/compiler/models/sites.js";
import { addOutput, eliminateDeadNodes } from "../../src/compiler/onnx/edit.js";
import type { Graph } from "../../src/compiler/onnx/graph.js";
import { loadModel, randomModels, readFixture, trainedModels, whyAbsent } from "./fixture.js";
import type { RandomFixture, TrainedFixture } from "./fixture.js";
import { idsTensor, runGraph, type RunTensor } from "./run-graph.js";

/** Every site and parameter of a model from one run. */
async function tapEverything(
  model: string,
  ids: readonly (readonly number[])[],
): Promise<{ loaded: Awaited<ReturnType<typeof loadModel>>; taps: Readonly<Record<string, RunTensor>> }> {
  const loaded = await loadModel(model);
  const { signature, values, parameters } = loaded.built;
  let graph: Graph = loaded.built.graph;
  for (const reference of allSites(signature)) {
    const value = values[siteKey(reference)];
    assert.ok(value !== undefined, `${siteKey(reference)} has no value`);
    graph = addOutput(graph, value, siteValueInfo(signature, reference));
  }
  const ranks: Readonly<Record<string, number>> = { W_U: 2, "final_norm.epsilon": 0 };
  for (const name of identityParameters(signature)) {
    const value = parameters[name];
    if (value === undefined) continue;
    const shape = Array.from({ length: ranks[name] ?? 1 }, (_, i) => `${name}.${i}`);
    graph = addOutput(graph, value, { name: `parameter ${name}`, type: "float32", shape });
  }
  const folder = loaded.opened.externalDataFolder;
  return { loaded, taps: await runGraph(eliminateDeadNodes(graph), folder, { input_ids: idsTensor(ids) }) };
}

function maxDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  assert.equal(a.length, b.length);
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference = Math.max(difference, Math.abs((a[i] ?? NaN) - (b[i] ?? NaN)));
  return difference;
}

/** Taps are finite (masked scores aside) and the identities hold; returns the largest share of a tolerance used. */
function checkTaps({ loaded, taps }: Awaited<ReturnType<typeof tapEverything>>): void {
  const { signature } = loaded.built;
  for (const reference of allSites(signature)) {
    const tensor = taps[siteKey(reference)];
    assert.ok(tensor !== undefined);
    const allowed = (x: number): boolean => Number.isFinite(x) || (reference.site === "scores" && x === -Infinity);
    assert.ok(tensor.data.every(allowed), `${siteKey(reference)} is not finite`);
    assert.equal(tensor.shape.length, siteValueInfo(signature, reference).shape.length);
  }
  const parameters = Object.fromEntries(
    Object.entries(taps)
      .filter(([name]) => name.startsWith("parameter "))
      .map(([name, tensor]) => [name.slice("parameter ".length), tensor]),
  );
  const identities = checkIdentities(signature, taps, parameters);
  const perLayer = signature.parallelResidual ? 4 : 5;
  assert.equal(identities.length, signature.layers * (perLayer + 1) - 1 + 2);
  for (const identity of identities) assert.ok(identity.ok, JSON.stringify(identity));
}

for (const name of randomModels) {
  test(`${name}: logits equal Hugging Face's, sites are finite, identities hold`, async (t) => {
    const fixture = readFixture<RandomFixture>(name);
    assert.ok(fixture !== null);
    const tapped = await tapEverything(fixture.model, fixture.ids);
    const difference = maxDifference(tapped.taps["logits"]?.data ?? [], fixture.logits);
    t.diagnostic(`max |Δ logits| = ${difference.toExponential(2)}`);
    assert.ok(difference <= 5e-5, `logits differ by ${difference}`);
    checkTaps(tapped);
  });
}

for (const name of trainedModels) {
  test(`${name}: logits and nll equal Hugging Face's`, { skip: whyAbsent(name) ?? false }, async (t) => {
    const fixture = readFixture<TrainedFixture>(name);
    assert.ok(fixture !== null);
    const tapped = await tapEverything(fixture.model, fixture.ids);
    const { shape = [], data = new Float32Array() } = tapped.taps["logits"] ?? {};
    const [rows = 0, positions = 0, vocab = 0] = shape;
    for (let row = 0; row < rows; row++) {
      const start = (row * positions + positions - 1) * vocab;
      const difference = maxDifference(data.subarray(start, start + vocab), fixture.last_logits[row] ?? []);
      t.diagnostic(`row ${row}: max |Δ logits| = ${difference.toExponential(2)}`);
      assert.ok(difference <= 5e-5, `logits differ by ${difference}`);
    }
    const nll = maxDifference(tapped.taps["nll"]?.data ?? [], fixture.nll.flat());
    t.diagnostic(`max |Δ nll| = ${nll.toExponential(2)}`);
    assert.ok(nll <= 2e-5, `nll differs by ${nll}`);
    checkTaps(tapped);
    const ids = fixture.texts.map((text) => tapped.loaded.opened.tokenizer?.encode(text).slice(0, positions));
    assert.deepEqual(ids, fixture.ids);
  });
}
