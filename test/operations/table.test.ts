/** Every operation of the table: types, and lowering against the float64 reference. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { extentSize } from "../../src/compiler/ir/tensor-type.js";
import { createGraphBuilder } from "../../src/compiler/onnx/builder.js";
import { operationNames, operations, typeOperation } from "../../src/compiler/operations/index.js";
import { isFault, type Operation, type ReferenceTensor } from "../../src/compiler/operations/operation.js";
import type { GoodCase } from "./case-parts.js";
import { cases } from "./cases.js";
import {
  addNoise,
  assertSameBits,
  createRandom,
  declareInput,
  drawTensor,
  epsilon,
  feedOf,
  lengths,
  openGraph,
  real,
  splitRows,
  truth,
  type RowResult,
} from "./support.js";

const rows = 3;
const ownReason = 9;
const undecided = 10;

test("every operation of the table has cases, good and faulty", () => {
  assert.deepEqual(Object.keys(cases).sort(), [...operationNames].sort());
  for (const [name, { good, faults }] of Object.entries(cases)) {
    assert.ok(good.length > 0 && faults.length > 0, name);
  }
});

for (const [name, operation] of operations) {
  const { good, faults } = cases[name] ?? { good: [], faults: [] };
  describe(name, () => {
    test("types", () => {
      assert.equal(operation.name, name);
      assert.ok(operation.documentation.length > 0);
      for (const { inputs, attributes = {}, result } of good) {
        const types = inputs.map(([type]) => type);
        const literals = types.map((type) => ({ type, literal: false }));
        assert.deepEqual(operation.type(types, attributes), result);
        assert.deepEqual(typeOperation(name, literals, attributes), result);
      }
      for (const { inputs, attributes = {}, fault } of faults) {
        const needed = inputs.slice(0, operation.arity);
        const found = operation.type(needed, attributes);
        assert.ok(isFault(found), `${name} accepts ${JSON.stringify(inputs)}`);
        assert.match(found.fault, fault);
        assert.ok(found.expected !== "" && found.found !== "");
      }
    });

    // What no graph can compute has no lowering (its reference is compared with NumPy in spectra.test.ts), and a gradient
    // has no reference: it is compared with differences of a reference in test/autodiff.
    if (operation.outside === true || operation.ofGraph === true) return;
    test("lowering agrees with the reference, row by row and in a batch", async () => {
      for (const [index, goodCase] of good.entries()) {
        await checkLowering(operation, goodCase, false, index);
        await checkLowering(operation, goodCase, true, index);
      }
    });
  });
}

/** One graph per case, run at every length, with the rows alone and together. */
async function checkLowering(
  operation: Operation,
  goodCase: GoodCase,
  withFaults: boolean,
  seed: number,
): Promise<void> {
  const { inputs, attributes = {}, result } = goodCase;
  const builder = createGraphBuilder(operation.name);
  const lowered = operation.lower(
    { builder, reason: ownReason, undecided },
    inputs.map(([type], i) => ({
      value: declareInput(builder, `x${i}`, type),
      fault: withFaults ? declareInput(builder, `f${i}`, type, true) : null,
      type,
    })),
    attributes,
    result,
  );
  assert.deepEqual(lowered.type, result);
  const symbolic = ["row", ...result.axes.map((_, i) => `r${i}`)];
  const value = builder.node("Identity", [lowered.value], {}, "value");
  const fault = lowered.fault === null ? null : builder.node("Identity", [lowered.fault], {}, "fault");
  const session = await openGraph(
    builder.finish([
      { name: value, type: result.element === "truth" ? "bool" : "float32", shape: symbolic },
      ...(fault === null ? [] : [{ name: fault, type: "int32" as const, shape: symbolic.map((_, i) => `s${i}`) }]),
    ]),
  );
  for (const length of lengths) {
    const random = createRandom(1000 * seed + length);
    const drawn = Array.from({ length: rows }, () =>
      inputs.map(([type, values]) => drawTensor(type, length, values, random, withFaults)),
    );
    const what = `${operation.name} ${JSON.stringify(attributes)} case ${seed}, ${length} tokens`;
    const together = await run(session, goodCase, drawn, withFaults);
    for (const [row, tensors] of drawn.entries()) {
      const [alone] = await run(session, goodCase, [tensors], withFaults);
      const batched = together[row];
      assert.ok(alone !== undefined && batched !== undefined);
      assertSameBits(batched, alone, `${what}, row ${row}`);
      assert.deepEqual(
        alone.shape,
        result.axes.map((axis) => extentSize(axis.extent, length)),
        what,
      );
      compare(operation, goodCase, tensors, alone, random, what);
    }
  }
  await session.release();
}

