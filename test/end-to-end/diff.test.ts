/** `atlasc diff`: the same run, the same request with other numbers, other requests, and rows that only one has. */
import assert from "node:assert/strict";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { lineChanges } from "../../src/runtime/diff/lines.js";
import { compareResults } from "../../src/runtime/diff/results.js";
import { diffRuns, type DiffOutcome } from "../../src/runtime/diff-runs.js";
import { readResults, writeResults } from "../../src/runtime/store/results.js";
import { savedTableOfRows } from "../../src/runtime/store/saved-table.js";
import { root } from "../support/root.js";
import { command, protocolIn, runFile, temporaryFolder } from "./support.js";

const text = `param width = 4
model m from "./model"
prompts p from ["Time heals all wounds, my lady.", "Pride goes before a fall."]
experiment sweep ablate heads L0..1 by zero measure loss, PR(v[L-1] last width) as spread
hypothesis "Heads matter" expect mean(abs(sweep.loss.impact)) > 0 using t_test
`;

type Compared = Extract<DiffOutcome, { kind: "compared" }>;

test("what differs between two runs, and why it can", async (context) => {
  const folder = temporaryFolder(context);
  cpSync(join(root, "stdlib", "models", "gpt2-tiny"), join(folder, "model"), { recursive: true });
  const runs = join(folder, "runs");
  const diff = async (left: string, right: string): Promise<Compared> => {
    const outcome = await diffRuns(left, right, runs);
    assert.equal(outcome.kind, "compared");
    return outcome;
  };
  const first = await runFile(protocolIn(folder, text, "a.atlas"), { runs });
  const self = await diff("a", "a");
  assert.deepEqual([self.same, self.request, self.text, self.decisions, self.reasons], [true, [], [], [], []]);
  assert.deepEqual(self.results.map(({ compared, differing }) => [compared, differing]), [[18, 0], [18, 0]]); // prettier-ignore

  // Another protocol and another parameter: rows that only one has.
  await runFile(protocolIn(folder, text.replace('"Heads matter"', '"Heads do matter"').replace("L0..1", "L0..2"), "b.atlas"), { runs, overrides: new Map([["width", "3"]]) }); // prettier-ignore
  const other = await diff("a", "b");
  assert.equal(other.same, false);
  assert.deepEqual(other.request.map(({ what }) => what), ["text of the protocol", "param width"]); // prettier-ignore
  assert.deepEqual(other.text.map(({ kind, line }) => [kind, line]), [["removed", 4], ["removed", 5], ["added", 4], ["added", 5]]); // prettier-ignore
  const [metric, spread] = other.results;
  assert.ok((spread?.differing ?? 0) > 0, "of another width");
  assert.deepEqual([metric?.compared, metric?.differing, metric?.onlyLeft, metric?.onlyRight], [18, 0, 0, 8]);
  assert.deepEqual([metric?.example?.side, metric?.example?.axes["layer"]], ["right", 2]);
  assert.deepEqual(other.decisions.map(({ statement, left, right }) => [statement, left === null, right === null]), [["Heads matter", false, true], ["Heads do matter", true, false]]); // prettier-ignore
  assert.deepEqual(other.reasons, ["the protocols differ", "the parameter width is 4 and 3"]);

  // Other weights: the last byte is of some weight that every row passes through.
  const weights = join(folder, "model", "model.safetensors");
  const bytes = readFileSync(weights);
  const header = 8 + Number(bytes.readBigUInt64LE(0));
  for (let at = header + 2; at < bytes.length; at += 4096) bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(weights, bytes);
  await runFile(protocolIn(folder, text, "c.atlas"), { runs });
  const heavier = await diff("a", "c");
  assert.deepEqual(heavier.reasons, ["the weights of model m differ"]);
  const [changed] = heavier.results;
  assert.ok(changed?.absolute !== null && changed?.absolute !== undefined && changed.differing > 0);
  // The largest difference, by hand.
  const [left, right] = await Promise.all(
    [first.folder.results, heavier.right.results].map(async (path) =>
      (await readResults(path)).filter(({ metric: own }) => own === "loss"),
    ),
  );
  assert.ok(left !== undefined && right !== undefined);
  const sizes = left.map(({ value }, i) => Math.abs(value - (right[i]?.value ?? NaN)));
  assert.equal(changed.absolute.size, Math.max(...sizes));
  const at = sizes.indexOf(Math.max(...sizes));
  assert.deepEqual([changed.absolute.axes, changed.absolute.left], [left[at]?.axes, left[at]?.value]);

  const shown = await command(["diff", "a", "c"], { cwd: folder });
  assert.equal(shown.code, 1);
  assert.match(shown.stdout, /weights of m +[0-9a-f]{12}… +[0-9a-f]{12}…/);
  assert.match(shown.stdout, /- the weights of model m differ\n\nThe runs differ\.\n$/);
  const json = await command(["diff", "a", "a", "--json"], { cwd: folder });
  assert.deepEqual([json.code, (JSON.parse(json.stdout) as { same: boolean }).same], [0, true]);
  const wrong = await command(["diff", "a", "nothing"], { cwd: folder });
  assert.deepEqual([wrong.code, wrong.stdout], [1, ""]);
  assert.match(wrong.stderr, /A5011\]: no run at nothing: there is none in runs\nhint: in runs are runs of a, b, c/);
});

