/** `atlasc doc`: the reference at the command line. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { docEntries, type DocEntry } from "../../src/compiler/docs/entries.js";
import { sites } from "../../src/compiler/models/sites.js";
import { leadingForms } from "../../src/compiler/syntax/forms/index.js";
import { parse } from "../../src/compiler/syntax/parse.js";
import { readStandardLibrary } from "../../src/runtime/load.js";
import { command } from "./support.js";

test("doc lists every metric, site, operation and statement", async () => {
  const end = await command(["doc"]);
  assert.equal(end.code, 0);
  assert.equal(end.stderr, "");
  for (const title of ["Metrics of @stdlib/geometry", "Sites", "Operations", "Statements", "Interventions"]) {
    assert.match(end.stdout, new RegExp(`^${title}$`, "m"));
  }
  for (const name of ["R_V", "softmax", "ablate", ...Object.keys(sites)]) {
    assert.match(end.stdout, new RegExp(`^  ${name} +\\S`, "m"), name);
  }
});

test("doc of a metric: what it is, parameters with defaults, shape, unit, source, definition", async () => {
  const { code, stdout } = await command(["doc", "R_V"]);
  assert.equal(code, 0);
  assert.match(stdout, /^R_V {2}metric of @stdlib\/geometry\n\n {2}Ratio of the participation ratios/);
  assert.match(stdout, /^ {2}written +R_V early L5 late L-5 window 16$/m);
  assert.match(stdout, /^ {2}parameters +early: layer = L5\n +late: layer = L-5\n +window: count = 16$/m);
  assert.match(stdout, /^ {2}shape +v \[pos, kv_head, d_head\] of two layers → scalar$/m);
  assert.match(stdout, /^ {2}unit +none$/m);
  assert.match(stdout, /^ {2}source +\S/m);
  assert.match(stdout, /^ {2}metric R_V\(early: layer = L5, late: layer = L-5, window: count = 16\) =$/m);
});

test("doc --json gives entries as data", async () => {
  const { code, stdout } = await command(["doc", "resid_mid", "--json"]);
  assert.equal(code, 0);
  const entries = JSON.parse(stdout) as DocEntry[];
  assert.deepEqual(
    entries.map(({ kind, name, form }) => ({ kind, name, form })),
    [{ kind: "site", name: "resid_mid", form: "resid_mid[LAYER]" }],
  );
  assert.deepEqual(
    entries,
    docEntries(await readStandardLibrary()).filter((entry) => entry.name === "resid_mid"),
  );
});

test("an unknown name: the nearest ones, exit code 1", async () => {
  const text = await command(["doc", "perplexty"]);
  assert.equal(text.code, 1);
  assert.equal(text.stdout, "");
  assert.match(
    text.stderr,
    /^atlasc: nothing is called perplexty; did you mean perplexity\?\natlasc doc lists everything/,
  );
  const json = await command(["doc", "perplexty", "--json"]);
  assert.equal(json.code, 1);
  assert.deepEqual(JSON.parse(json.stdout), { status: "unknown", name: "perplexty", suggestions: ["perplexity"] });
});

test("doc of a code: what it means, its message and the way out", async () => {
  const { code, stdout } = await command(["doc", "A3006"]);
  assert.equal(code, 0);
  assert.match(stdout, /^A3006 {2}diagnostic\n\n {2}Sweeps disagree\. Two sweeps along one axis move together/);
  assert.match(stdout, /^ {2}message +two sweeps of the axis \{axis\} have different values$/m);
  assert.match(stdout, /^ {2}severity +error$/m);
});

test("doc of an intervention has every clause and what the words in capitals stand for", async () => {
  const { stdout } = await command(["doc", "ablate"]);
  for (const piece of [
    "ablate top N[..N] TARGET of EXPERIMENT by KEY",
    "[per position]",
    "resample from TEXTS [seed N]",
  ]) {
    assert.ok(stdout.replace(/\s+/g, " ").includes(piece), stdout);
  }
  assert.match(stdout, /^ {2}POSITIONS +last \| token "TEXT"/m);
});

test("a word in several roles, several words, a place, and a group", async () => {
  assert.match(
    (await command(["doc", "top"])).stdout,
    /^top {2}clause[^]*^ {2}in +table, save, curvature, ablate$[^]*^top {2}operation$/m,
  );
  assert.match((await command(["doc", "at", "token"])).stdout, /^at {2}operator$[^]*^token {2}clause$/m);
  assert.match((await command(["doc", "L9..10.H0..3"])).stdout, /^L15\.\.30 {2}place$[^]*^L5\.H3 {2}place$/m);
  const plots = (await command(["doc", "plots"])).stdout;
  assert.match(plots, /^Plots\n {2}heatmap +\S/);
  assert.doesNotMatch(plots, /^Statements$/m);
});

test("the list and every entry stand in 80 columns", async () => {
  const { stdout } = await command(["doc"]);
  assert.deepEqual(
    stdout.split("\n").filter((line) => line.length > 80),
    [],
  );
});

test("every form that the reference shows for a statement begins with its word, and its example parses", () => {
  const kinds = new Set<string>();
  for (const { name, lines, example } of leadingForms.values()) {
    for (const form of lines) assert.ok(form.startsWith(`${name} `), form);
    const { value, diagnostics } = parse({ path: `${name}.atlas`, text: example });
    assert.deepEqual(diagnostics, [], example);
    assert.match(example, new RegExp(`\\b${name}\\b`));
    for (const statement of value.statements) {
      kinds.add(statement.kind);
      if (statement.kind === "experiment") for (const { kind } of statement.interventions) kinds.add(kind);
    }
  }
  // Each example holds what it is an example of. Clauses that are no interventions are parts of experiments.
  const begun = [...leadingForms.values()].filter(({ group }) => group !== "Clauses").map(({ name }) => name);
  assert.deepEqual([...kinds].sort(), begun.map((name) => (name === "let" ? "letResult" : name)).sort());
});
