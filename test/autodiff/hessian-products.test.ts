/**
 * Hessian-vector products of whole models against PyTorch's double backward in float64 (test/fixtures/curvature/make.py):
 * the norm of each weight's product, and its inner products with two fixed vectors. 10⁻⁴ of the norm of the whole block's
 * product is the bound, as for gradients: float32 loses about 10⁻⁶ of it.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Tensor } from "onnxruntime-node";
import { gaussNewtonProducts } from "../../src/compiler/autodiff/gauss-newton.js";
import { directionInput, hessianProducts, productOutput } from "../../src/compiler/autodiff/hessian-products.js";
import type { CurvaturePart } from "../../src/compiler/ir/curvature.js";
import { weightBlock } from "../../src/compiler/autodiff/weight-blocks.js";
import { bareName } from "../../src/compiler/models/parts/weight-names.js";
import { int } from "../../src/compiler/onnx/attributes.js";
import { createGraphBuilder } from "../../src/compiler/onnx/builder.js";
import { appendNodes } from "../../src/compiler/onnx/edit.js";
import { loadModel, readFixture, root, whyAbsent } from "../models/fixture.js";
import { idsTensor, runGraph } from "../models/run-graph.js";

interface CurvatureFixture {
  /** Block → weight → norm of the product, and its products with cos(1.7 i + 1) and sin(i). */
  readonly products: Products;
  /** The same of the generalised Gauss–Newton matrix. */
  readonly gauss_newton: Products;
}

type Products = Readonly<Record<string, Readonly<Record<string, readonly [number, number, number]>>>>;

const bound = 1e-4;

for (const name of ["gpt2-tiny", "pythia-tiny", "llama-tiny"]) {
  test(
    `${name}: the Hessian and the Gauss–Newton matrix of the loss times a vector are PyTorch's`,
    { skip: whyAbsent(name) ?? false },
    async (t) => {
      const path = join(root, "test", "fixtures", "curvature", `${name}.json`);
      assert.ok(existsSync(path));
      const { products, gauss_newton } = JSON.parse(readFileSync(path, "utf8")) as CurvatureFixture;
      const fixture = readFixture<{ readonly model: string; readonly ids: readonly (readonly number[])[] }>(name);
      assert.ok(fixture !== null);
      const { opened, built } = await loadModel(fixture.model);
      const all = [
        ...Object.entries(products).map(([block, expected]) => ({ block, expected, isGaussNewton: false })),
        ...Object.entries(gauss_newton).map(([block, expected]) => ({ block, expected, isGaussNewton: true })),
      ];
      for (const { block, expected, isGaussNewton } of all) {
        const [part = "", layer] = block.split(" ");
        const found = weightBlock(built, part as CurvaturePart, layer === undefined ? null : Number(layer));
        if (typeof found === "string") {
          // Rows of a table are cast after they are chosen: the table itself is no float32 value.
          assert.match(found, /is stored as bfloat16/);
          assert.equal(part, "embeddings");
          continue;
        }
        assert.deepEqual(
          found.weights.map((own) => bareName(own.name)).sort(),
          Object.keys(expected).map(bareName).sort(),
        );
        const builder = createGraphBuilder("loss").scope("test");
        const mean = builder.node("ReduceMean", [built.values["nll"] ?? ""], { keepdims: int(0) });
        const { nodes, initializers } = builder.finish();
        const measured = appendNodes(found.graph, nodes, initializers);
        const graph = isGaussNewton
          ? gaussNewtonProducts(measured, built.values["logits"] ?? "", mean, found.weights)
          : hessianProducts(measured, mean, found.weights);
        const directions = found.weights.map(({ shape }, i) => {
          const size = shape.reduce((product, length) => product * length, 1);
          return [
            directionInput(i),
            new Tensor(
              "float32",
              Float32Array.from({ length: size }, (_, j) => Math.cos(j)),
              shape,
            ),
          ] as const;
        });
        const feeds = { input_ids: idsTensor(fixture.ids), ...Object.fromEntries(directions) };
        const outputs = await runGraph(graph, opened.externalDataFolder, feeds);
        const whole = Math.hypot(...Object.values(expected).map(([norm]) => norm));
        let worst = 0;
        for (const [i, { name: weight }] of found.weights.entries()) {
          const [, numbers] = Object.entries(expected).find(([other]) => bareName(other) === bareName(weight)) ?? [];
          const own = summary(outputs[productOutput(i)]?.data ?? new Float32Array());
          const errors = (numbers ?? [NaN]).map((number, j) => Math.abs((own[j] ?? NaN) - number) / whole);
          worst = Math.max(worst, ...errors);
          assert.ok(
            errors.every((error) => error <= bound),
            `${block}, ${weight}: ${own.join(", ")} for ${String(numbers)}`,
          );
        }
        t.diagnostic(
          `${block}${isGaussNewton ? ", Gauss–Newton" : ""}: largest error ${worst.toExponential(1)} of the product's norm, ${found.weights.length} weights`,
        );
      }
    },
  );
}

test("a part of a layer is what stands between its sites, whatever the family calls its weights", async (t) => {
  const counts = { "gpt2-tiny": [4, 4, 12], "pythia-tiny": [4, 4, 12], "llama-tiny": [4, 3, 9] };
  for (const [name, [attention, mlp, layer]] of Object.entries(counts)) {
    if (whyAbsent(name) !== null) {
      t.diagnostic(`${name} is not there`);
      continue;
    }
    const { built } = await loadModel(`@stdlib/models/${name}`);
    const namesOf = (part: CurvaturePart): readonly string[] => {
      const found = weightBlock(built, part, 0);
      assert.ok(typeof found !== "string");
      return found.weights.map((weight) => weight.name);
    };
    assert.equal(namesOf("attention").filter((weight) => /attn|attention/.test(weight)).length, attention);
    assert.equal(namesOf("attention").length, attention);
    assert.equal(namesOf("mlp").filter((weight) => weight.includes("mlp")).length, mlp);
    assert.equal(namesOf("mlp").length, mlp);
    assert.equal(namesOf("layer").length, layer);
  }
});

function summary(data: Float32Array): readonly number[] {
  let [square, first, second] = [0, 0, 0];
  data.forEach((value, i) => {
    square += value * value;
    first += value * Math.cos(1.7 * i + 1);
    second += value * Math.sin(i);
  });
  return [Math.sqrt(square), first, second];
}
