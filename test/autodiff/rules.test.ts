/**
 * Every derivative rule against central differences, in float64 wherever onnxruntime computes the operator in it: the first
 * derivative against differences of the operator, the second against differences of the first.
 *
 * A difference with step h has an error of h² f‴ / 6 and of ε |f| / h from rounding: with h = 10⁻⁴ and numbers of size 1
 * about 10⁻⁸ and 10⁻¹², so 10⁻⁶ of the largest entry is the bound, and 10⁻⁵ where f is a derivative itself, whose own higher
 * derivatives are larger. In float32 (Erf and three activations that onnxruntime has in no
 * other type) h = 10⁻² leaves 10⁻⁴ and 10⁻⁵, and the bound is 3·10⁻³.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { differentiate } from "../../src/compiler/autodiff/differentiate.js";
import { differentiable } from "../../src/compiler/autodiff/rules/index.js";
import { float, int, ints, text } from "../../src/compiler/onnx/attributes.js";
import { createGraphBuilder, type GraphBuilder } from "../../src/compiler/onnx/builder.js";
import { appendNodes } from "../../src/compiler/onnx/edit.js";
import { encodeModel } from "../../src/compiler/onnx/encode.js";
import type { Attribute, Graph } from "../../src/compiler/onnx/graph.js";
import { assertGraph } from "../../src/compiler/onnx/verify.js";
import { createRandom, drawValue, type Values } from "../operations/support.js";
import { loop } from "./loop.js";

type Attributes = Readonly<Record<string, Attribute>>;

interface RuleCase {
  readonly op: string;
  /** Shapes of the inputs that are differentiated. */
  readonly shapes: readonly (readonly number[])[];
  readonly values?: Values;
  readonly attributes?: Attributes;
  /** Inputs behind these: lists of numbers. */
  readonly lists?: readonly (readonly number[])[];
  /** The operator's call where it is not one node of those inputs. */
  readonly build?: (builder: GraphBuilder, inputs: readonly string[]) => string;
  readonly type?: "float32";
  /** Whether the second derivative is 0 or undefined everywhere it could be asked for. */
  readonly flat?: true;
}

const list = (builder: GraphBuilder, values: readonly number[]): string =>
  builder.constant("int64", [values.length], values);

const unary = (op: string, values: Values = "normal", more: Partial<RuleCase> = {}): RuleCase => ({
  op,
  shapes: [[3, 4]],
  values,
  ...more,
});

/** Equal shapes, a vector, one entry for many on either side, and fewer axes. */
const binaryShapes = [
  [
    [3, 4],
    [3, 4],
  ],
  [[3, 4], [4]],
  [
    [3, 1],
    [3, 4],
  ],
  [
    [1, 4],
    [3, 1],
  ],
  [[], [2, 2]],
];

const binary = (op: string, values: Values = "normal"): readonly RuleCase[] =>
  binaryShapes.map((shapes) => ({ op, shapes, values }));

const reduction = (op: string): readonly RuleCase[] => [
  { op, shapes: [[2, 3, 4]], lists: [[1]], attributes: { keepdims: int(1) } },
  { op, shapes: [[2, 3, 4]], lists: [[0, -1]], attributes: { keepdims: int(0) } },
  { op, shapes: [[2, 3]], attributes: { keepdims: int(0) } },
];

