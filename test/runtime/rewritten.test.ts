/** Graphs that are written otherwise for a device compute the same, or round only what they say; and plugins are found and told apart. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { float, int } from "../../src/compiler/onnx/attributes.js";
import { createGraphBuilder } from "../../src/compiler/onnx/builder.js";
import { encodeModel } from "../../src/compiler/onnx/encode.js";
import type { Graph } from "../../src/compiler/onnx/graph.js";
import { withoutFastGelu, withoutFusedProducts, withProductsIn } from "../../src/compiler/onnx/products.js";
import { backendNamed, defaultBackend } from "../../src/runtime/engine/backends/index.js";
import { findPlugin, pluginDigest } from "../../src/runtime/engine/backends/plugins.js";
import { measureMatrixRate } from "../../src/runtime/engine/matrix-rate.js";
import { agreement } from "../../src/runtime/models/agreement.js";
import { oneThread, temporaryFolder } from "../end-to-end/support.js";
import { seeded } from "../support/random.js";

const engine = await defaultBackend.start(oneThread());
after(() => engine.stop());

/** y = gelu(scale · x · wᵀ + b) and z = xᵀ · x. */
function example(): Graph {
  const builder = createGraphBuilder("example");
  const x = builder.input("x", "float32", ["row", 4, 3]);
  const w = builder.constant(
    "float32",
    [5, 3],
    Array.from({ length: 15 }, (_, i) => (i % 7) / 4 - 0.7),
  );
  const product = builder.node("FusedMatMul", [x, w], { transB: int(1), alpha: float(1.5) });
  const bias = builder.constant("float32", [5], [0.1, 0.2, -0.3, 0, 2]);
  builder.node("FastGelu", [product, bias], {}, "y");
  builder.node("FusedMatMul", [x, x], { transA: int(1) }, "z");
  return builder.finish([
    { name: "y", type: "float32", shape: ["row", 4, 5] },
    { name: "z", type: "float32", shape: ["row", 3, 3] },
  ]);
}

async function run(graph: Graph): Promise<readonly (readonly number[])[]> {
  const next = seeded(7);
  await engine.open({ id: "g", bytes: encodeModel(graph), weights: [], prepacked: false });
  const data = Float32Array.from({ length: 24 }, () => 4 * next.next() - 2);
  const { outputs } = await engine.run({
    graphs: ["g"],
    feeds: { x: { type: "float32", dims: [2, 4, 3], data } },
    fetches: graph.outputs.map(({ name }) => name),
  });
  await engine.close("g");
  return graph.outputs.map(({ name }) => [...(outputs[name]?.data ?? [])].map(Number));
}

test("without FusedMatMul and FastGelu a graph computes the same", async () => {
  const plain = withoutFastGelu(withoutFusedProducts(example()));
  const left = new Set(plain.nodes.map(({ op }) => op));
  assert.ok(!left.has("FusedMatMul") && !left.has("FastGelu"));
  const [expected, actual] = [await run(example()), await run(plain)];
  for (const [i, values] of expected.entries()) {
    assert.ok(values.length >= 18);
    // A few roundings of numbers up to ten.
    for (const [j, value] of values.entries()) assert.ok(Math.abs(value - (actual[i]?.[j] ?? NaN)) < 1e-5, `${i} ${j}`);
  }
  const without = createGraphBuilder("none").finish();
  assert.equal(withoutFusedProducts(without), without);
  assert.equal(withoutFastGelu(without), without);
});

test("products with weights are put into another type, and nothing else is", () => {
  const builder = createGraphBuilder("model");
  const x = builder.input("x", "float32", ["row", 2]);
  const place = { file: "m.safetensors", offset: 0, length: 8 };
  const stored = builder.external("stored", "bfloat16", [2, 2], place);
  const cast = builder.node("Cast", [stored], { to: int(1) }, "stored/f32");
  const plain = builder.external("plain", "float32", [2, 2], { ...place, length: 16 });
  const first = builder.node("MatMul", [x, cast], {}, "first");
  const second = builder.node("FusedMatMul", [first, plain], { transB: int(1) }, "second");
  builder.node("MatMul", [second, second], {}, "pattern");
  builder.node("MatMul", [second, plain], {}, "measure/projected");
  const graph = builder.finish([{ name: "pattern", type: "float32", shape: ["row", 2] }]);
  assert.equal(withProductsIn(graph, "float32"), graph);
  const nodes = withProductsIn(graph, "bfloat16").nodes;
  const made = nodes.map(({ op, inputs, outputs }) => `${outputs.join()} = ${op}(${inputs.join(", ")})`);
  assert.deepEqual(made, [
    "stored/f32 = Cast(stored)",
    "first/rounded A = Cast(x)",
    "first/rounded = MatMul(first/rounded A, stored)",
    "first = Cast(first/rounded)",
    "second/rounded A = Cast(first)",
    "second/rounded B = Cast(plain)",
    "second/rounded = FusedMatMul(second/rounded A, second/rounded B)",
    "second = Cast(second/rounded)",
    "pattern = MatMul(second, second)",
    "measure/projected = MatMul(second, plain)",
  ]);
  assert.deepEqual(
    nodes
      .filter(({ op }) => op === "Cast")
      .map(({ attributes }) => (attributes["to"]?.kind === "int" ? attributes["to"].value : null)),
    [1, 16, 1, 16, 16, 1],
  );
  assert.ok(withProductsIn(graph, "float16").nodes.some(({ inputs }) => inputs.includes("first/rounded B")));
});

