/**
 * Operations on small tensors whose results are known: closed forms, or numbers from SciPy 1.17.1 and NumPy 2.4.6
 * (`scipy.stats.pearsonr`, `1 - scipy.spatial.distance.cosine`, `scipy.special.rel_entr(p, q).sum()`,
 * `numpy.tril_indices`). Graph and reference must both give them.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { OperationAttributes } from "../../src/compiler/ir/expression.js";
import type { TensorType } from "../../src/compiler/ir/tensor-type.js";
import { siteKey } from "../../src/compiler/models/sites.js";
import { referenceTensor } from "../../src/compiler/operations/reference-tensor.js";
import { evaluateReference } from "../../src/compiler/operations/reference.js";
import { createExpression, openMeasures } from "./expressions.js";
import { axes, real } from "./support.js";

interface Given {
  readonly type: TensorType;
  readonly values: readonly number[];
}

function matrix(rows: string, columns: string, values: readonly (readonly number[])[]): Given {
  const width = values[0]?.length ?? 0;
  return { type: real(axes([rows, values.length], [columns, width])), values: values.flat() };
}

function vector(axis: string, values: readonly number[]): Given {
  return { type: real(axes([axis, values.length])), values };
}

const names = ["embed", "final", "logits"] as const;

/** The result of one operation in the graph and in the reference; NaN stands for a place with a reason. */
async function evaluate(
  operation: string,
  inputs: readonly Given[],
  attributes: OperationAttributes = {},
): Promise<readonly number[]> {
  const builder = createExpression();
  const sites = inputs.map(({ type }, i) => builder.site(names[i] ?? "nll", null, type));
  const expression = builder.finish(builder.operation(operation, sites, attributes));
  const row = Object.fromEntries(
    inputs.map(({ type, values }, i) => {
      const sized = type.axes.map(({ name, extent }) => ({ name, size: extent.kind === "fixed" ? extent.size : 0 }));
      return [names[i] ?? "nll", referenceTensor(sized, values)];
    }),
  );
  const measures = await openMeasures([expression]);
  const found = (await measures.run([row]))[0]?.[0]?.data ?? [];
  await measures.release();
  const expected = evaluateReference(expression, (site) => {
    const value = row[siteKey(site)];
    assert.ok(value !== undefined);
    return value;
  });
  close(Array.from(expected.data), found);
  return found;
}

/** Equal to 2 ε of float32 relative: everything here is computed in float64 or exactly, and rounded once at the end. */
function close(actual: readonly number[], expected: readonly number[]): void {
  assert.equal(actual.length, expected.length);
  actual.forEach((value, i) => {
    const wanted = expected[i] ?? NaN;
    const near = Object.is(value, wanted) || Math.abs(value - wanted) <= 2 ** -22 * Math.abs(wanted);
    assert.ok(near, `place ${i} is ${value}, not ${wanted}`);
  });
}

const heads = [
  [1, 2, 4, 8],
  [3, 1, 4, 1],
  [-2, 0.5, 3, 7],
];

describe("likeness", () => {
  test("of pairs of heads, in the order (0, 1), (0, 2), (1, 2)", async () => {
    const input = [matrix("head", "entry", heads)];
    const between = { over: ["entry"], between: "head" };
    const pearson = [-0.34097520463683817, 0.9854797231451979, -0.3257023745309605];
    close(await evaluate("pearson_between", input, between), pearson);
    const cosine = [0.6053501480489778, 0.9210764150403002, 0.329292779969071];
    close(await evaluate("cosine_between", input, between), cosine);
  });

  test("of two tensors, row by row", async () => {
    const inputs = [
      matrix("pos", "d_model", [heads[0] ?? [], heads[0] ?? []]),
      matrix("pos", "d_model", heads.slice(1)),
    ];
    close(await evaluate("pearson", inputs, { over: ["d_model"] }), [-0.34097520463683817, 0.9854797231451979]);
    close(await evaluate("cosine", inputs, { over: ["d_model"] }), [0.6053501480489778, 0.9210764150403002]);
  });

  test("with what is large and hardly varies: the mean is taken off before anything is squared", async () => {
    const shifted = [heads[0] ?? [], heads[1] ?? []].map((row) =>
      vector(
        "entry",
        row.map((x) => x + 2 ** 20),
      ),
    );
    close(await evaluate("pearson", shifted), [-0.34097520463683817]);
  });

  test("has none with what does not vary, or is 0", async () => {
    const flat = [vector("entry", [0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]), vector("entry", [1, 2, 3, 4, 5, 6, 7])];
    assert.deepEqual(await evaluate("pearson", flat.map(rounded)), [NaN]);
    const none = [vector("entry", [0, 0]), vector("entry", [1, 2])];
    assert.deepEqual(await evaluate("cosine", none), [NaN]);
    close(await evaluate("cosine", [vector("entry", [2, 2]), vector("entry", [3, 3])]), [1]);
  });
});

