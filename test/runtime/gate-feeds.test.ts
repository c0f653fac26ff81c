/** Masks and replacements of a gate: which entries of which rows are changed, and to what. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Gate, Unit } from "../../src/compiler/ir/plan.js";
import type { Condition, SiteWrite } from "../../src/compiler/ir/protocol.js";
import type { ModelSignature } from "../../src/compiler/models/model.js";
import type { SiteName } from "../../src/compiler/models/sites.js";
import type { EngineTensor } from "../../src/runtime/engine/messages.js";
import { gateFeeds, type Replacement } from "../../src/runtime/gate-feeds.js";

const signature: ModelSignature = {
  family: "test",
  layers: 2,
  heads: 2,
  kvHeads: 1,
  dHead: 2,
  dModel: 3,
  neurons: 4,
  vocab: 5,
  maxPositions: null,
  parallelResidual: false,
  gatedMlp: false,
  norm: "layer",
  normsAfter: null,
  queryKeyNorms: false,
  attentionSinks: false,
  experts: null,
  unembedding: { scale: 1, softcap: null, bias: false, width: 3 },
  sites: [],
  siteOrder: [],
  keptSites: [],
};

function gateAt(site: SiteName): Gate {
  return { key: `${site}[0]`, site: { site, layer: 0 }, kind: "replace", expression: null, add: false, dense: false };
}

function write(site: SiteName, rest: Partial<SiteWrite>): SiteWrite {
  return { site: { site, layer: 0 }, unit: null, positions: null, replacement: { kind: "zero" }, ...rest };
}

/** Row r is prompt r under condition r, the baseline being condition 0. */
function unitOf(rows: number, positions: number): Unit {
  return {
    id: "u",
    graph: "g",
    rows: Array.from({ length: rows }, (_, r) => ({ prompt: r, condition: r })),
    positions,
    prepacked: true,
  };
}

function conditionsOf(...writes: readonly (readonly SiteWrite[])[]): readonly Condition[] {
  return [{ coordinates: {}, writes: [] }, ...writes.map((own) => ({ coordinates: {}, writes: own }))];
}

const shape = (tensor: EngineTensor | null): readonly number[] => tensor?.dims ?? [];
const data = (tensor: EngineTensor | null): readonly number[] => Array.from(tensor?.data ?? [], Number);
const zero = (): Promise<Replacement> => Promise.resolve(0);

test("without positions and units a mask is one truth value a row, and zero is one number", async () => {
  const { mask, replacement } = await gateFeeds(
    gateAt("mlp_out"),
    conditionsOf([write("mlp_out", {})]),
    unitOf(2, 4),
    signature,
    zero,
  );
  assert.deepEqual(shape(mask), [2, 1, 1]);
  assert.deepEqual(data(mask), [0, 1]);
  assert.deepEqual(shape(replacement), [1, 1, 1]);
  assert.deepEqual(data(replacement), [0]);
});

test("a head at the last two positions of z [pos, head, d_head]", async () => {
  const at = write("z", { unit: 1, positions: { kind: "range", first: -2, last: -1 } });
  const { mask } = await gateFeeds(gateAt("z"), conditionsOf([at]), unitOf(2, 3), signature, zero);
  assert.deepEqual(shape(mask), [2, 3, 2, 1]);
  assert.deepEqual(data(mask), [0, 0, 0, 0, 0, 0, ...[0, 0, 0, 1, 0, 1]]);
});

test("positions of their own for every prompt", async () => {
  const at = write("resid_pre", { positions: { kind: "each", positions: [9, 2, 0] } });
  const { mask } = await gateFeeds(gateAt("resid_pre"), conditionsOf([at], [at]), unitOf(3, 3), signature, zero);
  assert.deepEqual(shape(mask), [3, 3, 1]);
  assert.deepEqual(data(mask), [0, 0, 0, 0, 0, 1, 1, 0, 0]);
});