test("values are compared bit by bit, wherever their rows stand", async (context) => {
  const folder = temporaryFolder(context);
  const row = (value: number, i: number, reason: string | null = null) => ({ experiment: "e", condition: "unmodified", axes: { prompt: i }, metric: "m", unit: "none" as const, value, baseline: null, impact: null, relative: null, reason, promptText: null, token: null, valueText: null }); // prettier-ignore
  const compare = async (a: readonly number[], b: readonly number[]) => {
    const [left, right] = [join(folder, "a.parquet"), join(folder, "b.parquet")];
    await writeResults(left, savedTableOfRows(a.map((value, i) => row(value, i, Number.isNaN(value) ? "why" : null))));
    // From the end to the beginning, so that each row has to wait for its counterpart.
    const reversed = b.map((value, i) => row(value, i, Number.isNaN(value) ? "why" : null)).reverse();
    await writeResults(right, savedTableOfRows(reversed));
    const [only] = await compareResults(left, right);
    assert.ok(only !== undefined);
    return only;
  };
  const many = Array.from({ length: 3000 }, (_, i) => i / 7);
  const same = await compare(many, many);
  assert.deepEqual([same.compared, same.differing, same.onlyLeft + same.onlyRight], [3000, 0, 0]);
  const least = await compare([1, NaN, 0], [1 + Number.EPSILON, NaN, -0]);
  assert.deepEqual([least.differing, least.absolute?.size, least.relative?.axes], [2, Number.EPSILON, { prompt: 0 }]);
  const lost = await compare([NaN, Infinity, 5], [1, 2, 5.5]);
  assert.deepEqual([lost.differing, lost.notFinite, lost.absolute?.size, lost.relative?.size], [3, 2, 0.5, 0.5 / 5.5]);
});

test("lines that only one of two texts has", () => {
  const changes = (a: string, b: string): string =>
    lineChanges(a, b).map(({ kind, line, text: own }) => `${kind === "added" ? "+" : "-"}${line}${own}`).join(" "); // prettier-ignore
  assert.equal(changes("a\nb\nc", "a\nb\nc"), "");
  assert.equal(changes("a\nb\nc", "a\nx\nb\nc\nd"), "+2x +5d");
  assert.equal(changes("a\nb\nc", "c\nb"), "-1a -2b +2b");
  assert.equal(changes("", "a"), "-1 +1a");
  const long = (word: string): string => Array.from({ length: 2100 }, (_, i) => `${word}${i}`).join("\n");
  assert.equal(lineChanges(long("a"), long("b")).length, 4200, "too many for a table, and still told");
});
