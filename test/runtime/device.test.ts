/**
 * What a device makes other than the processor: values that stay with it, weights that it has once, nodes that it leaves out.
 * The processor's own memory stands in for a device's, through the same functions of onnxruntime.
 */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { int } from "../../src/compiler/onnx/attributes.js";
import { createGraphBuilder } from "../../src/compiler/onnx/builder.js";
import { encodeModel } from "../../src/compiler/onnx/encode.js";
import type { Graph } from "../../src/compiler/onnx/graph.js";
import { misplacedNodes } from "../../src/runtime/engine/runtimes/c-assignment.js";
import type { Pointer } from "../../src/runtime/engine/runtimes/c-functions.js";
import { loadLibrary } from "../../src/runtime/engine/runtimes/c-library.js";
import { runSession } from "../../src/runtime/engine/runtimes/c-sessions.js";
import { held, hold, layoutOfValue, valueOf, type Layout } from "../../src/runtime/engine/runtimes/c-tensors.js";
import { createTransfers, type Transfers } from "../../src/runtime/engine/runtimes/c-transfers.js";
import { createDeviceWeights } from "../../src/runtime/engine/runtimes/c-weights.js";
import { temporaryFolder } from "../end-to-end/support.js";

const library = loadLibrary();
const { api } = library;

function emptyOptions(): Pointer {
  const options = api.pointer("CreateSessionOptions");
  api.call("AddSessionConfigEntry", options, "session.use_env_allocators", "1");
  return options;
}

/** Copies to and from what stands in for a device, counted. */
function countedTransfers(): Transfers & { uploads: number; downloads: number } {
  const { upload, download } = createTransfers(library, library.memory, emptyOptions);
  const counted = {
    uploads: 0,
    downloads: 0,
    upload: (value: Pointer, layout: Layout) => {
      counted.uploads += 1;
      return upload(value, layout);
    },
    download: (value: Pointer, layout: Layout) => {
      counted.downloads += 1;
      return download(value, layout);
    },
  };
  return counted;
}

test("values of every type and rank are copied to a device and back", () => {
  const transfers = countedTransfers();
  const tensors = [
    { type: "float32", dims: [], data: Float32Array.of(1.5) },
    { type: "float32", dims: [2, 2], data: Float32Array.of(1, NaN, -Infinity, 4) },
    { type: "float32", dims: [0, 3], data: new Float32Array(0) },
    { type: "int64", dims: [1, 1, 2], data: BigInt64Array.of(-(2n ** 63n), 9n) },
    { type: "int32", dims: [2], data: Int32Array.of(-1, 7) },
    { type: "bool", dims: [3], data: Uint8Array.of(1, 0, 1) },
  ] as const;
  for (const tensor of tensors) {
    const here = hold(library, tensor);
    const layout = { type: tensor.type, dims: tensor.dims };
    const there = transfers.upload(valueOf(here) ?? 0n, layout);
    here.release();
    const away = held(api, there, layoutOfValue(api, there), (value, own) => transfers.download(value, own));
    assert.deepEqual(away.read(), tensor);
    assert.deepEqual(away.read(), tensor, "reading it leaves it there");
    away.release();
  }
  assert.deepEqual([transfers.uploads, transfers.downloads], [tensors.length, 2 * tensors.length]);
});

/** y = x · w, where w lies in a file at an offset. */
function product(offset: number, length = 24): Graph {
  const builder = createGraphBuilder("product");
  const x = builder.input("x", "float32", ["row", 2]);
  const w = builder.external("w", "float32", [2, 3], { file: "weights.bin", offset, length });
  builder.node("MatMul", [x, w], {}, "y");
  return builder.finish([{ name: "y", type: "float32", shape: ["row", 3] }]);
}

