/** A model whose parts do not add up is refused before anything of the protocol runs on it. */
import assert from "node:assert/strict";
import { openSync, readSync, closeSync, writeSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { runProtocol } from "../../src/runtime/run.js";
import { copyOfModel } from "../models/temporary.js";
import { temporaryFolder } from "./processes.js";
import { engineOptions } from "./tiny-graphs.js";

/** Puts NaN in the place of a tensor's first number. */
function spoil(file: string, tensor: string): void {
  const descriptor = openSync(file, "r+");
  try {
    const size = Buffer.alloc(8);
    readSync(descriptor, size, 0, 8, 0);
    const header = Buffer.alloc(Number(size.readBigUInt64LE()));
    readSync(descriptor, header, 0, header.length, 8);
    const entries = JSON.parse(header.toString()) as Readonly<Record<string, { data_offsets?: readonly number[] }>>;
    const start = entries[tensor]?.data_offsets?.[0];
    assert.ok(start !== undefined, `no tensor ${tensor}`);
    const nan = Buffer.alloc(4);
    nan.writeFloatLE(Number.NaN);
    writeSync(descriptor, nan, 0, 4, 8 + header.length + start);
  } finally {
    closeSync(descriptor);
  }
}

test("an identity that fails names the model, the identity and the site", async (t) => {
  const model = copyOfModel(t, "gpt2-f32");
  spoil(join(model, "model.safetensors"), "transformer.ln_f.weight");
  const text = `model m from ${JSON.stringify(model)}
prompts probes random tokens 4 count 1 seed 1
experiment e
  measure gain
table e.gain
`;
  const outcome = await runProtocol(
    { path: join(model, "protocol.atlas"), text },
    { overrides: new Map(), memoryBudget: 2 ** 20, engine: engineOptions, runs: temporaryFolder(t) },
    {},
  );
  assert.ok(outcome.kind === "rejected");
  const [first] = outcome.diagnostics;
  assert.equal(first?.code, "A4020", JSON.stringify(outcome.diagnostics));
  assert.match(first.message, /^m: final = norm\(resid_post\) does not hold at final/);
});
