import assert from "node:assert/strict";
import { readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { EngineInfo } from "../../src/runtime/engine/messages.js";
import { executePlan } from "../../src/runtime/execute.js";
import type { ExecutePlanOptions, ExecutionProgress } from "../../src/runtime/execution.js";
import { processRuns } from "../../src/runtime/store/lock.js";
import { openUnitStore, type UnitDamage, type UnitStore } from "../../src/runtime/store/units.js";
import { processOf, startProgram, temporaryFolder, until } from "./processes.js";
import {
  chainFeeds,
  chainPlan,
  chainPreparation,
  engineOptions,
  positionsOfOne,
  rotationFeeds,
  tinyEvaluation,
  tinyPlan,
  tinyPreparation,
  tinyUnit,
} from "./tiny-graphs.js";

const long = 10_000_000;

function fourUnits(store: UnitStore, steps = 1): ExecutePlanOptions {
  const plan = tinyPlan([
    tinyEvaluation(
      "first",
      [0, 1, 2, 3].map((number) => tinyUnit(number)),
    ),
  ]);
  return { plan, prepare: tinyPreparation(steps), engine: engineOptions, store };
}

async function rotated(store: UnitStore, number: number): Promise<number[]> {
  const unit = await store.read(tinyUnit(number).id);
  assert.ok(unit !== null, `unit ${number} is stored`);
  return positionsOfOne(unit.tensors);
}

test("units are run, stored and reused; a damaged one is computed again", async (context) => {
  const folder = temporaryFolder(context);
  const damages: UnitDamage[] = [];
  const store = openUnitStore(folder, (damage) => damages.push(damage));
  const progress: ExecutionProgress[] = [];
  const first = await executePlan({ ...fourUnits(store), onProgress: (p) => progress.push(p) });
  assert.equal(first.status, "finished");
  assert.deepEqual(first.units, { total: 4, computed: 4, reused: 0, failed: 0, skipped: 0, left: 0 });
  assert.equal(first.rowsComputed, 8);
  assert.match(first.engine?.onnxruntimeVersion ?? "", /^\d/);
  assert.deepEqual(
    progress.map((p) => [p.done, p.total, p.rows, p.secondsLeft === null]),
    [
      [0, 4, 0, true],
      [1, 4, 2, false],
      [2, 4, 4, false],
      [3, 4, 6, false],
      [4, 4, 8, false],
    ],
  );
  assert.equal(progress.at(-1)?.secondsLeft, 0);
  assert.deepEqual(await rotated(store, 2), [3, 4]);
  const unit = await store.read(tinyUnit(2).id);
  assert.equal(unit?.about["graph"], "rotation");

  const second = await executePlan(fourUnits(store));
  assert.deepEqual(second.units, { total: 4, computed: 0, reused: 4, failed: 0, skipped: 0, left: 0 });
  assert.equal(second.engine, null, "nothing to do starts no engine");

  const truncated = store.pathOf(tinyUnit(1).id);
  truncateSync(truncated, statSync(truncated).size - 5);
  const flipped = store.pathOf(tinyUnit(3).id);
  const bytes = readFileSync(flipped);
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  writeFileSync(flipped, bytes);
  const third = await executePlan(fourUnits(store));
  assert.deepEqual(third.units, { total: 4, computed: 2, reused: 2, failed: 0, skipped: 0, left: 0 });
  assert.deepEqual(
    damages.map((damage) => damage.unit),
    [tinyUnit(1).id, tinyUnit(3).id],
  );
  assert.deepEqual(await rotated(store, 3), [4, 5]);
});

test("an engine that is killed during a run is replaced, and the unit is run again", async (context) => {
  const store = openUnitStore(temporaryFolder(context));
  const engines: EngineInfo[] = [];
  let asked = 0;
  const options = fourUnits(store);
  const summary = await executePlan({
    ...options,
    onEngineStart: (info) => engines.push(info),
    prepare: tinyPreparation(1, {
      feedsOf: (_evaluation, unit) => {
        asked += 1;
        // The third unit's first run would take minutes, and its engine is killed in the middle of it.
        if (asked !== 3) return rotationFeeds([unit.rows[0]?.prompt ?? 0], 1);
        setTimeout(() => process.kill(engines[0]?.processId ?? 0, "SIGKILL"), 150);
        return rotationFeeds([0], long);
      },
    }),
  });
  assert.equal(summary.status, "finished");
  assert.deepEqual(summary.units, { total: 4, computed: 4, reused: 0, failed: 0, skipped: 0, left: 0 });
  assert.equal(summary.restarts, 1);
  assert.equal(engines.length, 2);
  for (const number of [0, 1, 2, 3]) assert.deepEqual(await rotated(store, number), [number + 1]);
});

test("a unit that ends every engine becomes a fault, and what needs its averages is skipped", async (context) => {
  const store = openUnitStore(temporaryFolder(context));
  const engines: EngineInfo[] = [];
  const plan = tinyPlan([
    tinyEvaluation("averages", [tinyUnit(0), tinyUnit(1)], { purpose: "capture", study: null }),
    tinyEvaluation("dependent", [tinyUnit(2)], { needs: ["averages"] }),
    tinyEvaluation("chained", [tinyUnit(3)], { needs: ["dependent"] }),
    tinyEvaluation("other", [tinyUnit(4)]),
  ]);
  const prepare = tinyPreparation(1, {
    feedsOf: (_evaluation, unit) => {
      if (unit.id !== tinyUnit(1).id) return rotationFeeds([unit.rows[0]?.prompt ?? 0], 1);
      killNext();
      return rotationFeeds([0], long);
    },
  });
  const killed = new Set<number>();
  /** Kills the engine that runs now or, after a restart, the one that is about to: on a busy machine that takes a while. */
  function killNext(): void {
    const timer = setInterval(() => {
      const id = engines.at(-1)?.processId ?? undefined;
      if (id === undefined || killed.has(id)) return;
      clearInterval(timer);
      killed.add(id);
      setTimeout(() => process.kill(id, "SIGKILL"), 400);
    }, 20);
  }
  const summary = await executePlan({
    plan,
    prepare,
    engine: engineOptions,
    store,
    onEngineStart: (i) => engines.push(i),
  });
  assert.equal(summary.status, "failed");
  assert.deepEqual(summary.units, { total: 5, computed: 2, reused: 0, failed: 1, skipped: 2, left: 0 });
  assert.deepEqual(
    summary.faults.map((fault) => [fault.kind, fault.evaluation, fault.unit]),
    [
      ["failed", "averages", tinyUnit(1).id],
      ["skipped", "dependent", tinyUnit(2).id],
      ["skipped", "chained", tinyUnit(3).id],
    ],
  );
  assert.match(summary.faults[0]?.message ?? "", /was ended by SIGKILL/);
  assert.match(summary.faults[1]?.message ?? "", /needs the values of averages, which failed: the engine was ended/);
  assert.deepEqual(await rotated(store, 4), [5]);
});

test("finished averages are read by what needs them", async (context) => {
  const store = openUnitStore(temporaryFolder(context));
  const plan = tinyPlan([
    tinyEvaluation("averages", [tinyUnit(0)], { purpose: "capture", study: null }),
    tinyEvaluation("dependent", [tinyUnit(1)], { needs: ["averages"] }),
  ]);
  const prepare = tinyPreparation(1, {
    feedsOf: async (evaluation, _unit, readUnit) => {
      if (evaluation.id === "averages") return rotationFeeds([10], 1);
      return rotationFeeds(positionsOfOne(await readUnit(tinyUnit(0).id)), 1);
    },
  });
  const summary = await executePlan({ plan, prepare, engine: engineOptions, store });
  assert.equal(summary.status, "finished");
  assert.deepEqual(await rotated(store, 1), [12]);
});

test("wrong feeds, failing hosts and broken graphs are faults of their units only", async (context) => {
  const store = openUnitStore(temporaryFolder(context));
  let opened = 0;
  const base = tinyPreparation(1);
  const plan = tinyPlan([
    tinyEvaluation("feeds", [tinyUnit(0), tinyUnit(1), tinyUnit(2)]),
    tinyEvaluation("broken", [tinyUnit(3, "broken"), tinyUnit(4, "broken"), tinyUnit(5, "broken")]),
    tinyEvaluation("good", [tinyUnit(6)]),
  ]);
  const summary = await executePlan({
    plan,
    engine: engineOptions,
    store,
    openWeightBytes: 0,
    prepare: {
      segments: (unit) => {
        if (unit.graph !== "broken") return base.segments(unit);
        const bytes = (): Uint8Array => {
          opened += 1;
          return new Uint8Array([9, 9, 9]);
        };
        return [{ id: unit.graph, weights: [], prepacked: true, weightBytes: 0, bytes }];
      },
      feedsOf: (evaluation, unit, readUnit) => {
        if (unit.id === tinyUnit(0).id) return { mask: rotationFeeds([0], 1)["x"] ?? assert.fail() };
        if (unit.id === tinyUnit(1).id) throw new Error("the prompt file has gone");
        return base.feedsOf(evaluation, unit, readUnit);
      },
    },
  });
  assert.deepEqual(summary.units, { total: 7, computed: 2, reused: 0, failed: 5, skipped: 0, left: 0 });
  const messages = summary.faults.map((fault) => fault.message);
  assert.match(messages[0] ?? "", /no input mask/);
  assert.equal(messages[1], "the prompt file has gone");
  for (const message of messages.slice(2)) assert.match(message, /^its graph cannot be opened: /);
  assert.equal(opened, 2, "a graph is tried in two engines, not for each unit");
});

test("an abort ends the engine at once and keeps what is finished", async (context) => {
  const store = openUnitStore(temporaryFolder(context));
  const controller = new AbortController();
  let engine = 0;
  let asked = 0;
  const begun = performance.now();
  const summary = await executePlan({
    ...fourUnits(store),
    signal: controller.signal,
    onEngineStart: (info) => (engine = processOf(info)),
    prepare: tinyPreparation(1, {
      feedsOf: (_evaluation, unit) => {
        asked += 1;
        const abort = controller.abort.bind(controller);
        if (asked < 3) return rotationFeeds([unit.rows[0]?.prompt ?? 0], 1);
        setTimeout(abort, 100);
        setTimeout(abort, 120);
        return rotationFeeds([0], long);
      },
    }),
  });
  assert.ok(performance.now() - begun < 5000);
  assert.equal(summary.status, "interrupted");
  assert.deepEqual(summary.units, { total: 4, computed: 2, reused: 0, failed: 0, skipped: 0, left: 2 });
  assert.deepEqual(summary.faults, []);
  assert.ok(!processRuns(engine, null));
  const rest = await executePlan(fourUnits(store));
  assert.deepEqual(rest.units, { total: 4, computed: 2, reused: 2, failed: 0, skipped: 0, left: 0 });

  const aborted = await executePlan({ ...fourUnits(store), signal: AbortSignal.abort() });
  assert.deepEqual([aborted.status, aborted.units.left, aborted.engine], ["interrupted", 4, null]);
});

test("a unit goes through a chain of segments; an engine killed within it is replaced", async (context) => {
  const store = openUnitStore(temporaryFolder(context));
  const engines: EngineInfo[] = [];
  let asked = 0;
  const summary = await executePlan({
    plan: chainPlan([tinyEvaluation("first", [tinyUnit(0), tinyUnit(1), tinyUnit(2)])]),
    engine: engineOptions,
    store,
    onEngineStart: (info) => engines.push(info),
    prepare: chainPreparation({
      feedsOf: (_evaluation, unit) => {
        asked += 1;
        // The second unit's first run would stay in the middle segment for minutes.
        if (asked !== 2) return chainFeeds(unit.rows[0]?.prompt ?? 0, 5);
        setTimeout(() => process.kill(engines[0]?.processId ?? 0, "SIGKILL"), 150);
        return chainFeeds(0, long);
      },
    }),
  });
  assert.equal(summary.status, "finished");
  assert.deepEqual([summary.units.computed, summary.restarts, engines.length], [3, 1, 2]);
  for (const number of [0, 1, 2]) {
    assert.deepEqual(await rotated(store, number), [number + 5]);
    const tensors = (await store.read(tinyUnit(number).id))?.tensors;
    assert.deepEqual(Object.keys(tensors ?? {}).sort(), ["positive", "y", "z"]);
    assert.deepEqual(tensors?.["z"], tensors?.["y"], "the last segment passes on what the middle one yields");
  }
});

test("an abort within a chain ends the engine; a segment that cannot be opened is a fault", async (context) => {
  const store = openUnitStore(temporaryFolder(context));
  const controller = new AbortController();
  const plan = chainPlan([tinyEvaluation("first", [tinyUnit(0), tinyUnit(1)])]);
  let engine = 0;
  const prepare = chainPreparation({
    feedsOf: (_evaluation, unit) => {
      if (unit.id === tinyUnit(0).id) return chainFeeds(0, 1);
      setTimeout(controller.abort.bind(controller), 150);
      return chainFeeds(0, long);
    },
  });
  const { signal } = controller;
  const onEngineStart = (info: EngineInfo): void => void (engine = processOf(info));
  const summary = await executePlan({ plan, prepare, engine: engineOptions, store, signal, onEngineStart });
  assert.equal(summary.status, "interrupted");
  assert.deepEqual([summary.units.computed, summary.units.left, summary.faults.length], [1, 1, 0]);
  assert.ok(!processRuns(engine, null));

  const opened: string[] = [];
  const [before, middle, after] = chainPreparation().segments(tinyUnit(0));
  assert.ok(before !== undefined && middle !== undefined && after !== undefined);
  const bytes = (): Uint8Array => {
    opened.push("broken");
    return Uint8Array.of(9, 9, 9);
  };
  const broken = chainPreparation({ segments: () => [before, { ...middle, id: "broken", bytes }, after] });
  const rest = await executePlan({ plan, prepare: broken, engine: engineOptions, store });
  assert.deepEqual([rest.units.reused, rest.units.failed], [1, 1]);
  assert.match(rest.faults[0]?.message ?? "", /^its graph cannot be opened: /);
  assert.equal(opened.length, 2);
});

test("an abort while the engine starts leaves no child", async (context) => {
  const store = openUnitStore(temporaryFolder(context));
  const controller = new AbortController();
  const prepare = tinyPreparation(1, {
    feedsOf: () => {
      setTimeout(controller.abort.bind(controller), 30);
      return rotationFeeds([0], 1);
    },
  });
  const summary = await executePlan({ ...fourUnits(store), prepare, signal: controller.signal });
  assert.equal(summary.status, "interrupted");
  assert.equal(summary.units.left, 4);
});

test("a store that cannot be written stops the run and names unit and path", async (context) => {
  const folder = temporaryFolder(context);
  const file = join(folder, "file");
  writeFileSync(file, "");
  const store = openUnitStore(join(file, "units"));
  const summary = await executePlan(fourUnits(store));
  assert.equal(summary.status, "failed");
  assert.match(summary.stopped ?? "", /unit a0a0.* a part of the path is a file/);
});

test("a coordinator killed in the middle leaves no orphan, and the next run reuses what is stored", async (context) => {
  const folder = temporaryFolder(context);
  const steps = 20_000;
  const program = startProgram("coordinator", [folder, "6", String(steps)]);
  const line = await program.line((text) => text.includes('"engine"'));
  const { engine } = JSON.parse(line) as { engine: number };
  await program.line((text) => text.startsWith('{"done":2'));
  // The third unit is being run now.
  program.process.kill("SIGKILL");
  assert.equal((await program.ended).signal, "SIGKILL");
  await until("the engine ends when its run does", () => !processRuns(engine, null));

  const again = startProgram("coordinator", [folder, "6", String(steps)]);
  const end = JSON.parse(await again.line((text) => text.includes('"summary"'))) as {
    summary: { status: string; units: { computed: number; reused: number } };
  };
  assert.equal(end.summary.status, "finished");
  assert.ok(end.summary.units.reused >= 2, JSON.stringify(end.summary.units));
  assert.equal(end.summary.units.computed + end.summary.units.reused, 6);
  assert.equal((await again.ended).code, 0);
  const store = openUnitStore(folder);
  assert.deepEqual(await rotated(store, 5), [(5 + steps) % 256, (6 + steps) % 256]);
});

test("Ctrl-C in a terminal ends coordinator and engine in order", async (context) => {
  const program = startProgram("coordinator", [temporaryFolder(context), "2", String(long)]);
  const line = await program.line((text) => text.includes('"engine"'));
  const { engine } = JSON.parse(line) as { engine: number };
  // A terminal sends the signal to both.
  process.kill(engine, "SIGINT");
  program.process.kill("SIGINT");
  program.process.kill("SIGINT");
  const summary = await program.line((text) => text.includes('"summary"'));
  assert.match(summary, /"status":"interrupted"/);
  assert.equal((await program.ended).code, 0);
  assert.ok(!processRuns(engine, null));
});
