/** Chains of graphs: what they need, what they yield, and what the engine keeps of it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { chainProblem, chainSteps } from "../../src/runtime/engine/chain.js";
import type { Engine } from "../../src/runtime/engine/engine.js";
import { EngineFault } from "../../src/runtime/engine/fault.js";
import type { EngineTensor } from "../../src/runtime/engine/messages.js";
import {
  layersBytes,
  layersChainGraph,
  largestGraph,
  layersFeeds,
  renamingGraph,
  repeatingGraph,
} from "./layer-graphs.js";
import { runtimes, startWith } from "./runtimes.js";
import { processOf } from "./processes.js";
import { engineOptions } from "./tiny-graphs.js";

for (const runtime of runtimes) {
  describe(runtime, () => {
    let engine: Engine;

    before(async () => {
      engine = await startWith(runtime, engineOptions);
      for (const [from, to] of [
        [0, 4],
        [0, 1],
        [0, 2],
        [1, 2],
        [2, 4],
      ] as const) {
        await engine.open({ id: `${from}-${to}`, bytes: layersBytes(from, to), weights: [], prepacked: true });
      }
    });
    after(() => engine.stop());

    const bitsOf = (tensor: EngineTensor | undefined): Uint8Array => {
      assert.ok(tensor !== undefined);
      return new Uint8Array(
        tensor.data.buffer.slice(tensor.data.byteOffset, tensor.data.byteOffset + tensor.data.byteLength),
      );
    };

    test("a chain yields the bits of the graph that it was cut from", async () => {
      const feeds = layersFeeds();
      const fetches = ["h1", "h3", "h4"];
      const whole = await engine.run({ graphs: ["0-4"], feeds, fetches });
      for (const graphs of [
        ["0-2", "2-4"],
        ["0-1", "1-2", "2-4"],
      ]) {
        const { outputs, seconds } = await engine.run({ graphs, feeds, fetches });
        assert.deepEqual(Object.keys(outputs), fetches);
        for (const name of fetches) {
          assert.deepEqual(outputs[name]?.dims, [3, 16]);
          assert.deepEqual(bitsOf(outputs[name]), bitsOf(whole.outputs[name]), `${name} of ${graphs.join(" ")}`);
        }
        assert.ok(seconds > 0);
      }
      // The mask arrives where it is needed: without it the second row, and only that one, is another.
      const { mask, ...rest } = feeds;
      assert.ok(mask?.type === "bool");
      const unset = { ...rest, mask: { ...mask, data: Uint8Array.of(0, 0, 0) } };
      const other = await engine.run({ graphs: ["0-2", "2-4"], feeds: unset, fetches: ["h3"] });
      const rowsOf = (tensor: EngineTensor | undefined): Uint8Array[] =>
        [0, 1, 2].map((row) => bitsOf(tensor).subarray(64 * row, 64 * (row + 1)));
      const differs = rowsOf(other.outputs["h3"]).map(
        (row, i) => Buffer.compare(row, rowsOf(whole.outputs["h3"])[i] ?? assert.fail()) !== 0,
      );
      assert.deepEqual(differs, [false, true, false]);
    });

    test("a chain can begin with a value of an earlier run", async () => {
      const feeds = layersFeeds();
      const { outputs } = await engine.run({ graphs: ["0-4"], feeds, fetches: ["h1", "h4"] });
      const { h1, h4 } = outputs;
      const { mask } = feeds;
      assert.ok(h1 !== undefined && mask !== undefined);
      const resumed = await engine.run({ graphs: ["1-2", "2-4"], feeds: { h1, mask }, fetches: ["h4"] });
      assert.deepEqual(bitsOf(resumed.outputs["h4"]), bitsOf(h4));
    });

    test("each graph is asked only for what is needed, and a value goes after its last use", () => {
      const chain = [layersChainGraph(0, 1), layersChainGraph(1, 2), layersChainGraph(2, 4)];
      const steps = (fetches: readonly string[]): unknown =>
        chainSteps(chain, fetches).map((step) => [step.fetches, step.lastUses]);
      // h1 is used by the second graph and again by the third; h3 is never asked for.
      assert.deepEqual(steps(["h4"]), [
        [["h1"], ["h0"]],
        [["h2"], []],
        [["h4"], ["h2", "mask", "h1"]],
      ]);
      // What is fetched stays to the end.
      assert.deepEqual(steps(["h1", "h3"]), [
        [["h1"], ["h0"]],
        [["h2"], []],
        [["h3"], ["h2", "mask"]],
      ]);
    });

    test("wrong chains say what is wrong with them", async () => {
      const feeds = layersFeeds();
      const { h0, mask } = feeds;
      assert.ok(h0 !== undefined && mask !== undefined);
      const cases: readonly [readonly string[], object, readonly string[], RegExp][] = [
        [[], feeds, ["h4"], /^no graph is to be run$/],
        [["0-1", "9-9"], feeds, ["h4"], /^graph 9-9 is not open$/],
        [["0-1", "1-2", "2-4"], { ...feeds, h2: h0 }, ["h4"], /^graph 2 of 3 yields h2, which is a feed already$/],
        [["0-2", "1-2"], { h0 }, ["h2"], /^graph 2 of 2 yields h2, which is an output of graph 1 of 2 already$/],
        [["0-1", "0-1"], { h0 }, ["h1"], /^graph 2 of 2 yields h1, which is an output of graph 1 of 2 already$/],
        [["1-2", "0-1"], { h0 }, ["h2"], /^graph 1 of 2 takes h1, which no graph before it yields$/],
        [["0-1", "2-4"], feeds, ["h4"], /^the feeds lack h2$/],
        [["0-2", "2-4"], { h0 }, ["h4"], /^the feeds lack mask$/],
        [["0-1", "1-2"], feeds, ["h2"], /^the chain has no input mask; its inputs are h0$/],
        [["0-1", "1-2"], { h0 }, ["h4"], /^the chain has no output h4; its outputs are h1, h2$/],
        [["0-1", "1-2"], { h0 }, [], /^no output is asked for$/],
        [["0-1", "1-2"], { h0 }, ["h1"], /^graph 2 of 2 yields nothing that a later one or the fetches need$/],
        [["0-2", "2-4"], { h0, mask: { ...mask, dims: [3] } }, ["h4"], /^mask has the shape \[row, 1\] in the graph/],
        // The mask fits by itself, and not to what the first graph passes on.
        [
          ["0-2", "2-4"],
          { h0, mask: { type: "bool", dims: [2, 1], data: new Uint8Array(2) } },
          ["h4"],
          /^graph 2 of 2: dimension row is 3 in h2 and 2 in mask$/,
        ],
      ];
      for (const [graphs, given, fetches, message] of cases) {
        await assert.rejects(engine.run({ graphs, feeds: { ...given }, fetches }), (error: unknown) => {
          assert.ok(error instanceof EngineFault, String(error));
          assert.equal(error.kind, "request");
          assert.match(error.message, message);
          return true;
        });
      }
      // The engine goes on.
      assert.ok((await engine.run({ graphs: ["0-2", "2-4"], feeds, fetches: ["h4"] })).seconds > 0);
    });

    test("a right chain has no problem", () => {
      const chain = [layersChainGraph(0, 2), layersChainGraph(2, 4)];
      assert.equal(chainProblem(chain, layersFeeds(), ["h4", "h1"]), null);
    });

    test("what is passed on is freed during the chain", { skip: process.platform !== "linux" }, async () => {
      const own = await startWith(runtime, engineOptions);
      try {
        // 40 MiB: allocators keep smaller blocks for later, whether or not they are freed.
        const rows = 40_960;
        const mebibytes = (rows * 256 * 4) / 2 ** 20;
        const links = Array.from({ length: 14 }, (_, i) => `link${i}`);
        await own.open({ id: "first", bytes: repeatingGraph("x0", rows), weights: [], prepacked: true });
        for (const [i, id] of links.entries()) {
          await own.open({ id, bytes: renamingGraph(`x${i}`, `x${i + 1}`), weights: [], prepacked: true });
        }
        await own.open({ id: "early", bytes: largestGraph("x1"), weights: [], prepacked: true });
        await own.open({ id: "late", bytes: largestGraph("x14"), weights: [], prepacked: true });
        // Only small tensors cross the border, so that messages do not count.
        const feeds = { x: { type: "float32", dims: [1, 256], data: new Float32Array(256).fill(3) } } as const;
        const fetches = ["largest"];
        const peak = (): number => {
          const status = readFileSync(`/proc/${processOf(own.info())}/status`, "utf8");
          return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024;
        };
        await own.run({ graphs: ["first", "link0", "early"], feeds, fetches });
        const short = peak();
        const { outputs } = await own.run({ graphs: ["first", ...links, "late"], feeds, fetches });
        const growth = peak() - short;
        assert.deepEqual(outputs["largest"]?.data, Float32Array.of(3));
        // The longer chain has 13 more values. Values left to the garbage collector were measured to be six of them and more,
        // holes in the heap or the arenas of sessions all of them; freed values leave the peak where it is.
        assert.ok(growth < mebibytes, `the peak grew by ${growth.toFixed(0)} MiB for values of ${mebibytes} MiB`);
      } finally {
        await own.stop();
      }
    });
  });
}
