/** Where a number that is not finite comes from: which places of an expression are looked at, and what is said. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { MeasureExpression } from "../../src/compiler/ir/expression.js";
import { causesOf } from "../../src/compiler/operations/causes.js";
import type { ReferenceTensor } from "../../src/compiler/operations/operation.js";
import { referenceTensor } from "../../src/compiler/operations/reference-tensor.js";
import { undecidedReason } from "../../src/compiler/operations/reasons.js";
import { expressionText } from "../../src/compiler/operations/text.js";
import { createExpression, openMeasures } from "./expressions.js";
import { axes, real } from "./support.js";

type Builder = ReturnType<typeof createExpression>;

const stream = real(axes("pos", ["d_model", 3]));
const attention = real(axes(["head", 2], "query", "key"));
const nll = real(axes(["pos", { kind: "positions", minus: 1 }]), "nats");

/** Texts of what an expression looks at, and of what is said without a check that fails. */
function looks(expression: MeasureExpression): readonly string[] {
  return causesOf(expression).checks.map(({ node }) => expressionText({ ...expression, result: node }));
}

function made(build: (builder: Builder) => number): MeasureExpression {
  const builder = createExpression();
  return builder.finish(build(builder));
}

function tensor(names: readonly string[], sizes: readonly number[], data: readonly number[]): ReferenceTensor {
  return referenceTensor(
    names.map((name, i) => ({ name, size: sizes[i] ?? 0 })),
    data,
  );
}

describe("what is looked at", () => {
  const late = (b: Builder): number => b.operation("at", [b.site("resid_post", 2, stream)], { index: -1 });

  test("a site where it is used, and nothing else where the result shows the rest", () => {
    assert.deepEqual(looks(made((b) => b.operation("norm", [late(b)], { over: [] }))), ["resid_post[L2] at last"]);
    const loss = made((b) => b.operation("mean", [b.site("nll", null, nll)], { over: ["pos"] }));
    assert.deepEqual(looks(loss), ["nll"]);
  });

  test("nothing in a site that is the result itself, or some entries of it", () => {
    assert.deepEqual(looks(made((b) => b.site("nll", null, nll))), []);
    const expression = made(late);
    assert.deepEqual(looks(expression), []);
    assert.match(causesOf(expression).otherwise.reason, /an activation .* not finite: resid_post\[L2\] at last$/);
  });

  test("a computed value that what follows may hide", () => {
    const largest = made((b) => b.operation("max", [b.operation("exp", [late(b)])], { over: [] }));
    assert.deepEqual(looks(largest), ["resid_post[L2] at last", "exp(resid_post[L2] at last)"]);
    // A quotient is NaN where its divisor is infinite, and shows it; 1 / (1 + exp(x)) is honestly 0 there.
    const quotient = made((b) => b.operation("divide", [b.constant(1), b.operation("norm", [late(b)], { over: [] })]));
    assert.deepEqual(looks(quotient), ["resid_post[L2] at last"]);
    const sigmoid = made((b) =>
      b.operation("divide", [b.constant(1), b.operation("add", [b.constant(1), b.operation("exp", [late(b)])])]),
    );
    assert.deepEqual(looks(sigmoid), ["resid_post[L2] at last", "1 + exp(resid_post[L2] at last)"]);
  });

  test("the weights only where a token chooses some of them", () => {
    const matrix = real(axes(["d_model", 3], ["vocab", 4]));
    const nodes = [
      { kind: "parameter", parameter: "W_U", type: matrix, span: { file: "", start: 0, end: 0 } },
    ] as const;
    const norm = { kind: "operation", operation: "norm", inputs: [0], attributes: { over: [] } } as const;
    const whole = { nodes: [...nodes, { ...norm, type: real([]), span: nodes[0].span }], result: 1 };
    assert.deepEqual(looks(whole), []);
    assert.match(causesOf(whole).otherwise.reason, /norm\(W_U\).* float32; or a weight of W_U is not finite$/);
  });
});

