/** Attention in chunks gives what attention as a whole gives: the same bits, whatever is read, changed or left out. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { InferenceSession, Tensor } from "onnxruntime-node";
import type { ModelGraph } from "../../src/compiler/models/model.js";
import { siteKey, type SiteReference } from "../../src/compiler/models/sites.js";
import { addOutput, eliminateDeadNodes, gateNames } from "../../src/compiler/onnx/edit.js";
import { encodeModel } from "../../src/compiler/onnx/encode.js";
import type { Graph } from "../../src/compiler/onnx/graph.js";
import { verifyGraph } from "../../src/compiler/onnx/verify.js";
import {
  chunkAttention,
  chunkedPairs,
  chunkQueries,
  type ChunkedGraph,
} from "../../src/compiler/passes/chunk-attention.js";
import type { PositionRange } from "../../src/compiler/passes/positions/range.js";
import { restrictPositions } from "../../src/compiler/passes/restrict-positions.js";
import { streamLoss } from "../../src/compiler/passes/stream-loss.js";
import { loadModel } from "../models/fixture.js";
import { createSession, runSession } from "../models/run-graph.js";
import { expressionsOf, feedsFor, measuredGraph } from "./measured-graph.js";

type Loaded = Awaited<ReturnType<typeof loadModel>>;

const trained = ["gpt2-tiny", "pythia-tiny", "llama-tiny"].map((name) => `@stdlib/models/${name}`);

/** Rows of tokens that differ from each other. */
function rowsOf(count: number, length: number): readonly (readonly number[])[] {
  return Array.from({ length: count }, (_, row) => Array.from({ length }, (_x, i) => (7 * i * i + 13 * row + 11) % 61));
}

function measured({ opened, built }: Loaded, measures: string, gates: readonly SiteReference[] = []): Graph {
  return measuredGraph(built, expressionsOf(opened.facts, measures), gates);
}

/** A graph as plans have it: positions restricted, attention in chunks, the loss streamed. */
function inChunks(graph: Graph, built: ModelGraph): ChunkedGraph {
  const { graph: fewer, restricted } = restrictPositions(graph, built);
  const { graph: chunked, chunked: layers } = chunkAttention(fewer, built, restricted);
  const result = streamLoss(chunked, built);
  assert.deepEqual(verifyGraph(result), []);
  assert.deepEqual([result.inputs, result.outputs], [graph.inputs, graph.outputs]);
  assert.deepEqual(JSON.parse(JSON.stringify(result)), result);
  return { graph: result, chunked: layers };
}

/** `more`: feeds that are other than those of `feedsFor`. */
async function assertSameBits(
  loaded: Loaded,
  whole: Graph,
  chunked: Graph,
  sizes: Sizes,
  more: Readonly<Record<string, Tensor>> = {},
): Promise<void> {
  const { externalDataFolder } = loaded.opened;
  const [one, other] = await Promise.all([whole, chunked].map((graph) => createSession(graph, externalDataFolder)));
  assert.ok(one !== undefined && other !== undefined);
  for (const [rows, positions] of sizes) {
    const feeds = { ...feedsFor(whole, rowsOf(rows, positions)), ...more };
    // deepEqual compares numbers by Object.is: −0 is not 0.
    assert.deepEqual(await runSession(other, feeds), await runSession(one, feeds), `${rows} rows of ${positions}`);
  }
}

type Sizes = readonly (readonly [rows: number, positions: number])[];

/** One token, few, and about one, two and three chunks; gpt2-tiny has 256 positions. */
const sizes: Sizes = [
  ...[1, 2, 3, 31, 33, 64, 127].map((length) => [1, length] as const),
  ...[-1, 0, 1].map((more) => [2, chunkQueries + more] as const),
  ...[-1, 0].map((more) => [2, 2 * chunkQueries + more] as const),
];

/** Texts longer than any that is planned for these models, which have no table of positions. */
const longer: Sizes = [257, 385, 777].map((length) => [1, length] as const);

