/** CSV for data frames and spreadsheets: text is never a formula, numbers are numbers, and every text can be got back. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { parseCsv } from "../../src/compiler/check/texts/csv.js";
import { reportScript } from "../../src/runtime/report/report-script.js";
import { csvField, formulaStart, inertText } from "../../src/runtime/store/csv.js";
import { saveResults } from "../../src/runtime/store/results.js";
import { savedTableOfRows } from "../../src/runtime/store/saved-table.js";
import { row } from "../report/samples.js";
import { temporaryFolder } from "../end-to-end/support.js";

/** What the decision tells readers to do. */
const back = (cell: string): string => (/^'+[=+\-@＝＋－＠\t\r\n]/.test(cell) ? cell.slice(1) : cell);

const cells: readonly (readonly [string | number | null, string])[] = [
  ["=1+1", "'=1+1"],
  ["+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"],
  ["-2+3", "'-2+3"],
  ["@SUM(A1)", "'@SUM(A1)"],
  ["＝1+1", "'＝1+1"],
  ["\t=1", "'\t=1"],
  ["\r=1", '"\'\r=1"'],
  ["\n=1", '"\'\n=1"'],
  ['=HYPERLINK("a,b")', '"\'=HYPERLINK(""a,b"")"'],
  ["-", "'-"],
  ["--", "'--"],
  ["-inf", "'-inf"],
  ["'=1", "''=1"],
  ["''-", "'''-"],
  // No formula begins like these.
  ["'tis", "'tis"],
  ["a=1", "a=1"],
  [" =1", '" =1"'],
  ["1-2", "1-2"],
  // A number in a text is no formula either.
  ["-5", "-5"],
  ["+0.5e-3", "+0.5e-3"],
  ["-.5", "-.5"],
  // Numbers, null and the empty text.
  [-5, "-5"],
  [-1.5e-7, "-1.5e-7"],
  [-Infinity, "-Infinity"],
  [NaN, "NaN"],
  [null, ""],
  ["", '""'],
];

test("text that a spreadsheet would compute gets an apostrophe, numbers stay as they are", () => {
  for (const [value, field] of cells) assert.equal(csvField(value), field, JSON.stringify(value));
});

test("every text can be got back, and none is a formula", () => {
  const texts = fc
    .array(fc.constantFrom("'", "=", "-", "+", "@", "\t", "\n", "5", ".", "e", "a", ",", '"', " "))
    .map((c) => c.join(""));
  fc.assert(
    fc.property(texts, (text) => {
      const written = inertText(text);
      assert.equal(back(written), text);
      assert.ok(!/^[=+\-@\t\r\n]/.test(written) || Number.isFinite(Number(written)), written);
      assert.ok(formulaStart.test(written) === formulaStart.test(text));
    }),
    { seed: 33, numRuns: 2000 },
  );
});

test("a saved file has it in names of columns and in text, and not in values", async (context) => {
  const path = join(temporaryFolder(context), "saved.csv");
  const axes = { prompt: 0, "=field": "@user", tone: "-", shift: -3, "+n": "-7" };
  const words = { promptText: "=1+1", token: "+", valueText: null };
  const saved = { ...row("e", "m", axes, -0.25, { baseline: 1, reason: "-why" }), ...words };
  await saveResults(path, savedTableOfRows([saved]));
  const table = parseCsv(readFileSync(path, "utf8"));
  assert.ok(!("problem" in table));
  const [head, first] = table.map(({ cells: line }) => line);
  const cellAt = (column: string): string | undefined => first?.[head?.indexOf(column) ?? -1];
  assert.deepEqual(["'=field", "tone", "shift", "'+n", "value", "impact", "reason"].map(cellAt), [
    "'@user",
    "'-",
    "-3",
    "-7",
    "-0.25",
    "-1.25",
    "'-why",
  ]);
});

test("the report's download of a figure's data has the same rule", () => {
  const start = reportScript.indexOf("  var formula =");
  const source = reportScript.slice(start, reportScript.indexOf("  function bytesOf"));
  assert.ok(start > 0 && source.length > 200);
  const csvOf = runInNewContext(`${source}\ncsvOf;`) as (points: readonly object[]) => string;
  for (const [value] of cells) {
    const [, line] = csvOf([{ "=x": value, y: "z" }]).split(/,y\n/);
    const expected = parseCsv(`${csvField(value)},z`);
    assert.deepEqual(parseCsv(line ?? ""), expected, JSON.stringify(value));
  }
  assert.equal(csvOf([{ "=x": 1 }]), "'=x\n1\n");
});
