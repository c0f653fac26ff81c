/** Labels of results on the smallest protocols that once had wrong ones: each with its right value. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { parseCsv } from "../../src/compiler/check/texts/csv.js";
import type { TableData } from "../../src/runtime/report/table-data.js";
import { protocolIn, rowsOf, runFile, temporaryFolder, type Ran } from "./support.js";

const gpt2 = 'model g from "@stdlib/models/gpt2-tiny"\n';
const pair = 'prompts p from ["Time heals all wounds, my lady.", "Pride goes before a fall."]\n';

async function ran(context: TestContext, text: string, files: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const folder = temporaryFolder(context);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return runFile(protocolIn(folder, text), { runs: join(folder, "runs") });
}

function table(run: Ran, title: string): TableData {
  const found = run.written.tables.find((own) => own.title === title);
  assert.ok(found !== undefined, title);
  return found;
}

/** Values of a table's last column. */
function last(data: TableData): readonly unknown[] {
  return data.rows.map((cells) => cells.at(-1)?.value);
}

test("a token in its text is that of the value, also where the intervention has positions of its own", async (context) => {
  const run = await ran(
    context,
    `${gpt2}${pair}experiment s ablate mlp L1 at 1..2 measure nll at 1..3 as early\ntable s.early with context 2\n`,
  );
  const { columns, rows } = table(run, "s.early");
  const at = columns.findIndex(({ name }) => name === "measured_position");
  for (const cells of rows.filter((own) => own[0]?.value === 0)) {
    const { value, mark } = cells.at(-1) ?? {};
    const marked = String(value).slice(...(mark ?? [0, 0]));
    assert.equal(marked, { 2: " he", 3: "al", 4: "s" }[Number(cells[at]?.value)]);
  }
});

test("a difference between two texts belongs to neither", async (context) => {
  const run = await ran(
    context,
    `${gpt2}${pair}prompts q from ["Where were you then?", "It rained all day."]
experiment x with p measure nll
experiment y with q measure nll
let same = x.nll - mean(x.nll over position)
let apart = x.nll - y.nll
table same with context 3
table apart with context 3
save same to "same.csv"
save apart to "apart.csv"
`,
  );
  assert.ok(last(table(run, "same")).every((text) => typeof text === "string"));
  assert.ok(last(table(run, "apart")).every((text) => text === null));
  const tokens = (name: string): ReadonlySet<string | undefined> => {
    const cells = parseCsv(readFileSync(join(run.folder.outputs, name), "utf8"));
    assert.ok(!("problem" in cells));
    const [head, ...body] = cells;
    return new Set(body.map((line) => line.cells[head?.cells.indexOf("token") ?? -1]));
  };
  assert.ok(tokens("same.csv").has(" all"));
  assert.deepEqual(tokens("apart.csv"), new Set([""]));
});

test("a text has the same positions as a prompt and as a corpus, BOS counted", async (context) => {
  const text = '["Time heals all wounds, my lady."] bos on';
  const run = await ran(
    context,
    `model l from "@stdlib/models/llama-tiny"
prompts one from ${text}
corpus whole from ${text}
experiment a with one measure nll
experiment b with whole measure nll
let zero = a.nll - b.nll
table zero
`,
  );
  const values = last(table(run, "zero"));
  assert.ok(values.length > 5 && values.every((value) => value === 0));
});

test("a column of truth values is a condition", async (context) => {
  const run = await ran(
    context,
    `${gpt2}${pair}experiment e measure nll, nll > 3 as hard\ntable mean(e.nll where e.hard)\ntable mean(e.nll where e.nll > 3)\n`,
  );
  const [[byTruth], [byValue]] = [
    last(table(run, "mean(e.nll where e.hard)")),
    last(table(run, "mean(e.nll where e.nll > 3)")),
  ];
  assert.ok(Number(byTruth) > 3);
  assert.equal(byTruth, byValue);
});

test("facts of models and fields of that name are two columns", async (context) => {
  const run = await ran(
    context,
    `model a from ["@stdlib/models/pythia-tiny", "@stdlib/models/gpt2-tiny"]
model b from "@stdlib/models/pythia-tiny" revision ["step512", "step1024"]
prompts p from "p.jsonl"
prompts q from ["It rained."]
experiment fields on a with p measure loss
experiment steps on b with q measure loss
`,
    {
      "p.jsonl":
        '{"text":"Nobody spoke.","params":"x1","step":"s1"}\n{"text":"It rained.","params":"x2","step":"s2"}\n',
    },
  );
  const rows = await rowsOf(run);
  const levels = (experiment: string, column: string): readonly unknown[] => [
    ...new Set(rows.filter((row) => row.experiment === experiment).map((row) => row.axes[column])),
  ];
  assert.deepEqual(levels("fields", "params"), ["x1", "x2"]);
  assert.equal(levels("fields", "model_params").filter((count) => Number(count) > 1e5).length, 2);
  assert.deepEqual(levels("steps", "model_step"), [512, 1024]);
  assert.deepEqual(levels("steps", "step"), [undefined]);
});

test("models of two lists with the same short names are told apart, and each is ranked by its own rows", async (context) => {
  const sources = '["@stdlib/models/pythia-tiny", "@stdlib/models/pythia-tiny-seed2"]';
  const run = await ran(
    context,
    `model a from ${sources}
model b from ${sources} revision "step512"
prompts p from ["Nobody spoke.", "It rained."]
experiment e on a, b measure loss
table e
`,
  );
  const { rows, columns } = table(run, "e");
  assert.equal(columns[0]?.name, "model");
  const models = rows.map((cells) => cells[0]?.value);
  assert.deepEqual(models, ["a pythia-tiny", "a pythia-tiny-seed2", "b pythia-tiny", "b pythia-tiny-seed2"]);
  assert.equal(new Set(last(table(run, "e"))).size, 4);
});

test("means over texts of different length, and joins that lose places on both sides, are said", async (context) => {
  const run = await ran(
    context,
    `${gpt2}${pair}experiment e measure nll at 1..3 as front, nll at -4..-2 as back, nll
let apart = e.front - e.back
let mean_nll = mean(e.nll over prompt)
table apart
table mean_nll
`,
  );
  const said = run.record.warnings.join("\n");
  assert.match(
    said,
    /apart: (left out, because the other side has no such place|the two sides have no place in common)/,
  );
  assert.match(said, /mean_nll: texts differ in length: along position, the mean is of 1 to 2 values a place/);
});
