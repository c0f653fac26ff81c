/** docs/records.md describes the formats as they are, and docs/versions.md names the same ones. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { outcomeFormat } from "../../src/cli/outcome-json.js";
import { historyFormat } from "../../src/runtime/store/history.js";
import { judgementFormat } from "../../src/runtime/store/judgements.js";
import { recordFormat } from "../../src/runtime/store/record-types.js";
import { root } from "../support/root.js";

interface Schema {
  readonly required: readonly string[];
  readonly properties: Readonly<Record<string, { readonly const?: string }>>;
  readonly $defs: Readonly<Record<string, Schema & { readonly const?: string }>>;
}

const text = readFileSync(join(root, "docs", "records.md"), "utf8");
const versions = readFileSync(join(root, "docs", "versions.md"), "utf8");
const schema = (name: string): Schema => createRequire(import.meta.url)(`atlasc/${name}.schema.json`) as Schema;

test("every key of what `run --json` prints is described", () => {
  const { ran, table } = schema("outcome").$defs;
  const keys = [...(ran?.required ?? []), ...(table?.required ?? [])];
  assert.ok(keys.length > 20);
  assert.deepEqual(
    keys.filter((key) => !text.includes(`\`${key}\``)),
    [],
  );
});

test("formats and their versions are those of the code and of the schemas", () => {
  const formats = [
    [recordFormat, schema("record").properties["format"]?.const],
    [historyFormat, schema("history").properties["format"]?.const],
    [judgementFormat, schema("judgement").properties["format"]?.const],
    [outcomeFormat, schema("outcome").$defs["format"]?.const],
  ];
  for (const [code, published] of formats) {
    assert.equal(published, code);
    assert.ok(text.includes(`\`${String(code)}\``), `docs/records.md does not name ${String(code)}`);
    assert.ok(versions.includes(`\`${String(code)}\``), `docs/versions.md does not name ${String(code)}`);
  }
});
