import assert from "node:assert/strict";
import { test } from "node:test";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { blockOfVocab, logProbabilityOf } from "../../src/compiler/models/parts/log-probabilities.js";
import { createGraphBuilder } from "../../src/compiler/onnx/builder.js";
import { encodeModel } from "../../src/compiler/onnx/encode.js";
import { assertGraph } from "../../src/compiler/onnx/verify.js";
import { seeded } from "../support/random.js";

test("a vocabulary is cut into the largest blocks that divide it, and a short one not at all", () => {
  const blocks = [512, 2048, 32_000, 49_152, 50_257, 50_304, 128_256, 151_936, 5003].map(blockOfVocab);
  assert.deepEqual(blocks, [null, null, 2000, 2048, 1733, 1572, 2004, 1187, 1024]);
});

/** Log-probabilities [row] of the targets, and of all tokens [row, vocab], from logits [row, vocab]. */
async function run(logits: Float32Array, targets: readonly number[], vocab: number): Promise<readonly Float32Array[]> {
  const builder = createGraphBuilder("log-probabilities");
  const read = builder.input("logits", "float32", ["row", vocab]);
  const indices = builder.input("indices", "int64", ["row", 1]);
  const choice = { logits: read, vocab, leading: 1, indices, dropsLast: false, all: "all" };
  const chosen = logProbabilityOf(builder, choice);
  const graph = builder.finish([
    { name: chosen, type: "float32", shape: ["row", 1] },
    { name: "all", type: "float32", shape: ["row", vocab] },
  ]);
  const session = await InferenceSession.create(encodeModel(assertGraph(graph)));
  const outputs = await session.run({
    logits: new Tensor("float32", logits, [targets.length, vocab]),
    indices: new Tensor("int64", BigInt64Array.from(targets.map(BigInt)), [targets.length, 1]),
  });
  return [chosen, "all"].map((name) => Float32Array.from(outputs[name]?.data as Float32Array));
}

/** The definition in float64. */
function expected(logits: Float32Array, target: number): number {
  const largest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const sum = logits.reduce((total, x) => total + Math.exp(x - largest), 0);
  return (logits[target] ?? NaN) - largest - Math.log(sum);
}

/** A likely token beside many unlikely ones, as trained models have them: the likely one's sum swallows the others'. */
function peaked(rows: number, vocab: number): Float32Array {
  const random = seeded(7);
  return Float32Array.from({ length: rows * vocab }, (_, i) => (i % vocab === 5 ? 14 : 12 * random.next() - 6));
}

// Log-probabilities down to −23 are rounded to 1e-6 by f32 itself, their logits too.
const tolerance = 3e-6;

for (const vocab of [2048, 5000, 5003, 49_152, 50_257, 151_936]) {
  test(`${vocab} tokens: log-probabilities as in float64`, async () => {
    const rows = 6;
    const logits = peaked(rows, vocab);
    const targets = Array.from({ length: rows }, (_, row) => (row === 0 ? 5 : (row * 7919) % vocab));
    const [chosen, all] = await run(logits, targets, vocab);
    for (const [row, target] of targets.entries()) {
      const of = logits.subarray(row * vocab, (row + 1) * vocab);
      const error = Math.abs((chosen?.[row] ?? NaN) - expected(of, target));
      assert.ok(error <= tolerance, `row ${row} is off by ${error}`);
      assert.equal(chosen?.[row], all?.[row * vocab + target]);
    }
  });
}

test("a row with NaN or infinity has no log-probability, and its neighbours have theirs", async () => {
  const vocab = 5003;
  const logits = peaked(5, vocab);
  logits[100] = NaN;
  logits[2 * vocab + 4999] = Infinity;
  logits[4 * vocab - 1] = NaN;
  const [chosen] = await run(logits, [1, 1, 1, 1, 1], vocab);
  assert.deepEqual([...(chosen ?? [])].map(Number.isFinite), [false, true, false, false, true]);
});
