/** What the standard library says about itself. */
import assert from "node:assert/strict";
import test from "node:test";
import { parse } from "../../src/compiler/syntax/parse.js";
import { atlasFiles } from "../support/trees.js";

/** What the doc comment of every metric states, each on a line of its own that begins with this word and a colon. */
const facts = ["shape", "unit", "source", "example"];

for (const file of atlasFiles("stdlib")) {
  test(`stdlib/${file.path} says what its metrics compute`, () => {
    const { value, diagnostics } = parse(file);
    assert.deepEqual(diagnostics, []);
    const metrics = value.statements.flatMap((statement) => (statement.kind === "metric" ? [statement] : []));
    assert.ok(metrics.length > 0, "no metrics");
    for (const { name, documentation } of metrics) {
      const [first = ""] = documentation;
      assert.match(first, /^\S/, `${name.text} has no sentence that says what it is`);
      for (const fact of facts) {
        const stated = documentation.filter((line) => new RegExp(`^${fact}: \\S`).test(line));
        assert.equal(stated.length, 1, `${name.text} needs one line \`## ${fact}: …\``);
      }
    }
  });
}

test("metrics of the standard library have different names", () => {
  const names = atlasFiles("stdlib")
    .flatMap((file) => parse(file).value.statements)
    .flatMap((statement) => (statement.kind === "metric" ? [statement.name.text] : []));
  assert.deepEqual([...new Set(names)], names);
});
