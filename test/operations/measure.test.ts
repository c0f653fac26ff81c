/** Whole measures: known values, sharing between measures, reasons. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { MeasureExpression } from "../../src/compiler/ir/expression.js";
import { siteKey } from "../../src/compiler/models/sites.js";
import type { ReferenceTensor } from "../../src/compiler/operations/operation.js";
import { referenceTensor } from "../../src/compiler/operations/reference-tensor.js";
import { reasonsOf } from "../../src/compiler/operations/reasons.js";
import { evaluateReference } from "../../src/compiler/operations/reference.js";
import { createExpression, openMeasures, type SiteRow } from "./expressions.js";
import { axes, createRandom, drawTensor, real, type RowResult } from "./support.js";

type Builder = ReturnType<typeof createExpression>;

const attention = real(axes(["head", 2], "query", "key"));
const values = real(axes("pos", ["kv_head", 2], ["d_head", 3]));
const stream = real(axes("pos", ["d_model", 4]));
const nll = real(axes(["pos", { kind: "positions", minus: 1 }]), "nats");

/** tr(G)² / Σ G² with G the Gram matrix of the rows: the participation ratio of a node. */
function participation(builder: Builder, input: number, row: string): number {
  const gram = builder.operation("gram", [input], { row });
  const two = builder.constant(2);
  const numerator = builder.operation("power", [builder.operation("trace", [gram]), two]);
  const denominator = builder.operation("sum", [builder.operation("power", [gram, two])], { over: [] });
  return builder.operation("divide", [numerator, denominator], {}, "the tensor is 0");
}

function matrix(rowAxis: string, columnAxis: string, data: readonly (readonly number[])[]): ReferenceTensor {
  const sized = [
    { name: rowAxis, size: data.length },
    { name: columnAxis, size: data[0]?.length ?? 0 },
  ];
  return referenceTensor(sized, data.flat());
}

/** The result of the first measure for one row. */
async function runOne(measures: Awaited<ReturnType<typeof openMeasures>>, row: SiteRow): Promise<RowResult> {
  const found = (await measures.run([row]))[0]?.[0];
  assert.ok(found !== undefined);
  return found;
}

/** The result of a measure for one row, from the graph and from the reference; they must be close and faulty alike. */
async function evaluate(expression: MeasureExpression, row: SiteRow): Promise<readonly number[]> {
  const measures = await openMeasures([expression]);
  const found = await runOne(measures, row);
  await measures.release();
  const expected = evaluateReference(expression, (site) => {
    const value = row[siteKey(site)];
    assert.ok(value !== undefined);
    return value;
  });
  assert.deepEqual(found.fault ?? [], Array.from(expected.fault ?? found.fault?.map(() => 0) ?? []));
  found.data.forEach((value, i) => {
    assertClose(value, expected.data[i] ?? 0);
  });
  return found.data;
}

/** Known values are compared to 2e-6 relative: a few dozen float32 roundings of 6e-8 each. */
function assertClose(actual: number | undefined, expected: number): void {
  assert.ok(actual !== undefined);
  const close = Object.is(actual, expected) || Math.abs(actual - expected) <= 2e-6 * Math.max(1, Math.abs(expected));
  assert.ok(close, `${actual} is not ${expected}`);
}