for (const model of trained) {
  const lengths = model.endsWith("gpt2-tiny") ? sizes : [...sizes, ...longer];

  test(`${model}: the same bits in every layer, at every length`, async () => {
    const loaded = await loadModel(model);
    const whole = measured(loaded, "loss, norm(resid_post[L-1]) as stream, norm(z[L2]) as heads");
    const { graph, chunked } = inChunks(whole, loaded.built);
    assert.deepEqual(
      [...chunked],
      [...Array(loaded.built.signature.layers).keys()].map((layer) => [layer, null]),
    );
    await assertSameBits(loaded, whole, graph, lengths);
  });

  test(`${model}: the same bits where only the last or the first queries are computed`, async () => {
    const loaded = await loadModel(model);
    const late = loaded.built.signature.layers - 1;
    for (const [measures, range] of [
      ["logits[answer] at last", { side: "last", count: 2 }],
      [`norm(resid_post[L-1] at -140..-1)`, { side: "last", count: 140 }],
      [`norm(resid_post[L-1] at 0..5)`, { side: "first", count: 6 }],
    ] as const) {
      const whole = measured(loaded, measures);
      const { graph, chunked } = inChunks(whole, loaded.built);
      assert.deepEqual(chunked.get(late), range, measures);
      assert.equal(chunked.get(late - 1), null);
      await assertSameBits(loaded, whole, graph, lengths);
    }
  });

  test(`${model}: the same bits with gates around attention`, async () => {
    const loaded = await loadModel(model);
    const gates: readonly SiteReference[] = [
      { site: "q", layer: 1 },
      { site: "v", layer: 2 },
      { site: "z", layer: 2 },
      { site: "resid_pre", layer: 3 },
    ];
    const whole = measured(loaded, "loss", gates);
    const { graph, chunked } = inChunks(whole, loaded.built);
    assert.equal(chunked.size, loaded.built.signature.layers);
    await assertSameBits(loaded, whole, graph, lengths);
  });
}

test("a layer keeps its scores and its pattern where something reads or changes them", async () => {
  const loaded = await loadModel("@stdlib/models/llama-tiny");
  const { built } = loaded;
  for (const [measures, gates] of [
    ["loss, pattern_entropy layer L3", []],
    ["loss, norm(scores[L3])", []],
    ["loss", [{ site: "pattern", layer: 3 }]],
    ["loss", [{ site: "scores", layer: 3 }]],
  ] as const) {
    const whole = measured(loaded, measures, gates);
    const { graph, chunked } = inChunks(whole, built);
    assert.deepEqual([...chunked.keys()], [0, 1, 2, 4, 5], measures);
    // The gates are those of one head, at every query and key.
    const oneHead = new Tensor("bool", [true, false, false, false], [1, 4, 1, 1]);
    const masks = gates.map((gate): [string, Tensor] => [gateNames("", siteKey(gate)).mask, oneHead]);
    const texts: Sizes = [
      [1, 5],
      [2, 200],
    ];
    await assertSameBits(loaded, whole, graph, texts, Object.fromEntries(masks));
  }
  // As an output by the name that the site has itself.
  const both = eliminateDeadNodes(
    ["pattern[3]", "resid_post[5]"].reduce(
      (graph, name) => addOutput(graph, built.values[name] ?? "", { name, type: "float32", shape: [] }),
      built.graph,
    ),
  );
  assert.deepEqual([...chunkAttention(both, built, new Map()).chunked.keys()], [0, 1, 2, 4, 5]);
  assert.equal(
    chunkAttention(measured(loaded, "norm(v[L0])"), built, new Map()).chunked.size,
    0,
    "no attention at all",
  );
});