const cases: readonly RuleCase[] = [
  unary("Abs", "normal", { flat: true }),
  ...binary("Add"),
  unary("Cast", "normal", {
    build: (b, [x = ""]) => b.node("Cast", [b.node("Cast", [x], { to: int(11) })], { to: int(11) }),
  }),
  {
    op: "Compress",
    shapes: [[2, 4]],
    build: (b, [x = ""]) => b.node("Compress", [x, b.constant("bool", [4], [1, 0, 1, 1])], { axis: int(1) }),
  },
  {
    op: "Concat",
    shapes: [
      [2, 3],
      [2, 1],
      [2, 2],
    ],
    attributes: { axis: int(-1) },
  },
  unary("Cos"),
  ...binary("Div", "positive"),
  unary("Erf", "normal", { type: "float32" }),
  unary("Exp"),
  { op: "Expand", shapes: [[3, 1]], lists: [[2, 3, 4]] },
  unary("FastGelu", "normal", { type: "float32" }),
  unary("Floor", "normal", { flat: true }),
  ...[{}, { transA: int(1) }, { transB: int(1) }, { transA: int(1), transB: int(1), alpha: float(0.5) }].map(
    (attributes): RuleCase => ({
      op: "FusedMatMul",
      shapes: ["transA" in attributes ? [2, 4, 3] : [2, 3, 4], "transB" in attributes ? [2, 5, 4] : [2, 4, 5]],
      attributes,
    }),
  ),
  {
    op: "FusedMatMul",
    shapes: [
      [2, 3, 4],
      [5, 4],
    ],
    attributes: { transB: int(1) },
  },
  { op: "Gather", shapes: [[4, 3]], lists: [[1, 3, 1]], attributes: { axis: int(0) } },
  {
    op: "Gather",
    shapes: [[2, 4, 3]],
    build: (b, [x = ""]) => b.node("Gather", [x, b.constant("int64", [2, 2], [0, 3, 3, 1])], { axis: int(1) }),
  },
  {
    op: "Gather",
    shapes: [[4, 3]],
    build: (b, [x = ""]) => b.node("Gather", [x, b.constant("int64", [], [2])], { axis: int(1) }),
  },
  {
    op: "GatherElements",
    shapes: [[2, 4]],
    build: (b, [x = ""]) =>
      b.node("GatherElements", [x, b.constant("int64", [2, 3], [0, 0, 3, 2, 1, 2])], { axis: int(1) }),
  },
  unary("Gelu", "normal", { type: "float32" }),
  unary("Identity"),
  unary("Log", "positive"),
  unary("LogSoftmax", "normal", { attributes: { axis: int(-1) } }),
  { op: "LogSoftmax", shapes: [[2, 3, 4]], attributes: { axis: int(1) } },
  {
    op: "MatMul",
    shapes: [
      [2, 3, 4],
      [4, 5],
    ],
  },
  {
    op: "MatMul",
    shapes: [
      [2, 1, 3, 4],
      [5, 4, 2],
    ],
  },
  {
    op: "MatMul",
    shapes: [
      [3, 4],
      [2, 4, 3],
    ],
  },
  ...binary("Max").map((each): RuleCase => ({ ...each, flat: true })),
  ...binary("Min").map((each): RuleCase => ({ ...each, flat: true })),
  {
    op: "Mod",
    shapes: [[3, 4]],
    flat: true,
    build: (b, [x = ""]) =>
      b.node("Mod", [x, b.node("Cast", [b.constant("float32", [], [7])], { to: int(11) })], { fmod: int(1) }),
  },
  ...binary("Mul"),
  unary("Neg"),
  { op: "Pad", shapes: [[2, 3]], lists: [[0, 1, 2, 0]] },
  {
    op: "Pad",
    shapes: [[2, 3]],
    build: (b, [x = ""]) => b.node("Pad", [x, list(b, [1, 2]), "", list(b, [-1])]),
  },
  ...binary("Pow", "positive"),
  unary("QuickGelu", "normal", { type: "float32", attributes: { alpha: float(1.702) } }),
  ...["ReduceMax", "ReduceMin"].flatMap(reduction).map((each): RuleCase => ({ ...each, flat: true })),
  ...["ReduceMean", "ReduceSum"].flatMap(reduction),
  unary("Relu", "normal", { flat: true }),
  { op: "Reshape", shapes: [[2, 6]], lists: [[0, 2, -1]] },
  {
    op: "Scan",
    shapes: [
      [3, 4, 2],
      [3, 4, 1],
    ],
    build: loop,
  },
  {
    op: "ScatterElements",
    shapes: [
      [2, 4],
      [2, 3],
    ],
    build: (b, [x = "", updates = ""]) =>
      b.node("ScatterElements", [x, b.constant("int64", [2, 3], [0, 0, 3, 2, 1, 2]), updates], {
        axis: int(1),
        reduction: text("add"),
      }),
  },
  unary("Sigmoid"),
  unary("Sign", "normal", { flat: true }),
  unary("Sin"),
  { op: "Slice", shapes: [[5, 3]], lists: [[1], [-1], [0]] },
  { op: "Slice", shapes: [[5, 3]], lists: [[-9], [2 ** 31 - 1], [0]] },
  {
    op: "Slice",
    shapes: [[5, 3]],
    lists: [
      [1, -2],
      [4, 3],
      [0, 1],
    ],
  },
  {
    op: "Slice",
    shapes: [[5, 3]],
    build: (b, [x = ""]) => b.node("Slice", [x, list(b, [1]), list(b, [5]), list(b, [0]), list(b, [2])]),
  },
  unary("Softmax", "normal", { attributes: { axis: int(-1) } }),
  { op: "Softmax", shapes: [[2, 3, 4]], attributes: { axis: int(1) } },
  {
    op: "Split",
    shapes: [[2, 5]],
    build: (b, [x = ""]) => {
      const [, second = "", third = ""] = b.nodeWithOutputs("Split", [x, list(b, [1, 2, 2])], ["a", "b", "c"], {
        axis: int(1),
      });
      return b.node("Mul", [second, third]);
    },
  },
  unary("Sqrt", "positive"),
  { op: "Squeeze", shapes: [[3, 1, 2]], lists: [[1]] },
  ...binary("Sub"),
  unary("Tanh"),
  {
    op: "TopK",
    shapes: [[2, 5]],
    flat: true,
    build: (b, [x = ""]) =>
      b.nodeWithOutputs("TopK", [x, list(b, [2])], ["values", "places"], { axis: int(-1) })[0] ?? "",
  },
  { op: "Transpose", shapes: [[2, 3, 4]], attributes: { perm: ints([2, 0, 1]) } },
  { op: "Unsqueeze", shapes: [[2, 3]], lists: [[1]] },
  {
    op: "Where",
    shapes: [[3, 4], [4]],
    build: (b, [x = "", y = ""]) => b.node("Where", [b.constant("bool", [3, 1], [1, 0, 1]), x, y]),
  },
];

