/** Units that vanish from the store while a plan is executed, and weights that change. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import type { Evaluation, Unit } from "../../src/compiler/ir/plan.js";
import type { EngineTensors } from "../../src/runtime/engine/messages.js";
import { executePlan } from "../../src/runtime/execute.js";
import type { Preparation, ReadUnit } from "../../src/runtime/execution.js";
import { openUnitStore, type UnitStore } from "../../src/runtime/store/units.js";
import { processOf, temporaryFolder } from "./processes.js";
import {
  engineOptions,
  positionsOfOne,
  rotationFeeds,
  tinyEvaluation,
  tinyPlan,
  tinyPreparation,
  tinyUnit,
  unitId,
} from "./tiny-graphs.js";

/** Three units that each rotate by one more place what the capture before them yields. */
const plan = tinyPlan([
  tinyEvaluation("capture", [tinyUnit(0)], { purpose: "capture", study: null }),
  tinyEvaluation("dependent", [tinyUnit(1), tinyUnit(2), tinyUnit(3)], { needs: ["capture"] }),
  tinyEvaluation("other", [tinyUnit(4)]),
]);

type Feeds = (evaluation: Evaluation, unit: Unit, readUnit: ReadUnit) => Promise<EngineTensors> | EngineTensors;

const feedsOf: Feeds = async ({ id }, _unit, readUnit) =>
  id === "dependent" ? rotationFeeds(positionsOfOne(await readUnit(unitId(0))), 1) : rotationFeeds([10], 1);

async function rotated(store: UnitStore, number: number): Promise<number[] | null> {
  const unit = await store.read(unitId(number));
  return unit === null ? null : positionsOfOne(unit.tensors);
}

const damages: Readonly<Record<string, (path: string) => void>> = {
  deleted: (path) => {
    rmSync(path);
  },
  "cut off": (path) => {
    truncateSync(path, 40);
  },
  flipped: (path) => {
    const bytes = readFileSync(path);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    writeFileSync(path, bytes);
  },
};

for (const [what, damage] of Object.entries(damages)) {
  test(`a capture whose file is ${what} before it is read is computed again`, async (context) => {
    const store = openUnitStore(temporaryFolder(context));
    let damaged = false;
    const disturbed = tinyPreparation(1, {
      feedsOf: (evaluation, unit, readUnit) => {
        // Feeds are asked for again, in the unit's turn, when they could not be made before it.
        if (unit.id === unitId(2) && !damaged) {
          damage(store.pathOf(unitId(0)));
          damaged = true;
        }
        return feedsOf(evaluation, unit, readUnit);
      },
    });
    const options = { plan, engine: engineOptions, store };
    const summary = await executePlan({ ...options, prepare: disturbed });
    assert.equal(summary.status, "finished", JSON.stringify(summary.faults));
    assert.deepEqual(summary.units, { total: 5, computed: 5, reused: 0, failed: 0, skipped: 0, left: 0 });
    assert.deepEqual([...summary.recovered], [unitId(0)]);
    assert.deepEqual(await Promise.all([0, 1, 2, 3, 4].map((number) => rotated(store, number))), [
      [11],
      [12],
      [12],
      [12],
      [11],
    ]);

    // In the next run it is one that was reused at first, and then computed after all.
    rmSync(store.pathOf(unitId(2)));
    damaged = false;
    const again = await executePlan({ ...options, prepare: disturbed });
    assert.deepEqual(again.units, { total: 5, computed: 2, reused: 3, failed: 0, skipped: 0, left: 0 });
    assert.deepEqual(await rotated(store, 2), [12]);
  });
}

test("a capture that is lost again and again is a fault, and what needs it is skipped", async (context) => {
  const kept = openUnitStore(temporaryFolder(context));
  let writes = 0;
  /** A disk that forgets one unit as soon as it is written. */
  const store: UnitStore = {
    ...kept,
    write: async (unit) => {
      await kept.write(unit);
      if (unit.id !== unitId(0)) return;
      writes += 1;
      rmSync(kept.pathOf(unit.id));
    },
  };
  const summary = await executePlan({ plan, engine: engineOptions, store, prepare: tinyPreparation(1, { feedsOf }) });
  assert.equal(summary.status, "failed");
  assert.equal(writes, 3);
  // The first dependent finds it out; the others are not tried.
  assert.deepEqual(
    summary.faults.map(({ kind, unit }) => [kind, unit]),
    [
      ["failed", unitId(0)],
      ["failed", unitId(1)],
      ["skipped", unitId(2)],
      ["skipped", unitId(3)],
    ],
  );
  assert.equal(
    summary.faults[0]?.message,
    `it was computed, and its file is lost or damaged each time: ${kept.pathOf(unitId(0))}`,
  );
  assert.deepEqual(summary.units, { total: 5, computed: 1, reused: 0, failed: 2, skipped: 2, left: 0 });
});