/** The queries and the bounds of the keys of every chunk, for texts of a length. */
async function scheduleOf(built: ModelGraph, range: PositionRange | null): Promise<(positions: number) => Schedule> {
  const site = built.values[siteKey({ site: "resid_post", layer: 0 })] ?? "";
  const whole = eliminateDeadNodes(addOutput(built.graph, site, { name: "out", type: "float32", shape: [] }));
  // What is asked for is not read, so that its name is enough.
  const restricted = range === null ? new Map() : new Map([[built.values["z[0]"] ?? "", range]]);
  const { graph } = chunkAttention(whole, built, restricted);
  const scan = graph.nodes.find(({ op }) => op === "Scan");
  assert.ok(scan !== undefined);
  const outputs = scan.inputs.map((name) => ({ name, type: "int64" as const, shape: ["chunk", "place"] }));
  // Without weights, so that texts can be of any length.
  const session = await InferenceSession.create(encodeModel(eliminateDeadNodes({ ...graph, outputs })));
  const [queries = "", visible = "", ends = ""] = scan.inputs;
  return async (positions) => {
    const ids = new Tensor("int64", new BigInt64Array(positions), [1, positions]);
    const found = await session.run({ input_ids: ids });
    const numbers = (name: string): number[] => Array.from(found[name]?.data as BigInt64Array, Number);
    const count = numbers(ends).length;
    const places = numbers(queries).length / count;
    return numbers(ends).map((end, i) => ({
      queries: numbers(queries).slice(i * places, (i + 1) * places),
      visible: numbers(visible)[i] ?? NaN,
      end,
    }));
  };
}

type Schedule = Promise<readonly { readonly queries: number[]; readonly visible: number; readonly end: number }[]>;

test("every query is in a chunk with all the keys that it may look at, and no chunk is a single row or column", async () => {
  const { built } = await loadModel("test/fixtures/models/neox-parallel-f32");
  const schedule = await scheduleOf(built, null);
  for (const positions of [...Array.from({ length: 520 }, (_, i) => i + 1), 1023, 1024, 1025, 8321, 9000]) {
    const chunks = await schedule(positions);
    const covered = new Set(chunks.flatMap(({ queries }) => queries));
    assert.deepEqual(
      [...covered].sort((a, b) => a - b),
      [...Array(positions).keys()],
    );
    for (const { queries, visible, end } of chunks) {
      const what = `${positions} positions, chunk of ${queries[0]}`;
      assert.ok(queries.length >= 2 && queries.length <= chunkQueries, what);
      assert.ok(visible <= Math.min(...queries) && visible % 32 === 0, what);
      assert.ok(end > Math.max(...queries) && (end === positions || end % 32 === 0), what);
      assert.ok(positions === 1 || end - visible >= 2, what);
    }
    const pairs = chunks.reduce((sum, { queries, end }) => sum + queries.length * end, 0);
    assert.equal(chunkedPairs(positions, null), pairs, "as the cost of a plan counts them");
  }
});

test("what the chunks leave out is close to half of a long text", () => {
  const share = (positions: number): number => chunkedPairs(positions, null) / positions ** 2;
  assert.equal(share(128), 1);
  assert.equal(share(256), 0.75);
  assert.equal(share(1024), (1 + 2 + 3 + 4 + 5 + 6 + 7 + 8) / 64);
  // The last queries of a text see nearly all keys: two chunks of 100, of which the first ends at 924.
  assert.equal(chunkedPairs(1024, { side: "last", count: 200 }), 100 * 928 + 100 * 1024);
  assert.equal(chunkedPairs(1024, { side: "first", count: 6 }), 6 * 32);
});

test("an infinite value reaches no chunk that ends before it", async () => {
  const loaded = await loadModel("@stdlib/models/llama-tiny");
  const { built, opened } = loaded;
  const whole = measured(loaded, "resid_post[L1]", [{ site: "v", layer: 1 }]);
  const { graph } = inChunks(whole, built);
  const positions = 3 * chunkQueries;
  const at = 200;
  const names = gateNames("", "v[1]");
  const feeds = (value: number): Record<string, Tensor> => ({
    ...feedsFor(whole, rowsOf(1, positions)),
    [names.mask]: new Tensor(
      "bool",
      Uint8Array.from({ length: positions }, (_, i) => +(i === at)),
      [1, positions, 1, 1],
    ),
    [names.replacement]: new Tensor("float32", [value], [1, 1, 1, 1]),
  });
  const session = await createSession(graph, opened.externalDataFolder);
  const finite = (await runSession(session, feeds(1)))["0"]?.data ?? [];
  const infinite = (await runSession(session, feeds(Infinity)))["0"]?.data ?? [];
  const width = built.signature.dModel;
  assert.deepEqual(infinite.slice(0, chunkQueries * width), finite.slice(0, chunkQueries * width));
  assert.ok(infinite.slice(at * width).every(Number.isNaN));
});
