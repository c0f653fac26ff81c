/**
 * The gradient of every operation of the language, as the rules make it of what the operation is lowered to, against central
 * differences of the operation's float64 reference.
 *
 * A difference with h = 10⁻⁴ is right to about 10⁻⁸; the gradient is computed in float32 from a few hundred numbers at
 * most. 10⁻⁴ of the largest entry is the bound, or 10⁻³ where sums of squares are differences of large numbers.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Tensor } from "onnxruntime-node";
import { differentiate } from "../../src/compiler/autodiff/differentiate.js";
import { int } from "../../src/compiler/onnx/attributes.js";
import { createGraphBuilder } from "../../src/compiler/onnx/builder.js";
import { appendNodes } from "../../src/compiler/onnx/edit.js";
import type { Graph } from "../../src/compiler/onnx/graph.js";
import { operations } from "../../src/compiler/operations/index.js";
import type { Operation, ReferenceTensor } from "../../src/compiler/operations/operation.js";
import type { GoodCase } from "../operations/case-parts.js";
import { cases } from "../operations/cases.js";
import { createRandom, declareInput, drawTensor, feedOf, openGraph } from "../operations/support.js";

/** Tokens of the text, more than most windows in the cases. */
const length = 5;

const step = 1e-4;

/** Inputs whose numbers lie where differences are derivatives: not at zeros, and not masked. */
function smoothInputs({ inputs }: GoodCase): readonly number[] {
  return inputs.flatMap(([type, values], i) => {
    const isNumber = type.element === "real" && type.unit !== "token" && type.unit !== "label";
    return isNumber && (values === "normal" || values === "positive") ? [i] : [];
  });
}

let differentiated = 0;

for (const [name, operation] of operations) {
  if (operation.gradient !== null || operation.outside === true || operation.ofGraph === true) continue;
  const { good } = cases[name] ?? { good: [] };
  for (const [index, goodCase] of good.entries()) {
    const wanted = smoothInputs(goodCase);
    if (wanted.length === 0 || goodCase.result.element === "truth" || goodCase.result.unit === "token") continue;
    test(`${name}, case ${index}`, async () => {
      await checkGradient(operation, goodCase, wanted, index);
      differentiated++;
    });
  }
}

test("most operations have a case that was differentiated", () => {
  assert.ok(differentiated >= 40, String(differentiated));
});

async function checkGradient(
  operation: Operation,
  { inputs, attributes = {}, result }: GoodCase,
  wanted: readonly number[],
  seed: number,
): Promise<void> {
  const builder = createGraphBuilder(operation.name);
  const names = inputs.map(([type], i) => declareInput(builder, `x${i}`, type));
  const lowered = operation.lower(
    { builder: builder.scope("operation"), reason: 1, undecided: 2 },
    inputs.map(([type], i) => ({ value: names[i] ?? "", fault: null, type })),
    attributes,
    result,
  );
  const weights = declareInput(builder, "weights", result);
  const product = builder.node("Mul", [lowered.value, weights]);
  const sum = builder.node("ReduceSum", [product], { keepdims: int(0) }, "sum");
  const { graph, outputs } = withGradients(
    builder.finish(),
    sum,
    wanted.map((i) => names[i] ?? ""),
  );
  const random = createRandom(31 * seed + operation.name.length);
  const tensors = inputs.map(([type, values]) => drawTensor(type, length, values, random));
  const weighting = drawTensor(result, length, "normal", random);
  const valueAt = (at: readonly ReferenceTensor[]): number => {
    const made = operation.reference(at, attributes, 1, 2);
    assert.deepEqual(
      made.axes.map(({ name }) => name),
      result.axes.map(({ name }) => name),
    );
    return made.data.reduce((total, value, place) => total + value * (weighting.data[place] ?? NaN), 0);
  };
  // The root of a sum of squares has a kink where it is 0, and the rule gives NaN.
  const isRoot = operation.name === "norm" || operation.name === "std";
  if (isRoot && operation.reference(tensors, attributes, 1, 2).data.includes(0)) return;
  // A case that fails has no derivative.
  if (!Number.isFinite(valueAt(tensors))) return;
  const session = await openGraph(graph);
  const feeds: Record<string, Tensor> = { weights: feedOf([weighting], "real") };
  inputs.forEach(([type], i) => {
    const tensor = tensors[i];
    if (tensor !== undefined) feeds[`x${i}`] = feedOf([tensor], type.element);
  });
  const used = Object.fromEntries(Object.entries(feeds).filter(([name]) => session.inputNames.includes(name)));
  const ran = await session.run(used);
  await session.release();
  for (const [order, input] of wanted.entries()) {
    const found = Array.from((ran[outputs[order] ?? ""]?.data ?? []) as Float32Array);
    const own = tensors[input];
    assert.ok(own !== undefined);
    const expected = Array.from(own.data, (_, place) => {
      const at = (by: number): number =>
        valueAt(
          tensors.map((tensor, i) =>
            i === input ? { ...tensor, data: tensor.data.map((x, j) => (j === place ? x + by : x)) } : tensor,
          ),
        );
      return (at(step) - at(-step)) / (2 * step);
    });
    assert.equal(found.length, expected.length, `input ${input}: shape`);
    const scale = Math.max(1, ...expected.map(Math.abs));
    for (const [place, slope] of expected.entries()) {
      const error = Math.abs((found[place] ?? NaN) - slope) / scale;
      assert.ok(error <= 1e-3, `input ${input}, entry ${place}: ${found[place]} for ${slope}`);
    }
  }
}

/** A graph that yields the gradients of a number. */
function withGradients(
  graph: Graph,
  of: string,
  values: readonly string[],
): { readonly graph: Graph; readonly outputs: readonly string[] } {
  const gradients = differentiate(graph, of, values, "gradient/");
  const named = createGraphBuilder("outputs");
  const outputs = values.map((value) => named.node("Identity", [gradients.of.get(value) ?? ""], {}, `d ${value}`));
  const whole = appendNodes(appendNodes(graph, gradients.nodes, gradients.constants), named.finish().nodes, []);
  const shapes = new Map(graph.inputs.map(({ name, shape }) => [name, shape]));
  return {
    graph: {
      ...whole,
      outputs: values.map((value, i) => ({
        name: outputs[i] ?? "",
        type: "float32" as const,
        shape: (shapes.get(value) ?? []).map((_, axis) => `d ${value}.${axis}`),
      })),
    },
    outputs,
  };
}
