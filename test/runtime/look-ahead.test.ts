/** What is asked of the engine, and when: a unit is begun while the one before it runs, and is not blamed for that one. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { EngineFault } from "../../src/runtime/engine/fault.js";
import type { Engine } from "../../src/runtime/engine/engine.js";
import type { EngineKeeper } from "../../src/runtime/engine/keeper.js";
import type { EngineResult } from "../../src/runtime/engine/messages.js";
import { executePlan } from "../../src/runtime/execute.js";
import type { ExecutionSummary } from "../../src/runtime/execution.js";
import { openUnitStore } from "../../src/runtime/store/units.js";
import { temporaryFolder } from "./processes.js";
import { engineOptions, rotationFeeds, tinyEvaluation, tinyPlan, tinyPreparation, tinyUnit } from "./tiny-graphs.js";

/** What an engine does when it runs a unit, by its prompt, time after time: `end` ends it, `fail` fails that run alone. */
type Script = Readonly<Record<number, readonly ("end" | "fail")[]>>;

/** A keeper of an engine in this process, which tells what it is asked and what it answers; by the prompt of a unit. */
function scripted(script: Script): { readonly keeper: EngineKeeper; readonly events: string[] } {
  const events: string[] = [];
  const runs = new Map<number, number>();
  let alive = false;
  let restarts = -1;
  let queue: Promise<void> = Promise.resolve();
  /** Rejects what the present engine was asked and has not answered. */
  let die = new AbortController();
  const engine = {
    alive: () => alive,
    run: ({ feeds }): Promise<EngineResult> => {
      const unit = feeds["x"]?.data.findIndex((entry) => Number(entry) === 1) ?? -1;
      events.push(`asked ${unit}`);
      const { signal } = die;
      const answer = queue.then(async () => {
        const times = runs.get(unit) ?? 0;
        runs.set(unit, times + 1);
        const doing = script[unit]?.[times];
        // Long enough for the coordinator to prepare the next unit.
        await new Promise((resolve) => setTimeout(resolve, 20));
        if (doing === "fail") throw new EngineFault("run", "it does not fit");
        if (doing === "end") {
          alive = false;
          events.push(`ended at ${unit}`);
          die.abort();
        }
        signal.throwIfAborted();
        events.push(`answered ${unit}`);
        return { outputs: { y: { type: "float32", dims: [1], data: Float32Array.of(unit) } }, seconds: 0.02 } as const;
      });
      const ended = new Promise<never>((_, reject) => {
        signal.addEventListener("abort", () => {
          reject(new EngineFault("exit", "the engine was ended"));
        });
      });
      queue = answer.then(
        () => undefined,
        () => undefined,
      );
      return Promise.race([answer, ended]);
    },
  } satisfies Pick<Engine, "alive" | "run"> as unknown as Engine;
  const ready = (): Promise<Engine> => {
    if (!alive) {
      die = new AbortController();
      queue = Promise.resolve();
      alive = true;
      restarts += 1;
    }
    return Promise.resolve(engine);
  };
  const keeper: EngineKeeper = {
    engine: ready,
    withSegments: ready,
    open: () => (alive ? engine : null),
    unusable: () => null,
    discard: () => {
      alive = false;
      die.abort();
      return Promise.resolve();
    },
    end: () => Promise.resolve(),
    info: () => null,
    restarts: () => Math.max(0, restarts),
  };
  return { keeper, events };
}

async function executed(
  context: TestContext,
  script: Script,
): Promise<{ readonly summary: ExecutionSummary; readonly events: readonly string[] }> {
  const { keeper, events } = scripted(script);
  const summary = await executePlan({
    plan: tinyPlan([
      tinyEvaluation(
        "only",
        [0, 1, 2].map((number) => tinyUnit(number)),
      ),
    ]),
    engine: engineOptions,
    keeper,
    store: openUnitStore(temporaryFolder(context)),
    prepare: tinyPreparation(1, { feedsOf: (_evaluation, unit) => rotationFeeds([unit.rows[0]?.prompt ?? 0], 1) }),
  });
  return { summary, events };
}

test("a unit is asked for while the one before it runs", async (context) => {
  const { summary, events } = await executed(context, {});
  assert.equal(summary.units.computed, 3);
  assert.deepEqual(events, ["asked 0", "asked 1", "answered 0", "asked 2", "answered 1", "answered 2"]);
});

test("a unit that was begun early is begun again when the one before it ends the engine", async (context) => {
  const { summary, events } = await executed(context, { 0: ["end"] });
  assert.deepEqual([summary.units.computed, summary.faults.length, summary.restarts], [3, 0, 1]);
  assert.deepEqual(events.slice(0, 5), ["asked 0", "asked 1", "ended at 0", "asked 0", "asked 1"]);
});

test("what a unit does when it runs early counts as its own first trial", async (context) => {
  const { summary } = await executed(context, { 1: ["end", "end"] });
  assert.deepEqual(
    summary.faults.map(({ unit, message }) => [unit, message]),
    [[tinyUnit(1).id, "the engine was ended"]],
  );
  assert.deepEqual([summary.units.computed, summary.restarts], [2, 2]);
});

test("a unit that fails twice takes no other with it", async (context) => {
  const { summary } = await executed(context, { 0: ["fail", "fail"] });
  assert.deepEqual(
    summary.faults.map(({ unit, message }) => [unit, message]),
    [[tinyUnit(0).id, "it does not fit"]],
  );
  assert.equal(summary.units.computed, 2);
});