test("every rule has a case", () => {
  assert.deepEqual([...new Set(cases.map(({ op }) => op))].sort(), [...differentiable].sort());
});

for (const [index, rule] of cases.entries()) {
  test(`${rule.op} of ${JSON.stringify(rule.shapes)}`, () => checkRule(rule, index));
}

/** A graph with the inputs x0, x1, …, weights for the entries of what it yields, and the weighted sum of them. */
interface Weighted {
  readonly graph: Graph;
  readonly inputs: readonly string[];
  readonly sum: string;
}

function weighted({ op, shapes, attributes = {}, lists = [], build, type }: RuleCase): Weighted {
  const builder = createGraphBuilder(op);
  // Sizes that only a run tells, as the row and the positions of a batch are.
  const element = type ?? "float64";
  const inputs = shapes.map((shape, i) =>
    builder.input(
      `x${i}`,
      element,
      shape.map((_, axis) => `x${i}.${axis}`),
    ),
  );
  const further = lists.map((values) => list(builder, values));
  const made = build === undefined ? builder.node(op, [...inputs, ...further], attributes) : build(builder, inputs);
  const squared = builder.node("Mul", [made, builder.node("Identity", [made])]);
  // y + y²/2 of every entry: its derivative 1 + y shows every entry, and the chain through a second use of the value.
  const half = builder.node("Cast", [builder.constant("float32", [], [0.5])], {
    to: int(element === "float32" ? 1 : 11),
  });
  const curved = builder.node("Add", [made, builder.node("Mul", [squared, half])]);
  const sum = builder.node("ReduceSum", [curved], { keepdims: int(0) }, "sum");
  return { graph: builder.finish(), inputs, sum };
}

