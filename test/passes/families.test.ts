/**
 * Passes on the arrangements of every family: windows, linear biases, soft caps, sinks, norms after attention, parallel
 * residuals and mixtures give the same bits as the naive graph, gated or not.
 */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { ModelFacts } from "../../src/compiler/models/model.js";
import type { SiteReference } from "../../src/compiler/models/sites.js";
import { verifyGraph } from "../../src/compiler/onnx/verify.js";
import { chunkAttention } from "../../src/compiler/passes/chunk-attention.js";
import { restrictPositions } from "../../src/compiler/passes/restrict-positions.js";
import { streamLoss } from "../../src/compiler/passes/stream-loss.js";
import { loadModel, root } from "../models/fixture.js";
import { createSession, runSession } from "../models/run-graph.js";
import { expressionsOf, feedsFor, measuredGraph } from "./measured-graph.js";

/** Variants of a family that differ in spelling alone are left out. */
const names = readdirSync(join(root, "test", "fixtures", "families", "models")).filter((name) => !name.includes("-v4"));

const gates: readonly (readonly SiteReference[])[] = [
  [],
  [
    { site: "z", layer: 0 },
    { site: "resid_pre", layer: 1 },
  ],
];

for (const name of names) {
  test(`${name}: the same bits with positions left out, attention in chunks and the loss streamed`, async () => {
    const { opened, built } = await loadModel(`test/fixtures/families/models/${name}`);
    for (const measures of ["loss, norm(resid_post[L-1]) as stream", "norm(final at -2..-1) as end"]) {
      for (const gated of gates) {
        const whole = measuredGraph(built, expressionsOf(withMoreWords(opened.facts), measures), gated);
        const { graph: fewer, restricted } = restrictPositions(whole, built);
        const { graph: chunked, chunked: layers } = chunkAttention(fewer, built, restricted);
        const graph = streamLoss(chunked, built);
        assert.deepEqual(verifyGraph(graph), []);
        if (isPlain(name)) assert.ok(layers.size > 0, "attention is in chunks");
        const [naive, passed] = await Promise.all(
          [whole, graph].map((one) => createSession(one, opened.externalDataFolder)),
        );
        assert.ok(naive !== undefined && passed !== undefined);
        for (const positions of [1, 2, 9, 16]) {
          const row = Array.from({ length: positions }, (_, i) => (7 * i * i + 11) % 40);
          const feeds = feedsFor(whole, [row, row.map((id) => (id + 1) % 40)]);
          const expected = await runSession(naive, feeds);
          assert.deepEqual(await runSession(passed, feeds), expected, `${measures}, ${positions} positions`);
        }
      }
    }
  });
}

/** The model with rows for all words that texts of tests have; expressions know nothing of the rows. */
function withMoreWords(facts: ModelFacts): ModelFacts {
  const tensors = Object.entries(facts.tensors).map(([name, entry]) => {
    const shape = entry.shape.map((size) => (size === 40 ? 61 : size));
    return [name, { ...entry, shape }] as const;
  });
  return { ...facts, config: { ...facts.config, vocab_size: 61 }, tensors: Object.fromEntries(tensors) };
}

/** Whether nothing stands between the products of queries and keys and their mask. */
function isPlain(name: string): boolean {
  return !/bloom|mpt|alibi|gemma2$|gpt-oss/.test(name);
}
