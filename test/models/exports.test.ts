/**
 * ONNX exports of the small random models of test/fixtures/families (training/exports.py): what is built of them computes
 * what Hugging Face's implementation does, in every site and with each head ablated, and what the file's own graph does. Names
 * in the file play no part.
 */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { gunzipSync } from "node:zlib";
import onnxProto from "onnx-proto";
import { seededIntegers } from "../../src/compiler/base/random.js";
import { exportOf } from "../../src/compiler/models/exports/export-facts.js";
import { buildModelGraph } from "../../src/compiler/models/family.js";
import type { IdentityResult } from "../../src/compiler/models/identities.js";
import type { ModelGraph } from "../../src/compiler/models/model.js";
import { allSites, siteValueInfo } from "../../src/compiler/models/site-values.js";
import { siteKey } from "../../src/compiler/models/sites.js";
import { addOutput, eliminateDeadNodes } from "../../src/compiler/onnx/edit.js";
import type { Graph } from "../../src/compiler/onnx/graph.js";
import type { OpenedModel } from "../../src/runtime/models/open-model.js";
import { checkModel } from "../../src/runtime/models/verify-model.js";
import { engineOptions } from "../runtime/tiny-graphs.js";
import { ablatedLosses, difference, finite, readExpected } from "./family-references.js";
import { root } from "./fixture.js";
import { idsTensor, runGraph } from "./run-graph.js";
import { codes, openIsolated, temporaryFolder } from "./temporary.js";

const { onnx } = onnxProto;

type Model = InstanceType<typeof onnx.ModelProto>;

const fixtures = join(root, "test", "fixtures", "exports");
const names = readdirSync(fixtures)
  .filter((name) => name.endsWith(".onnx.gz"))
  .map((name) => name.slice(0, -".onnx.gz".length));

function bytesOf(name: string): Uint8Array {
  return gunzipSync(readFileSync(join(fixtures, `${name}.onnx.gz`)));
}

/** A file with an export in a folder of its own. */
function written(t: TestContext, bytes: Uint8Array, name = "model.onnx"): string {
  const path = join(temporaryFolder(t), name);
  writeFileSync(path, bytes);
  return path;
}

interface Opened {
  readonly opened: OpenedModel;
  readonly built: ModelGraph;
}

async function opened(t: TestContext, bytes: Uint8Array): Promise<Opened> {
  const { value, diagnostics } = await openIsolated(t, written(t, bytes));
  const complaints = diagnostics.filter(({ code }) => code !== "A8045");
  assert.deepEqual(
    complaints.map(({ message }) => message),
    [],
  );
  assert.ok(value);
  const built = buildModelGraph(value.facts);
  assert.ok(built.value, JSON.stringify(built.diagnostics));
  return { opened: value, built: built.value };
}

function identities({ opened: own, built }: Opened): Promise<readonly IdentityResult[]> {
  return checkModel(built, own, engineOptions);
}

function failing(results: readonly IdentityResult[]): readonly string[] {
  return results.filter(({ ok }) => !ok).map(({ name, site }) => `${name} at ${site}`);
}

for (const name of names) {
  test(`${name}: identities hold, and logits are those of the file's own graph`, async (t) => {
    const results = await identities(await opened(t, bytesOf(name)));
    assert.deepEqual(failing(results), []);
    const own = results.find((result) => result.name.includes("own graph"));
    t.diagnostic(`max |Δ logit| = ${own?.maxAbsDifference.toExponential(1) ?? "not compared"}`);
    assert.ok(own);
  });
}

