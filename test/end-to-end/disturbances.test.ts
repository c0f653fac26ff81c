/**
 * Units torn, flipped and deleted, weights swapped and engines killed while a run goes on, at seeded moments: the results
 * are those of a run that nothing disturbed, bit for bit, or there is a fault that says what happened.
 */
import assert from "node:assert/strict";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { before, test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { readResults } from "../../src/runtime/store/results.js";
import type { ResultRow } from "../../src/compiler/ir/results.js";
import { seeded, type Random } from "../support/random.js";
import { root } from "../support/root.js";
import {
  leastMemory,
  planOf,
  protocolIn,
  runFile,
  startCommand,
  temporaryFolder,
  type CommandEnd,
  type Ran,
} from "./support.js";

/** Captures that others need, a sweep of a row a unit, and a second stage that the sweep's result decides. */
const protocol = `model m from "./model"
prompts p random tokens 10 count 2 seed 3
prompts q random tokens 8 count 3 seed 5
experiment sweep on m with p ablate heads L1..2 by mean of q measure loss, entropy
experiment strongest on m with p ablate top 2 heads of sweep by loss.impact by mean of q measure loss
table sweep top 3 by abs(loss.impact)
table strongest
`;

interface Project {
  readonly folder: string;
  readonly path: string;
  readonly runs: string;
  readonly weights: string;
}

/** What a run that nothing disturbed leaves, and how many units its first stage has. */
let undisturbed: { readonly results: Buffer; readonly rows: readonly ResultRow[]; readonly units: number };
let firstStage = 0;
let memory = 0;

function projectIn(context: TestContext): Project {
  const folder = temporaryFolder(context);
  mkdirSync(join(folder, "model"));
  const model = join(root, "stdlib", "models", "gpt2-tiny");
  for (const name of ["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"]) {
    cpSync(join(model, name), join(folder, "model", name));
  }
  const path = protocolIn(folder, protocol);
  const weights = join(folder, "model", "model.safetensors");
  // A time that can be set again to the last digit.
  utimesSync(weights, 1_700_000_000, 1_700_000_000);
  return { folder, path, runs: join(folder, "runs"), weights };
}

/** Runs in this process; `disturb` comes when so many units are done, counted over all the stages of the run. */
async function run({ path, runs }: Project, at = -1, disturb: () => void = () => undefined): Promise<Ran> {
  let finished = 0;
  let last = 0;
  return await runFile(
    path,
    { runs, memoryBudget: memory },
    {
      onProgress: ({ done }) => {
        finished += Math.max(0, done - last);
        last = done;
        if (finished !== at) return;
        // What is done when the moment has come is done once.
        finished += 0.5;
        disturb();
      },
    },
  );
}

before(async (context) => {
  const project = projectIn(context as TestContext);
  const planned = await planOf(project.path);
  memory = leastMemory(planned);
  const ran = await run(project);
  assert.equal(ran.summary.status, "finished");
  const results = readFileSync(ran.folder.results);
  undisturbed = { results, rows: await readResults(ran.folder.results), units: ran.summary.units.total };
  firstStage = (await planOf(project.path, memory)).plan.cost.units;
  assert.ok(firstStage >= 20 && undisturbed.units > firstStage, `${firstStage} of ${undisturbed.units}`);
});

function unitFiles({ runs }: Project): readonly string[] {
  const store = join(runs, ".units");
  if (!existsSync(store)) return [];
  const names = readdirSync(store, { recursive: true }).map(String).sort();
  return names.filter((name) => name.endsWith(".safetensors")).map((name) => join(store, name));
}

function some(random: Random, files: readonly string[], count: number): readonly string[] {
  return [...new Set(Array.from({ length: count }, () => random.pick(files)))];
}

function flipBit(random: Random, path: string): void {
  const bytes = readFileSync(path);
  const place = random.below(bytes.length);
  bytes[place] = (bytes[place] ?? 0) ^ (1 << random.below(8));
  writeFileSync(path, bytes);
}

type Harm = (random: Random, project: Project) => readonly string[];

/** Each gives the files that the run finds damaged, if it comes to read them again. */
const harms: Readonly<Record<string, Harm>> = {
  "bits flipped": (random, project) => {
    const files = some(random, unitFiles(project), 3);
    for (const file of files) flipBit(random, file);
    return files;
  },
  torn: (random, project) => {
    const files = some(random, unitFiles(project), 4);
    for (const file of files) truncateSync(file, random.below(statSync(file).size));
    return files;
  },
  deleted: (random, project) => {
    for (const file of some(random, unitFiles(project), 10)) rmSync(file);
    return [];
  },
  "deleted with their folder": (_random, { runs }) => {
    // Renamed first: files that are written at this moment would keep the folder from being empty.
    renameSync(join(runs, ".units"), join(runs, "gone"));
    rmSync(join(runs, "gone"), { recursive: true });
    return [];
  },
};

for (const [what, harm] of Object.entries(harms)) {
  test(`units ${what} during a run: every row is there, and right`, async (context) => {
    const random = seeded(what.length);
    // In the middle of the first stage, at its last unit, and at the last unit of all: before each reading of the rows.
    for (const at of [1 + random.below(firstStage - 1), firstStage, undisturbed.units]) {
      const project = projectIn(context);
      let harmed = null as readonly string[] | null;
      const { summary, record, folder } = await run(project, at, () => {
        harmed = harm(random, project);
      });
      const where = `${what} at ${at}`;
      assert.ok(harmed !== null, `${where}: nothing was harmed`);
      assert.equal(summary.status, "finished", where);
      assert.deepEqual(
        summary.units,
        { total: undisturbed.units, computed: undisturbed.units, reused: 0, failed: 0, skipped: 0, left: 0 },
        where,
      );
      assert.ok(readFileSync(folder.results).equals(undisturbed.results), where);
      assert.ok(summary.recovered.size > 0, where);
      for (const { path } of summary.damages) {
        assert.ok(harmed.includes(path), path);
        assert.ok(record.warnings.some((warning) => warning.includes(path)));
      }
      assert.match(record.warnings.join("\n"), /lost or damaged during the run and computed again/);
    }
  });
}

/** The weights of another model of the same kind, as large. */
function otherWeights(path: string): Buffer {
  const bytes = readFileSync(path);
  const start = 8 + Number(bytes.readBigUInt64LE());
  for (let place = start + 2; place < bytes.length; place += 4) bytes[place] = (bytes[place] ?? 0) ^ 0x10;
  return bytes;
}

const swaps: Readonly<Record<string, (path: string) => void>> = {
  "overwritten, with size and time as they were": (path) => {
    const { atime, mtime } = statSync(path);
    writeFileSync(path, otherWeights(path));
    utimesSync(path, atime, mtime);
  },
  "replaced by renaming, with size and time as they were": (path) => {
    const { atime, mtime } = statSync(path);
    writeFileSync(`${path}.new`, otherWeights(path));
    utimesSync(`${path}.new`, atime, mtime);
    renameSync(`${path}.new`, path);
  },
  "swapped and put back": (path) => {
    const bytes = readFileSync(path);
    writeFileSync(path, otherWeights(path));
    writeFileSync(path, bytes);
  },
  "cut off": (path) => {
    truncateSync(path, 3 * 4096);
  },
};

const key = ({ experiment, axes, metric, baseline }: ResultRow): string =>
  JSON.stringify([experiment, axes, metric, baseline === null]);

/** Numbers that are there are those of the undisturbed run; the others say that the weights changed. */
async function checkPartial(results: string): Promise<void> {
  const right = new Map(undisturbed.rows.map((row) => [key(row), row]));
  const rows = await readResults(results);
  const [there, lost] = [rows.filter((row) => !Number.isNaN(row.value)), rows.filter((row) => Number.isNaN(row.value))];
  assert.ok(there.length > 0 && lost.length > 0);
  for (const row of there) assert.equal(row.value, right.get(key(row))?.value, key(row));
  for (const { reason } of lost) assert.match(reason ?? "", /^not computed: the weights of m changed during the run: /);
}

for (const [what, swap] of Object.entries(swaps)) {
  test(`weights ${what} during a run: a fault that names them, and nothing of the others is kept`, async (context) => {
    const random = seeded(what.length);
    const project = projectIn(context);
    const own = readFileSync(project.weights);
    const at = 6 + random.below(firstStage - 10);
    const { summary, record, folder } = await run(project, at, () => {
      swap(project.weights);
    });
    assert.equal(summary.status, "failed");
    assert.ok(summary.units.failed > 0 && summary.units.computed >= at, JSON.stringify(summary.units));
    const message = `the weights of m changed during the run: ${project.weights} `;
    assert.ok(record.faults.every((fault) => fault.message.startsWith(message)));
    assert.equal(record.faults.length, summary.units.failed);
    assert.equal(unitFiles(project).length, summary.units.computed);
    await checkPartial(folder.results);

    writeFileSync(project.weights, own);
    const again = await run(project);
    assert.equal(again.summary.status, "finished");
    assert.equal(again.summary.units.reused, summary.units.computed);
    assert.ok(readFileSync(again.folder.results).equals(undisturbed.results));
  });
}

test("weights of one of two models swapped: the other model's results are whole", async (context) => {
  const project = projectIn(context);
  cpSync(join(project.folder, "model"), join(project.folder, "second"), { recursive: true });
  // Equal weights would make equal units, which are computed with the first of the two.
  writeFileSync(join(project.folder, "second", "model.safetensors"), otherWeights(project.weights));
  const text = `model m from "./model"
model n from "./second"
prompts p random tokens 10 count 2 seed 3
experiment one on m with p ablate heads L1 measure loss
experiment two on n with p ablate heads L1 measure loss
`;
  writeFileSync(project.path, text);
  const { summary, folder } = await run(project, 4, () => {
    swaps["cut off"]?.(project.weights);
  });
  assert.equal(summary.status, "failed");
  const rows = await readResults(folder.results);
  assert.equal(rows.length, 2 * 2 * 5);
  assert.ok(rows.filter(({ experiment }) => experiment === "two").every(({ value }) => Number.isFinite(value)));
  assert.ok(rows.some(({ experiment, value }) => experiment === "one" && Number.isNaN(value)));
});

test("temporary files of a killed run are swept by the next one", async (context) => {
  const project = projectIn(context);
  const first = await run(project);
  const dead = ".unit.safetensors.999999999.1.part";
  const places = [join(project.runs, ".units", "ab"), first.folder.folder, first.folder.outputs];
  for (const place of places) {
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, dead), "half a unit");
    writeFileSync(join(place, `.of-a-living-process.${process.pid}.1.part`), "");
  }
  const { summary } = await run(project);
  assert.equal(summary.units.reused, undisturbed.units);
  for (const place of places) {
    assert.ok(!existsSync(join(place, dead)), place);
    assert.ok(existsSync(join(place, `.of-a-living-process.${process.pid}.1.part`)), place);
  }
});

