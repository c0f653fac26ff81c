/** Crashes, Ctrl-C and faults in the middle of a sweep, and what running again then does. */
import assert from "node:assert/strict";
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { processRuns } from "../../src/runtime/store/lock.js";
import { readRecord } from "../../src/runtime/store/record.js";
import { readResults } from "../../src/runtime/store/results.js";
import {
  command,
  leastMemory,
  planOf,
  protocolIn,
  randomModel,
  runFile,
  spelledModel,
  startCommand,
  temporaryFolder,
  type CommandEnd,
  type RunningCommand,
} from "./support.js";

/** One unit for each row of this sweep: 10 prompts × (12 heads + the unmodified model). */
const sweep = `model m from "./model"
prompts p random tokens 12 count 10 seed 3
experiment sweep on m with p ablate heads L* measure loss, entropy, PR(v[L-1]) as spread
table sweep top 3 by abs(loss.impact)
`;
const units = 10 * 13;

interface Sweep {
  readonly folder: string;
  readonly path: string;
  readonly memory: number;
  readonly args: readonly string[];
  /** Bytes of results.parquet of a run that nothing disturbed. */
  readonly undisturbed: Buffer;
}

async function prepared(context: TestContext): Promise<Sweep> {
  const folder = temporaryFolder(context);
  spelledModel(join(folder, "model"), randomModel);
  const path = protocolIn(folder, sweep);
  const memory = leastMemory(await planOf(path));
  const ran = await runFile(path, { runs: join(folder, "undisturbed"), memoryBudget: memory });
  assert.deepEqual([ran.summary.status, ran.summary.units.computed], ["finished", units]);
  const args = ["run", path, "--runs", join(folder, "runs"), "--memory", String(memory), "--threads", "1"];
  return { folder, path, memory, args, undisturbed: readFileSync(ran.folder.results) };
}

/** Finished units of a folder of runs, with the time at which each was stored. */
function stored(folder: string): ReadonlyMap<string, number> {
  const store = join(folder, "runs", ".units");
  if (!existsSync(store)) return new Map();
  const names = readdirSync(store, { recursive: true }).map(String);
  const files = names.filter((name) => name.endsWith(".safetensors"));
  return new Map(files.map((name) => [name, statSync(join(store, name)).mtimeMs]));
}

async function untilStored(folder: string, count: number, running: RunningCommand): Promise<void> {
  let over = null as CommandEnd | null;
  void running.ended.then((end) => (over = end));
  while (stored(folder).size < count) {
    if (over !== null) throw new Error(`the run ended early: ${JSON.stringify(over)}`);
    await sleep(10);
  }
}

/** The folder of the only run. */
function runFolder(folder: string): string {
  const [digest, ...others] = readdirSync(join(folder, "runs", "protocol")).filter((name) => name !== "latest");
  assert.ok(digest !== undefined && others.length === 0);
  return join(folder, "runs", "protocol", digest);
}

/** The engine that a command has started, from the system's process table; null where there is no such table. */
function engineOf(coordinator: number): number | null {
  const table = `/proc/${coordinator}/task/${coordinator}/children`;
  if (!existsSync(table)) return null;
  const children = readFileSync(table, "utf8").trim().split(" ").map(Number);
  return children.find((id) => /child\.[jt]s/.test(readFileSync(`/proc/${id}/cmdline`, "utf8"))) ?? null;
}

interface JsonOutcome {
  readonly status: string;
  readonly results: string;
  readonly units: Readonly<Record<"total" | "computed" | "reused" | "failed" | "skipped" | "left", number>>;
}

/** Runs again to the end and checks that only what was missing is computed and that no bit differs. */
async function finish({ folder, args, undisturbed }: Sweep): Promise<void> {
  const before = stored(folder);
  const end = await command([...args, "--json"]);
  assert.equal(end.code, 0, end.stderr);
  const outcome = JSON.parse(end.stdout) as JsonOutcome;
  assert.deepEqual(outcome.units, {
    total: units,
    computed: units - before.size,
    reused: before.size,
    failed: 0,
    skipped: 0,
    left: 0,
  });
  const after = stored(folder);
  assert.equal(after.size, units);
  for (const [name, time] of before) assert.equal(after.get(name), time, `${name} was written again`);
  assert.ok(readFileSync(outcome.results).equals(undisturbed), "the results are those of an undisturbed run");
}

test("a coordinator killed in the middle: the next run computes only the rest", async (context) => {
  const prepare = await prepared(context);
  const { folder, args } = prepare;
  const first = startCommand(args);
  await untilStored(folder, 20, first);
  const engine = engineOf(first.process.pid ?? 0);

  // A process that waits still has the folder.
  first.process.kill("SIGSTOP");
  const second = await command(args);
  assert.equal(second.code, 2);
  assert.match(second.stderr, new RegExp(`^atlasc: .* is in use by process ${first.process.pid ?? 0}, since .*\n$`));
  assert.equal(second.stdout, "");

  first.process.kill("SIGKILL");
  first.process.kill("SIGCONT");
  assert.equal((await first.ended).signal, "SIGKILL");
  for (let i = 0; engine !== null && processRuns(engine, null); i++) {
    assert.ok(i < 500, "the engine ends with its coordinator");
    await sleep(20);
  }
  const kept = stored(folder).size;
  assert.ok(kept >= 20 && kept < units);
  assert.equal((await readRecord(join(runFolder(folder), "record.json")))?.status, "running");
  await finish(prepare);

  const last = await command(args);
  assert.equal(last.code, 0);
  assert.match(last.stdout, new RegExp(`\nNothing to compute: all ${units} units were finished before\\.\n$`));
  assert.equal(last.stderr, "");
});

