/** Every protocol and metric file of the repository is laid out as `atlasc fmt` lays it out. */
import assert from "node:assert/strict";
import test from "node:test";
import { parse } from "../../src/compiler/syntax/parse.js";
import { print } from "../../src/compiler/syntax/print.js";
import { filesBelow, textOf } from "./sources.js";

/** Texts with faults: their carets point at columns, and many do not parse. */
const broken = "test/diagnostics/";

for (const path of filesBelow("", ".atlas").filter((file) => !file.startsWith(broken))) {
  test(`${path} is formatted`, () => {
    const text = textOf(path);
    const { value, diagnostics } = parse({ path, text });
    assert.deepEqual(diagnostics, []);
    assert.equal(print(value, text), text, `run npx atlasc fmt ${path}`);
  });
}
