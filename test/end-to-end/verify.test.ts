/** `atlasc verify`: a run that is untouched agrees with its record, and whatever is changed in it is found and named. */
import assert from "node:assert/strict";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { judgeRun } from "../../src/runtime/judge.js";
import { readRecord, sha256 } from "../../src/runtime/store/record.js";
import { readResults, writeResults } from "../../src/runtime/store/results.js";
import { savedTableOfRows } from "../../src/runtime/store/saved-table.js";
import { verifyRun, type VerifyOptions, type VerifyOutcome } from "../../src/runtime/verify-run.js";
import { root } from "../support/root.js";
import { command, protocolIn, runFile, temporaryFolder, type Ran } from "./support.js";

const text = `model m from "./model"
prompts p from ["Time heals all wounds, my lady.", "Pride goes before a fall."]
experiment sweep ablate heads L0..1 by zero measure loss
hypothesis "Heads matter" expect mean(abs(sweep.impact)) > 0 using t_test
table sweep.impact
`;

type Verified = Extract<VerifyOutcome, { kind: "verified" }>;

interface Project {
  readonly folder: string;
  readonly ran: Ran;
  readonly runs: string;
  readonly verify: (options?: Partial<VerifyOptions>) => Promise<Verified>;
}

/** A finished and judged run of the shipped model, of which there is a copy to be changed. */
async function project(context: TestContext): Promise<Project> {
  const folder = temporaryFolder(context);
  cpSync(join(root, "stdlib", "models", "gpt2-tiny"), join(folder, "model"), { recursive: true });
  const runs = join(folder, "runs");
  const ran = await runFile(protocolIn(folder, text), { runs });
  for (const verdict of ["some of them do", "all of them do"]) {
    const outcome = await judgeRun(ran.folder.folder, { verdict, by: "E. Woodhouse" }, { runs });
    assert.equal(outcome.kind, "judged");
  }
  return {
    folder,
    ran,
    runs,
    verify: async (options = {}) => {
      const outcome = await verifyRun(ran.folder.folder, { runs, ...options });
      assert.equal(outcome.kind, "verified");
      return outcome;
    },
  };
}

const named = ({ findings }: Verified): readonly string[] => findings.map(({ what }) => what);

/** Every file below a folder that ends so. */
function filesIn(folder: string, ending: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, name))
    .sort();
}

test("an untouched run agrees, also after it was run again, and its units come out the same once more", async (context) => {
  const { verify, ran, runs } = await project(context);
  const outcome = await verify({ rerun: 1, seed: 3 });
  assert.deepEqual(outcome.findings, []);
  assert.deepEqual(outcome.looked.slice(0, 5), ["record.json", "the protocol's text", "1 entry of the history", "2 files", "2 units"]); // prettier-ignore
  assert.deepEqual(outcome.rerun?.units.map(({ same, largest }) => [same, largest]), [[true, 0]]); // prettier-ignore
  const other = await verify({ rerun: 1, seed: 3 });
  assert.equal(other.rerun?.units[0]?.unit, outcome.rerun.units[0]?.unit, "the seed decides which");
  const all = await verify({ rerun: 99 });
  assert.deepEqual([all.rerun?.units.length, all.findings.length], [2, 0]);
  assert.match(all.notes.join(), /has 2 units to recompute, and all of them were/);

  await runFile(ran.planned.loaded.source.path, { runs });
  assert.deepEqual((await verify()).findings, []);
  rmSync(join(runs, ".units"), { recursive: true });
  const without = await verify({ rerun: 1 });
  assert.deepEqual(without.findings, [], "what is computed again is compared with the record's digest");
  assert.match(without.notes.join(), /2 of 2 units are not in .*\.units any more/);
});

