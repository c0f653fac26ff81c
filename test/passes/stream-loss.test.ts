import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { seededIntegers } from "../../src/compiler/base/random.js";
import { withDtype } from "../../src/compiler/models/dtype.js";
import { buildModelGraph } from "../../src/compiler/models/family.js";
import type { ModelGraph } from "../../src/compiler/models/model.js";
import { siteValueInfo } from "../../src/compiler/models/site-values.js";
import { siteKey, sites, type SiteReference } from "../../src/compiler/models/sites.js";
import { decodeModel } from "../../src/compiler/onnx/decode.js";
import { addOutput, eliminateDeadNodes, gateNames, insertGate } from "../../src/compiler/onnx/edit.js";
import { encodeModel } from "../../src/compiler/onnx/encode.js";
import type { Graph } from "../../src/compiler/onnx/graph.js";
import { namesRead } from "../../src/compiler/onnx/reads.js";
import { verifyGraph } from "../../src/compiler/onnx/verify.js";
import { chunkPositions, streamLoss } from "../../src/compiler/passes/stream-loss.js";
import { loadModel } from "../models/fixture.js";
import { idsTensor, runSession, type RunTensor } from "../models/run-graph.js";
import { writeRandomLlama } from "../models/random-llama.js";
import { temporaryFolder } from "../models/temporary.js";

type Loaded = Awaited<ReturnType<typeof loadModel>>;

const trained = ["gpt2-tiny", "pythia-tiny", "llama-tiny"].map((name) => `@stdlib/models/${name}`);

/** The model with gates at `gated` and some sites (after their gates) as outputs; by default the loss. */
function graphOf(
  built: ModelGraph,
  gated: readonly SiteReference[] = [],
  wanted: readonly SiteReference["site"][] = ["nll"],
): Graph {
  let graph = built.graph;
  const values: Record<string, string> = { ...built.values };
  for (const at of gated) {
    const key = siteKey(at);
    graph = insertGate(graph, built.values[key] ?? "", key, sites[at.site].axes.length + 1);
    values[key] = gateNames(built.values[key] ?? "", key).gated;
  }
  for (const site of wanted) {
    const info = siteValueInfo(built.signature, { site, layer: null }, `out ${site}`);
    graph = addOutput(graph, values[site] ?? "", info);
  }
  return eliminateDeadNodes(graph);
}

/** The streamed graph, which must be another one, well formed, and the same after protobuf and JSON. */
function streamed(graph: Graph, built: ModelGraph): Graph {
  const result = streamLoss(graph, built);
  assert.notEqual(result, graph);
  assert.deepEqual(verifyGraph(result), []);
  assert.deepEqual(decodeModel(encodeModel(result)), result);
  assert.deepEqual(JSON.parse(JSON.stringify(result)), result);
  assert.deepEqual([result.inputs, result.outputs], [graph.inputs, graph.outputs]);
  assert.equal(streamLoss(result, built), result, "a second time changes nothing");
  return result;
}

function open(
  { opened }: Pick<Loaded, "opened">,
  graph: Graph,
  options: InferenceSession.SessionOptions = {},
  extra: Readonly<Record<string, string>> = {},
): Promise<InferenceSession> {
  return InferenceSession.create(encodeModel(graph), {
    graphOptimizationLevel: "basic",
    ...options,
    extra: { session: { model_external_initializers_file_folder_path: opened.externalDataFolder, ...extra } },
  });
}

function tokens(rows: number, positions: number, vocab: number, seed = 1): Tensor {
  const next = seededIntegers(seed);
  return idsTensor(Array.from({ length: rows }, () => Array.from({ length: positions }, () => next(vocab))));
}

const lossOf = async (session: InferenceSession, feeds: Readonly<Record<string, Tensor>>): Promise<RunTensor> => {
  const loss = (await runSession(session, feeds))["out nll"];
  assert.ok(loss !== undefined);
  return loss;
};

/** Rows and positions: empty, less than a chunk, and one position more or less than 1, 2 and 3 chunks. */
const sizesFor = ({ signature: { vocab } }: ModelGraph): readonly (readonly [rows: number, positions: number])[] => [
  [1, 1],
  [3, 1],
  [1, 2],
  [2, 2],
  [1, 3],
  [3, 17],
  ...[1, 2, 3].flatMap((n) => [-1, 0, 1].map((more) => [n * chunkPositions(vocab) + more, 2] as const)),
  [13, 60],
];

/** What tests run on: trained models, and random ones whose vocabularies are summed in blocks, a prime one with a rest. */
const models: Readonly<Record<string, (t: TestContext) => ReturnType<typeof loadModel>>> = {
  ...Object.fromEntries(trained.map((name) => [name, () => loadModel(name)])),
  ...Object.fromEntries(
    [5000, 5003].map((vocab) => [
      `a model of ${vocab} tokens`,
      (t: TestContext) => {
        const folder = temporaryFolder(t);
        writeRandomLlama(folder, { vocab, dModel: 8, heads: 2, neurons: 16, layers: 3 });
        return loadModel(folder);
      },
    ]),
  ),
};