function rounded({ type, values }: Given): Given {
  return { type, values: values.map(Math.fround) };
}

describe("divergence", () => {
  const p = vector("vocab", [0.5, 0.25, 0.25, 0]);
  const q = vector("vocab", [0.125, 0.5, 0.25, 0.125]);

  test("of q from p, in nats; 0 · ln 0 is 0", async () => {
    close(await evaluate("kl", [p, q], { over: ["vocab"] }), [0.5198603854199589]);
    close(await evaluate("kl", [p, p], { over: ["vocab"] }), [0]);
  });

  test("is undefined where something that happens was impossible", async () => {
    assert.deepEqual(await evaluate("kl", [q, p], { over: ["vocab"] }), [NaN]);
  });

  test("a bit is ln 2 nats", async () => {
    const information = { type: real([], "nats"), values: [Math.fround(Math.LN2)] };
    close(await evaluate("bits", [information]), [Math.fround(Math.LN2) / Math.LN2]);
    close(await evaluate("nats", [{ type: real([], "bits"), values: [3] }]), [3 * Math.LN2]);
  });
});

describe("entries", () => {
  test("the first of equal ones is the largest", async () => {
    assert.deepEqual(await evaluate("argmax", [vector("vocab", [1, 7, 3, 7])]), [1]);
    assert.deepEqual(await evaluate("argmax", [vector("vocab", [0, 0])]), [0]);
  });

  test("the largest ones come in order, equal ones as often as they are there", async () => {
    assert.deepEqual(await evaluate("top", [vector("vocab", [1, 7, 3, 7, -2])], { count: 3 }), [7, 7, 3]);
  });

  test("are flattened in the order of the names", async () => {
    const cube = { type: real(axes(["a", 2], ["b", 3], ["c", 4])), values: Array.from({ length: 24 }, (_, i) => i) };
    const found = await evaluate("flatten", [cube], { over: ["c", "b"] });
    assert.deepEqual(found.slice(0, 12), [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11]);
  });

  test("where attention may look are the lower triangle, query by query", async () => {
    const square = matrix("query", "key", [[0, 1, 2], [3, 4, 5], [6, 7, 8]]); // prettier-ignore
    assert.deepEqual(await evaluate("causal", [square]), [0, 3, 4, 6, 7, 8]);
    const turned = matrix("key", "query", [[0, 3, 6], [1, 4, 7], [2, 5, 8]]); // prettier-ignore
    assert.deepEqual(await evaluate("causal", [turned]), [0, 3, 4, 6, 7, 8]);
  });

  test("are looked up by number, and there is none beyond the last or between two", async () => {
    const table = matrix("pos", "head", [[1, 2, 3], [4, 5, 6]]); // prettier-ignore
    assert.deepEqual(await evaluate("pick", [table, vector("pos", [2, 0])], { axis: "head" }), [3, 4]);
    assert.deepEqual(await evaluate("pick", [table, vector("pos", [3, -1])], { axis: "head" }), [NaN, NaN]);
    assert.deepEqual(await evaluate("pick", [table, vector("pos", [0.5, 1])], { axis: "head" }), [NaN, 5]);
  });
});

describe("random directions", () => {
  test("have length 1, are the same for one seed, and differ for two", async () => {
    const size = 512;
    const [one, same, other] = [
      await evaluate("random_direction", [], { size, seed: 7 }),
      await evaluate("random_direction", [], { size, seed: 7 }),
      await evaluate("random_direction", [], { size, seed: 8 }),
    ];
    const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((s, x, i) => s + x * (b[i] ?? 0), 0);
    assert.ok(Math.abs(dot(one, one) - 1) < 1e-6);
    assert.deepEqual(one, same);
    // Two independent directions have a cosine of standard deviation 1/√512 = 0.044: five of them.
    assert.ok(Math.abs(dot(one, other)) < 0.22);
    // Of a uniform direction about half of the components are positive: 256 ± 11.
    const positive = one.filter((x) => x > 0).length;
    assert.ok(Math.abs(positive - size / 2) < 57, String(positive));
  });
});
