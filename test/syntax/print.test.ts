/** The formatter's layout, case by case. */
import assert from "node:assert/strict";
import test from "node:test";
import { parse } from "../../src/compiler/syntax/parse.js";
import { print } from "../../src/compiler/syntax/print.js";

function formatted(text: string): string {
  const { value, diagnostics } = parse({ path: "test.atlas", text });
  assert.deepEqual(diagnostics, []);
  return print(value, text);
}

test("an empty file stays empty, comments alone stay", () => {
  assert.equal(formatted(""), "");
  assert.equal(formatted("  \n\n"), "");
  assert.equal(formatted("\n\n# a\n\n\n\n  # b\n"), "# a\n\n# b\n");
});

test("an incomplete file is left as it is", () => {
  const text = "model  m   from";
  assert.equal(print(parse({ path: "test.atlas", text }).value, text), text);
});

test("clauses, blank lines and case of one line", () => {
  assert.equal(
    formatted(
      `experiment e with b on a ablate heads L1,L2 together by zero measure c,d\n\n\n\nablate mlp L3 measure c`,
    ),
    "experiment e\n  on a with b\n  ablate heads L1, L2 together by zero\n  measure c, d\n\nablate mlp L3 measure c\n",
  );
});

test("neighbours of one kind are aligned", () => {
  assert.equal(
    formatted('model a from "x"\nmodel long_name from "y"\n\nmodel b from "z"'),
    'model a         from "x"\nmodel long_name from "y"\n\nmodel b from "z"\n',
  );
  assert.equal(formatted("let a = 1 # one\nlet bcd = 2"), "let a   = 1  # one\nlet bcd = 2\n");
});

test("long lists are broken, one item on a line", () => {
  const names = Array.from({ length: 9 }, (_, i) => `"organisation/model-${i}"`);
  assert.equal(
    formatted(`model m from [${names.join(",")}] dtype bf16`),
    `model m from [\n${names.map((name) => `  ${name}`).join(",\n")}\n]\n  dtype bf16\n`,
  );
});

test("a comment inside a list breaks the list and stays at its item", () => {
  assert.equal(
    formatted('prompts p from ["a", # first\n"b"] bos on'),
    'prompts p from [\n  "a",  # first\n  "b"\n]\n  bos on\n',
  );
});

test("parentheses are kept only where they matter", () => {
  assert.equal(formatted("let x = ((a)) + (b * c) - (d - (e))"), "let x = a + b * c - (d - e)\n");
  assert.equal(formatted("let x = (a where b) + (-(c))^(d)"), "let x = (a where b) + (-c)^d\n");
  assert.equal(
    formatted('hypothesis "h" expect (a where (b < c)) < ((d))'),
    'hypothesis "h"\n  expect a where (b < c) < d\n',
  );
  assert.equal(formatted("let x = (L5).H3"), "let x = (L5).H3\n");
});

test("a file of comments is read and printed in a time that grows with its length only", () => {
  const comments = "# a line\n".repeat(50_000);
  const text = `${comments}## What it is\nparam half = 0.5\n${comments}`;
  const start = process.cpuUsage();
  const { value: file } = parse({ path: "test.atlas", text });
  assert.equal(print(file, text), text);
  const [statement] = file.statements;
  assert.deepEqual(statement !== undefined && "documentation" in statement && statement.documentation, ["What it is"]);
  // A quarter of a second where each comment is looked at once, and half a minute where each looks at those before it.
  assert.ok(process.cpuUsage(start).user < 4e6);
});
