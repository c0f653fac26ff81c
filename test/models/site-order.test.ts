/** The facts of a signature about sites agree with the graph that the family builds. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { depthOf, siteRank } from "../../src/compiler/models/site-order.js";
import { allSites } from "../../src/compiler/models/site-values.js";
import { siteKey } from "../../src/compiler/models/sites.js";
import { loadModel, randomModels } from "./fixture.js";

for (const name of randomModels) {
  test(`${name}: sites are computed in the order of the signature`, async () => {
    const { built } = await loadModel(`test/fixtures/models/${name}`);
    const { signature, graph, values } = built;
    assert.deepEqual([...signature.siteOrder.flat()].sort(), [...signature.sites].sort(), "each site in one step");
    for (const site of signature.keptSites) assert.ok(signature.sites.includes(site), site);
    const places = new Map(graph.nodes.flatMap(({ outputs }, at) => outputs.map((output) => [output, at] as const)));
    const sites = allSites(signature).map((reference) => {
      const [layer, step] = siteRank(signature, reference);
      const place = places.get(values[siteKey(reference)] ?? "");
      assert.ok(place !== undefined && step >= 0, siteKey(reference));
      return { reference, layer, step, place };
    });
    for (const a of sites) {
      for (const b of sites) {
        if (a.layer < b.layer || (a.layer === b.layer && a.step < b.step))
          assert.ok(a.place < b.place, `${siteKey(a.reference)} before ${siteKey(b.reference)}`);
      }
    }
  });
}

test("how many layers come before a site", async () => {
  const { signature } = (await loadModel("test/fixtures/models/llama-tied-f32")).built;
  const { layers } = signature;
  assert.equal(depthOf({ site: "embed", layer: null }, signature), 0);
  assert.equal(depthOf({ site: "resid_pre", layer: 1 }, signature), 1);
  assert.equal(depthOf({ site: "q", layer: 1 }, signature), 2);
  assert.equal(depthOf({ site: "resid_post", layer: 0 }, signature), 1);
  for (const site of ["final", "logits", "nll"] as const)
    assert.equal(depthOf({ site, layer: null }, signature), layers);
});
