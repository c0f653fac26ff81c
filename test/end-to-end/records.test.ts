/** What runs leave behind and say at their end: the record over several runs, the judgement, the outcome as JSON. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import { readRecord } from "../../src/runtime/store/record.js";
import {
  command,
  protocolIn,
  randomModel,
  spelled,
  spelledModel,
  temporaryFolder,
  type CommandEnd,
} from "./support.js";

const texts = [spelled([3, 14, 15, 9, 2, 6]), spelled([5, 3, 5, 8, 9, 7])].map((text) => `"${text}"`).join(", ");
const model = `model m from "./model"\nprompts p from [${texts}]\n`;
const sweep = `experiment sweep on m with p ablate heads L0 measure loss\ntable sweep.impact\n`;

interface Project {
  readonly folder: string;
  readonly run: (...args: string[]) => Promise<CommandEnd>;
  /** The folder of the only run. */
  readonly place: () => string;
}

function project(context: TestContext, statements: string): Project {
  const folder = temporaryFolder(context);
  spelledModel(join(folder, "model"), randomModel);
  protocolIn(folder, model + statements);
  return {
    folder,
    run: (...args) => command(["run", "protocol.atlas", ...args], { cwd: folder }),
    place: () => join(folder, "runs", readlinkSync(join(folder, "runs", "latest"))),
  };
}

interface Table {
  readonly title: string;
  readonly columns: readonly { readonly name: string; readonly kind: string; readonly unit: string | null }[];
  readonly rows: readonly (readonly (number | string | null)[])[];
  readonly reasons: readonly { readonly row: number; readonly column: number; readonly reason: string }[];
}

interface Outcome {
  readonly status: string;
  readonly remarks: readonly string[];
  readonly experiments: readonly { readonly name: string; readonly values: number; readonly nan: number }[];
  readonly reasons: readonly { readonly reason: string; readonly count: number }[];
  readonly decisions: readonly { readonly status: string }[];
  readonly missingOutputs: readonly string[];
  readonly tables: readonly Table[];
  readonly judgement: unknown;
  readonly faults: readonly { readonly message: string }[];
}

const validate = new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile(
  createRequire(import.meta.url)("atlasc/outcome.schema.json") as object,
);

/** The outcome that a command printed, which must be as its schema says. */
function outcomeOf({ stdout }: CommandEnd): Outcome {
  const value = JSON.parse(stdout) as Outcome;
  assert.ok(validate(value), JSON.stringify(validate.errors, null, 1));
  return value;
}

test("running again keeps who computed, and adds to the history", async (context) => {
  const { folder, run, place } = project(context, sweep);
  assert.equal((await run("--threads", "2")).code, 0);
  const report = readFileSync(join(place(), "report.html"), "utf8");
  const again = await run("--threads", "1");
  assert.match(again.stdout, /\nNothing to compute: its only unit was finished before\.\n$/, "nothing to remark");

  const record = await readRecord(join(place(), "record.json"));
  assert.deepEqual([record?.execution.threads, record?.counts.reused, record?.status], [2, 0, "finished"]);
  assert.ok((record?.counts.computed ?? 0) > 0);
  assert.deepEqual(record?.runs.map((own) => [own.execution.threads, (own.counts?.computed ?? 0) > 0]), [[2, true], [1, false]]); // prettier-ignore
  assert.equal(record.runs[0]?.values, record.runs[1]?.values);
  const history = readdirSync(join(place(), "history"));
  assert.deepEqual(history.map((name) => name.slice(24)).sort(), [".json", ".json", ".units.csv"], "the list of units is of the run that computed"); // prettier-ignore
  assert.equal(record.units?.count, 1);
  assert.equal(readFileSync(join(place(), "report.html"), "utf8"), report, "the report is of the run that computed");
  assert.equal(readlinkSync(join(folder, "runs", "protocol", "latest")), place().slice(-12));
});

test("units that are computed anew elsewhere, and another one's numbers", async (context) => {
  const { folder, run, place } = project(context, sweep);
  await run();
  // Another machine's last bits, as far as the record can tell: one measured value was another.
  const [entry = ""] = readdirSync(join(place(), "history"));
  for (const path of [join(place(), "history", entry), join(place(), "record.json")]) {
    writeFileSync(
      path,
      readFileSync(path, "utf8").replaceAll(/"values": "[0-9a-f]{64}"/g, `"values": "${"0".repeat(64)}"`),
    );
  }
  rmSync(join(folder, "runs", ".units"), { recursive: true });
  const again = await run();
  assert.equal(again.code, 0);
  assert.match(
    again.stdout.replace(/\n/g, " "),
    /warning: the same request was run at .* with different results, kept as history/,
  );
  assert.ok(existsSync(join(place(), "history", entry.replace(/json$/, "results.parquet"))));
  assert.ok(existsSync(join(place(), "results.parquet")));
});

