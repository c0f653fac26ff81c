/** `atlasc report`: a run is drawn again from what is stored, byte for byte, and not at all where something is missing. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { redrawRun } from "../../src/runtime/redraw.js";
import { verifyRun } from "../../src/runtime/verify-run.js";
import { protocolIn, runFile, temporaryFolder } from "./support.js";

const text = `## Which heads matter?
model gpt2 from "@stdlib/models/gpt2-tiny"
prompts p from ["Time heals all wounds, my lady.", "Pride goes before a fall."]
experiment sweep ablate heads L0..1 by zero measure loss
experiment top ablate top 2 heads of sweep by impact measure loss
hypothesis "heads matter" expect mean(abs(sweep.impact)) > 0 using t_test
table sweep.impact by layer across head
plot heatmap of sweep.impact over layer, head
save sweep.impact by layer to "layers.tex"
`;

async function project(context: TestContext) {
  const runs = join(temporaryFolder(context), "runs");
  const ran = await runFile(protocolIn(temporaryFolder(context), text, "tiny.atlas"), { runs });
  return { runs, folder: ran.folder, unitFolder: join(runs, ".units") };
}

function filesIn(folder: string): ReadonlyMap<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => /\.[a-z]+$/.test(name));
  return new Map(names.sort().map((name) => [name, readFileSync(join(folder, name), "latin1")]));
}

async function refusal(named: string, runs: string): Promise<string> {
  const outcome = await redrawRun(named, runs);
  return outcome.kind === "refused"
    ? outcome.diagnostics.map(({ code, message }) => `${code} ${message}`).join()
    : "drawn";
}

test("what was lost is drawn again as it was, with nothing computed", async (context) => {
  const { runs, folder, unitFolder } = await project(context);
  const before = filesIn(folder.folder);
  const units = filesIn(unitFolder);
  rmSync(folder.outputs, { recursive: true });
  rmSync(folder.report);
  rmSync(folder.results);
  assert.equal((await redrawRun("tiny", runs)).kind, "redrawn");
  const after = filesIn(folder.folder);
  assert.deepEqual([...after.keys()], [...before.keys()]);
  for (const [name, content] of before) if (name !== "record.json") assert.equal(after.get(name), content, name);
  assert.deepEqual(filesIn(unitFolder), units);
  const verified = await verifyRun("tiny", { runs });
  assert.ok(verified.kind === "verified");
  assert.deepEqual(verified.findings, []);
});

test("a store that lacks units draws nothing", async (context) => {
  const { runs, folder, unitFolder } = await project(context);
  const [unit = ""] = [...filesIn(unitFolder).keys()];
  rmSync(join(unitFolder, unit));
  writeFileSync(folder.report, "as it was");
  assert.match(await refusal("tiny", runs), /^A5013 .*: 1 of its \d+ units are not in the store$/);
  assert.equal(readFileSync(folder.report, "utf8"), "as it was");
});

test("a run whose record asks for something else draws nothing", async (context) => {
  const { runs, folder } = await project(context);
  const record = readFileSync(folder.record, "utf8");
  writeFileSync(folder.record, record.replace("by layer across head", "by layer           "));
  assert.match(await refusal("tiny", runs), /^A5013 .*not those that it was run with$/);
  assert.match(await refusal("nothing", runs), /^A5011 /);
});