describe("known values", () => {
  test("the participation ratio of an identity is its size, of a rank one matrix 1", async () => {
    const builder = createExpression();
    const ratio = participation(builder, builder.site("resid_post", 0, stream), "pos");
    const expression = builder.finish(ratio);
    const identity = [0, 1, 2, 3].map((i) => [0, 1, 2, 3].map((j) => (i === j ? 1 : 0)));
    assertClose((await evaluate(expression, { "resid_post[0]": matrix("pos", "d_model", identity) }))[0], 4);
    const rankOne = [1, -2, 3].map((a) => [1, 2, 3, 4].map((b) => a * b));
    assertClose((await evaluate(expression, { "resid_post[0]": matrix("pos", "d_model", rankOne) }))[0], 1);
  });

  test("the participation ratio from the Gram matrix is the one from singular values", async () => {
    // x = U diag(3, 2, 1) Vᵀ with U and V the exact reflections I − 2 w wᵀ / wᵀw of w = (1, 1, 1) and (1, 1, 1, 1).
    const reflection = (n: number) => (i: number, j: number) => (i === j ? 1 : 0) - 2 / n;
    const [u, v] = [reflection(3), reflection(4)];
    const singular = [3, 2, 1];
    const x = [0, 1, 2].map((i) =>
      [0, 1, 2, 3].map((j) => singular.reduce((sum, s, k) => sum + Math.fround(u(i, k) * s * v(j, k)), 0)),
    );
    // (Σσ²)² / Σσ⁴ = (9 + 4 + 1)² / (81 + 16 + 1).
    const builder = createExpression();
    const ratio = participation(builder, builder.site("resid_post", 0, stream), "pos");
    const [found] = await evaluate(builder.finish(ratio), { "resid_post[0]": matrix("pos", "d_model", x) });
    assertClose(found, 196 / 98);
  });

  test("R_V is a ratio of participation ratios over the last positions, heads together", async () => {
    const builder = createExpression();
    const window = { count: 2 };
    const late = participation(builder, builder.operation("last", [builder.site("v", 3, values)], window), "pos");
    const early = participation(builder, builder.operation("last", [builder.site("v", 1, values)], window), "pos");
    const expression = builder.finish(builder.operation("divide", [late, early], {}, "the early ratio is 0"));
    const of = (rows: readonly (readonly number[])[]): ReferenceTensor =>
      referenceTensor(
        [
          { name: "pos", size: rows.length },
          { name: "kv_head", size: 2 },
          { name: "d_head", size: 3 },
        ],
        rows.flat(),
      );
    // Late: two orthogonal rows of norm 2 (ratio 2), which lie in different heads. Early: two equal rows (ratio 1).
    const row = {
      "v[3]": of([[9, 9, 9, 9, 9, 9], [2, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 2]]), // prettier-ignore
      "v[1]": of([[9, 8, 7, 6, 5, 4], [1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1]]), // prettier-ignore
    };
    assertClose((await evaluate(expression, row))[0], 2);
    assertClose((await evaluate(expression, { ...row, "v[1]": of([[0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]]) }))[0], NaN); // prettier-ignore
  });

  test("perplexity, entropy and self attention of hand-made values", async () => {
    const perplexity = createExpression();
    const average = perplexity.operation("mean", [perplexity.site("nll", null, nll)], { over: ["pos"] });
    const losses = referenceTensor(
      [{ name: "pos", size: 3 }],
      [Math.log(2), Math.log(4), Math.log(8)].map(Math.fround),
    );
    assertClose((await evaluate(perplexity.finish(perplexity.operation("exp", [average])), { nll: losses }))[0], 4);

    const entropy = createExpression();
    const logits = entropy.site("logits", null, real(axes("pos", ["vocab", 4])));
    const last = entropy.operation("at", [logits], { index: -1 });
    const probabilities = entropy.operation("softmax", [last], { over: ["vocab"] });
    const total = entropy.operation("sum", [entropy.operation("entr", [probabilities])], { over: ["vocab"] });
    const masked = matrix("pos", "vocab", [[1, 2, 3, 4], [5, -Infinity, 5, -Infinity]]); // prettier-ignore
    assertClose((await evaluate(entropy.finish(total), { logits: masked }))[0], Math.log(2));

    const self = createExpression();
    const diagonal = self.operation("diagonal", [self.site("pattern", 2, attention)], {});
    const heads = self.finish(self.operation("mean", [diagonal], { over: ["pos"] }));
    const pattern = referenceTensor(
      [
        { name: "head", size: 2 },
        { name: "query", size: 2 },
        { name: "key", size: 2 },
      ],
      [1, 0, 0.5, 0.5, 1, 0, 1, 0],
    );
    assert.deepEqual(await evaluate(heads, { "pattern[2]": pattern }), [0.75, 0.5]);
  });

  test("var and std divide by n, as NumPy does: var([1, 2, 3, 4]) = 1.25", async () => {
    const builder = createExpression();
    const variance = builder.operation("var", [builder.site("resid_post", 0, stream)], { over: ["d_model"] });
    const row = { "resid_post[0]": matrix("pos", "d_model", [[1, 2, 3, 4], [10001, 10002, 10003, 10004]]) }; // prettier-ignore
    assert.deepEqual(await evaluate(builder.finish(variance), row), [1.25, 1.25]);
  });

  test("numpy.diagonal of arange(9).reshape(3, 3) with offsets 1, −1 and 3", async () => {
    for (const [offset, expected] of [
      [1, [1, 5]],
      [-1, [3, 7]],
      [3, []],
    ] as const) {
      // prettier-ignore
      const builder = createExpression();
      const site = builder.site("pattern", 0, real(axes(["head", 1], "query", "key")));
      const expression = builder.finish(builder.operation("diagonal", [site], { offset }));
      const sized = [{ name: "head", size: 1 }, { name: "query", size: 3 }, { name: "key", size: 3 }]; // prettier-ignore
      const row = { "pattern[0]": referenceTensor(sized, [0, 1, 2, 3, 4, 5, 6, 7, 8]) };
      assert.deepEqual(await evaluate(expression, row), expected);
    }
  });
});