test("an average is one row without positions, shared by all", async () => {
  const mean: Replacement = { dims: [2, 2], data: Float64Array.of(1, 2, 3, 4) };
  const replacing = write("z", { unit: 0, replacement: { kind: "mean", of: "p", perPosition: false } });
  const { replacement } = await gateFeeds(
    gateAt("z"),
    conditionsOf([replacing], [replacing]),
    unitOf(3, 5),
    signature,
    () => Promise.resolve(mean),
  );
  assert.deepEqual(shape(replacement), [1, 1, 2, 2]);
  assert.deepEqual(data(replacement), [1, 2, 3, 4]);
});

test("activations of another prompt are lined up at their ends", async () => {
  // The source has four positions [0..3] × d_model 3, the text has two: it takes the last two.
  const source: Replacement = { dims: [4, 3], data: Float32Array.from({ length: 12 }, (_, i) => i) };
  const patch = write("resid_post", {
    positions: { kind: "range", first: -1, last: -1 },
    replacement: { kind: "activation", of: "clean", prompts: [0, 1] },
  });
  const { mask, replacement } = await gateFeeds(
    gateAt("resid_post"),
    conditionsOf([patch]),
    unitOf(2, 2),
    signature,
    () => Promise.resolve(source),
  );
  assert.deepEqual(data(mask), [0, 0, 0, 1]);
  assert.deepEqual(shape(replacement), [2, 2, 3]);
  assert.deepEqual(data(replacement).slice(9), [9, 10, 11]);
});

test("rows with different numbers carry each their own, head by head", async () => {
  const two = write("z", { unit: 0, replacement: { kind: "constant", value: 2 } });
  const three = write("z", { unit: 1, replacement: { kind: "constant", value: 3 } });
  const { mask, replacement } = await gateFeeds(
    gateAt("z"),
    conditionsOf([two], [two, three]),
    unitOf(3, 4),
    signature,
    ({ replacement: wanted }) => Promise.resolve(wanted.kind === "constant" ? wanted.value : NaN),
  );
  assert.deepEqual(shape(mask), [3, 1, 2, 1]);
  assert.deepEqual(data(mask), [0, 0, 1, 0, 1, 1]);
  assert.deepEqual(shape(replacement), [3, 1, 2, 1]);
  assert.deepEqual(data(replacement), [0, 0, 2, 0, 2, 3]);
});

test("an attention pattern [head, query, key] is replaced query by query", async () => {
  const source: Replacement = { dims: [2, 2, 2], data: Float32Array.of(1, 0, 0.5, 0.5, 1, 0, 0.25, 0.75) };
  const patch = write("pattern", {
    unit: 1,
    positions: { kind: "range", first: 1, last: 1 },
    replacement: { kind: "activation", of: "clean", prompts: [0, 1] },
  });
  const { mask, replacement } = await gateFeeds(gateAt("pattern"), conditionsOf([patch]), unitOf(2, 2), signature, () =>
    Promise.resolve(source),
  );
  assert.deepEqual(shape(mask), [2, 2, 2, 1]);
  assert.deepEqual(data(mask).slice(4), [0, 0, 0, 1]);
  assert.deepEqual(data(replacement).slice(8), [0, 0, 0, 0, 0, 0, 0.25, 0.75]);
});

test("gates that compute have a mask and nothing else", async () => {
  const expression = { nodes: [], result: 0 };
  const replacing = write("mlp_out", { replacement: { kind: "expression", expression, add: true } });
  const { gateKey } = await import("../../src/compiler/analysis/gates.js");
  const gate: Gate = { ...gateAt("mlp_out"), key: gateKey(replacing), kind: "compute", expression, add: true };
  const never = (): Promise<Replacement> => Promise.reject(new Error("nothing to read"));
  const feeds = await gateFeeds(gate, conditionsOf([replacing]), unitOf(2, 4), signature, never);
  assert.deepEqual(data(feeds.mask), [0, 1]);
  assert.equal(feeds.replacement, null);
});