const noTable = existsSync("/proc/self/task") ? false : "this system has no process table to find the engine in";

test("an engine killed in the middle: the same run goes on", { skip: noTable }, async (context) => {
  const prepare = await prepared(context);
  const { folder, args, undisturbed } = prepare;
  const running = startCommand([...args, "--json"]);
  await untilStored(folder, 20, running);
  const engine = engineOf(running.process.pid ?? 0);
  assert.ok(engine !== null);
  process.kill(engine, "SIGKILL");
  const end = await running.ended;
  assert.equal(end.code, 0, end.stderr);
  const outcome = JSON.parse(end.stdout) as JsonOutcome;
  assert.deepEqual([outcome.status, outcome.units.computed], ["finished", units]);
  assert.ok(readFileSync(outcome.results).equals(undisturbed));
});

test("Ctrl-C keeps what is finished and says so; the next run completes", async (context) => {
  const prepare = await prepared(context);
  const { folder, args, undisturbed } = prepare;
  const running = startCommand(args, { detached: true });
  await untilStored(folder, 30, running);
  // A terminal sends the signal to every process of the group.
  process.kill(-(running.process.pid ?? 0), "SIGINT");
  const end = await running.ended;
  assert.equal(end.code, 130, end.stderr);
  assert.match(end.stderr, /^Interrupted with \d+ units left\. What is finished is kept: run it again to go on\.\n$/);
  assert.match(end.stdout, /interrupted\n/);
  assert.match(end.stdout, /warning: these results are incomplete: \d+ of 130 units have no result yet/);
  const record = await readRecord(join(runFolder(folder), "record.json"));
  assert.equal(record?.status, "interrupted");
  assert.ok(record.times.ended !== null && record.counts.computed >= 30);

  const partial = await readResults(join(runFolder(folder), "results.parquet"));
  const whole = await readResults(
    join(
      folder,
      "undisturbed",
      "protocol",
      readdirSync(join(folder, "undisturbed", "protocol"))[0] ?? "",
      "results.parquet",
    ),
  );
  assert.ok(undisturbed.length > 0 && partial.length > 0 && partial.length < whole.length);
  const wholeRows = new Set(whole.map((row) => JSON.stringify(row)));
  for (const row of partial) assert.ok(wholeRows.has(JSON.stringify(row)));
  assert.ok(existsSync(join(runFolder(folder), "report.html")));
  await finish(prepare);
  assert.equal((await readRecord(join(runFolder(folder), "record.json")))?.status, "finished");
});

test("a unit without a result: exit 2, named, NaN with the reason, and computed by the next run", async (context) => {
  const folder = temporaryFolder(context);
  spelledModel(join(folder, "model"), randomModel, true);
  const path = protocolIn(
    folder,
    `${sweep}experiment later on m with p ablate mlp L1 measure loss, entropy
table later
`,
  );
  const memory = leastMemory(await planOf(path));
  const args = ["run", path, "--runs", join(folder, "runs"), "--memory", String(memory), "--threads", "1"];
  const running = startCommand(args);
  await untilStored(folder, 5, running);
  // The disk with the weights goes away.
  rmSync(join(folder, "model", "model.safetensors"));
  const end = await running.ended;
  assert.equal(end.code, 2, end.stdout + end.stderr);
  assert.match(
    end.stderr,
    /^error: units ([0-9a-f]{12}, ){2}[0-9a-f]{12} and \d+ more without a result: the weights of m changed during the run: .*model\.safetensors is gone\n/,
  );
  assert.match(end.stderr, /\nWhat is finished is kept: run it again to compute only what is missing\.\n$/);
  assert.doesNotMatch(end.stderr, /^ +at /m);
  assert.match(end.stdout, /\d+ units computed \(\d+ rows\), 0 reused, \d+ failed in /);
  const record = await readRecord(join(runFolder(folder), "record.json"));
  assert.equal(record?.status, "failed");
  assert.ok(record.faults.length > 0 && record.faults.every((fault) => /^[0-9a-f]{64}$/.test(fault.unit ?? "")));
  const rows = await readResults(join(runFolder(folder), "results.parquet"));
  const later = rows.filter((row) => row.experiment === "later");
  assert.equal(later.length, 10 * 2 * 2, "rows of failed units are kept");
  assert.equal(rows.length, 10 * 2 * 2 + units * 3);
  const lost = rows.filter((row) => Number.isNaN(row.value));
  assert.ok(lost.length > later.length && lost.length < rows.length && later.every((row) => lost.includes(row)));
  for (const row of lost) assert.match(row.reason ?? "", /^not computed: the weights of m changed during the run: /);

  cpSync(join(randomModel, "model.safetensors"), join(folder, "model", "model.safetensors"));
  const again = await command([...args, "--json"]);
  assert.equal(again.code, 0, again.stderr);
  const outcome = JSON.parse(again.stdout) as JsonOutcome;
  assert.equal(outcome.units.reused, record.counts.computed);
  assert.equal(outcome.units.computed, record.counts.failed);
  assert.ok((await readResults(outcome.results)).every((row) => Number.isFinite(row.value)));
});
