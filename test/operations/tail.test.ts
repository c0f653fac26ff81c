/** Ends of expressions that are computed again in float64, and which numbers that changes. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { MeasureExpression } from "../../src/compiler/ir/expression.js";
import { graphPlan } from "../../src/compiler/lower/graph-plan.js";
import { reasonsOf } from "../../src/compiler/operations/reasons.js";
import { tailInputs } from "../../src/compiler/operations/tail.js";
import { expressionText } from "../../src/compiler/operations/text.js";
import type { UnitTensors } from "../../src/compiler/results/cells.js";
import { numberAt, rowReader } from "../../src/compiler/results/numbers.js";
import { createExpression } from "./expressions.js";
import { axes, real } from "./support.js";

type Builder = ReturnType<typeof createExpression>;

const nll = real(axes(["pos", { kind: "positions", minus: 1 }]), "nats");
const logits = real(axes("pos", ["vocab", 500]));
const stream = real(axes("pos", ["d_model", 4]));

function made(build: (builder: Builder) => number): MeasureExpression {
  const builder = createExpression();
  return builder.finish(build(builder));
}

const losses = (b: Builder): number => b.site("nll", null, nll);
const loss = (b: Builder): number => b.operation("mean", [losses(b)], { over: ["pos"] });
const perplexity = (b: Builder): number => b.operation("exp", [loss(b)]);

describe("what an end is computed from", () => {
  const inputs = (build: (builder: Builder) => number): readonly string[] | null =>
    tailInputs(made(build))?.map(({ expression }) => expressionText(expression)) ?? null;

  test("what comes before an exponential, a large power, a large factor", () => {
    assert.deepEqual(inputs(perplexity), ["mean(nll over pos)"]);
    const inverse = (b: Builder): number => b.operation("divide", [b.constant(1), perplexity(b)]);
    assert.deepEqual(inputs(inverse), ["mean(nll over pos)"]);
    const vector = (b: Builder): number => b.site("resid_post", 1, stream);
    const tenth = (b: Builder): number => b.operation("power", [vector(b), b.constant(10)]);
    assert.deepEqual(inputs(tenth), ["resid_post[L1]"]);
    const scaled = (b: Builder): number => b.operation("multiply", [b.constant(1e30), vector(b)]);
    assert.deepEqual(inputs(scaled), ["resid_post[L1]"]);
  });

  test("sums of a few of them for each position, but not of a vocabulary of them", () => {
    const average = (b: Builder): number => b.operation("mean", [b.operation("exp", [losses(b)])], { over: ["pos"] });
    assert.deepEqual(inputs(average), ["nll"]);
    const partition = (b: Builder): number =>
      b.operation("sum", [b.operation("exp", [b.site("logits", null, logits)])], { over: ["vocab"] });
    assert.equal(inputs(partition), null);
  });

  test("nothing where no ordinary number becomes too large", () => {
    assert.equal(inputs(loss), null);
    const square = (b: Builder): number => b.operation("power", [b.site("resid_post", 1, stream), b.constant(2)]);
    assert.equal(inputs(square), null);
  });

  test("it is an output of the graph beside the result, once", () => {
    const settings = { whole: false, restrictPositions: false, chunkAttention: false, streamLoss: false };
    const request = { model: "m", weights: "w", start: 0, inputs: [], gates: [], settings };
    const plan = (...builds: ((builder: Builder) => number)[]) => graphPlan({ ...request, expressions: builds.map(made) }); // prettier-ignore
    const texts = ({ outputs }: ReturnType<typeof plan>) => outputs.map(({ expression }) => expressionText(expression));
    assert.deepEqual(texts(plan(perplexity)), ["exp(mean(nll over pos))", "mean(nll over pos)"]);
    assert.deepEqual(texts(plan(loss, perplexity)), ["mean(nll over pos)", "exp(mean(nll over pos))"]);
    assert.deepEqual(texts(plan(loss)), ["mean(nll over pos)"]);
  });
});

/** What a graph yields for an output, row by row. */
interface Yielded {
  readonly value: readonly number[];
  readonly fault?: readonly number[];
  readonly cause?: readonly number[];
}

