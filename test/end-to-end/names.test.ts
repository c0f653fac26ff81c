/** Names that JavaScript's objects have themselves are names like any other, wherever a user may choose one. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseCsv } from "../../src/compiler/check/texts/csv.js";
import { readRecord } from "../../src/runtime/store/record.js";
import { readResults } from "../../src/runtime/store/results.js";
import { command, randomModel, rowsOf, runFile, spelled, spelledModel, temporaryFolder, type Ran } from "./support.js";

const words = [
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "valueOf",
  "isPrototypeOf",
  "propertyIsEnumerable",
  "toLocaleString",
  "__defineGetter__",
  "__lookupSetter__",
  "prototype",
  "then",
] as const;
const plain = words.map((_, i) => `name${i}`);

type Names = readonly string[];

/** The n-th of the names, which begin anew. */
const nameOf =
  (names: Names, shift: number) =>
  (n: number): string =>
    names[(n + shift) % names.length] ?? "";

/** A protocol in which every name that a user can choose comes from a list. Kinds that may share a name share some. */
function protocol(name: (n: number) => string): string {
  const [text, other, third] = [spelled([3, 14, 15, 9, 2, 6]), spelled([27, 18, 28, 18]), spelled([5, 3, 5, 8])];
  return `param ${name(0)} = 2
model ${name(1)} from "./${name(1)}"
model ${name(2)} from ["./${name(3)}", "./${name(4)}"]
prompts ${name(5)} from { ${name(6)}: ["${text}", "${other}"], ${name(7)}: ["${third}"], ${name(8)}: ["${other}"] }
prompts ${name(9)} from "${name(1)}.jsonl" group "${name(2)}"
corpus ${name(10)} from "${name(3)}.txt"
metric ${name(11)}(${name(1)}: layer = L*, ${name(2)}: count = 2) = norm(attn_out[${name(1)}] last ${name(2)})
experiment ${name(1)} on ${name(2)} with ${name(5)}
  ablate heads L0
  measure loss as ${name(2)}, ${name(11)} ${name(2)} [${name(0)}, 3] as ${name(3)},
    max(nll over pos) as ${name(9)}
experiment ${name(2)} on ${name(1)} with ${name(9)}
  measure nll as ${name(4)}, ${name(11)} as ${name(5)}
experiment ${name(3)} on ${name(1)} with ${name(10)} measure loss as ${name(6)}
experiment ${name(4)} on ${name(2)} with ${name(5)}
  ablate top 2 heads of ${name(1)} by ${name(2)}
  measure top_token as ${name(7)}, loss as ${name(8)}
let ${name(5)} = ${name(2)}.${name(4)} - 1
compare ${name(2)}.${name(4)} between group ${name(6)}, ${name(7)} using welch_t
hypothesis "${name(6)}" expect ${name(1)}.${name(2)} > ${name(3)}.${name(6)} using permutation(10) seed 1
table ${name(1)}
table ${name(2)} top 3 by ${name(4)}
table ${name(2)}.${name(4)} top 3 with context 3
table ${name(4)}
table ${name(5)}
table ${name(1)} winner lowest of ${name(2)}, ${name(9)} by group
plot bar of ${name(2)}.${name(4)} over group by ${name(3)}
plot line of ${name(1)}.${name(3)} over ${name(1)} by group
plot heatmap of ${name(1)}.${name(3)}.impact over group, ${name(2)} by model
plot histogram of ${name(2)}.${name(4)} by group
plot density of ${name(2)}.${name(4)} by group
plot box of ${name(2)}.${name(4)} by group
plot scatter of ${name(2)}.${name(4)} against ${name(5)} by group
save ${name(1)} to "${name(1)}.csv"
save ${name(2)} to "${name(2)}.json"
save ${name(2)} to "${name(3)}.jsonl"
save ${name(2)} to "${name(4)}/${name(5)}.parquet"
save ${name(5)} to "${name(5)}.csv"
`;
}

async function run(folder: string, names: Names, shift: number): Promise<Ran> {
  const name = nameOf(names, shift);
  mkdirSync(folder);
  for (const n of [1, 3, 4]) spelledModel(join(folder, name(n)), randomModel);
  const records = [
    [spelled([3, 14, 15, 9, 2, 6]), name(6), name(7), 1],
    [spelled([27, 18, 28, 18]), name(7), name(6), 2],
    [spelled([5, 3, 5, 8]), name(8), name(8), 1],
  ].map(([text, group, value, number]) =>
    Object.fromEntries([
      ["text", text],
      [name(2), group],
      [name(3), value],
      [name(4), number],
    ]),
  );
  writeFileSync(join(folder, `${name(1)}.jsonl`), records.map((record) => JSON.stringify(record)).join("\n"));
  writeFileSync(join(folder, `${name(3)}.txt`), spelled([3, 14, 15, 9, 2, 6, 5, 3]));
  const path = join(folder, `${name(4)}.atlas`);
  writeFileSync(path, protocol(name));
  return runFile(path, { runs: join(folder, "runs"), overrides: new Map([[name(0), "1"]]) });
}