for (const name of names.filter((one) => one.includes("."))) {
  test(`${name}: sites and a sweep of all heads are Hugging Face's`, async (t) => {
    const { numbers, sites } = readExpected(name.slice(0, name.indexOf(".")));
    const { opened: own, built } = await opened(t, bytesOf(name));
    const references = allSites(built.signature);
    assert.deepEqual(references.map(siteKey).sort(), Object.keys(sites).sort(), "the same sites");
    let graph: Graph = built.graph;
    for (const reference of references) {
      graph = addOutput(graph, built.values[siteKey(reference)] ?? "", siteValueInfo(built.signature, reference));
    }
    const feeds = { input_ids: idsTensor([numbers.ids]) };
    const taps = await runGraph(eliminateDeadNodes(graph), own.externalDataFolder, feeds);
    for (const [key, expected] of Object.entries(sites)) {
      const size = difference((taps[key]?.data ?? new Float32Array()).map(finite), expected.data.map(finite));
      assert.ok(size <= 5e-5, `${key} differs by ${size}`);
    }
    const { heads } = await ablatedLosses(built, own.externalDataFolder, numbers.ids);
    const errors = heads.flatMap((layer, l) =>
      layer.map((loss, head) => Math.abs(loss - (numbers.ablated[l]?.[head] ?? NaN))),
    );
    t.diagnostic(`max |Δ loss| = ${Math.max(...errors).toExponential(1)} nats`);
    assert.ok(Math.max(...errors) <= 1e-5);
  });
}

/** Every name of a model as a random word; nodes without names. */
function renamed(bytes: Uint8Array): Uint8Array {
  const model = onnx.ModelProto.decode(bytes);
  const graph = model.graph ?? assert.fail("no graph");
  const next = seededIntegers(7);
  const words = new Map<string, string>([["", ""]]);
  const word = (name: string | null | undefined): string => {
    const known = words.get(name ?? "") ?? `v${next(1e9)}`;
    words.set(name ?? "", known);
    return known;
  };
  for (const value of [...(graph.input ?? []), ...(graph.output ?? []), ...(graph.initializer ?? [])]) {
    value.name = word(value.name);
  }
  for (const node of graph.node ?? []) {
    node.name = "";
    node.input = (node.input ?? []).map(word);
    node.output = (node.output ?? []).map(word);
  }
  return onnx.ModelProto.encode(model).finish();
}

for (const name of ["gpt2.script-past", "llama.dynamo-past", "gpt-neox-parallel.script", "genai-llama"]) {
  test(`${name}: random names change nothing`, async (t) => {
    const plain = await opened(t, bytesOf(name));
    const other = await opened(t, renamed(bytesOf(name)));
    assert.deepEqual(other.built.signature, plain.built.signature);
    assert.deepEqual(failing(await identities(other)), []);
  });
}

test("a merged decoder is read as its branch without a past", async (t) => {
  const model = onnx.ModelProto.decode(bytesOf("llama.script"));
  const graph = model.graph ?? assert.fail("no graph");
  const [output] = graph.output ?? [];
  const inner = { name: "without a past", node: graph.node ?? [], output: [{ ...output, name: "inner" }] };
  const last = inner.node.find((node) => node.output?.includes(output?.name ?? "") === true);
  if (last) last.output = ["inner"];
  const empty = {
    name: "with a past",
    node: [{ opType: "Identity", input: ["ids"], output: ["other"] }],
    output: [{ ...output, name: "other" }],
  };
  graph.node = [
    {
      opType: "If",
      input: ["use_cache_branch"],
      output: [output?.name ?? ""],
      attribute: [
        { name: "then_branch", type: onnx.AttributeProto.AttributeType.GRAPH, g: empty },
        { name: "else_branch", type: onnx.AttributeProto.AttributeType.GRAPH, g: inner },
      ],
    },
  ];
  const flag = { name: "use_cache_branch", type: { tensorType: { elemType: 9, shape: { dim: [{ dimValue: 1 }] } } } };
  graph.input = [...(graph.input ?? []), flag];
  const { built } = await opened(t, onnx.ModelProto.encode(model).finish());
  const { signature } = await opened(t, bytesOf("llama.script")).then((plain) => plain.built);
  assert.deepEqual(built.signature, signature);
});

