/**
 * Every family against Hugging Face's implementation in float64 (training/families.py): the logits, all sites, the loss with
 * each head ablated, and the identities. A family is in the table below through its fixtures alone.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { families } from "../../src/compiler/models/family.js";
import {
  checkIdentities,
  identityParameters,
  identitySites,
  parameterRank,
} from "../../src/compiler/models/identities.js";
import { allSites, siteValueInfo } from "../../src/compiler/models/site-values.js";
import { siteKey, type SiteReference } from "../../src/compiler/models/sites.js";
import { addOutput, eliminateDeadNodes, gateNames, insertGate } from "../../src/compiler/onnx/edit.js";
import type { Graph } from "../../src/compiler/onnx/graph.js";
import { readSafetensors } from "../../src/runtime/models/safetensors.js";
import { boolTensor, floatTensor } from "../support/tensors.js";
import { loadModel, root } from "./fixture.js";
import { createSession, idsTensor, runGraph, runSession, type RunTensor } from "./run-graph.js";

interface Expected {
  readonly family: string;
  readonly ids: readonly number[];
  readonly loss: number;
  /** [layer][head] */
  readonly ablated: readonly (readonly number[])[];
  /** Whether scores are known up to what is the same for all keys of a query. */
  readonly scoresAreShifted?: boolean;
}

const folder = join(root, "test", "fixtures", "families");
const names = readdirSync(join(folder, "models")).sort();

/** What Hugging Face's implementation has in every site, by the site's key. */
function readExpected(name: string): {
  readonly numbers: Expected;
  readonly sites: Readonly<Record<string, RunTensor>>;
} {
  const numbers = JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8")) as Expected;
  const read = readSafetensors(readFileSync(join(folder, `${name}.safetensors`)));
  if (!read.ok) throw new Error(read.reason);
  const sites = Object.entries(read.value.tensors).map(
    ([key, { shape, data }]) => [key, { shape, data: Float32Array.from(data as Float32Array) }] as const,
  );
  return { numbers, sites: Object.fromEntries(sites) };
}

/** Largest difference, where −∞ equals −∞ only. */
function difference(actual: Float32Array, expected: Float32Array): number {
  if (actual.length !== expected.length) return Infinity;
  return actual.reduce(
    (most, a, i) => Math.max(most, Object.is(a, expected[i]) ? 0 : Math.abs(a - (expected[i] ?? NaN))),
    0,
  );
}

/** Scores of each query less that of the query itself. */
function unshifted({ shape, data }: RunTensor): Float32Array {
  const keys = shape.at(-1) ?? 1;
  return data.map((score, i) => score - (data[i - (i % keys) + (Math.floor(i / keys) % keys)] ?? NaN));
}

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

function finite(value: number): number {
  return Number.isFinite(value) ? value : -1e9;
}

/** The mean loss of the unmodified model, and that with each head's z set to zero: [layer][head]. */
async function ablatedLosses(
  { signature, graph, values }: Awaited<ReturnType<typeof loadModel>>["built"],
  weights: string,
  ids: readonly number[],
): Promise<{ readonly none: readonly number[]; readonly heads: readonly (readonly number[])[] }> {
  const { heads, layers } = signature;
  const nll: SiteReference = { site: "nll", layer: null };
  const none: number[] = [];
  const lost: (readonly number[])[] = [];
  for (let layer = 0; layer < layers; layer++) {
    const key = siteKey({ site: "z", layer });
    const gated = addOutput(
      insertGate(graph, values[key] ?? "", key, 4),
      values["nll"] ?? "",
      siteValueInfo(signature, nll),
    );
    const session = await createSession(eliminateDeadNodes(gated), weights);
    const names = gateNames("", key);
    const each = Array.from({ length: heads * heads }, (_, i) => Math.floor(i / heads) === i % heads);
    const run = async (mask: readonly boolean[]): Promise<readonly number[]> => {
      const taps = await runSession(session, {
        input_ids: idsTensor([ids]),
        [names.mask]: boolTensor(mask, [heads, 1, heads, 1]),
        [names.replacement]: floatTensor([0], [1, 1, 1, 1]),
      });
      return rowMeans(taps["nll"] ?? assert.fail("no nll"));
    };
    none.push((await run(each.map(() => false)))[0] ?? NaN);
    lost.push(await run(each));
  }
  return { none, heads: lost };
}

function rowMeans({ shape, data }: RunTensor): readonly number[] {
  const [rows = 0, positions = 0] = shape;
  return Array.from({ length: rows }, (_, row) =>
    data.subarray(row * positions, (row + 1) * positions).reduce((sum, x) => sum + x / positions, 0),
  );
}

test("every family has a fixture", () => {
  const tested = new Set(names.map((name) => readExpected(name).numbers.family));
  assert.deepEqual(
    families.map(({ modelType }) => modelType).filter((type) => !tested.has(type)),
    [],
  );
});