// The same products of the same rows, and the same sums over the vocabulary: not a tolerance but the same bits.
for (const [model, load] of Object.entries(models)) {
  test(`${model}: the same bits as with all logits, at every length`, async (t) => {
    const loaded = await load(t);
    const { built } = loaded;
    const graph = graphOf(built);
    const plain = await open(loaded, graph);
    const chunked = await open(loaded, streamed(graph, built));
    for (const [rows, positions] of sizesFor(built)) {
      const feeds = { input_ids: tokens(rows, positions, built.signature.vocab) };
      const expected = await lossOf(plain, feeds);
      assert.deepEqual(expected.shape, [rows, positions - 1]);
      assert.deepEqual(await lossOf(chunked, feeds), expected, `${rows} rows of ${positions}`);
    }
  });

  test(`${model}: the same bits with a gate in the middle, several conditions of one text and a gate on nll`, async (t) => {
    const loaded = await load(t);
    const { built } = loaded;
    const gated: readonly SiteReference[] = [
      { site: "z", layer: 2 },
      { site: "nll", layer: null },
    ];
    const graph = graphOf(built, gated);
    const plain = await open(loaded, graph);
    const chunked = await open(loaded, streamed(graph, built));
    const { heads, vocab } = built.signature;
    const z = gateNames("", "z[2]");
    const nll = gateNames("", "nll");
    const masks = Array.from({ length: heads * heads }, (_, i) => (i % (heads + 1) === 0 ? 1 : 0));
    for (const [rows, positions] of [
      [1, 40],
      [heads, 3],
      [heads, 150],
    ] as const) {
      const feeds = {
        input_ids: tokens(rows, positions, vocab),
        [z.mask]: new Tensor("bool", Uint8Array.from(masks), [heads, 1, heads, 1]),
        [z.replacement]: new Tensor("float32", [0.5], [1, 1, 1, 1]),
        [nll.mask]: new Tensor(
          "bool",
          Uint8Array.from({ length: positions - 1 }, (_, i) => +(i === 0)),
          [1, positions - 1],
        ),
        [nll.replacement]: new Tensor("float32", [7], [1, 1]),
      };
      const expected = await lossOf(plain, feeds);
      assert.deepEqual(expected.shape, [heads, positions - 1], "one row for each condition");
      assert.equal(expected.data[0], 7);
      assert.notEqual(expected.data.at(-1), expected.data[positions - 2], "conditions differ");
      assert.deepEqual(await lossOf(chunked, feeds), expected);
    }
  });
}

const engines = {
  "weights that are not packed": { options: {}, extra: { disable_prepacking: "1" } },
  "a graph as it is written": { options: { graphOptimizationLevel: "disabled" }, extra: {} },
  "one thread": { options: { intraOpNumThreads: 1 }, extra: {} },
} as const;

for (const [what, { options, extra }] of Object.entries(engines)) {
  test(`${what}: the same bits`, async () => {
    const loaded = await loadModel("@stdlib/models/gpt2-tiny");
    const { built } = loaded;
    const graph = graphOf(built);
    const plain = await open(loaded, graph, options, extra);
    const chunked = await open(loaded, streamed(graph, built), options, extra);
    for (const [rows, positions] of sizesFor(built)) {
      const feeds = { input_ids: tokens(rows, positions, built.signature.vocab) };
      assert.deepEqual(await lossOf(chunked, feeds), await lossOf(plain, feeds), `${rows} rows of ${positions}`);
    }
  });
}

for (const [model, dtype] of [
  ["gpt2-bf16", null],
  ["llama-bias-f16", null],
  ["neox-half-f16", null],
  ["qwen2-bf16", null],
  ["gpt2-f32", "bf16"],
  ["llama-tied-f32", "f16"],
] as const) {
  test(`${model}${dtype === null ? "" : ` as ${dtype}`}: weights that are cast`, async () => {
    const loaded = await loadModel(`test/fixtures/models/${model}`);
    const built = buildModelGraph(withDtype(loaded.opened.facts, dtype)).value;
    assert.ok(built !== null);
    const graph = graphOf(built);
    const plain = await open(loaded, graph);
    const chunked = await open(loaded, streamed(graph, built));
    for (const [rows, positions] of [
      [1, 2],
      [40, 15],
    ] as const) {
      const feeds: Record<string, Tensor> = { input_ids: tokens(rows, positions, built.signature.vocab) };
      assert.deepEqual(await lossOf(chunked, feeds), await lossOf(plain, feeds));
    }
  });
}

