/**
 * Every family against Hugging Face's implementation in float64 (training/families.py): the logits, all sites, the loss with
 * each head ablated, and the identities. A family is in the table below through its fixtures alone.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { families } from "../../src/compiler/models/family.js";
import {
  checkIdentities,
  identityParameters,
  identitySites,
  parameterRank,
} from "../../src/compiler/models/identities.js";
import { allSites, siteValueInfo } from "../../src/compiler/models/site-values.js";
import { siteKey } from "../../src/compiler/models/sites.js";
import { addOutput, eliminateDeadNodes } from "../../src/compiler/onnx/edit.js";
import type { Graph } from "../../src/compiler/onnx/graph.js";
import { ablatedLosses, difference, finite, names, readExpected, unshifted } from "./family-references.js";
import { loadModel } from "./fixture.js";
import { idsTensor, runGraph } from "./run-graph.js";

for (const name of names) {
  test(`${name}: sites and losses are Hugging Face's`, async (t) => {
    const { numbers, sites } = readExpected(name);
    const { opened, built } = await loadModel(`test/fixtures/families/models/${name}`);
    const { signature, values, parameters } = built;
    assert.equal(signature.family, numbers.family);
    const references = allSites(signature);
    assert.deepEqual(references.map(siteKey).sort(), Object.keys(sites).sort(), "the same sites");

    let graph: Graph = built.graph;
    for (const reference of references) {
      graph = addOutput(graph, values[siteKey(reference)] ?? "", siteValueInfo(signature, reference));
    }
    const asked = identityParameters(signature).filter((parameter) => parameters[parameter] !== undefined);
    for (const parameter of asked) {
      const shape = Array.from({ length: parameterRank(parameter) }, (_, i) => `${parameter}.${i}`);
      graph = addOutput(graph, parameters[parameter] ?? "", { name: `parameter ${parameter}`, type: "float32", shape });
    }
    const feeds = { input_ids: idsTensor([numbers.ids]) };
    const taps = await runGraph(eliminateDeadNodes(graph), opened.externalDataFolder, feeds);

    let worst = 0;
    for (const [key, expected] of Object.entries(sites)) {
      const actual = taps[key];
      assert.deepEqual(actual?.shape.slice(1), expected.shape, `${key}: shape`);
      const shifted = numbers.scoresAreShifted === true && key.startsWith("scores");
      const size = shifted
        ? difference(unshifted(actual).map(finite), unshifted(expected).map(finite))
        : difference(actual.data, expected.data);
      worst = Math.max(worst, size);
      assert.ok(size <= 5e-5, `${key} differs by ${size}`);
    }
    t.diagnostic(`max |Δ site| = ${worst.toExponential(1)}`);

    const named = Object.fromEntries(asked.map((one) => [one, taps[`parameter ${one}`] ?? assert.fail(one)]));
    const identities = checkIdentities(signature, taps, named);
    for (const identity of identities) assert.ok(identity.ok, JSON.stringify(identity));
    const checked = new Set(identities.map(({ site }) => site));
    for (const site of identitySites(signature)) {
      const isSource = /^(head_out|v|mlp_out|expert_out|shared_expert_out)\[|^resid_pre\[0\]/.test(site);
      assert.ok(isSource || checked.has(site), `${site} is in no identity`);
    }

    const lost = await ablatedLosses(built, opened.externalDataFolder, numbers.ids);
    const errors = [[...lost.none], ...lost.heads].flatMap((layer, i) =>
      layer.map((loss, head) => Math.abs(loss - (i === 0 ? numbers.loss : (numbers.ablated[i - 1]?.[head] ?? NaN)))),
    );
    const largest = Math.max(...errors);
    t.diagnostic(`max |Δ loss| = ${largest.toExponential(1)} nats`);
    assert.ok(largest <= 1e-6, `a loss differs by ${largest}`);
  });
}

test("every family has a fixture", () => {
  const tested = new Set(names.map((name) => readExpected(name).numbers.family));
  assert.deepEqual(
    families.map(({ modelType }) => modelType).filter((type) => !tested.has(type)),
    [],
  );
});
