/**
 * Products of the Hessian and of the Gauss–Newton matrix in the arrangements of every family: norms after attention, soft caps,
 * parallel residuals, grouped queries, mixtures. Both matrices are symmetric, uᵀ A v = vᵀ A u, and the second has no
 * negative vᵀ A v; rules that were wrong would hardly keep that.
 */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Tensor } from "onnxruntime-node";
import { gaussNewtonProducts } from "../../src/compiler/autodiff/gauss-newton.js";
import { directionInput, hessianProducts, productOutput } from "../../src/compiler/autodiff/hessian-products.js";
import { weightBlock } from "../../src/compiler/autodiff/weight-blocks.js";
import { int } from "../../src/compiler/onnx/attributes.js";
import { createGraphBuilder } from "../../src/compiler/onnx/builder.js";
import { appendNodes } from "../../src/compiler/onnx/edit.js";
import { loadModel, root } from "../models/fixture.js";
import { createSession, idsTensor, runSession } from "../models/run-graph.js";

/** Variants of a family that differ in spelling alone are left out. */
const names = readdirSync(join(root, "test", "fixtures", "families", "models")).filter((name) => !name.includes("-v4"));

const ids = [
  [1, 5, 9, 13, 2, 7, 30],
  [3, 3, 8, 21, 11, 4, 0],
];

for (const name of names) {
  test(`${name}: products are symmetric, and those of the Gauss–Newton matrix positive`, async (t) => {
    const { opened, built } = await loadModel(`test/fixtures/families/models/${name}`);
    for (const part of ["W_O", "mlp"] as const) {
      const block = weightBlock(built, part, 0);
      if (typeof block === "string") {
        t.diagnostic(`${part}: ${block}`);
        continue;
      }
      const builder = createGraphBuilder("loss").scope("test");
      const mean = builder.node("ReduceMean", [built.values["nll"] ?? ""], { keepdims: int(0) });
      const { nodes, initializers } = builder.finish();
      const measured = appendNodes(block.graph, nodes, initializers);
      for (const isGaussNewton of [false, true]) {
        const graph = isGaussNewton
          ? gaussNewtonProducts(measured, built.values["logits"] ?? "", mean, block.weights)
          : hessianProducts(measured, mean, block.weights);
        // To optimise them takes longer than to run them.
        const session = await createSession(graph, opened.externalDataFolder, "disabled");
        const directions = [1, 2].map((phase) =>
          block.weights.map(({ shape }) => {
            const size = shape.reduce((product, length) => product * length, 1);
            return Float32Array.from({ length: size }, (_, i) => Math.sin(phase * (i + 1) + phase));
          }),
        );
        const products: Float32Array[][] = [];
        for (const direction of directions) {
          const fed = block.weights.map(({ shape }, i) => {
            return [directionInput(i), new Tensor("float32", direction[i] ?? new Float32Array(), shape)] as const;
          });
          const outputs = await runSession(session, { input_ids: idsTensor(ids), ...Object.fromEntries(fed) });
          products.push(block.weights.map((_, i) => Float32Array.from(outputs[productOutput(i)]?.data ?? [])));
        }
        await session.release();
        const [u = [], v = []] = directions;
        const [au = [], av = []] = products;
        const size = Math.sqrt(dot(au, au) * dot(v, v)) + Math.sqrt(dot(av, av) * dot(u, u));
        const difference = Math.abs(dot(u, av) - dot(v, au));
        // 10⁻⁵ of the largest that they could be: float32 loses about 10⁻⁶ of it.
        assert.ok(difference <= 1e-5 * size, `${part}: ${dot(u, av)} and ${dot(v, au)} of ${size}`);
        assert.ok(size > 0, `${part}: nothing`);
        if (isGaussNewton) assert.ok(dot(u, au) > 0 && dot(v, av) > 0, `${part}: ${dot(u, au)}, ${dot(v, av)}`);
      }
    }
  });
}

function dot(a: readonly Float32Array[], b: readonly Float32Array[]): number {
  return a.reduce((sum, own, i) => sum + own.reduce((inner, value, j) => inner + value * (b[i]?.[j] ?? NaN), 0), 0);
}
