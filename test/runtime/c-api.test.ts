import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { cApiRuntime } from "../../src/runtime/engine/runtimes/c-api.js";

const module = JSON.stringify(new URL("../../src/runtime/engine/runtimes/c-api.js", import.meta.url).href);

/** A program that holds a tensor, lets the garbage collector run, and holds another one. */
const program = `
const { cApiRuntime } = await import(${module});
const runtime = cApiRuntime();
const tensor = { type: "float32", dims: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) };
const first = runtime.hold(tensor);
for (let i = 0; i < 5; i++) {
  await new Promise((resolve) => setTimeout(resolve, 10));
  globalThis.gc();
}
const second = runtime.hold(tensor);
console.log(JSON.stringify([first, second].map((held) => [...held.read().data])));
first.release();
second.release();
`;

// koffi unloads a library whose handle is garbage. The engine then died of SIGSEGV, sooner or later.
test("the library stays loaded when garbage is collected", () => {
  const ran = spawnSync(process.execPath, ["--expose-gc", "--input-type=module", "--eval", program], {
    encoding: "utf8",
  });
  assert.deepEqual([ran.signal, ran.stderr], [null, ""]);
  assert.deepEqual(JSON.parse(ran.stdout), [
    [1, 2, 3, 4, 5, 6],
    [1, 2, 3, 4, 5, 6],
  ]);
});

test("tensors of all types and shapes come back as they went in, and later changes of the array do not reach them", () => {
  const runtime = cApiRuntime();
  const tensors = [
    { type: "float32", dims: [], data: Float32Array.of(NaN) },
    { type: "float32", dims: [0, 4], data: new Float32Array(0) },
    { type: "int64", dims: [2], data: BigInt64Array.of(-(2n ** 63n), 5n) },
    { type: "int32", dims: [1, 1, 2], data: Int32Array.of(-1, 7) },
    { type: "bool", dims: [3], data: Uint8Array.of(1, 0, 1) },
  ] as const;
  for (const tensor of tensors) {
    const held = runtime.hold(tensor);
    const { type, dims } = tensor;
    const before = tensor.data.slice();
    new Uint8Array(tensor.data.buffer).fill(0);
    assert.deepEqual(held.read(), { type, dims, data: before });
    held.release();
  }
});

test("a graph that is none is refused in words", () => {
  const runtime = cApiRuntime();
  const settings = {
    provider: "cpu",
    optimisation: "basic",
    threads: 1,
    arena: false,
    entries: {},
    weights: null,
  } as const;
  assert.throws(() => runtime.open(Uint8Array.of(1, 2, 3), settings), /Failed to load model|protobuf|parse/i);
});