test("a mask that is an input is told", async (t) => {
  const masked = await openIsolated(t, written(t, bytesOf("llama.script")));
  assert.deepEqual(codes(masked.diagnostics), ["A8045"]);
  const own = await openIsolated(t, written(t, bytesOf("llama.dynamo-past")));
  assert.deepEqual(codes(own.diagnostics), []);
});

test("a folder that holds an export is opened as one", async (t) => {
  const path = written(t, bytesOf("llama.script"));
  const { value } = await openIsolated(t, join(path, ".."));
  assert.equal(value === null ? null : exportOf(value.facts)?.architecture.sizes.layers, 2);
});

/** The message about a file that is refused. */
async function refusal(t: TestContext, bytes: Uint8Array): Promise<string> {
  const { value, diagnostics } = await openIsolated(t, written(t, bytes));
  assert.equal(value, null);
  assert.equal(diagnostics.length, 1, JSON.stringify(diagnostics));
  return `${diagnostics[0]?.code} ${diagnostics[0]?.message}`;
}

function changed(name: string, change: (model: Model) => void): Uint8Array {
  const model = onnx.ModelProto.decode(bytesOf(name));
  change(model);
  return onnx.ModelProto.encode(model).finish();
}

test("a graph that is not understood is refused with the place", async (t) => {
  const activation = changed("llama.script", (model) => {
    for (const node of model.graph?.node ?? []) if (node.opType === "Sigmoid") node.opType = "Softsign";
  });
  assert.match(await refusal(t, activation), /^A4023 .*at .*mlp.*Softsign/s);
  const acausal = changed("llama.script", (model) => {
    for (const node of model.graph?.node ?? []) if (node.opType === "Softmax") node.opType = "Relu";
  });
  assert.match(await refusal(t, acausal), /^A4023 /);
});

test("a graph that only seems to be understood fails the comparison with itself", async (t) => {
  const turned = changed("gpt2.dynamo", (model) => {
    for (const node of model.graph?.node ?? []) {
      if (node.opType === "Softmax") for (const attribute of node.attribute ?? []) attribute.i = -2;
    }
  });
  const results = await identities(await opened(t, turned));
  assert.deepEqual(failing(results), ["logits = those of the file's own graph at logits"]);
});

test("damaged files and places outside of the folder are told in a sentence", async (t) => {
  const whole = bytesOf("llama.script");
  assert.match(await refusal(t, new Uint8Array()), /A4022 .*it is empty/);
  assert.match(await refusal(t, new TextEncoder().encode("not a model at all")), /A4022 /);
  for (const share of [0.1, 0.5, 0.9, 0.999]) {
    assert.match(await refusal(t, whole.slice(0, Math.floor(whole.length * share))), /A4022 .*ends too early/);
  }
  const located = (location: string): Uint8Array =>
    changed("llama.script", (model) => {
      const tensor = model.graph?.initializer?.find(({ rawData }) => (rawData?.length ?? 0) > 512);
      if (!tensor) return;
      tensor.rawData = new Uint8Array();
      tensor.dataLocation = onnx.TensorProto.DataLocation.EXTERNAL;
      tensor.externalData = [{ key: "location", value: location }];
    });
  assert.match(await refusal(t, located("../secret")), /A4022 .*outside of its folder/);
  assert.match(await refusal(t, located("/etc/passwd")), /A4022 .*outside of its folder/);
  assert.match(await refusal(t, located("absent.bin")), /A4022 .*missing/);
  const huge = changed("llama.script", (model) => {
    for (const tensor of model.graph?.initializer ?? [])
      if (tensor.dims?.length === 2) tensor.dims = [2 ** 40, 2 ** 40];
  });
  assert.match(await refusal(t, huge), /A4022 .*is not where the file says/);
  const circle = changed("llama.script", (model) => {
    const [first, second] = model.graph?.node?.filter(({ opType }) => opType === "MatMul") ?? [];
    if (first?.input && second?.output) first.input = [second.output[0] ?? "", first.input[1] ?? ""];
  });
  assert.match(await refusal(t, circle), /A4023 .*nothing before it computes/);
});
