/**
 * Numbers that are no ordinary ones, put into every operation. A NaN stays a NaN or leaves the operation undecided;
 * infinities, signed zeros and the smallest numbers give what IEEE 754 arithmetic in float64 gives; and what float32 is
 * too small for is not finite, never a number that looks right.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { createGraphBuilder } from "../../src/compiler/onnx/builder.js";
import { operations } from "../../src/compiler/operations/index.js";
import type { Operation, ReferenceTensor } from "../../src/compiler/operations/operation.js";
import type { GoodCase } from "./case-parts.js";
import { cases } from "./cases.js";
import { createRandom, declareInput, drawTensor, feedOf, openGraph, splitRows, type RowResult } from "./support.js";

const rows = 2;
const own = 9;
const undecided = 8;

/** The largest float32, whose sum with itself is no float32 any more, and the smallest, whose inverse is none. */
const largest = 3.4028234663852886e38;
const smallest = 2 ** -149;
const specials = [NaN, Infinity, -Infinity, -0, smallest, -smallest, largest, -largest];

/** How many of an input's entries are replaced: a few, and all. */
const shares = [0.15, 1];
const lengths = [1, 9];

for (const [name, operation] of operations) {
  if (operation.outside === true || operation.ofGraph === true) continue;
  describe(name, () => {
    test("gives what the reference gives", async () => {
      for (const [index, goodCase] of (cases[name]?.good ?? []).entries()) {
        const session = await open(operation, goodCase);
        for (const special of specials) {
          for (const share of shares) {
            for (const length of lengths) await check(session, operation, goodCase, { special, share, length, index });
          }
        }
        await session.release();
      }
    });
  });
}

async function open(operation: Operation, { inputs, attributes = {}, result }: GoodCase): Promise<InferenceSession> {
  const builder = createGraphBuilder(operation.name);
  const lowered = operation.lower(
    { builder, reason: own, undecided },
    inputs.map(([type], i) => ({ value: declareInput(builder, `x${i}`, type), fault: null, type })),
    attributes,
    result,
  );
  const symbolic = ["row", ...result.axes.map((_, i) => `r${i}`)];
  const value = builder.node("Identity", [lowered.value], {}, "value");
  const fault = lowered.fault === null ? null : builder.node("Identity", [lowered.fault], {}, "fault");
  return openGraph(
    builder.finish([
      { name: value, type: result.element === "truth" ? "bool" : "float32", shape: symbolic },
      ...(fault === null ? [] : [{ name: fault, type: "int32" as const, shape: symbolic.map((_, i) => `s${i}`) }]),
    ]),
  );
}

interface Injection {
  readonly special: number;
  readonly share: number;
  readonly length: number;
  /** Number of the case. */
  readonly index: number;
}

async function check(session: InferenceSession, operation: Operation, goodCase: GoodCase, injection: Injection) {
  const { special, share, length, index } = injection;
  const { inputs, attributes = {}, result } = goodCase;
  const random = createRandom(100 * index + length);
  const drawn = Array.from({ length: rows }, () =>
    inputs.map(([type, values]): ReferenceTensor => {
      const tensor = drawTensor(type, length, values, random);
      // Truth values and ids of tokens are never anything else.
      if (type.element === "truth" || type.unit === "token") return tensor;
      return { ...tensor, data: tensor.data.map((value) => (random() < share ? special : value)) };
    }),
  );
  const feeds: Record<string, Tensor> = {};
  inputs.forEach(([type], i) => {
    if (!session.inputNames.includes(`x${i}`)) return;
    const tensors = drawn.map((row) => row[i]).filter((tensor) => tensor !== undefined);
    feeds[`x${i}`] = feedOf(tensors, type.element);
  });
  const { value, fault } = await session.run(feeds);
  assert.ok(value?.dims.length === result.axes.length + 1);
  const found = splitRows(rows, value, fault ?? null);
  const what = `${operation.name} ${JSON.stringify(attributes)} case ${index}, ${length} tokens, ${share} of ${special}`;
  drawn.forEach((tensors, row) => {
    const expected = operation.reference(tensors, attributes, own, undecided);
    compare(found[row], expected, Number.isFinite(special) && special !== 0, `${what}, row ${row}`);
  });
}

/** Faults alike, NaN and infinities where the reference has them, and numbers near the reference's. */
function compare(actual: RowResult | undefined, expected: ReferenceTensor, overflows: boolean, what: string): void {
  assert.ok(actual !== undefined);
  expected.data.forEach((value, place) => {
    const got = actual.data[place] ?? 0;
    const fault = expected.fault?.[place] ?? 0;
    assert.equal(actual.fault?.[place] ?? 0, fault, `${what}: fault at place ${place}`);
    if (fault > 0 || Object.is(got, value) || got === value) return;
    const says = `${what}: place ${place} is ${got}, not ${value}`;
    // float32 may stop being finite where float64 goes on, and may then go from infinite to NaN.
    if (overflows && !Number.isFinite(got)) return;
    assert.ok(Number.isFinite(got) && Number.isFinite(value), says);
    assert.ok(Math.abs(got - value) <= 1e-4 * Math.abs(value) + 1e-4 || Math.fround(value) === got, says);
  });
}