test("NaN, infinities and numbers that overflow come out where and as they would", async () => {
  const loaded = await loadModel("@stdlib/models/llama-tiny");
  const { built } = loaded;
  const { dModel, vocab } = built.signature;
  const graph = graphOf(built, [{ site: "final", layer: null }]);
  const plain = await open(loaded, graph);
  const chunked = await open(loaded, streamed(graph, built));
  const final = gateNames("", "final");
  const [rows, positions] = [3, 120];
  const values = new Float32Array(rows * positions * dModel);
  const mask = new Uint8Array(values.length);
  const put = (row: number, position: number, place: number, value: number): void => {
    const at = (row * positions + position) * dModel + place;
    values[at] = value;
    mask[at] = 1;
  };
  put(0, 3, 0, NaN);
  put(1, 0, 5, Infinity);
  put(1, 7, 5, -Infinity);
  for (let place = 0; place < dModel; place++) put(2, 50, place, 3e38);
  put(2, 117, 1, 1e30);
  // The last positions predict nothing; the next row, and the places left over in the last chunk, must not see them.
  for (const row of [0, 2]) put(row, positions - 1, 0, NaN);
  const shape = [rows, positions, dModel];
  const feeds: Record<string, Tensor> = {
    input_ids: tokens(rows, positions, vocab),
    [final.mask]: new Tensor("bool", mask, shape),
    [final.replacement]: new Tensor("float32", values, shape),
  };
  const expected = await lossOf(plain, feeds);
  const strange = [...expected.data.keys()].filter((i) => !Number.isFinite(expected.data[i]));
  const at = (row: number, position: number): number => row * (positions - 1) + position;
  assert.deepEqual(strange, [at(0, 3), at(1, 0), at(1, 7), at(2, 50)]);
  assert.deepEqual(await lossOf(chunked, feeds), expected);
});

test("whatever else reads the logits or their log-probabilities keeps them", async () => {
  const { built } = await loadModel("test/fixtures/models/gpt2-f32");
  const at = (site: SiteReference["site"]): SiteReference => ({ site, layer: null });
  const kept: readonly Graph[] = [
    graphOf(built, [], ["nll", "logits"]),
    graphOf(built, [], ["nll", "logprobs"]),
    graphOf(built, [], ["logprobs"]),
    graphOf(built, [], ["final"]),
    graphOf(built, [at("logits")]),
    graphOf(built, [at("logprobs")]),
    // As outputs by the names that the sites have themselves.
    ...(["logits", "logprobs"] as const).map((site) => {
      const both = addOutput(built.graph, built.values[site] ?? "", siteValueInfo(built.signature, at(site), site));
      return eliminateDeadNodes(addOutput(both, "nll", siteValueInfo(built.signature, at("nll"))));
    }),
  ];
  for (const graph of kept) assert.equal(streamLoss(graph, built), graph);
});

/** What onnxruntime says of a node that it ran. */
interface Profiled {
  readonly args?: { readonly op_name?: string; readonly output_type_shape?: readonly Record<string, number[]>[] };
}

/** Size of the largest value of `vocab` columns that a run makes, in bodies too, as onnxruntime reports it. */
async function largestOverVocab(folder: string, loaded: Loaded, graph: Graph, ids: Tensor): Promise<number> {
  const profileFilePrefix = join(folder, "profile");
  const session = await open(loaded, graph, { enableProfiling: true, profileFilePrefix });
  await session.run({ input_ids: ids });
  session.endProfiling();
  await session.release();
  const [name = ""] = readdirSync(folder);
  const events = JSON.parse(readFileSync(join(folder, name), "utf8")) as readonly Profiled[];
  rmSync(join(folder, name));
  const shapes = events.flatMap(({ args }) => (args?.output_type_shape ?? []).flatMap((type) => Object.values(type)));
  const wide = shapes.filter((shape) => shape.at(-1) === loaded.built.signature.vocab);
  assert.ok(wide.length > 0, "the profile shows the logits");
  return Math.max(...wide.map((shape) => shape.reduce((product, size) => product * size, 1)));
}

test("no value holds the logits of more than a chunk of positions", async (t) => {
  const loaded = await loadModel("@stdlib/models/gpt2-tiny");
  const { built } = loaded;
  const { vocab } = built.signature;
  const folder = temporaryFolder(t);
  const graph = graphOf(built);
  const ids = tokens(5, 201, vocab);
  assert.equal(await largestOverVocab(folder, loaded, graph, ids), 5 * 201 * vocab);
  // 1000 scored positions in two chunks of at most 512.
  assert.equal(await largestOverVocab(folder, loaded, streamed(graph, built), ids), 500 * vocab);
});

test("chunks are as large as a block of memory that is kept, within bounds", () => {
  assert.deepEqual([1024, 16384, 50257, 49152, 128256, 256000].map(chunkPositions), [512, 512, 166, 170, 64, 64]);
  assert.ok(4 * 166 * 50257 < 2 ** 25 && 4 * 168 * 50257 > 2 ** 25);
});

test("a body is read, verified and kept with what it takes from around it", async () => {
  const { built } = await loadModel("test/fixtures/models/gpt2-f32");
  const graph = streamed(graphOf(built), built);
  const scan = graph.nodes.find((node) => node.op === "Scan");
  assert.ok(scan !== undefined);
  assert.deepEqual(namesRead(scan), [...scan.inputs, built.parameters["W_U"]]);
  const without = graph.initializers.filter(({ name }) => name !== built.parameters["W_U"]);
  assert.match(verifyGraph({ ...graph, initializers: without }).join("; "), /FusedMatMul .* which is not defined yet/);
});