describe("reasons", () => {
  test("a one-token text has nothing to average, and says so", async () => {
    const builder = createExpression();
    const mean = builder.operation(
      "mean",
      [builder.site("nll", null, nll)],
      { over: ["pos"] },
      "one token predicts nothing",
    );
    const expression = builder.finish(builder.operation("exp", [mean]));
    const empty = referenceTensor([{ name: "pos", size: 0 }], []);
    const measures = await openMeasures([expression]);
    const found = await runOne(measures, { nll: empty });
    await measures.release();
    assert.ok(Number.isNaN(found.data[0]));
    assert.deepEqual(measures.lowered[0]?.reasons[(found.fault?.[0] ?? 0) - 1], "one token predicts nothing");
    assert.deepEqual(reasonsOf(expression), ["one token predicts nothing"]);
  });

  test("the innermost failing operation is reported", async () => {
    const builder = createExpression();
    const site = builder.site("resid_post", 0, stream);
    const zero = builder.constant(0);
    const inner = builder.operation("log", [builder.operation("multiply", [site, zero])], {}, "inner");
    // log(0) / 0: both fail, and the logarithm is what went wrong first.
    const ratio = builder.operation("divide", [inner, zero], {}, "outer");
    const expression = builder.finish(builder.operation("sum", [ratio], { over: [] }));
    const measures = await openMeasures([expression]);
    const row = { "resid_post[0]": drawTensor(stream, 2, "normal", createRandom(1)) };
    const found = await runOne(measures, row);
    await measures.release();
    assert.deepEqual(measures.lowered[0]?.reasons, ["inner", "outer"]);
    assert.deepEqual(found.fault, [1]);
  });

  test("an operation has a reason of its own when the expression gives none", () => {
    const builder = createExpression();
    const site = builder.site("resid_post", 0, stream);
    builder.operation("log", [site]);
    const nodes = builder.nodes.map((node) => {
      if (node.kind !== "operation") return node;
      const { reason: _reason, ...rest } = node;
      return rest;
    });
    assert.match(reasonsOf({ nodes, result: 1 })[0] ?? "", /logarithm/);
  });
});

describe("sharing", () => {
  test("equal nodes of several measures are lowered once, and reasons share one numbering", async () => {
    const make = (tail: "exp" | "negate", reason: string): MeasureExpression => {
      const builder = createExpression();
      const mean = builder.operation("mean", [builder.site("nll", null, nll)], { over: ["pos"] }, reason);
      return builder.finish(builder.operation(tail, [mean]));
    };
    const both = await openMeasures([make("exp", "nothing"), make("negate", "nothing"), make("exp", "nothing")]);
    const count = (op: string): number => both.graph.nodes.filter((node) => node.op === op).length;
    // One adds up the losses, the other looks whether all of them are finite.
    assert.equal(count("ReduceSum"), 2);
    assert.equal(count("Exp"), 1);
    assert.deepEqual(
      both.lowered.map((measure) => measure.reasons),
      [["nothing"], ["nothing"], ["nothing"]],
    );
    assert.equal(both.lowered[0]?.output.value, both.lowered[2]?.output.value);
    const row = { nll: drawTensor(nll, 4, "positive", createRandom(3)) };
    const [perplexity, negative] = await both.run([row]);
    await both.release();
    assertClose(Math.log(perplexity?.[0]?.data[0] ?? 0), -(negative?.[0]?.data[0] ?? 0));

    const apart = await openMeasures([make("exp", "nothing"), make("exp", "something else")]);
    await apart.release();
    assert.deepEqual(apart.lowered[1]?.reasons, ["nothing", "something else"]);
  });

  test("truth values leave the graph as 1 and 0", async () => {
    const builder = createExpression();
    const site = builder.site("resid_post", 0, stream);
    const expression = builder.finish(builder.operation("greater", [site, builder.constant(2)]));
    const row = { "resid_post[0]": matrix("pos", "d_model", [[1, 2, 3, 4]]) };
    assert.deepEqual(await evaluate(expression, row), [0, 0, 1, 1]);
  });
});