async function checkRule(rule: RuleCase, seed: number): Promise<void> {
  const { graph, inputs, sum } = weighted(rule);
  const first = differentiate(graph, sum, inputs, "first/");
  const once = appendNodes(graph, first.nodes, first.constants);
  const random = createRandom(seed + 1);
  const point = rule.shapes.map((shape) => Array.from({ length: size(shape) }, () => draw(rule.values, random)));
  const gradients = inputs.map((input) => first.of.get(input) ?? "");
  await compare(rule, once, sum, gradients, point, `${rule.op}: first derivative`);
  if (rule.flat === true) return;
  const builder = createGraphBuilder("second").scope("weights");
  const parts = gradients.map((gradient) => {
    const turned = builder.node("Sin", [gradient]);
    return builder.node("ReduceSum", [turned], { keepdims: int(0) });
  });
  const total = builder.node("Identity", [parts.reduce((a, b) => builder.node("Add", [a, b]))], {}, "sum of gradients");
  const made = builder.finish();
  const withSum = appendNodes(once, made.nodes, made.initializers);
  const second = differentiate(withSum, total, inputs, "second/");
  const twice = appendNodes(withSum, second.nodes, second.constants);
  const gradientsOfSum = inputs.map((input) => second.of.get(input) ?? "");
  await compare(rule, twice, total, gradientsOfSum, point, `${rule.op}: second derivative`);
}

/** Gradients of a number that a graph yields, against its central differences. */
async function compare(
  { shapes, type }: RuleCase,
  graph: Graph,
  sum: string,
  gradients: readonly string[],
  point: readonly (readonly number[])[],
  what: string,
): Promise<void> {
  const element = type ?? "float64";
  const outputs = [sum, ...gradients].map((name, i) => ({ name: `out${i}`, of: name }));
  const named = createGraphBuilder("outputs");
  for (const { name, of } of outputs) named.node("Identity", [of], {}, name);
  const whole: Graph = {
    ...appendNodes(graph, named.finish().nodes, []),
    outputs: outputs.map(({ name }, i) => ({
      name,
      type: element,
      shape: i === 0 ? [] : (shapes[i - 1] ?? []).map((_, axis) => `${name}.${axis}`),
    })),
  };
  const session = await InferenceSession.create(encodeModel(assertGraph(whole)), {
    graphOptimizationLevel: "basic",
    logSeverityLevel: 3,
  });
  const run = async (at: readonly (readonly number[])[]): Promise<readonly (readonly number[])[]> => {
    const feeds = Object.fromEntries(
      at.map((values, i) => [
        `x${i}`,
        element === "float32"
          ? new Tensor("float32", Float32Array.from(values), shapes[i] ?? [])
          : new Tensor("float64", Float64Array.from(values), shapes[i] ?? []),
      ]),
    );
    const result = await session.run(
      Object.fromEntries(session.inputNames.map((name) => [name, feeds[name] as Tensor])),
    );
    return outputs.map(({ name }) => Array.from(result[name]?.data as Float64Array, Number));
  };
  const [, ...analytic] = await run(point);
  const step = element === "float32" ? 1e-2 : 1e-4;
  const bound = element === "float32" ? 3e-3 : what.endsWith("second derivative") ? 1e-5 : 1e-6;
  for (const [input, values] of point.entries()) {
    const found = analytic[input] ?? [];
    assert.equal(found.length, values.length, `${what}: shape`);
    for (const place of values.keys()) {
      const at = (by: number): readonly (readonly number[])[] =>
        point.map((own, i) => (i === input ? own.map((value, j) => (j === place ? value + by : value)) : own));
      const [[above = NaN] = []] = await run(at(step));
      const [[below = NaN] = []] = await run(at(-step));
      const expected = (above - below) / (2 * step);
      const scale = Math.max(1, Math.abs(expected), ...found.map(Math.abs));
      const error = Math.abs((found[place] ?? NaN) - expected);
      assert.ok(error <= bound * scale, `${what}, input ${input}, entry ${place}: ${found[place]} for ${expected}`);
    }
  }
  await session.release();
}

/** Numbers that divide and are taken the logarithm of stay away from 0, where no difference is a derivative. */
function draw(values: Values = "normal", random: () => number): number {
  return values === "positive" ? 1 + random() : drawValue(values, random);
}

function size(shape: readonly number[]): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}
