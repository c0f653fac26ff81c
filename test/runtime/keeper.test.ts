/** Which sessions stay open, and which are closed for others. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test, type TestContext } from "node:test";
import { EngineFault } from "../../src/runtime/engine/fault.js";
import {
  createEngineKeeper,
  type EngineKeeper,
  type EngineKeeperOptions,
  type PreparedSegment,
} from "../../src/runtime/engine/keeper.js";
import { layersBytes } from "./layer-graphs.js";
import { engineOptions } from "./tiny-graphs.js";

/** A keeper that ends with its test, and what it has opened, in order. */
function keeperOf(
  context: TestContext,
  limits: Pick<EngineKeeperOptions, "openWeightBytes" | "openSessions">,
): { readonly keeper: EngineKeeper; readonly use: (...segments: readonly string[]) => Promise<readonly string[]> } {
  const keeper = createEngineKeeper({ engine: engineOptions, ...limits });
  context.after(() => keeper.end());
  const opened: string[] = [];
  const segment = (text: string): PreparedSegment => {
    // a10: the segment a, which has 10 bytes of weights.
    const weightBytes = Number(text.slice(1));
    const bytes = (): Uint8Array => {
      opened.push(text.slice(0, 1));
      return layersBytes(0, 1);
    };
    return { id: text.slice(0, 1), weights: [], prepacked: true, weightBytes, bytes };
  };
  return {
    keeper,
    /** Uses these segments together, and tells which of them had to be opened for it. */
    use: async (...segments) => {
      opened.length = 0;
      await keeper.withSegments(segments.map(segment));
      return [...opened];
    },
  };
}

test("sessions stay open as long as their weights fit; the longest unused go first", async (context) => {
  const { use } = keeperOf(context, { openWeightBytes: 30 });
  assert.deepEqual(await use("a10"), ["a"]);
  assert.deepEqual(await use("b10"), ["b"]);
  assert.deepEqual(await use("c10"), ["c"]);
  assert.deepEqual(await use("a10"), [], "three fit");
  assert.deepEqual(await use("d10"), ["d"]);
  assert.deepEqual(await use("a10", "c10", "d10"), [], "b was unused for longest");
  // a, c and d are open, used in this order; 15 bytes need the room of a and c.
  assert.deepEqual(await use("e15"), ["e"]);
  assert.deepEqual(await use("d10"), []);
  assert.deepEqual(await use("c10"), ["c"]);
  assert.deepEqual(await use("d10"), [], "c closed e, which was used before d");
  assert.deepEqual(await use("e15"), ["e"]);
});

test("a chain keeps its own segments, even if it is larger than the limit", async (context) => {
  const { use } = keeperOf(context, { openWeightBytes: 30 });
  assert.deepEqual(await use("a10", "b10", "c10"), ["a", "b", "c"]);
  // a is the oldest, and it is needed: b goes for d.
  assert.deepEqual(await use("a10", "d10"), ["d"]);
  assert.deepEqual(await use("c10"), []);
  assert.deepEqual(await use("a10", "b10", "c10", "d10"), ["b"], "40 bytes are open together");
  assert.deepEqual(await use("a10", "b10", "c10", "d10"), []);
  // The next opening brings the sum below the limit again: a and b go.
  assert.deepEqual(await use("e10"), ["e"]);
  assert.deepEqual(await use("c10", "d10", "e10"), []);
  assert.deepEqual(await use("a10"), ["a"]);
});

test("segments without weights are limited in number", async (context) => {
  const { use } = keeperOf(context, { openWeightBytes: 30, openSessions: 2 });
  assert.deepEqual(await use("a0", "b0"), ["a", "b"]);
  assert.deepEqual(await use("c0"), ["c"]);
  assert.deepEqual(await use("b0"), []);
  assert.deepEqual(await use("a0"), ["a"]);
  assert.deepEqual(await use("c0"), ["c"]);
});

test("a fresh engine has nothing open", async (context) => {
  const { keeper, use } = keeperOf(context, { openWeightBytes: 30 });
  assert.deepEqual(await use("a10", "b10"), ["a", "b"]);
  await keeper.discard();
  assert.deepEqual(await use("a10", "b10"), ["a", "b"]);
  assert.equal(keeper.restarts(), 1);
});

test("a segment that was refused twice is known to be unusable, in every chain that has it", async (context) => {
  const { keeper } = keeperOf(context, { openWeightBytes: 30 });
  const segment = (id: string, bytes: Uint8Array): PreparedSegment => ({
    id,
    weights: [],
    prepacked: true,
    weightBytes: 1,
    bytes: () => bytes,
  });
  const good = segment("good", layersBytes(0, 1));
  const bad = segment("bad", Uint8Array.of(9, 9, 9));
  for (const known of [false, false, true]) {
    assert.equal(keeper.unusable([good, bad]) !== null, known);
    await assert.rejects(
      keeper.withSegments([good, bad]),
      (error: unknown) => error instanceof EngineFault && error.kind === "graph",
    );
  }
  assert.match(keeper.unusable([bad]) ?? "", /./);
  assert.equal(keeper.unusable([good]), null);
});

const noTable = existsSync("/proc/self/task") ? false : "this system has no process table to find the engine in";

/** Kills the next `count` engines of this process as soon as each is there, before it can say a word. */
function killStarting(context: TestContext, count: number): void {
  const killed = new Set<number>();
  const timer = setInterval(() => {
    const children = readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").trim().split(" ").map(Number);
    for (const id of children.filter((child) => child > 0 && !killed.has(child) && killed.size < count)) {
      killed.add(id);
      process.kill(id, "SIGKILL");
    }
  }, 1);
  context.after(() => {
    clearInterval(timer);
  });
}

test("an engine that is killed while it starts is followed by another", { skip: noTable }, async (context) => {
  const { keeper, use } = keeperOf(context, { openWeightBytes: 30 });
  killStarting(context, 2);
  assert.deepEqual(await use("a10"), ["a"]);
  assert.equal(keeper.restarts(), 2);
  await keeper.discard();
  killStarting(context, 2);
  assert.deepEqual(await use("a10"), ["a"]);
});

test("when no engine comes up, that is said after three of them", { skip: noTable }, async (context) => {
  const { keeper, use } = keeperOf(context, { openWeightBytes: 30 });
  killStarting(context, 3);
  await assert.rejects(
    use("a10"),
    (error: unknown) =>
      error instanceof EngineFault &&
      error.kind === "start" &&
      error.message.startsWith("none of 3 engines came up: the engine was ended by SIGKILL"),
  );
  assert.equal(keeper.info(), null);
  assert.deepEqual(await use("a10"), ["a"], "the next use tries again");
});