async function run(
  session: InferenceSession,
  { inputs, result }: GoodCase,
  drawn: readonly (readonly ReferenceTensor[])[],
  withFaults: boolean,
): Promise<readonly RowResult[]> {
  const feeds: Record<string, Tensor> = {};
  inputs.forEach(([type], i) => {
    const tensors = drawn.map((row) => row[i]).filter((tensor) => tensor !== undefined);
    feeds[`x${i}`] = feedOf(tensors, type.element);
    if (withFaults) feeds[`f${i}`] = feedOf(tensors, "fault");
  });
  const used = Object.fromEntries(Object.entries(feeds).filter(([name]) => session.inputNames.includes(name)));
  const outputs = await session.run(used);
  const { value, fault } = outputs;
  assert.ok(value?.dims.length === result.axes.length + 1);
  return splitRows(drawn.length, value, fault ?? null);
}

/**
 * Faults are equal exactly and sound values up to float32 rounding. Every algorithm here is backward stable: its result
 * is the exact one for inputs that moved by at most n·ε, n being the number of entries that are consumed (rounding of a
 * sum of n terms). How far such a movement moves the result is measured on the reference with noisy inputs; 8 ε of the
 * result itself cover the function evaluations (exp, pow: a few units in the last place) on top.
 */
function compare(
  operation: Operation,
  { attributes = {} }: GoodCase,
  tensors: readonly ReferenceTensor[],
  actual: RowResult,
  random: () => number,
  what: string,
): void {
  const expected = operation.reference(tensors, attributes, ownReason, undecided);
  const fault = Array.from(expected.fault ?? expected.data.map(() => 0));
  assert.deepEqual(actual.fault ?? fault.map(() => 0), fault, `${what}: faults`);
  const consumed = Math.max(...tensors.map((tensor) => tensor.data.length), 1);
  const noisy = Array.from({ length: 8 }, () =>
    operation.reference(
      tensors.map((tensor) => addNoise(tensor, epsilon, random)),
      attributes,
      ownReason,
      undecided,
    ),
  );
  const discrete = actual.data.every((value) => value === 0 || value === 1);
  expected.data.forEach((value, place) => {
    const got = actual.data[place] ?? 0;
    if (fault[place] !== 0 || Object.is(got, value)) return;
    const moved = noisy.map((sample) => Math.abs((sample.data[place] ?? 0) - value)).filter(Number.isFinite);
    const tolerance = discrete ? 0 : consumed * Math.max(0, ...moved) + 8 * epsilon * Math.abs(value) + 1e-37;
    const near = value === got || Math.abs(got - value) <= tolerance || Math.fround(value) === got;
    assert.ok(near, `${what}: place ${place} is ${got}, not ${value} ± ${tolerance}`);
  });
}

test("a literal fits any unit where units must agree, and nothing else does", () => {
  const nats = { type: real([], "nats"), literal: false };
  const one = { type: real([]), literal: true };
  assert.deepEqual(typeOperation("subtract", [nats, one], {}), real([], "nats"));
  assert.deepEqual(typeOperation("less", [one, nats], {}), truth([]));
  assert.deepEqual(typeOperation("multiply", [one, nats], {}), real([], "nats"));
  assert.ok(isFault(typeOperation("subtract", [nats, { ...one, literal: false }], {})));
  assert.ok(isFault(typeOperation("power", [nats, one], {})));
});

test("unknown attributes, wrong kinds and wrong numbers of inputs are faults", () => {
  const one = { type: real([]), literal: false };
  for (const found of [
    typeOperation("sum", [one], { axis: "pos" }),
    typeOperation("sum", [one], { over: "pos" }),
    typeOperation("exp", [one, one], {}),
    typeOperation("last", [one], { count: -1 }),
  ]) {
    assert.ok(isFault(found));
  }
  assert.throws(() => typeOperation("median", [one], {}), RangeError);
});
