/** `atlasc judge` and `atlasc log`: what people say of results is kept, shown, and known to be of those results. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { judgeRun, type Judgement } from "../../src/runtime/judge.js";
import { logRuns, type LogOutcome } from "../../src/runtime/log-runs.js";
import { readJudgements } from "../../src/runtime/store/judgements.js";
import { lockRunFolder } from "../../src/runtime/store/run-folder.js";
import { command, protocolIn, runFile, temporaryFolder, type Ran } from "./support.js";

const text = `model gpt2 from "@stdlib/models/gpt2-tiny"
prompts p from ["Time heals all wounds, my lady.", "Pride goes before a fall."]
experiment sweep ablate heads L0 by zero measure loss
hypothesis "Heads <matter>" expect mean(abs(sweep.impact)) > 0 using t_test
`;

interface Project {
  readonly folder: string;
  readonly runs: string;
  readonly run: (own?: string, name?: string) => Promise<Ran>;
  /** What is refused, as `code message`; none when it is written down. */
  readonly judge: (named: string, judgement: Partial<Judgement>) => Promise<readonly string[]>;
}

function project(context: TestContext): Project {
  const folder = temporaryFolder(context);
  const runs = join(folder, "runs");
  return {
    folder,
    runs,
    run: (own = text, name = "tiny.atlas") => runFile(protocolIn(folder, own, name), { runs }),
    judge: async (named, judgement) => {
      const outcome = await judgeRun(named, { verdict: "plausible", by: "E. Woodhouse", ...judgement }, { runs });
      return outcome.kind === "judged" ? [] : outcome.diagnostics.map(({ code, message }) => `${code} ${message}`);
    },
  };
}

async function listed(folder: string): Promise<Extract<LogOutcome, { kind: "listed" }>> {
  const outcome = await logRuns(folder);
  assert.equal(outcome.kind, "listed");
  return outcome;
}

test("judgements are added one after the other, shown at once, and outlive later runs", async (context) => {
  const { runs, run, judge } = project(context);
  const { folder } = await run();
  const report = (): string => readFileSync(folder.report, "utf8");
  const blank = (of: string): RegExp => new RegExp(`<tr class="blank"><td>${of}</td><td></td><td></td><td></td><td></td></tr>`); // prettier-ignore
  assert.match(report(), /<h2>Judgement<\/h2><p class="empty">Empty\./);
  assert.match(report(), blank("the run"));
  assert.match(report(), blank("Heads &lt;matter&gt;"));

  assert.deepEqual(await judge("tiny", { verdict: " <b>yes</b> ", note: "line 1\nline 2" }), []);
  const first = readFileSync(join(folder.folder, "judgements", "1.json"), "utf8");
  assert.match(report(), /<td>the run<\/td><td><strong>&lt;b&gt;yes&lt;\/b&gt;<\/strong><\/td><td>E\. Woodhouse<\/td><td>\d{4}-[^<]*Z<\/td><td class="said">line 1\nline 2<\/td>/); // prettier-ignore
  assert.doesNotMatch(report(), blank("the run"));
  assert.match(report(), blank("Heads &lt;matter&gt;"), "nobody has said anything of it");
  assert.deepEqual(await judge(folder.folder, { hypothesis: "Heads <matter>", by: "G. Knightley" }), []);
  assert.doesNotMatch(report(), /class="blank"/);
  assert.equal(readFileSync(join(folder.folder, "judgements", "1.json"), "utf8"), first);

  const shown = report();
  const again = await run();
  assert.equal(report(), shown, "a later run shows them as well");
  assert.deepEqual(again.judgements.map(({ entry }) => entry.by), ["E. Woodhouse", "G. Knightley"]); // prettier-ignore
  const { entries, problems } = await readJudgements(folder.folder);
  assert.deepEqual([entries.length, problems.length], [2, 0]);
  const [one, two] = entries;
  assert.equal(one?.entry.of.values, again.record.values);
  assert.equal(two?.entry.previous, one.sha256);
  assert.equal((await listed(runs)).runs[0]?.judgements.length, 2);
});