describe("which numbers it changes", () => {
  const settings = { whole: false, restrictPositions: false, chunkAttention: false, streamLoss: false };

  /** The values and reasons of the rows of an expression, from what the graph yields for it and for its end's inputs. */
  function read(build: (builder: Builder) => number, ...yielded: readonly Yielded[]) {
    const expression = made(build);
    const graph = graphPlan({ model: "m", weights: "w", start: 0, inputs: [], gates: [], settings, expressions: [expression] }); // prettier-ignore
    assert.equal(graph.outputs.length, yielded.length);
    const tensors: Record<string, UnitTensors[string]> = {};
    graph.outputs.forEach((output, i) => {
      const own = yielded[i] ?? assert.fail(output.name);
      const { value } = own;
      const none = value.map(() => 0);
      const { fault = none, cause = none } = own;
      tensors[output.name] = { dims: [value.length], data: value };
      if (output.fault !== null) tensors[output.fault] = { dims: [fault.length], data: fault };
      if (output.cause !== null) tensors[output.cause] = { dims: [cause.length], data: cause };
    });
    const reasons = reasonsOf(expression);
    const reader = rowReader(graph, expression, reasons);
    const rows = Math.max(...yielded.map(({ value }) => value.length));
    return Array.from({ length: rows }, (_, row) => numberAt(reader(tensors, row), 0, reasons, null));
  }

  test("infinite ones; what float32 holds keeps its bits", () => {
    const exact = Math.fround(Math.exp(3)) + 1e-6;
    const found = read(perplexity, { value: [exact, Infinity, Infinity] }, { value: [3, 128, 800] });
    assert.deepEqual(found.slice(0, 2), [
      { value: exact, reason: null },
      { value: Math.exp(128), reason: null },
    ]);
    assert.ok(Number.isNaN(found[2]?.value));
    assert.match(found[2]?.reason ?? "", /^exp\(mean\(nll over pos\)\).* beyond the range of float64$/);
  });

  test("not those that come from activations that are not finite", () => {
    const spoiled = { value: [NaN, Infinity], cause: [1, 1] };
    for (const { value, reason } of read(perplexity, spoiled, { value: [NaN, Infinity], cause: [1, 1] })) {
      assert.ok(Number.isNaN(value));
      assert.equal(reason, "an activation of the model is not finite: nll");
    }
  });

  test("finite ones only where a number on the way was infinite and they are wrong", () => {
    // 1 / (10^-40 · exp(loss)): the product is infinite in float32, where it should be large.
    const build = (b: Builder): number =>
      b.operation("divide", [b.constant(1), b.operation("multiply", [perplexity(b), b.constant(1e-35)])]);
    const factor = Math.fround(1e-35);
    const [kept, wrong, right] = read(
      build,
      // The checks are nll, the loss and the product.
      { value: [7, 0, 0.25], cause: [0, 3, 3] },
      { value: [3, 128, Math.log(4 / factor)] },
    );
    assert.equal(kept?.value, 7);
    assert.equal(wrong?.value, 1 / (Math.exp(128) * factor));
    assert.equal(right?.value, 0.25);
  });

  test("a failure of the end, when it was the infinity that failed", () => {
    const build = (b: Builder): number =>
      b.operation("log", [b.operation("divide", [b.constant(1), perplexity(b)])], {}, "no logarithm");
    const [found] = read(build, { value: [NaN], fault: [2], cause: [0] }, { value: [128] });
    assert.ok(Math.abs((found?.value ?? 0) + 128) < 1e-9);
    assert.equal(found?.reason, null);
  });

  test("a value for all rows is read for every row", () => {
    const constant = (b: Builder): number => b.operation("exp", [b.constant(200)]);
    const expression = made(constant);
    const graph = graphPlan({ model: "m", weights: "w", start: 0, inputs: [], gates: [], settings, expressions: [expression] }); // prettier-ignore
    const reader = rowReader(graph, expression, []);
    const tensors = { "measure/0": { dims: [1], data: [Infinity] } };
    for (const row of [0, 3]) {
      assert.deepEqual(numberAt(reader(tensors, row), 0, [], null), { value: Math.exp(200), reason: null });
    }
  });
});