/** Starts the command line and does something when so many units are stored. */
async function disturbCommand(
  project: Project,
  at: number,
  disturb: (processId: number) => void | Promise<void>,
  env: Readonly<Record<string, string>> = {},
): Promise<CommandEnd> {
  const args = ["run", project.path, "--runs", project.runs, "--memory", String(memory), "--threads", "1"];
  const running = startCommand(args, { env });
  let over = null as CommandEnd | null;
  void running.ended.then((end) => (over = end));
  while (over === null && unitFiles(project).length < at) await sleep(1);
  await disturb(running.process.pid ?? 0);
  return await running.ended;
}

const resultsOf = ({ runs }: Project): string => {
  const [digest = ""] = readdirSync(join(runs, "protocol"));
  return join(runs, "protocol", digest, "results.parquet");
};

test("the command line says what was damaged, and ends with 0 when all of it was computed again", async (context) => {
  const project = projectIn(context);
  const random = seeded(12);
  let flipped = "";
  const end = await disturbCommand(project, 1 + random.below(firstStage), () => {
    const [first = "", ...others] = unitFiles(project);
    flipped = first;
    flipBit(random, first);
    for (const other of others) rmSync(other);
  });
  assert.equal(end.code, 0, end.stderr);
  assert.ok(end.stdout.replace(/\s+/g, "").includes(flipped), end.stdout);
  assert.match(end.stdout, /warning: a damaged unit file counts as missing:\s/);
  assert.ok(readFileSync(resultsOf(project)).equals(undisturbed.results));
});

