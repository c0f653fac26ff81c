/**
 * What is found of a Hessian by products alone, against all its eigenvalues (test/fixtures/curvature/make.py): W_V of layer 2
 * of gpt2-tiny, 4096 parameters. Eigenvalues are right to 10⁻⁴ of themselves; estimates lie within three standard errors.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { Tensor, type InferenceSession } from "onnxruntime-node";
import { gaussNewtonProducts } from "../../src/compiler/autodiff/gauss-newton.js";
import { directionInput, hessianProducts, productOutput } from "../../src/compiler/autodiff/hessian-products.js";
import { weightBlock, type WeightBlock } from "../../src/compiler/autodiff/weight-blocks.js";
import { int } from "../../src/compiler/onnx/attributes.js";
import { createGraphBuilder } from "../../src/compiler/onnx/builder.js";
import { appendNodes } from "../../src/compiler/onnx/edit.js";
import { hessianPicture, type HessianPicture, type HessianQuestion } from "../../src/compiler/statistics/hessian.js";
import type { CurvaturePart } from "../../src/compiler/ir/curvature.js";
import { loadModel, readFixture, root } from "../models/fixture.js";
import { createSession, idsTensor, runSession } from "../models/run-graph.js";

interface Exact {
  readonly side: number;
  readonly eigenvalues: readonly number[];
  readonly moments: readonly number[];
  readonly norms: readonly (readonly number[])[];
  readonly gauss_newton: {
    readonly eigenvalues: readonly number[];
    readonly trace: number;
    readonly norms: readonly (readonly number[])[];
  };
}

interface Fixture {
  readonly exact: Exact;
  readonly lanczos: Readonly<Record<string, { readonly side: number; readonly eigenvalues: readonly number[] }>>;
}

const nothing: HessianQuestion = {
  top: null,
  trace: false,
  density: false,
  coupling: false,
  probes: 1,
  steps: 40,
  seed: 1,
};

suite("the Hessian of gpt2-tiny by products", () => {
  const path = join(root, "test", "fixtures", "curvature", "gpt2-tiny.json");
  const { exact, lanczos } = JSON.parse(readFileSync(path, "utf8")) as Fixture;
  let values: Asked;
  before(async () => {
    values = await asked("W_V", 2);
  });
  after(() => values.session.release());

  test("eigenvalues of a block of 4096 parameters", async (t) => {
    const { eigenvalues, steps } = await values.picture({ ...nothing, top: 8, steps: 60 });
    const errors = eigenvalues.map(({ value }, i) => Math.abs(value / (exact.eigenvalues[i] ?? NaN) - 1));
    assert.ok(errors.length === 8 && errors.every((error) => error <= 1e-4), errors.join(", "));
    for (const { value, residual } of eigenvalues)
      assert.ok(residual <= 1e-4 * Math.abs(value), `${value} ± ${residual}`);
    t.diagnostic(`${steps} steps, largest error ${Math.max(...errors).toExponential(1)}`);
  });

  test("eigenvalues of the attention of a layer, 16640 parameters, are ARPACK's", async (t) => {
    const expected = lanczos["attention 1"];
    const attention = await asked("attention", 1);
    const { eigenvalues } = await attention.picture({ ...nothing, top: 3, steps: 40 });
    await attention.session.release();
    const errors = eigenvalues.map(({ value }, i) => Math.abs(value / (expected?.eigenvalues[i] ?? NaN) - 1));
    assert.ok(errors.length === 3 && errors.every((error) => error <= 1e-4), errors.join(", "));
    t.diagnostic(`largest error ${Math.max(...errors).toExponential(1)}`);
  });

  test("too few steps are told by residuals, which bound the distance to an eigenvalue", async () => {
    const { eigenvalues } = await values.picture({ ...nothing, top: 3, steps: 6 });
    for (const { value, residual } of eigenvalues) {
      const nearest = Math.min(...exact.eigenvalues.map((own) => Math.abs(own - value)));
      assert.ok(nearest <= residual + 1e-5, `${value} ± ${residual}`);
    }
    assert.ok(Math.max(...eigenvalues.map(({ residual }) => residual)) > 1e-3);
  });

  test("the trace lies within three standard errors for 20 seeds", async (t) => {
    const trace = (exact.moments[0] ?? NaN) * exact.side;
    let far = 0;
    for (let seed = 1; seed <= 20; seed++) {
      const { trace: estimate } = await values.picture({ ...nothing, trace: true, probes: 5, seed });
      assert.ok(estimate?.error != null);
      if (!(Math.abs(estimate.value - trace) <= 3 * estimate.error)) far += 1;
    }
    // Of Student's t with 4 degrees of freedom, 4 in 100 lie beyond 3.
    assert.ok(far <= 2, `${far} of 20 are further from ${trace}`);
    t.diagnostic(`${20 - far} of 20`);
  });

  test("moments of the density lie within three standard errors", async () => {
    const found: number[][] = [];
    for (let seed = 1; seed <= 8; seed++) {
      const { nodes } = await values.picture({ ...nothing, density: true, steps: 8, seed });
      const total = nodes.reduce((sum, { weight }) => sum + weight, 0);
      assert.ok(Math.abs(total - 1) < 1e-9);
      found.push([1, 2, 3, 4].map((k) => nodes.reduce((sum, { value, weight }) => sum + weight * value ** k, 0)));
    }
    exact.moments.forEach((moment, k) => {
      const mean = found.reduce((sum, moments) => sum + (moments[k] ?? NaN), 0) / found.length;
      // The variance of vᵀ A v for random signs v is at most 2 tr A²; of high powers, the extreme eigenvalues are all of it.
      const squares = exact.eigenvalues.reduce((sum, value) => sum + value ** (2 * (k + 1)), 0);
      const error = Math.sqrt((2 * squares) / found.length) / exact.side;
      assert.ok(Math.abs(mean - moment) <= 3 * error, `moment ${k + 1}: ${mean} ± ${error} for ${moment}`);
    });
  });

  test("norms of the blocks between heads", async (t) => {
    const { coupling } = await values.picture({ ...nothing, coupling: true, probes: 12 });
    const distances = (coupling?.norms ?? []).flatMap((row, a) =>
      row.map(({ value, error }, b) => Math.abs(value - (exact.norms[a]?.[b] ?? NaN)) / (error ?? NaN)),
    );
    // Student's t with 11 degrees of freedom: one of 16 lies beyond 4.5 in one of seventy draws.
    assert.ok(distances.length === 16 && distances.every((distance) => distance <= 4.5), distances.join(", "));
    t.diagnostic(`12 probes, largest distance ${Math.max(...distances).toFixed(2)} standard errors`);
  });
});

test("the Gauss–Newton matrix has the eigenvalues, the trace and the norms of J^T H J, and no negative ones", async (t) => {
  const path = join(root, "test", "fixtures", "curvature", "gpt2-tiny.json");
  const { exact } = JSON.parse(readFileSync(path, "utf8")) as Fixture;
  const expected = exact.gauss_newton;
  const product = await asked("W_V", 2, true);
  const picture = await product.picture({ ...nothing, top: 8, steps: 60, trace: true, coupling: true, probes: 8 });
  await product.session.release();
  const errors = picture.eigenvalues.map(({ value }, i) => Math.abs(value / (expected.eigenvalues[i] ?? NaN) - 1));
  assert.ok(errors.length === 8 && errors.every((error) => error <= 1e-4), errors.join(", "));
  assert.ok(picture.eigenvalues.every(({ value }) => value > 0));
  assert.ok(picture.trace?.error != null);
  // Student's t with 7 degrees of freedom: one of 17 lies beyond 5.4 in one of sixty draws.
  const distances = [
    Math.abs(picture.trace.value - expected.trace) / picture.trace.error,
    ...(picture.coupling?.norms ?? []).flatMap((row, a) =>
      row.map(({ value, error }, b) => Math.abs(value - (expected.norms[a]?.[b] ?? NaN)) / (error ?? NaN)),
    ),
  ];
  assert.ok(distances.length === 17 && distances.every((distance) => distance <= 5.4), distances.join(", "));
  t.diagnostic(`largest error of an eigenvalue ${Math.max(...errors).toExponential(1)}`);
});

interface Asked {
  readonly session: InferenceSession;
  readonly picture: (question: HessianQuestion) => Promise<HessianPicture>;
}

/** Answers questions about the Hessian of the mean loss with respect to a block. */
async function asked(part: CurvaturePart, layer: number, isGaussNewton = false): Promise<Asked> {
  const fixture = readFixture<{ readonly model: string; readonly ids: readonly (readonly number[])[] }>("gpt2-tiny");
  assert.ok(fixture !== null);
  const { opened, built } = await loadModel(fixture.model);
  const block = weightBlock(built, part, layer) as WeightBlock;
  const builder = createGraphBuilder("loss").scope("test");
  const mean = builder.node("ReduceMean", [built.values["nll"] ?? ""], { keepdims: int(0) });
  const { nodes, initializers } = builder.finish();
  const measured = appendNodes(block.graph, nodes, initializers);
  const graph = isGaussNewton
    ? gaussNewtonProducts(measured, built.values["logits"] ?? "", mean, block.weights)
    : hessianProducts(measured, mean, block.weights);
  const session = await createSession(graph, opened.externalDataFolder);
  const sizes = block.weights.map(({ shape }) => shape.reduce((product, length) => product * length, 1));
  const size = sizes.reduce((sum, own) => sum + own, 0);
  const ids = idsTensor(fixture.ids);
  async function multiply(vector: Float64Array): Promise<Float64Array> {
    const feeds: Record<string, Tensor> = { input_ids: ids };
    let start = 0;
    for (const [i, { shape }] of block.weights.entries()) {
      const end = start + (sizes[i] ?? 0);
      feeds[directionInput(i)] = new Tensor("float32", Float32Array.from(vector.subarray(start, end)), shape);
      start = end;
    }
    const outputs = await runSession(session, feeds);
    return Float64Array.from(block.weights.flatMap((_, i) => [...(outputs[productOutput(i)]?.data ?? [])]));
  }
  return {
    session,
    picture: async (question) => {
      const computation = hessianPicture(question, size, block.heads);
      let step = computation.next();
      while (step.done !== true) step = computation.next(await multiply(step.value));
      return step.value;
    },
  };
}