test("one changed number, byte or word is found, and named", async (context) => {
  const { folder, ran, runs, verify } = await project(context);
  const { record, results } = ran.folder;
  const [unit = ""] = filesIn(join(runs, ".units"), ".safetensors");
  const [entry = ""] = filesIn(join(ran.folder.folder, "history"), ".json");
  const [list = ""] = filesIn(join(ran.folder.folder, "history"), ".csv");
  const weights = join(folder, "model", "model.safetensors");
  const judgement = join(ran.folder.folder, "judgements", "1.json");
  const recorded = await readRecord(record);
  assert.ok(recorded !== null);

  /** What is found while a file is another one, which is put back afterwards. */
  const changed = async (
    path: string,
    change: (whole: Buffer) => Buffer | string | Promise<void>,
  ): Promise<Verified> => {
    const whole = readFileSync(path);
    const made = await change(Buffer.from(whole));
    if (made !== undefined) writeFileSync(path, made);
    try {
      return await verify();
    } finally {
      writeFileSync(path, whole);
    }
  };
  const inRecord = (from: string, to: string): Promise<Verified> =>
    changed(record, (whole) => {
      const after = whole.toString().replace(from, to);
      assert.ok(after !== whole.toString(), `${from} is not in the record`);
      return after;
    });
  const lastByte = (whole: Buffer): Buffer => {
    whole[whole.length - 1] = (whole.at(-1) ?? 0) ^ 1;
    return whole;
  };

  const otherNumber = await changed(results, async () => {
    const rows = await readResults(results);
    const saved = rows.map((row) => ({ ...row, promptText: null, token: null, valueText: null }));
    await writeResults(
      results,
      savedTableOfRows(saved.map((row, i) => (i === 3 ? { ...row, value: row.value + 1e-9 } : row))),
    );
  });
  assert.deepEqual(named(otherNumber), ["results.parquet", "the values in results.parquet"]);
  assert.equal(otherNumber.findings[0]?.expected, recorded.outputs[0]?.sha256);
  assert.equal(otherNumber.findings[1]?.expected, recorded.values);

  const otherUnit = await changed(unit, lastByte);
  assert.deepEqual(named(otherUnit), [`unit ${unit.slice(-76, -64)} (sweep on m with p)`]);
  assert.equal(otherUnit.findings[0]?.found, "its content does not match its checksum");

  assert.deepEqual(named(await inRecord('"verdict": "NOT SIGNIFICANT"', '"verdict": "CONFIRMED"')), [
    "record.json: decisions",
  ]);
  assert.deepEqual(named(await inRecord('"threads": 1', '"threads": 3')), ["record.json: execution"]);
  assert.deepEqual(named(await inRecord('"verdict": "NOT SIGNIFICANT"', '"verdict": "GRAND"')), ["record.json"]);
  const moved = await inRecord("by zero", "by mean");
  assert.deepEqual(named(moved).filter((what) => !what.startsWith("token")), ["text of the protocol", "record.json: protocol", "request", "plan"]); // prettier-ignore
  // Whoever also makes the digest fit the text still has the history and the models against him.
  const { protocol } = recorded;
  const consistent = await changed(
    record,
    (whole) =>
    whole.toString().replace("Heads matter", "Heads mutter").replace(protocol.sha256, sha256(protocol.text.replace("Heads matter", "Heads mutter"))), // prettier-ignore
  );
  const inHistory = `history/${entry.split("/").at(-1) ?? ""}: text of the protocol`;
  assert.deepEqual(named(consistent), [inHistory, "record.json: protocol", "statement 1", "title of statement 1"]);

  const otherWeights = await changed(weights, lastByte);
  assert.deepEqual(named(otherWeights), ["weights of m"]);
  assert.equal(otherWeights.findings[0]?.expected, recorded.models[0]?.digest);

  const otherJudgement = await changed(judgement, (whole) => whole.toString().replace("some", "none"));
  assert.deepEqual(otherJudgement.findings, [{ what: "judgements/2.json", expected: "a judgement as it was written", found: "judgements/1.json was changed after it" }]); // prettier-ignore
  const noJudgement = await changed(judgement, () => "{}");
  assert.match(noJudgement.findings[0]?.found ?? "", /^the judgement lacks format/);

  assert.deepEqual(named(await changed(list, (whole) => whole.toString().replace("computed", "reused"))), [`history/${list.split("/").at(-1) ?? ""}`]); // prettier-ignore
  assert.deepEqual(named(await changed(entry, (whole) => whole.subarray(0, 200))), ["history", `history/${entry.split("/").at(-1) ?? ""}`]); // prettier-ignore
  // A request that is said to be younger than what it asked for.
  const later = await changed(entry, (whole) => whole.toString().replace(/"asked": "[^"]*"/, '"asked": "2099-01-01T00:00:00.000Z"')); // prettier-ignore
  assert.ok(
    named(later).some((what) => /units\.csv: unit [0-9a-f]{12}$/.test(what)),
    named(later).join("\n"),
  );
  assert.deepEqual((await verify()).findings, [], "and all is well when everything is put back");
});

test("models that are gone, damaged records and wrong names are told in words", async (context) => {
  const { folder, runs, ran, verify } = await project(context);
  rmSync(join(folder, "model", "model.safetensors"));
  const gone = await verify({ rerun: 2 });
  assert.deepEqual(named(gone), ["models, texts and protocol", "units, computed again"]);
  assert.match(gone.findings[0]?.found ?? "", /^A4013: /);
  writeFileSync(ran.folder.record, readFileSync(ran.folder.record, "utf8").slice(0, 300));
  const shown = await command(["verify", "protocol"], { cwd: folder });
  assert.equal(shown.code, 1);
  assert.match(shown.stdout, /record\.json +a record as record\.schema\.json/);
  assert.match(shown.stdout, /1 thing does not agree with the record\.\n$/);
  assert.doesNotMatch(shown.stdout + shown.stderr, /^ +at /m);
  mkdirSync(join(runs, "empty"));
  for (const [name, problem] of [
    ["empty", "there is none in"],
    [join(runs, "empty"), "a folder without record.json"],
    [ran.folder.record, "it is a file"],
    ["", "its name is empty"],
  ] as const) {
    // prettier-ignore
    const outcome = await verifyRun(name, { runs });
    assert.equal(outcome.kind, "missing");
    assert.match(outcome.diagnostics.map(({ code, message }) => `${code} ${message}`).join(), new RegExp(`A5011 .*${problem}`)); // prettier-ignore
  }
});
