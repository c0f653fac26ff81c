/** The record of a folder over several runs: who computed stays in it, and the history is only added to. */
import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { provenanceOf } from "../../src/runtime/provenance.js";
import { pointToLatest } from "../../src/runtime/store/latest.js";
import { RecordFault } from "../../src/runtime/store/record-fault.js";
import {
  createRecord,
  readRecord,
  recordProblems,
  updateRecord,
  type RunRecord,
} from "../../src/runtime/store/record.js";
import { protocolName, runFolderOf, type RunFolder } from "../../src/runtime/store/run-folder.js";
import { openRunRecord } from "../../src/runtime/store/run-record.js";
import { valuesDigest } from "../../src/runtime/values-digest.js";
import { temporaryFolder } from "./processes.js";
import { engineOptions } from "./tiny-graphs.js";

const digest = "ab".repeat(32);
const [someValues, otherValues] = ["1".repeat(64), "2".repeat(64)];

function folderIn(context: TestContext): RunFolder {
  const folder = runFolderOf(join(temporaryFolder(context), "runs"), "p.atlas", digest);
  mkdirSync(folder.folder, { recursive: true });
  return folder;
}

function asked(time: string, threads = 1, ofDigest = digest): RunRecord {
  return createRecord(
    {
      path: "p.atlas",
      text: "model gpt2\n",
      digest: ofDigest,
      parameters: {},
      overrides: {},
      atlascVersion: "0.1.0",
      engine: { ...engineOptions, threads },
    },
    new Date(time),
  );
}

/** A run from beginning to end: how many units it computed and found, and what it measured. */
async function run(
  folder: RunFolder,
  time: string,
  { threads = 1, computed = 0, reused = 0, left = 0, values = someValues, status = "finished" as RunRecord["status"] },
): Promise<RunRecord> {
  const begun = asked(time, threads);
  const file = await openRunRecord(folder, begun);
  const running = await file.write(updateRecord(await file.write(begun), { status: "running" }, new Date(time)));
  const counts = { computed, reused, failed: 0, skipped: 0, left, seconds: computed };
  const outputs = [{ kind: "results", path: "results.parquet", sha256: digest }];
  return file.write(updateRecord(running, { status, counts, values, outputs }, new Date(time)));
}

/** Files of the history with their contents. */
function historyOf({ folder }: RunFolder): Readonly<Record<string, string>> {
  const place = join(folder, "history");
  return Object.fromEntries(readdirSync(place).map((name) => [name, readFileSync(join(place, name), "utf8")]));
}

const [monday, tuesday, friday] = ["2026-01-05T08:00:00.000Z", "2026-01-06T08:00:00.000Z", "2026-01-09T08:00:00.000Z"];

test("a run that finds everything done leaves the facts of the one that computed", async (context) => {
  const folder = folderIn(context);
  await run(folder, monday, { threads: 4, computed: 12 });
  const before = historyOf(folder);
  assert.deepEqual(Object.keys(before), ["2026-01-05T08-00-00.000Z.json"]);
  await run(folder, tuesday, { threads: 1, reused: 12 });

  const record = await readRecord(folder.record);
  assert.ok(record !== null);
  assert.deepEqual(recordProblems(record), []);
  assert.deepEqual([record.execution.threads, record.counts.computed, record.times.asked], [4, 12, monday]);
  assert.deepEqual(
    record.runs.map(({ file, status, execution, counts }) => [file, status, execution.threads, counts?.computed]),
    [
      ["history/2026-01-05T08-00-00.000Z.json", "finished", 4, 12],
      ["history/2026-01-06T08-00-00.000Z.json", "finished", 1, 0],
    ],
  );
  const after = historyOf(folder);
  assert.equal(after["2026-01-05T08-00-00.000Z.json"], before["2026-01-05T08-00-00.000Z.json"], "only added to");
  const entry = JSON.parse(after["2026-01-06T08-00-00.000Z.json"] ?? "") as RunRecord;
  assert.deepEqual([entry.status, entry.execution.threads, entry.counts.reused], ["finished", 1, 12]);
});

test("of several that computed, the last one's facts; the status is that of the last run", async (context) => {
  const folder = folderIn(context);
  await run(folder, monday, { threads: 4, computed: 5, left: 7, status: "interrupted" });
  assert.equal((await readRecord(folder.record))?.status, "interrupted");
  await run(folder, tuesday, { threads: 2, computed: 7, reused: 5 });
  await run(folder, friday, { threads: 1, reused: 12 });
  const record = await readRecord(folder.record);
  assert.ok(record !== null);
  const computed = provenanceOf(record).find(({ section }) => section === "Runs that computed");
  assert.deepEqual(computed?.entries.map(({ label }) => label), [monday, tuesday]); // prettier-ignore
  assert.match(computed.entries[0]?.value ?? "", /^5 units in 5\.00 s \(interrupted\); cpu, 4 threads, /);
  assert.deepEqual([record.status, record.execution.threads, record.counts.computed], ["finished", 2, 7]);
  assert.deepEqual(
    record.runs.map(({ counts }) => counts?.computed),
    [5, 7, 0],
  );
});

