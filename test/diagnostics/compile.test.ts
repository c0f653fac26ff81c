/**
 * One small protocol for every diagnostic that compiling can raise: `CODE.atlas` raises that code and no other, at the
 * carets in its comments. Directives: `# set NAME=VALUE`, `# memory BYTES`, and `# elsewhere CODE: message` for a
 * diagnostic without a place in the file. How each one looks in a terminal is kept in test/golden/diagnostics.
 */
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import test, { after } from "node:test";
import { catalogue } from "../../src/compiler/diagnostics/catalogue.js";
import type { Fix } from "../../src/compiler/diagnostics/diagnostic.js";
import { packageRoot } from "../../src/runtime/models/places.js";
import { createWorkspace } from "../check/workspace.js";
import { checkCarets } from "../support/carets.js";
import { expectGolden } from "../support/golden.js";

const folder = join(packageRoot(), "test", "diagnostics");
const fixtures = readdirSync(folder)
  .filter((name) => name.endsWith(".atlas"))
  .sort();
const workspace = createWorkspace();
after(workspace.end);

/** The text with a fix applied; edits do not overlap. */
function fixed(text: string, { edits }: Fix): string {
  return [...edits]
    .sort((a, b) => b.span.start - a.span.start)
    .reduce((all, { span, replacement }) => all.slice(0, span.start) + replacement + all.slice(span.end), text);
}

for (const name of fixtures) {
  test(`${name} raises exactly its code`, async () => {
    const text = readFileSync(join(folder, name), "utf8");
    const code = name.replace(".atlas", "");
    const set = new Map([...text.matchAll(/^# set (\w+)=(.*)$/gm)].map(([, key = "", value = ""]) => [key, value]));
    const memory = Number(/^# memory (\d+)$/m.exec(text)?.[1] ?? 2 ** 30);
    const { diagnostics, rendered } = await workspace.plan(name, text, { set, memory });
    assert.deepEqual([...new Set(diagnostics.map((d) => d.code))], [code], rendered);

    const expected = [...text.matchAll(/^# elsewhere (A\d{4}): (.*)$/gm)];
    const elsewhere = diagnostics.filter((d) => d.primary?.span.file !== name);
    assert.equal(elsewhere.length, expected.length, rendered);
    for (const [i, [, , message = ""]] of expected.entries()) {
      assert.ok(elsewhere[i]?.message.startsWith(message), `${elsewhere[i]?.message ?? ""} is not ${message}`);
    }
    const inside = diagnostics.filter((d) => !elsewhere.includes(d));
    assert.deepEqual(checkCarets({ path: name, text }, inside), [], rendered);
    for (const diagnostic of inside) {
      for (const fix of diagnostic.fixes) {
        const after = await workspace.plan(name, fixed(text, fix), { set, memory });
        const same = after.diagnostics.filter((d) => d.code === code && d.message === diagnostic.message);
        assert.deepEqual(same, [], `${fix.title} does not help:\n${after.rendered}`);
      }
    }
    if (!rendered.includes("JSON:")) expectGolden(`diagnostics/${code}.txt`, rendered);
  });
}

test("every code that compiling a protocol can raise has its fixture", () => {
  // What only a run or the files of a model can raise is listed in test/meta/catalogue.test.ts.
  const elsewhere = [
    "A5005",
    "A5006",
    "A5011",
    "A5012",
    "A5013",
    "A8018",
    "A8019",
    "A8031",
    "A8032",
    "A8033",
    "A8036",
    "A8037",
    "A8040",
    "A8045",
  ];
  const compiled = Object.keys(catalogue).filter(
    (code) => /^A(2|3|41|42|43|5|8)/.test(code) && !elsewhere.includes(code),
  );
  const missing = compiled.filter((code) => !fixtures.includes(`${code}.atlas`));
  assert.deepEqual(missing, []);
});
