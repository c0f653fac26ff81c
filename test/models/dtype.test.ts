/** `dtype` rounds weights: the graph's own casts against weights that were rounded before they were saved. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { withDtype, type Dtype } from "../../src/compiler/models/dtype.js";
import { buildModelGraph } from "../../src/compiler/models/family.js";
import type { ModelFacts, ModelGraph } from "../../src/compiler/models/model.js";
import { addOutput, eliminateDeadNodes } from "../../src/compiler/onnx/edit.js";
import { loadModel } from "./fixture.js";
import { idsTensor, runGraph } from "./run-graph.js";
import { codes, copyOfModel, openIsolated } from "./temporary.js";

const ids = [[1, 5, 9, 2, 7, 3]];

/** Rounds float32 to the nearest number with 8 bits of mantissa (bfloat16), ties to even. */
function toBfloat16(value: number): number {
  const bits = new Uint32Array(Float32Array.of(value).buffer)[0] ?? 0;
  const rounded = (bits + 0x7fff + ((bits >>> 16) & 1)) & 0xffff0000;
  return new Float32Array(Uint32Array.of(rounded >>> 0).buffer)[0] ?? NaN;
}

/** Rounds to a normal float16: 11 bits of mantissa. The weights here are neither tiny nor huge. */
function toFloat16(value: number): number {
  const bits = new Uint32Array(Float32Array.of(value).buffer)[0] ?? 0;
  const rounded = (bits + 0xfff + ((bits >>> 13) & 1)) & 0xffffe000;
  return new Float32Array(Uint32Array.of(rounded >>> 0).buffer)[0] ?? NaN;
}

async function logitsOf(built: ModelGraph, folder: string): Promise<Float32Array> {
  const info = { name: "out", type: "float32" as const, shape: ["row", "pos", built.signature.vocab] };
  const graph = eliminateDeadNodes(addOutput(built.graph, built.values["logits"] ?? "", info));
  const outputs = await runGraph(graph, folder, { input_ids: idsTensor(ids) });
  return outputs["out"]?.data ?? new Float32Array();
}

function graphOf(facts: ModelFacts): ModelGraph {
  const { value } = buildModelGraph(facts);
  assert.ok(value !== null);
  return value;
}

for (const [dtype, round] of [["bf16", toBfloat16] as const, ["f16", toFloat16] as const]) {
  test(`dtype ${dtype} gives the logits of weights that were rounded before they were saved, bit for bit`, async (t) => {
    const { opened } = await loadModel("test/fixtures/models/gpt2-f32");
    const asked = await logitsOf(graphOf(withDtype(opened.facts, dtype)), opened.externalDataFolder);

    const folder = copyOfModel(t, "gpt2-f32");
    const path = join(folder, "model.safetensors");
    const bytes = readFileSync(path);
    for (const { offset, length } of Object.values(opened.facts.tensors)) {
      for (let at = offset; at < offset + length; at += 4) bytes.writeFloatLE(round(bytes.readFloatLE(at)), at);
    }
    writeFileSync(path, bytes);
    const rounded = await openIsolated(t, folder);
    assert.deepEqual(codes(rounded.diagnostics), []);
    assert.ok(rounded.value !== null);
    const expected = await logitsOf(graphOf(rounded.value.facts), rounded.value.externalDataFolder);
    assert.deepEqual(asked, expected);

    const unrounded = await logitsOf(graphOf(opened.facts), opened.externalDataFolder);
    assert.notDeepEqual(asked, unrounded, "the rounding can be seen");
  });
}

test("a dtype that changes no weight changes nothing, not even the digest", async () => {
  const { opened: f32 } = await loadModel("test/fixtures/models/gpt2-f32");
  const { opened: bf16 } = await loadModel("test/fixtures/models/gpt2-bf16");
  for (const [facts, dtype] of [
    [f32.facts, "f32"],
    [bf16.facts, "bf16"],
    [bf16.facts, "f32"],
  ] as const) {
    assert.equal(withDtype(facts, dtype satisfies Dtype), facts);
  }
  assert.notEqual(withDtype(bf16.facts, "f16").digest, bf16.facts.digest);
});