test("a run that was killed is called so, and its entry is left as it was", async (context) => {
  const folder = folderIn(context);
  const killed = await openRunRecord(folder, asked(monday));
  await killed.write(updateRecord(asked(monday), { status: "running" }));
  assert.equal((await readRecord(folder.record))?.runs[0]?.status, "running");
  const [entry] = Object.values(historyOf(folder));
  await run(folder, tuesday, { computed: 3 });
  const runs = (await readRecord(folder.record))?.runs ?? [];
  assert.deepEqual(runs.map(({ status, counts }) => [status, counts?.computed ?? null]), [["killed", null], ["finished", 3]]); // prettier-ignore
  assert.equal(Object.values(historyOf(folder))[0], entry);
});

test("while a run goes on, the record says who computed before, and what is there", async (context) => {
  const folder = folderIn(context);
  await run(folder, monday, { threads: 4, computed: 12 });
  const begun = await openRunRecord(folder, asked(tuesday));
  await begun.write(asked(tuesday));
  const record = await readRecord(folder.record);
  assert.deepEqual([record?.status, record?.execution.threads, record?.values], ["asked", 4, someValues]);
  assert.equal(record?.outputs.length, 1, "the outputs of before are still there");
});

test("two runs of one moment, and a clock that was set back, overwrite nothing", async (context) => {
  const folder = folderIn(context);
  await run(folder, tuesday, { computed: 1 });
  await run(folder, tuesday, { computed: 2 });
  await run(folder, monday, { computed: 3 });
  assert.deepEqual(Object.keys(historyOf(folder)).sort(), [
    "2026-01-05T08-00-00.000Z.json",
    "2026-01-06T08-00-00.000Z-2.json",
    "2026-01-06T08-00-00.000Z.json",
  ]);
  assert.equal((await readRecord(folder.record))?.runs.length, 3);
});

test("a damaged or foreign record is refused before anything is written", async (context) => {
  const folder = folderIn(context);
  await run(folder, monday, { computed: 1 });
  const whole = readFileSync(folder.record, "utf8");
  for (const text of [
    whole.slice(0, 500),
    whole.replaceAll(digest, "cd".repeat(32)),
    whole.replace("record-2", "record-9"),
  ]) {
    writeFileSync(folder.record, text);
    await assert.rejects(openRunRecord(folder, asked(tuesday)), RecordFault);
    assert.equal(readFileSync(folder.record, "utf8"), text);
    assert.equal(Object.keys(historyOf(folder)).length, 1);
  }
});

test("a record that is damaged during the run is moved aside, and nothing of the run is lost", async (context) => {
  const folder = folderIn(context);
  const file = await openRunRecord(folder, asked(monday));
  await file.write(asked(monday));
  writeFileSync(folder.record, '{"judgement": "an induction head",,}');
  const written = await file.write(updateRecord(asked(monday), { status: "finished" }));
  assert.equal((await readRecord(folder.record))?.status, "finished");
  const [aside = ""] = readdirSync(folder.folder).filter((name) => name.startsWith("record.damaged-"));
  assert.match(readFileSync(join(folder.folder, aside), "utf8"), /an induction head/);
  assert.ok(
    written.warnings.some((warning) => warning.includes(aside)),
    written.warnings.join("\n"),
  );
  assert.deepEqual(file.problems().length, 1);
});

test("a record that we would write wrongly moves nobody's aside", async (context) => {
  const folder = folderIn(context);
  const file = await openRunRecord(folder, asked(monday));
  await file.write(asked(monday));
  const before = readFileSync(folder.record, "utf8");
  const wrong = { ...asked(monday), parameters: { x: null } } as never;
  await assert.rejects(file.write(wrong), RecordFault);
  assert.equal(readFileSync(folder.record, "utf8"), before);
});

test("entries that cannot be read are told and left; a history that is gone leaves what the record lists", async (context) => {
  const folder = folderIn(context);
  await run(folder, monday, { threads: 4, computed: 12 });
  const entry = join(folder.folder, "history", "2026-01-05T08-00-00.000Z.json");
  const whole = readFileSync(entry, "utf8");
  writeFileSync(entry, whole.slice(0, 100));
  const damaged = await run(folder, tuesday, { reused: 12 });
  assert.match(
    damaged.warnings.join("\n"),
    /^history\/2026-01-05T08-00-00\.000Z\.json is left as it is, and not read: /,
  );
  assert.equal(readFileSync(entry, "utf8"), whole.slice(0, 100));
  assert.deepEqual(
    (await readRecord(folder.record))?.runs.map(({ file }) => file === null),
    [true, false],
  );

  rmSync(join(folder.folder, "history"), { recursive: true });
  await run(folder, friday, { reused: 12 });
  const record = await readRecord(folder.record);
  assert.deepEqual(record?.runs.map(({ file, counts }) => [file === null, counts?.computed]), [[true, 12], [true, 0], [false, 0]]); // prettier-ignore
  assert.equal(record.execution.threads, 4, "who computed is known all the same");
});