test("a judgement of results that are others by now is said to be so", async (context) => {
  const { runs, run, judge } = project(context);
  const { folder } = await run();
  await judge("latest", {});
  // Another machine's numbers, as far as the judgement can tell.
  const path = join(folder.folder, "judgements", "1.json");
  writeFileSync(path, readFileSync(path, "utf8").replace(/"values": "[0-9a-f]{64}"/, `"values": "${"0".repeat(64)}"`));
  await run();
  assert.match(readFileSync(folder.report, "utf8"), /plausible<\/strong> <span class="badge warning">the results have changed since/); // prettier-ignore
  const { stdout } = await command(["log", runs]);
  assert.match(stdout, /plausible \(E\. Woodhouse; the results have changed/);
});

test("what is no judgement, or of nothing, is refused in a sentence, and nothing is written", async (context) => {
  const { folder, runs, run, judge } = project(context);
  const ran = await run();
  const place = ran.folder.folder;
  const cases: readonly (readonly [string, Partial<Judgement>, RegExp])[] = [
    ["tini", {}, /^A5011 no run at tini: there is none in /],
    [join(folder, "nowhere"), {}, /^A5011 .*: there is no such folder/],
    [folder, {}, /^A5011 .*: it is a folder without record\.json/],
    [ran.folder.report, {}, /^A5011 .*: it is a file, not the folder of a run/],
    ["tiny", { verdict: "  " }, /^A5012 .*: the verdict is empty/],
    ["tiny", { by: "" }, /^A5012 .*: the name is empty/],
    [
      "tiny",
      { by: "a\u001b[31mb" },
      /^A5012 .*: the name has line breaks or characters that cannot be seen: a\\u001b\[31mb/,
    ],
    ["tiny", { verdict: "one\ntwo" }, /^A5012 .*: the verdict has line breaks/],
    ["tiny", { verdict: "x".repeat(501) }, /^A5012 .*: the verdict has 501 letters/],
    ["tiny", { note: "a\u0007" }, /^A5012 .*: the note has characters that cannot be seen: a\\u0007/],
    ["tiny", { note: " \n" }, /^A5012 .*: the note is empty/],
    ["tiny", { hypothesis: "Heads matter" }, /^A5012 .*: the run has no hypothesis "Heads matter"/],
  ];
  for (const [named, judgement, expected] of cases) {
    const refused = await judge(named, judgement);
    assert.match(refused.join("\n"), expected);
  }
  const results = readFileSync(ran.folder.results);
  writeFileSync(ran.folder.results, "not these");
  assert.match((await judge("tiny", {})).join(), /^A5012 .*: results\.parquet is not the file that the run wrote/);
  rmSync(ran.folder.results);
  assert.match((await judge("tiny", {})).join(), /^A5012 .*: the run has no results/);
  writeFileSync(ran.folder.results, results);
  assert.ok(!existsSync(join(place, "judgements")));

  // While a run goes on, its folder is its own.
  const lock = await lockRunFolder(ran.folder);
  await assert.rejects(judge("tiny", {}), { name: "LockHeldFault" });
  await lock.release();
  await judge(ran.planned.digest.slice(0, 6), { verdict: "first" });
  writeFileSync(join(place, "judgements", "1.json"), "{}");
  assert.match((await judge("tiny", {})).join(), /judgements\/1\.json is not as it was: the judgement lacks/);
  assert.deepEqual(readdirSync(join(place, "judgements")), ["1.json"]);
  assert.deepEqual((await listed(runs)).runs[0]?.problems.length, 1);

  const nobody = await command(["judge", "tiny", "--verdict", "yes"], { cwd: folder });
  assert.equal(nobody.code, 1);
  assert.match(nobody.stderr, /required option '--by <name>' not specified/);
});

test("a log lists runs by time, and folders that are none as what they are", async (context) => {
  const { folder, runs, run } = project(context);
  assert.deepEqual(await logRuns(runs).then(({ kind }) => kind), "missing");
  mkdirSync(runs);
  assert.match((await command(["log"], { cwd: folder })).stdout, /^There are no runs in runs\.\n$/);
  await run();
  await run(text.replace("L0", "L1"), "other.atlas");
  mkdirSync(join(runs, "foreign", "inside"), { recursive: true });
  mkdirSync(join(runs, "empty"));
  mkdirSync(join(runs, "damaged", "abc"), { recursive: true });
  writeFileSync(join(runs, "damaged", "abc", "record.json"), '{"format": "atlasc-record-9"}');
  const { runs: all, others } = await listed(runs);
  assert.deepEqual(all.map(({ protocol, status, rows, units }) => [protocol, status, rows, units]), [["tiny", "finished", 10, 2], ["other", "finished", 10, 2]]); // prettier-ignore
  assert.match(all[0]?.verdicts ?? "", /^1 [A-Z ]+$/);
  assert.deepEqual(others.map(({ folder: own, what }) => [own.slice(runs.length + 1), what]), [["damaged/abc", "damaged"], ["empty", "foreign"], ["foreign/inside", "foreign"]]); // prettier-ignore
  // A run that says that it goes on, and whose process is gone.
  const record = join(all[0]?.folder ?? "", "record.json");
  writeFileSync(record, readFileSync(record, "utf8").replace('"status": "finished"', '"status": "running"'));
  assert.equal((await listed(runs)).runs[0]?.status, "killed");
  const { stdout } = await command(["log", "--json"], { cwd: folder });
  const shown = JSON.parse(stdout) as { runs: { protocol: string }[]; others: unknown[] };
  assert.deepEqual([shown.runs.map(({ protocol }) => protocol), shown.others.length], [["tiny", "other"], 3]);
});