test("only what is asked for is executed, and what it needs if that is lost", async (context) => {
  const store = openUnitStore(temporaryFolder(context));
  const options = { plan, engine: engineOptions, store, prepare: tinyPreparation(1, { feedsOf }) };
  await executePlan(options);
  for (const number of [0, 2, 4]) rmSync(store.pathOf(unitId(number)));
  const summary = await executePlan({ ...options, only: new Set([unitId(2)]) });
  assert.deepEqual(summary.units, { total: 1, computed: 1, reused: 0, failed: 0, skipped: 0, left: 0 });
  assert.deepEqual(
    [...summary.outcomes],
    [
      [unitId(0), "computed"],
      [unitId(2), "computed"],
    ],
  );
  assert.deepEqual(await rotated(store, 2), [12]);
  assert.ok(!existsSync(store.pathOf(unitId(4))));
});

/** Where in a unit's way the weights change: each is found out before anything is stored. */
const moments = ["before its graph is opened", "while its graph is opened", "while it runs"] as const;

for (const moment of moments) {
  test(`weights that change ${moment}: the unit is a fault, and so is all that comes after`, async (context) => {
    const store = openUnitStore(temporaryFolder(context));
    let changed = false;
    const base = tinyPreparation(1);
    const prepare: Preparation = {
      problemOf: (model) => (changed ? `the weights of ${model} changed` : null),
      feedsOf: (evaluation, unit, readUnit) => {
        if (unit.id === unitId(2) && moment === "before its graph is opened") changed = true;
        if (unit.id === unitId(2) && moment === "while it runs") setTimeout(() => (changed = true), 20);
        const long = unit.id === unitId(2) && moment === "while it runs";
        return long ? rotationFeeds([0], 20_000) : base.feedsOf(evaluation, unit, readUnit);
      },
      segments: (unit) =>
        base.segments(unit).map((segment) => ({
          ...segment,
          id: unit.id === unitId(2) ? "another" : segment.id,
          bytes: () => {
            if (unit.id === unitId(2) && moment === "while its graph is opened") changed = true;
            return segment.bytes();
          },
        })),
    };
    const summary = await executePlan({
      plan: tinyPlan([
        tinyEvaluation(
          "only",
          [0, 1, 2, 3].map((number) => tinyUnit(number)),
        ),
      ]),
      engine: engineOptions,
      store,
      prepare,
    });
    assert.equal(summary.status, "failed");
    // The third unit's feeds are made while the second runs, which therefore has weights that changed, too.
    const first = moment === "before its graph is opened" ? 1 : 2;
    const failed = [1, 2, 3].filter((number) => number >= first);
    assert.deepEqual(
      summary.faults.map(({ unit, message }) => [unit, message]),
      failed.map((number) => [unitId(number), "the weights of model changed"]),
    );
    const counts = { computed: first, failed: failed.length };
    assert.deepEqual(summary.units, { total: 4, reused: 0, skipped: 0, left: 0, ...counts });
    assert.deepEqual(
      await Promise.all([1, 2, 3].map((number) => store.has(unitId(number)))),
      [1, 2, 3].map((number) => number < first),
    );
  });
}

test("weights that are cut off take the engine down: the fault is theirs, and nothing is tried again", async (context) => {
  const store = openUnitStore(temporaryFolder(context));
  let problem: string | null = null;
  const summary = await executePlan({
    plan: tinyPlan([tinyEvaluation("only", [tinyUnit(0)])]),
    engine: engineOptions,
    store,
    onEngineStart: (info) => {
      setTimeout(() => {
        problem = "the weights are gone";
        process.kill(processOf(info), "SIGBUS");
      }, 150);
    },
    prepare: tinyPreparation(1, { problemOf: () => problem, feedsOf: () => rotationFeeds([0], 10_000_000) }),
  });
  assert.deepEqual(
    summary.faults.map(({ message }) => message),
    ["the weights are gone"],
  );
  assert.equal(summary.restarts, 0);
});
