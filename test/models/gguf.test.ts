/**
 * Models from GGUF files against transformers' GGUF loader (training/gguf_models.py): every tensor bit by bit, and the logits
 * in float64. Where that loader does not read all of a file, the oracle is the model that the file was made from.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { familyOf } from "../../src/compiler/models/family.js";
import { siteValueInfo } from "../../src/compiler/models/site-values.js";
import { siteKey } from "../../src/compiler/models/sites.js";
import { addOutput, eliminateDeadNodes } from "../../src/compiler/onnx/edit.js";
import type { TensorEntry } from "../../src/compiler/models/model.js";
import type { OpenedModel } from "../../src/runtime/models/open-model.js";
import { unpacked } from "../../src/runtime/models/gguf/weights.js";
import { storageTypes } from "../../src/runtime/models/gguf/storage-types.js";
import { loadModel, root } from "./fixture.js";
import { idsTensor, runGraph } from "./run-graph.js";

interface Expected {
  readonly family: string;
  readonly ids: readonly number[];
  /** SHA-256 of each tensor as float32. */
  readonly tensors: Readonly<Record<string, string>>;
  /** Of the last position. */
  readonly logits: readonly number[];
}

const folder = join(root, "test", "fixtures", "gguf");
const read = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), "utf8"));
const expected = new Map(Object.entries(read("models.json") as Record<string, Expected>));
expected.set("quantised", read("quantised.json") as Expected);

/** SHA-256 of a tensor's numbers as float32. */
function digestOf(opened: OpenedModel, { file, type, offset, length }: TensorEntry): string {
  const bytes = readFileSync(join(opened.externalDataFolder, file)).subarray(offset, offset + length);
  const name = { float32: "F32", float16: "F16", bfloat16: "BF16" }[type as string];
  const storage = [...storageTypes.values()].find((known) => known.name === name);
  assert.ok(storage !== undefined, type);
  return createHash("sha256")
    .update(Buffer.from(unpacked(bytes, { type: storage }).buffer))
    .digest("hex");
}

for (const [name, { family, ids, tensors, logits }] of expected) {
  test(`${name}.gguf: tensors and logits are those of transformers`, async () => {
    const { opened, built } = await loadModel(`test/fixtures/gguf/${name}.gguf`);
    assert.equal(familyOf(opened.facts.config)?.modelType, family);
    const digests = Object.entries(opened.facts.tensors).map(([tensor, entry]) => [tensor, digestOf(opened, entry)]);
    assert.deepEqual(Object.fromEntries(digests.sort()), Object.fromEntries(Object.entries(tensors).sort()));

    const site = { site: "logits", layer: null } as const;
    const value = built.values[siteKey(site)] ?? "";
    const graph = eliminateDeadNodes(addOutput(built.graph, value, siteValueInfo(built.signature, site)));
    const outputs = await runGraph(graph, opened.externalDataFolder, { input_ids: idsTensor([ids]) });
    const last = [...(outputs[value]?.data ?? [])].slice(-logits.length);
    const error = last.reduce((most, logit, i) => Math.max(most, Math.abs(logit - (logits[i] ?? NaN))), 0);
    assert.ok(error <= 5e-5, `logits differ by ${error}`);
  });
}