test("the command line names weights that were replaced, and ends with 2", async (context) => {
  const project = projectIn(context);
  const end = await disturbCommand(project, 5, () => {
    swaps["replaced by renaming, with size and time as they were"]?.(project.weights);
  });
  assert.equal(end.code, 2, end.stdout);
  assert.match(
    end.stderr,
    /^error: units? .* without a result: the weights of m changed during the run: .*model\.safetensors was replaced by another file\n/,
  );
  assert.doesNotMatch(end.stderr, /^ +at /m);
  await checkPartial(resultsOf(project));
});

const noTable = existsSync("/proc/self/task") ? false : "this system has no process table to find the engine in";

/** True when a process has the weights open: they are mapped into its memory. */
function hasWeights(processId: number): boolean {
  return readFileSync(`/proc/${processId}/maps`, "utf8").includes("model.safetensors");
}

test(
  "engines killed at their start, with the model just opened, and at work: the run goes on",
  { skip: noTable },
  async (context) => {
    const project = projectIn(context);
    const atWork = 1 + seeded(7).below(firstStage / 2);
    const moments: readonly ((engine: number) => boolean)[] = [
      // It has no time to say a word.
      () => true,
      hasWeights,
      () => unitFiles(project).length >= atWork,
    ];
    const killed = new Set<number>();
    const end = await disturbCommand(
      project,
      0,
      async (coordinator) => {
        const table = `/proc/${coordinator}/task/${coordinator}/children`;
        while (killed.size < moments.length && existsSync(table)) {
          try {
            const children = readFileSync(table, "utf8").trim().split(" ").map(Number);
            const engine = children.find((child) => child > 0 && !killed.has(child));
            if (engine !== undefined && moments[killed.size]?.(engine) === true) {
              killed.add(engine);
              process.kill(engine, "SIGKILL");
            }
          } catch {
            // A process that has ended between two looks has no table any more.
          }
          await sleep(1);
        }
      },
      // Nothing is known of the model: its identities are checked in this run.
      { XDG_CACHE_HOME: join(project.folder, "cache") },
    );
    assert.equal(end.code, 0, end.stderr);
    assert.equal(killed.size, moments.length);
    assert.ok(readFileSync(resultsOf(project)).equals(undisturbed.results));
  },
);