// In each protocol every kind of name is another of the words.
for (const shift of [0, 4, 8]) {
  test(`a protocol whose names begin with ${words[shift] ?? ""}`, async (context) => {
    const folder = temporaryFolder(context);
    const ran = await run(join(folder, "words"), words, shift);
    const neutral = await run(join(folder, "plain"), plain, shift);
    assert.equal(ran.summary.status, "finished");

    // Every row is that of the same protocol with other names.
    const back = new Map(words.map((word, i) => [word as string, plain[i] ?? ""]));
    // A field that is called like a measure of the experiment has another name in its results.
    const renamed = (text: string): string =>
      back.get(text) ?? text.replace(/^field_(.*)$/, (_, field: string) => `field_${back.get(field) ?? field}`);
    const rows = await rowsOf(ran);
    assert.ok(rows.length > 100);
    assert.deepEqual(
      rows.map((row) => ({
        ...row,
        experiment: renamed(row.experiment),
        metric: renamed(row.metric),
        axes: Object.entries(row.axes).map(([axis, value]) => [
          renamed(axis),
          typeof value === "string" ? renamed(value) : value,
        ]),
      })),
      (await rowsOf(neutral)).map((row) => ({ ...row, axes: Object.entries(row.axes) })),
    );

    // Every format has the same cells.
    const name = nameOf(words, shift);
    const outputs = (path: string): string => join(ran.folder.outputs, path);
    const json = JSON.parse(readFileSync(outputs(`${name(2)}.json`), "utf8")) as Record<string, unknown>[];
    const lines = readFileSync(outputs(`${name(3)}.jsonl`), "utf8")
      .trimEnd()
      .split("\n");
    assert.deepEqual(
      lines.map((line) => JSON.parse(line) as object),
      json,
    );
    const parquet = await readResults(outputs(`${name(4)}/${name(5)}.parquet`));
    assert.deepEqual(
      parquet,
      rows.filter((row) => row.experiment === name(2)),
    );
    const fields = [name(3), `field_${name(4)}`, "group", "value"];
    for (const [i, object] of json.entries()) {
      const cells = new Map(Object.entries(object));
      assert.deepEqual(
        fields.map((field) => cells.get(field)),
        [
          ...fields.slice(0, 3).map((axis) => new Map(Object.entries(parquet[i]?.axes ?? {})).get(axis)),
          parquet[i]?.value,
        ],
      );
    }
    const csv = parseCsv(readFileSync(outputs(`${name(1)}.csv`), "utf8"));
    assert.ok(!("problem" in csv));
    assert.equal(csv.length - 1, rows.filter((row) => row.experiment === name(1)).length);
    for (const axis of [name(1), name(2), "group", "model"]) assert.ok(csv[0]?.cells.includes(axis), axis);

    // What is shown names them, and nothing of JavaScript's own.
    const shown = [ran.written.report, ...ran.written.files.filter((f) => f.path.endsWith(".svg")).map((f) => f.path)];
    for (const path of shown) {
      const text = readFileSync(
        join(ran.folder.folder, path.slice(path.startsWith("/") ? ran.folder.folder.length : 0)),
        "utf8",
      );
      const page = text.replace(/<script>[\s\S]*?<\/script>/g, "");
      assert.doesNotMatch(page.replaceAll("series: undefined", ""), /native code|\[object |undefined/, path);
    }
    const groups = ran.written.tables.at(-1)?.rows.map((row) => row[0]?.value);
    assert.deepEqual(groups, [name(6), name(7), name(8)]);
    const record = await readRecord(ran.folder.record);
    assert.deepEqual(Object.entries(record?.parameters ?? {}), [[name(0), 1]]);
    assert.deepEqual(Object.entries(record?.overrides ?? {}), [[name(0), "1"]]);
  });
}

test("the commands that only look at a protocol take such names too", async (context) => {
  const folder = temporaryFolder(context);
  await run(join(folder, "words"), words, 0);
  const cases = [
    [["check", "--json"], /"sound": true/],
    [["explain", "--no-times"], /^constructor on toString hasOwnProperty with isPrototypeOf$/m],
    [["graph", "--out", "__proto__.graphs"], /^__proto__\.graphs/m],
    [["fmt"], /formatted$/m],
  ] as const;
  for (const [args, expected] of cases) {
    const [name = "", ...options] = args;
    const end = await command([name, "valueOf.atlas", ...options], { cwd: join(folder, "words") });
    assert.equal(end.code, 0, end.stderr);
    assert.match(end.stdout, expected);
  }
  for (const word of words.slice(0, 2)) {
    const end = await command(["doc", word]);
    assert.deepEqual([end.code, end.stdout], [1, ""]);
    assert.match(end.stderr, new RegExp(`^atlasc: nothing is called ${word}`));
  }
});