describe("what is said", () => {
  /** The cause's number of each row, and the sentence of the first row. */
  async function causes(expression: MeasureExpression, rows: readonly Readonly<Record<string, ReferenceTensor>>[]) {
    const measures = await openMeasures([expression]);
    const [found = []] = await measures.run(rows);
    await measures.release();
    const { checks, otherwise } = causesOf(expression);
    return found.map(({ data, fault, cause }) => ({
      value: data[0],
      reason: fault?.[0] ? measures.lowered[0]?.reasons[fault[0] - 1] : null,
      cause: cause === 0 ? otherwise.reason : checks[cause - 1]?.reason,
      known: cause > 0,
    }));
  }

  test("of a comparison with NaN: it is undecided, and why is known row by row", async () => {
    const expression = made((b) => b.operation("greater", [b.operation("mean", [b.site("nll", null, nll)], { over: ["pos"] }), b.constant(3)])); // prettier-ignore
    const row = (...values: number[]) => ({ nll: tensor(["pos"], [values.length], values) });
    const [sound, spoiled] = await causes(expression, [row(4, 5), row(4, NaN)]);
    assert.deepEqual([sound?.value, sound?.reason, sound?.known], [1, null, false]);
    assert.ok(Number.isNaN(spoiled?.value));
    assert.equal(spoiled?.reason, undecidedReason);
    assert.equal(spoiled.cause, "an activation of the model is not finite: nll");
  });

  test("of a number beyond float32: which operation, and no activation is blamed", async () => {
    const expression = made((b) => b.operation("min", [b.operation("exp", [b.operation("sum", [b.site("nll", null, nll)], { over: ["pos"] })])], { over: [] })); // prettier-ignore
    const [found] = await causes(expression, [{ nll: tensor(["pos"], [2], [60, 60]) }]);
    assert.equal(found?.cause, "exp(sum(nll over pos)) is beyond the range of float32");
  });

  test("of a sum that overflows on the way: the result need not be too large itself", async () => {
    const expression = made((b) => b.operation("max", [b.operation("norm", [b.site("resid_post", 2, stream)], { over: ["d_model"] })], { over: [] })); // prettier-ignore
    const row = { "resid_post[2]": tensor(["pos", "d_model"], [1, 3], [1e25, 1e25, 1e25]) };
    const [found] = await causes(expression, [row]);
    assert.match(found?.cause ?? "", /^norm\(resid_post\[L2\] over d_model\), or a number on the way to it, is beyond/);
  });

  test("of masked scores: −∞ is as it should be, NaN and +∞ are not", async () => {
    const expression = made((b) => b.operation("max", [b.site("scores", 0, attention)], { over: ["key"] }));
    const row = (value: number) => ({
      "scores[0]": tensor(["head", "query", "key"], [2, 2, 2], [1, -Infinity, 2, value, 1, -Infinity, 2, 3]),
    });
    const [masked, spoiled] = await causes(expression, [row(3), row(NaN)]);
    assert.deepEqual([masked?.value, masked?.known], [1, false]);
    assert.equal(spoiled?.cause, "an activation of the model is not finite: scores[L0]");
    assert.equal(causesOf(expression).masked, "scores[L0] is −∞ where attention is masked");
  });
});

describe("infinite divisors and bases", () => {
  const norm = (b: Builder): number => b.operation("norm", [b.site("resid_post", 2, stream)], { over: [] });
  const row = (x: number) => ({ "resid_post[2]": tensor(["pos", "d_model"], [1, 3], [x, 0, 0]) });

  async function value(build: (builder: Builder) => number, x: number): Promise<number | undefined> {
    const measures = await openMeasures([made(build)]);
    const [found] = await measures.run([row(x)]);
    await measures.release();
    return found?.[0]?.data[0];
  }

  test("do not make a quotient 0 that passes for a number", async () => {
    const quotient = (b: Builder): number => b.operation("divide", [b.constant(1), norm(b)]);
    const inverse = (b: Builder): number => b.operation("power", [norm(b), b.constant(-1)]);
    for (const build of [quotient, inverse]) {
      assert.equal(await value(build, 4), 0.25);
      assert.ok(Number.isNaN(await value(build, Infinity)));
      assert.ok(Number.isNaN(await value(build, 1e30)));
    }
  });

  test("may be exponentials, which are honestly too large to matter", async () => {
    const sigmoid = (b: Builder): number =>
      b.operation("divide", [b.constant(1), b.operation("add", [b.constant(1), b.operation("exp", [norm(b)])])]);
    assert.equal(await value(sigmoid, 1e4), 0);
  });
});

test("long expressions leave out their inner parts", () => {
  const expression = made((b) => {
    let node = b.site("resid_post", 2, stream);
    for (let i = 0; i < 40; i++) node = b.operation("add", [node, node]);
    return b.operation("norm", [node], { over: [] });
  });
  const text = expressionText(expression);
  assert.ok(text.length <= 72 && text.includes("…"), text);
});