test("weights are on a device once, whatever the number of sessions, and as long as one of them is open", async (context) => {
  const folder = temporaryFolder(context);
  writeFileSync(join(folder, "weights.bin"), Float32Array.of(9, 9, 1, 2, 3, 4, 5, 6));
  const transfers = countedTransfers();
  const weights = createDeviceWeights(library, library.memory, transfers, ["float32"]);
  const place = { folder, files: [{ name: "weights.bin", digest: "d" }] };

  const open = (graph: Graph): { readonly run: () => Promise<readonly number[]>; readonly close: () => void } => {
    const taken = weights.take(graph, place);
    const options = emptyOptions();
    api.call("AddSessionConfigEntry", options, "session.model_external_initializers_file_folder_path", folder);
    for (const [name, value] of taken.values) api.call("AddInitializer", options, name, value);
    const bytes = encodeModel(graph);
    const session = api.pointer("CreateSessionFromArray", library.env, bytes, bytes.length, options);
    api.call("ReleaseSessionOptions", options);
    const binding = api.pointer("CreateIoBinding", session);
    return {
      run: async () => {
        const x = hold(library, { type: "float32", dims: [1, 2], data: Float32Array.of(1, 10) });
        const passedTo = { memory: library.memory, download: transfers.download };
        const outputs = await runSession(library, session, binding, new Map([["x", x]]), ["y"], {
          passed: new Set(["y"]),
          passedTo,
        });
        const y = outputs.get("y");
        const values = [...(y?.read().data ?? [])].map(Number);
        y?.release();
        x.release();
        return values;
      },
      close: () => {
        api.call("ReleaseIoBinding", binding);
        api.call("ReleaseSession", session);
        taken.release();
        taken.release();
      },
    };
  };

  const one = open(product(8));
  // Were the file read for the session, it would have these numbers.
  writeFileSync(join(folder, "weights.bin"), Float32Array.of(9, 9, 0, 0, 0, 0, 0, 0));
  const other = open(product(8));
  assert.deepEqual([await one.run(), await other.run()], [[41, 52, 63], [41, 52, 63]]); // prettier-ignore
  assert.deepEqual([transfers.uploads, weights.bytes()], [1, 24]);
  one.close();
  assert.deepEqual(await other.run(), [41, 52, 63]);
  const third = open(product(0));
  assert.deepEqual([await third.run(), transfers.uploads, weights.bytes()], [[9, 9, 0], 2, 48]);
  other.close();
  third.close();
  assert.equal(weights.bytes(), 0);
  assert.equal((await open(product(8)).run()).length, 3);
  assert.equal(transfers.uploads, 3, "what nothing uses is forgotten");
});

test("a file that is too short is an error, and leaves nothing on the device", (context) => {
  const folder = temporaryFolder(context);
  writeFileSync(join(folder, "weights.bin"), new Float32Array(4));
  const weights = createDeviceWeights(library, library.memory, countedTransfers(), ["float32"]);
  const place = { folder, files: [{ name: "weights.bin", digest: "d" }] };
  assert.throws(() => weights.take(product(8), place), /weights\.bin ends before the weights/);
  assert.equal(weights.bytes(), 0);
  assert.deepEqual([...createDeviceWeights(library, library.memory, countedTransfers(), []).take(product(0), place).values], []); // prettier-ignore
});

test("sizes and indices may be the processor's, numbers may not", () => {
  const builder = createGraphBuilder("placed");
  const x = builder.input("x", "float32", ["a", "b"]);
  const shape = builder.node("Shape", [x]);
  const first = builder.node("Gather", [shape, builder.constant("int64", [], [0])], { axis: int(0) });
  const divisor = builder.node("Cast", [first], { to: int(1) });
  const sum = builder.node("ReduceSum", [x], { keepdims: int(0) });
  const narrow = builder.node("Cast", [x], { to: int(11) });
  const mean = builder.node("Div", [sum, divisor], {}, "mean");
  const graph = builder.finish([{ name: "mean", type: "float32", shape: [] }]);
  const placed = (...names: readonly string[]): readonly string[] =>
    misplacedNodes(
      graph,
      names.map((name) => ({ name, op: graph.nodes.find(({ outputs }) => outputs[0] === name)?.op ?? "Gather" })),
    );
  assert.deepEqual(placed(), []);
  assert.deepEqual(placed(shape, first, divisor), []);
  assert.deepEqual(placed(shape, sum, narrow, mean), [`ReduceSum "${sum}"`, `Cast "${narrow}"`, `Div "${mean}"`]);
  // What onnxruntime has put in itself.
  assert.deepEqual(placed("Gather_token_2"), []);
  assert.deepEqual(misplacedNodes(graph, [{ name: "Fused", op: "FusedConv" }]), ['FusedConv "Fused"']);
});
