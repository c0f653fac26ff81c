import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { cudaBackend } from "../../src/runtime/engine/backends/cuda.js";
import type { Engine } from "../../src/runtime/engine/engine.js";
import { EngineFault } from "../../src/runtime/engine/fault.js";
import { numericsOf } from "../../src/runtime/engine/backend.js";
import type { EngineTensors } from "../../src/runtime/engine/messages.js";
import { processRuns } from "../../src/runtime/store/lock.js";
import { engineOptions, positionsOfOne, rotationFeeds, rotationGraph, shiftMatrix } from "./tiny-graphs.js";
import { runtimes, startWith } from "./runtimes.js";
import { processOf, temporaryFolder, until } from "./processes.js";

for (const runtime of runtimes) {
  describe(runtime, () => {
    let engine: Engine;

    before(async () => {
      engine = await startWith(runtime, engineOptions);
      await engine.open({ id: "rotation", bytes: rotationGraph(), weights: [], prepacked: true });
    });
    after(() => engine.stop());

    const isFault =
      (kind: EngineFault["kind"], message: RegExp) =>
      (error: unknown): boolean => {
        assert.ok(error instanceof EngineFault, String(error));
        assert.equal(error.kind, kind);
        assert.match(error.message, message);
        return true;
      };

    const run = (feeds: EngineTensors, fetches: readonly string[] = ["y"]): ReturnType<Engine["run"]> =>
      engine.run({ graphs: ["rotation"], feeds, fetches });

    test("an engine says what it is", () => {
      const info = engine.info();
      assert.match(info.onnxruntimeVersion, /^\d+\.\d+/);
      assert.equal(info.onnxruntimeVersion, numericsOf(engineOptions).onnxruntime, "known without loading it");
      assert.equal(info.nodeVersion, process.versions.node);
      assert.ok(info.backends.includes("cpu"));
      assert.equal(info.runtime, runtime === "c-api" ? "onnxruntime's C API" : "onnxruntime-node");
      assert.notEqual(info.processId, process.pid);
    });

    test("all four element types cross in both directions", async () => {
      const { outputs, seconds } = await run(rotationFeeds([3, 250], 10), ["y", "positive", "largest", "small"]);
      assert.deepEqual(positionsOfOne(outputs), [13, 4]);
      assert.deepEqual(outputs["largest"], { type: "int64", dims: [2], data: BigInt64Array.of(3n, 250n) });
      assert.deepEqual(outputs["small"], { type: "int32", dims: [2], data: Int32Array.of(3, 250) });
      assert.ok(outputs["positive"]?.type === "bool");
      assert.equal(outputs["positive"].data.indexOf(1), 13);
      assert.ok(seconds > 0);
    });

    test("a view into a larger array sends only what it shows", async () => {
      const feeds = rotationFeeds([5], 1);
      const large = new Float32Array(10_000);
      large.set(feeds["x"]?.data as Float32Array, 300);
      const x = { type: "float32", dims: [1, 256], data: large.subarray(300, 556) } as const;
      const { outputs } = await run({ ...feeds, x });
      assert.deepEqual(positionsOfOne(outputs), [6]);
    });

    test("feeds must be exactly the graph's inputs", async () => {
      const feeds = rotationFeeds([0], 1);
      const { steps, ...without } = feeds;
      assert.ok(steps !== undefined);
      await assert.rejects(
        run({ ...feeds, mask: steps }),
        isFault("request", /no input mask; its inputs are x, flag, steps/),
      );
      await assert.rejects(run(without), isFault("request", /the feeds lack steps/));
    });

    test("types, shapes and lengths of feeds are checked", async () => {
      const feeds = rotationFeeds([0], 1);
      const x = new Float32Array(256);
      const feed = (changes: object): EngineTensors => ({ ...feeds, ...changes });
      const cases: readonly [object, RegExp][] = [
        [
          { steps: { type: "int32", dims: [], data: Int32Array.of(1) } },
          /steps is int64 in the graph, and int32 was fed/,
        ],
        [
          { x: { type: "float32", dims: [1, 255], data: x.subarray(1) } },
          /\[row, 256\] in the graph, and \[1, 255\] was fed/,
        ],
        [{ x: { type: "float32", dims: [256], data: x } }, /\[row, 256\] in the graph, and \[256\] was fed/],
        [{ x: { type: "float32", dims: [2, 256], data: x } }, /\[2, 256\] = 512 values and carries 256/],
        [{ x: { type: "float32", dims: [1, 256], data: new Float64Array(256) } }, /needs a Float32Array/],
        [{ x: { type: "float64", dims: [1, 256], data: new Float64Array(256) } }, /float64, which engines do not take/],
        [{ flag: { type: "bool", dims: [2, 1], data: new Uint8Array(2) } }, /dimension row is 1 in x and 2 in flag/],
      ];
      for (const [changes, message] of cases) await assert.rejects(run(feed(changes)), isFault("request", message));
    });

    test("outputs and graphs that there are not are errors", async () => {
      const feeds = rotationFeeds([0], 1);
      await assert.rejects(run(feeds, ["y", "z"]), isFault("request", /no output z; its outputs are y, positive/));
      await assert.rejects(run(feeds, []), isFault("request", /no output is asked for/));
      await assert.rejects(
        engine.run({ graphs: ["g"], feeds, fetches: ["y"] }),
        isFault("request", /graph g is not open/),
      );
      const again = engine.open({ id: "rotation", bytes: rotationGraph(), weights: [], prepacked: true });
      await assert.rejects(again, isFault("request", /already open/));
    });

    test("what is no graph is reported, and the engine goes on", async () => {
      const bad = engine.open({ id: "bad", bytes: new Uint8Array([1, 2, 3, 4]), weights: [], prepacked: true });
      await assert.rejects(bad, isFault("graph", /./));
      const lost = engine.open({ id: "lost", bytes: rotationGraph("nowhere.bin"), weights: [], prepacked: true });
      await assert.rejects(lost, isFault("graph", /nowhere\.bin|shift/));
      assert.deepEqual(positionsOfOne((await run(rotationFeeds([1], 1))).outputs), [2]);
    });

    test("external data is found by its digest, after a restart too; a closed graph is gone", async (context) => {
      const folder = temporaryFolder(context);
      writeFileSync(join(folder, "shift.bin"), new Uint8Array(shiftMatrix().buffer));
      const file = { digest: "d".repeat(64), name: "shift.bin" };
      const engine = await startWith(runtime, engineOptions, { weights: [{ ...file, folder }] });
      context.after(() => engine.stop());
      const bytes = rotationGraph("shift.bin");
      for (const absent of [
        { ...file, digest: "e".repeat(64) },
        { ...file, name: "other.bin" },
      ]) {
        const unknown = engine.open({ id: "unknown", bytes, weights: [absent], prepacked: true });
        await assert.rejects(
          unknown,
          isFault("graph", new RegExp(`${absent.name} of digest ${absent.digest} are not on`)),
        );
      }
      await engine.open({ id: "external", bytes, weights: [file], prepacked: false });
      await engine.restart();
      const opened = await engine.open({ id: "external", bytes, weights: [file], prepacked: true });
      assert.deepEqual(opened.inputs[0], { name: "x", type: "float32", shape: ["row", 256] });
      const request = { graphs: ["external"], feeds: rotationFeeds([7], 2), fetches: ["y"] };
      assert.deepEqual(positionsOfOne((await engine.run(request)).outputs), [9]);
      await engine.close("external");
      await engine.close("external");
      await assert.rejects(engine.run(request), isFault("request", /not open/));
    });

    test("a run neither blocks the coordinator nor outlives stop()", async () => {
      const own = await startWith(runtime, engineOptions);
      let exits = 0;
      own.onExit(() => (exits += 1));
      await own.open({ id: "rotation", bytes: rotationGraph(), weights: [], prepacked: false });
      const long = own.run({ graphs: ["rotation"], feeds: rotationFeeds([0], 10_000_000), fetches: ["y"] });
      const rejected = assert.rejects(long, isFault("stopped", /stopped/));
      await new Promise((resolve) => setTimeout(resolve, 100));
      const processId = processOf(own.info());
      const begun = performance.now();
      await own.stop();
      await rejected;
      assert.ok(performance.now() - begun < 2000);
      assert.ok(!processRuns(processId, null));
      assert.equal(exits, 0, "an end on purpose is no exit");
      await assert.rejects(own.close("rotation"), isFault("stopped", /stopped/));

      await own.restart();
      assert.notEqual(own.info().processId, processId);
      const request = { graphs: ["rotation"], feeds: rotationFeeds([0], 1), fetches: ["y"] };
      await assert.rejects(own.run(request), isFault("request", /not open/), "a restart opens nothing by itself");

      // A child that is killed from outside rejects what was asked, and says how it ended.
      await own.open({ id: "rotation", bytes: rotationGraph(), weights: [], prepacked: true });
      const killed = own.run({ ...request, feeds: rotationFeeds([0], 10_000_000) });
      const crash = assert.rejects(killed, (error: unknown) => {
        assert.ok(error instanceof EngineFault);
        assert.equal(error.kind, "exit");
        assert.equal(error.exit?.signal, "SIGKILL");
        assert.match(error.message, /was ended by SIGKILL/);
        return true;
      });
      process.kill(processOf(own.info()), "SIGKILL");
      await crash;
      await until("onExit is called", () => exits === 1);
      assert.equal(own.alive(), false);
      await own.stop();
    });

    test("Ctrl-C at the terminal does not reach the engine", async () => {
      process.kill(processOf(engine.info()), "SIGINT");
      assert.deepEqual(positionsOfOne((await run(rotationFeeds([1], 1))).outputs), [2]);
    });

    test("an aborted start ends the child", async () => {
      const starting = startWith(runtime, engineOptions, { signal: AbortSignal.abort() });
      await assert.rejects(starting, isFault("stopped", /stopped/));
    });

    test("a device that is not there is an error, not the CPU", async () => {
      const starting = cudaBackend(99).start(engineOptions);
      // Where the provider's libraries are, it says that there is no such device.
      await assert.rejects(
        starting,
        isFault("start", /^CUDA is not here: it takes libonnxruntime_providers_cuda|device/i),
      );
    });
  });
}
