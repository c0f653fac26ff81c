/** Every protocol and metric file of the repository is laid out as `atlasc fmt` lays it out. */
import assert from "node:assert/strict";
import test from "node:test";
import { parse } from "../../src/compiler/syntax/parse.js";
import { print } from "../../src/compiler/syntax/print.js";
import { differenceOf } from "../support/golden.js";
import { filesBelow, textOf } from "./sources.js";

/** Texts with faults: their carets point at columns, and many do not parse. */
const broken = ["test/diagnostics/", "docs/examples/broken/"];
const whole = filesBelow("", ".atlas").filter((file) => !broken.some((folder) => file.startsWith(folder)));

for (const path of whole) {
  test(`${path} is formatted`, () => {
    const text = textOf(path);
    const { value, diagnostics } = parse({ path, text });
    assert.deepEqual(diagnostics, []);
    const formatted = print(value, text);
    if (formatted !== text) assert.fail(`npx atlasc fmt ${path} would change it:\n${differenceOf(text, formatted)}`);
  });
}