test("a record of the first format gets an entry of its own before it is overwritten", async (context) => {
  const folder = folderIn(context);
  const first = updateRecord(asked(monday, 3), {
    counts: { computed: 9, reused: 0, failed: 0, skipped: 0, left: 0, seconds: 2 },
  });
  const { values: _values, runs: _runs, machine, counts, ...rest } = first;
  const { host: _host, ...known } = machine;
  const { left: _left, ...counted } = counts;
  writeFileSync(
    folder.record,
    JSON.stringify({ ...rest, format: "atlasc-record-1", status: "finished", machine: known, counts: counted }),
  );
  await run(folder, tuesday, { reused: 9 });
  const record = await readRecord(folder.record);
  assert.deepEqual([record?.execution.threads, record?.counts.computed, record?.machine.host], [3, 9, null]);
  assert.deepEqual(
    record?.runs.map(({ file }) => file),
    Object.keys(historyOf(folder)).map((name) => `history/${name}`),
  );
  assert.equal(record.runs.length, 2);
});

test("other numbers than before are told, and the results of before are kept (A8019)", async (context) => {
  const folder = folderIn(context);
  await run(folder, monday, { threads: 4, computed: 12 });
  writeFileSync(folder.results, "of monday");
  const file = await openRunRecord(folder, asked(tuesday));
  assert.equal(await file.keepEarlier(someValues, true), null);
  assert.equal(readFileSync(folder.results, "utf8"), "of monday");
  const told = await file.keepEarlier(otherValues, true);
  assert.match(told ?? "", /^the same request was run at 2026-01-05T08:00:00\.000Z \(atlasc 0\.1\.0 on .*, cpu, 4 threads\) with different results, kept as history\//); // prettier-ignore
  const kept = join(folder.folder, "history", "2026-01-05T08-00-00.000Z.results.parquet");
  assert.equal(readFileSync(kept, "utf8"), "of monday");
  assert.ok(!existsSync(folder.results));

  assert.match((await file.keepEarlier(otherValues, true)) ?? "", /kept as history/, "by the run before this one");

  // Results that are complete do not make way for some of them.
  const partial = folderIn(context);
  await run(partial, monday, { computed: 12 });
  writeFileSync(partial.results, "of monday");
  const interrupted = await openRunRecord(partial, asked(tuesday));
  const sentence = await interrupted.keepEarlier(otherValues, false);
  assert.match(sentence ?? "", /^the results of 2026-01-05T08:00:00\.000Z, which were complete, are kept as history\//);
  assert.equal(await interrupted.keepEarlier(someValues, true), null, "completed again, and the same");

  // Of a run that did not finish there is nothing to compare with.
  const other = folderIn(context);
  await run(other, monday, { computed: 12, status: "interrupted" });
  assert.equal(await (await openRunRecord(other, asked(tuesday))).keepEarlier(otherValues, true), null);
});

test("the digest of values: of the numbers and nothing else", () => {
  const row = { experiment: "e", condition: "unmodified", axes: {}, metric: "m", unit: "none", baseline: null, impact: null, relative: null, reason: null } as const; // prettier-ignore
  const of = (...values: number[]): string => valuesDigest(values.map((value) => ({ ...row, value })));
  const quiet = new Float64Array(new BigUint64Array([0x7ff8000000000001n]).buffer)[0] ?? 0;
  assert.equal(of(2, -1, NaN), of(NaN, 2, -1));
  assert.equal(of(quiet), of(NaN), "every NaN is one");
  assert.notEqual(of(1), of(1 + Number.EPSILON));
  assert.notEqual(of(0), of(-0));
  assert.notEqual(of(1), of(1, 1));
});

test("latest points to the run that was begun last, in the folder of all runs and in that of the protocol", async (context) => {
  const root = join(temporaryFolder(context), "runs");
  const [a, b] = [runFolderOf(root, "a.atlas", digest), runFolderOf(root, "b.atlas", "cd".repeat(32))];
  for (const { folder } of [a, b]) mkdirSync(folder, { recursive: true });
  await pointToLatest(a);
  await pointToLatest(b);
  assert.equal(readlinkSync(join(root, "latest")), "b/cdcdcdcdcdcd");
  assert.equal(readlinkSync(join(root, "a", "latest")), "abababababab");
  await pointToLatest(a);
  assert.equal(readlinkSync(join(root, "latest")), "a/abababababab");
  // A folder in the way: the pointer is a text beside it, until a link can be made again.
  rmSync(join(root, "latest"));
  mkdirSync(join(root, "latest", "inside"), { recursive: true });
  await pointToLatest(b);
  assert.equal(readFileSync(join(root, "latest.txt"), "utf8"), "b/cdcdcdcdcdcd\n");
  renameSync(join(root, "latest"), join(root, "old"));
  symlinkSync("nowhere", join(root, "latest"));
  await pointToLatest(a);
  assert.deepEqual(readdirSync(root).sort(), ["a", "b", "latest", "old"]);
  // No protocol takes the names that mean something else there.
  assert.deepEqual(["latest.atlas", "Latest.atlas", ".units.atlas"].map(protocolName), ["latest-protocol", "Latest-protocol", ".units-protocol"]); // prettier-ignore
});