test("a judgement appears in the report of the next run, escaped, and stays", async (context) => {
  const { run, place } = project(context, sweep);
  await run();
  const path = join(place(), "record.json");
  const write = (judgement: unknown): void => {
    const record = JSON.parse(readFileSync(path, "utf8")) as object;
    writeFileSync(path, JSON.stringify({ ...record, judgement }));
  };
  const report = (): string => readFileSync(join(place(), "report.html"), "utf8");
  assert.match(report(), /<h2>Judgement<\/h2><p class="empty">Empty\./);
  write("L0 matters <b>most</b>\nsee §2");
  assert.equal(outcomeOf(await run("--json")).judgement, "L0 matters <b>most</b>\nsee §2");
  assert.match(report(), /<blockquote>L0 matters &lt;b&gt;most&lt;\/b&gt;\nsee §2<\/blockquote>/);
  write({ text: "an <induction> head", name: "A. & B.", date: "2026-01-02" });
  await run();
  await run();
  assert.match(
    report(),
    /<blockquote>an &lt;induction&gt; head<\/blockquote><p class="note">A\. &amp; B\., 2026-01-02<\/p>/,
  );
  write("  ");
  await run();
  assert.match(report(), /<p class="empty">Empty\./);
});

test("a record that is no record: nothing runs, nothing is overwritten, and what to do is said", async (context) => {
  const { folder, run, place } = project(context, sweep);
  await run();
  const path = join(place(), "record.json");
  const whole = readFileSync(path, "utf8");
  const damages: Readonly<Record<string, string>> = {
    "it is not JSON": whole.replace('"judgement": null', '"judgement": an induction head'),
    "atlasc-record-7, which another version of atlasc wrote": whole.replace("atlasc-record-2", "atlasc-record-7"),
    "it must be one of asked, running": whole.replace('"status": "finished"', '"status": "fine"'),
    "which the format does not know": whole.replace('"judgement": null', '"judgement": null, "note": "mine"'),
  };
  rmSync(join(folder, "runs", ".units"), { recursive: true });
  for (const [problem, text] of Object.entries(damages)) {
    writeFileSync(path, text);
    const refused = await run("--json");
    assert.equal(refused.code, 2);
    assert.ok(refused.stderr.includes(problem), refused.stderr);
    assert.match(refused.stderr, /Nothing was overwritten\. Mend it, or move it away to have a new one/);
    assert.doesNotMatch(refused.stderr, /^ +at /m);
    const outcome = outcomeOf(refused);
    assert.deepEqual([outcome.status, outcome.faults.length], ["failed", 1]);
    assert.equal(readFileSync(path, "utf8"), text);
    assert.ok(!existsSync(join(folder, "runs", ".units")), "nothing was computed");
  }
  rmSync(path);
  assert.equal((await run()).code, 0);
  assert.equal((await readRecord(path))?.runs.length, 2, "the history is not in the record alone");
});

test("tables with their values, units and reasons, and what is undecided or NaN", async (context) => {
  const { run } = project(
    context,
    `experiment sweep on m with p ablate heads L0 measure loss, log(PR(v[L1]) - 1000) as bad
table sweep.loss
table sweep.bad
hypothesis "heads matter" expect mean(abs(sweep.loss.impact)) > 0 using t_test
`,
  );
  const outcome = outcomeOf(await run("--json"));
  const nan = 2 * 5;
  assert.deepEqual(outcome.remarks, [`${nan} of ${2 * nan} values NaN`]);
  assert.deepEqual(outcome.experiments, [{ name: "sweep", values: 2 * nan, nan, infinite: 0 }]);
  assert.deepEqual(
    outcome.reasons.map(({ count }) => count),
    [nan],
  );
  assert.match(outcome.reasons[0]?.reason ?? "", /^the logarithm needs a positive number/);
  assert.deepEqual(
    outcome.decisions.map(({ status }) => status),
    ["decided"],
  );
  const [losses, bad] = outcome.tables;
  assert.ok(losses !== undefined && bad !== undefined);
  const columns = losses.columns.map(({ name, kind, unit }) => [name, kind, unit]);
  assert.deepEqual(columns, [["layer", "axis", null], ["head", "axis", null], ["sweep.loss", "value", "nats"]]); // prettier-ignore
  assert.deepEqual([losses.rows.length, losses.reasons], [4, []]);
  for (const [head, row] of losses.rows.entries()) {
    assert.deepEqual(row.slice(0, 2), [0, head]);
    assert.ok(typeof row[2] === "number" && row[2] > 0);
  }
  assert.deepEqual(bad.rows.map((row) => row[2]), [null, null, null, null]); // prettier-ignore
  assert.deepEqual(bad.reasons.map(({ row, column }) => [row, column]), [[0, 2], [1, 2], [2, 2], [3, 2]]); // prettier-ignore
  assert.match(bad.reasons[0]?.reason ?? "", /the logarithm needs a positive number/);

  const told = await run();
  assert.equal(told.code, 0);
  assert.match(told.stdout, /\n1 hypothesis: 1 [A-Z ]+\.\nFinished with 10 of 20 values NaN\.\n$/);
});

test("a rejected protocol in JSON", async (context) => {
  const { folder, run } = project(context, sweep);
  writeFileSync(join(folder, "protocol.atlas"), `${model}measure nothing_known\n`);
  const rejected = await run("--json");
  assert.equal(rejected.code, 1);
  assert.equal(outcomeOf(rejected).status, "rejected");
  const missing = await command(["run", "absent.atlas", "--json"], { cwd: folder });
  assert.equal(outcomeOf(missing).status, "rejected");
});