test("a type that a device does not have is refused before anything starts", async () => {
  const options = { ...oneThread(), compute: "bfloat16" } as const;
  await assert.rejects(defaultBackend.start(options), /cpu computes products in float32, and not in bfloat16/);
  const numerics = (compute?: "bfloat16"): unknown =>
    backendNamed("cuda")?.numerics({ ...oneThread(), ...(compute === undefined ? {} : { compute }) });
  assert.ok(!Object.hasOwn(numerics() as object, "compute"), "what there was before keeps its identity");
  assert.notDeepEqual(numerics(), numerics("bfloat16"));
});

test("a plugin is looked for in folders and in the folders in these; its libraries are its identity", (context) => {
  const folder = temporaryFolder(context);
  const [one, other] = [join(folder, "one"), join(folder, "other")];
  mkdirSync(join(one, "package"), { recursive: true });
  mkdirSync(other);
  assert.equal(findPlugin("libp.so", [join(folder, "none"), one, other]), null);
  writeFileSync(join(other, "libp.so"), "p");
  assert.equal(findPlugin("libp.so", [one, other]), join(other, "libp.so"));
  const inner = join(one, "package", "libp.so");
  writeFileSync(inner, "p");
  assert.equal(findPlugin("libp.so", [one, other]), inner);

  const digest = pluginDigest(inner);
  assert.equal(digest, pluginDigest(join(other, "libp.so")), "where it lies does not count");
  writeFileSync(join(one, "package", "libq.so.1"), "qq");
  const beside = pluginDigest(inner);
  writeFileSync(inner, "P");
  assert.equal(new Set([digest, beside, pluginDigest(inner)]).size, 3);
  writeFileSync(join(one, "package", "readme.txt"), "text");
  assert.equal(pluginDigest(inner), pluginDigest(inner));
});

test("a plugin that is not there says what it takes", async (context) => {
  process.env["ATLASC_PLUGINS"] = temporaryFolder(context);
  context.after(() => delete process.env["ATLASC_PLUGINS"]);
  process.env["XDG_CACHE_HOME"] = temporaryFolder(context);
  const backend = backendNamed("openvino");
  assert.ok(backend !== null);
  await assert.rejects(
    backend.start(oneThread()),
    /OpenVINO (is not here: it takes \S+ of PyPI's onnxruntime-ep-openvino|has no plugin)/,
  );
});

test("a device agrees with the processor, or is said not to", () => {
  const tensor = (
    ...data: readonly number[]
  ): { readonly shape: readonly number[]; readonly data: readonly number[] } => {
    return { shape: [data.length], data };
  };
  const reference = { "resid_post[0]": tensor(10, -1), logits: tensor(1, 2), "pattern[0]": tensor(0.5) };
  const verdicts = (type: "float32" | "bfloat16", own: typeof reference | object): readonly boolean[] =>
    agreement("x", type, own as typeof reference, reference).map(({ ok }) => ok);
  assert.deepEqual(verdicts("float32", reference), [true, true]);
  assert.deepEqual(verdicts("float32", { ...reference, "resid_post[0]": tensor(10.0009, -1) }), [true, true]);
  assert.deepEqual(verdicts("float32", { ...reference, "resid_post[0]": tensor(10, -1.002) }), [false, true]);
  assert.deepEqual(verdicts("bfloat16", { ...reference, "resid_post[0]": tensor(10, -1.002) }), [true, true]);
  assert.deepEqual(verdicts("bfloat16", { ...reference, logits: tensor(1, NaN) }), [true, false]);
  assert.deepEqual(verdicts("bfloat16", { "resid_post[0]": tensor(10, -1) }), [true, false]);
});

test("the rate of a device is measured with products that follow each other", async () => {
  const own = { rows: 8, inner: 16, columns: 16, prepacked: false };
  const { rate } = await measureMatrixRate(engine, [{ ...own, repeated: 5 }]);
  assert.ok(Number.isFinite(rate) && rate > 0);
  await assert.rejects(measureMatrixRate(engine, [{ ...own, columns: 8, repeated: 1 }]), /only a square weight/);
});
