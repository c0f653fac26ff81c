/** docs/api.md describes everything that the package exports, and its examples print what it says. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import ts from "typescript";
import { nodesOf } from "../meta/sources.js";
import { temporaryFolder } from "../runtime/processes.js";
import { root } from "../support/root.js";

const document = readFileSync(join(root, "docs", "api.md"), "utf8");
const folder = join(root, "docs", "examples", "api");
const examples = readdirSync(folder).sort();

/** Every name that a module exports, and whether it is a type. */
function exportsOf(file: string): readonly { readonly name: string; readonly isType: boolean }[] {
  return nodesOf(file).flatMap((node) =>
    ts.isExportSpecifier(node)
      ? [{ name: node.name.text, isType: node.isTypeOnly || node.parent.parent.isTypeOnly }]
      : [],
  );
}

for (const entry of ["src/compiler/index.ts", "src/runtime/index.ts"]) {
  test(`${entry}: functions have a section in docs/api.md, and types are named there`, () => {
    const names = exportsOf(entry);
    assert.ok(names.length > 5);
    assert.deepEqual(
      names.filter(({ name, isType }) => !document.includes(isType ? `\`${name}\`` : `\n### \`${name}\`\n`)),
      [],
    );
  });
}

/** Each example in the document: its text, and what the document says that it prints. */
const shown = new Map(
  [...document.matchAll(/```js\n([^]*?)```\n\n```text\n([^]*?)```/g)].map(([, text = "", output = ""]) => [
    text,
    output,
  ]),
);

test("every example in docs/api.md is a file, and every file is shown", () => {
  const blocks = [...document.matchAll(/```js\n/g)].length;
  assert.equal(shown.size, blocks, "each block of JavaScript is followed by what it prints");
  assert.deepEqual(examples.map((name) => readFileSync(join(folder, name), "utf8")).sort(), [...shown.keys()].sort());
});

for (const name of examples) {
  test(`docs/examples/api/${name} prints what docs/api.md says`, (context) => {
    const { stdout, stderr, status } = spawnSync(process.execPath, [join(folder, name)], {
      cwd: temporaryFolder(context),
      encoding: "utf8",
    });
    assert.equal(stderr, "");
    assert.equal(stdout.trimEnd(), shown.get(readFileSync(join(folder, name), "utf8"))?.trimEnd());
    assert.equal(status, 0);
  });
}
