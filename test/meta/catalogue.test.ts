/** Every diagnostic is raised somewhere, and some test shows a text or a situation that raises it. */
import assert from "node:assert/strict";
import test from "node:test";
import ts from "typescript";
import { catalogue, type Code } from "../../src/compiler/diagnostics/catalogue.js";
import { expectedCarets } from "../support/carets.js";
import { filesBelow, nodesOf, textOf } from "./sources.js";

const codes = Object.keys(catalogue) as Code[];

/** Codes that no text alone can raise, with the test that raises them: its file and its name. */
const raisedByHost: Readonly<Partial<Record<Code, readonly [file: string, name: string]>>> = {
  A4001: ["test/models/family.test.ts", "an unsupported architecture names the supported ones"],
  A4002: ["test/models/family.test.ts", "a config that lacks a field, or has it of another kind"],
  A4003: ["test/models/family.test.ts", "settings that are not implemented are refused by name"],
  A4004: ["test/models/family.test.ts", "a tensor that is missing, of another shape, or of a type that is not read"],
  A4005: ["test/models/family.test.ts", "a tensor that is missing, of another shape, or of a type that is not read"],
  A4006: ["test/models/family.test.ts", "a tensor that is missing, of another shape, or of a type that is not read"],
  A4007: ["test/check/rows-of-ids.test.ts", "a token that the model has no row for is refused where a text uses it"],
  A4010: ["test/models/open-model.test.ts", "no such folder: names its neighbours"],
  A4011: ["test/models/open-model.test.ts", "a folder without config.json"],
  A4012: ["test/models/open-model.test.ts", "a config that is not JSON, or no object"],
  A4013: ["test/models/open-model.test.ts", "no weights at all"],
  A4014: ["test/models/open-model.test.ts", "a truncated weight file, and one that never was safetensors"],
  A4015: ["test/models/open-model.test.ts", "a shard that is missing, and an index without a map"],
  A4016: ["test/models/open-model.test.ts", "a Hub model that is not here says how to get it"],
  A4017: ["test/models/open-model.test.ts", "revisions of a local folder take missing tokenizer files from it"],
  A4018: ["test/models/open-model.test.ts", "a tokenizer that cannot be used"],
  A4019: ["test/models/open-model.test.ts", "a file that cannot be read"],
  A4020: ["test/runtime/identities.test.ts", "an identity that fails names the model, the identity and the site"],
  A8031: ["test/models/config-fields.test.ts", "a field that nothing reads is named in one warning"],
  A8032: [
    "test/models/tensor-names.test.ts",
    "tensors that nothing reads are named, and buffers that say nothing are not",
  ],
  A8033: [
    "test/models/tensor-names.test.ts",
    "tied matrices are one tensor, whichever is there; two are used as they are",
  ],
  A4022: ["test/models/exports.test.ts", "damaged files and places outside of the folder are told in a sentence"],
  A4023: ["test/models/exports.test.ts", "a graph that is not understood is refused with the place"],
  A4024: ["test/models/gguf-hostile.test.ts", "what cannot be used is refused by name"],
  A8037: [
    "test/end-to-end/missing-revisions.test.ts",
    "the others run, its rows are NaN with the reason, and a warning and a fault say so (A8037)",
  ],
  A8036: ["test/models/gguf-hostile.test.ts", "what is read otherwise than the file says is told with the model"],
  A8045: ["test/models/exports.test.ts", "a mask that is an input is told"],
  A4030: ["test/hub/pull.test.ts", "a server that stays busy, or asks to wait for hours, ends in a sentence"],
  A4031: ["test/hub/pull.test.ts", "with the right token there is everything, and the token goes to no other host"],
  A4032: ["test/hub/processes.test.ts", "a model that is only PyTorch's own format is refused in a sentence"],
  A4033: ["test/hub/pull.test.ts", "a disk without room is found out before anything is fetched"],
  A4021: ["test/models/hostile-folders.test.ts", "the index and the files must say one thing"],
  A8018: [
    "test/models/digest-cache.test.ts",
    "verified weights are hashed whatever is remembered, and a secret change is told",
  ],
  A8040: ["test/models/open-model.test.ts", "a class that reads the tokenizer otherwise than its file says is told"],
  A8019: [
    "test/runtime/run-record.test.ts",
    "other numbers than before are told, and the results of before are kept (A8019)",
  ],
  A5005: ["test/end-to-end/cli.test.ts", "wrong inputs: one sentence each, with the place in the protocol"],
  A5006: [
    "test/end-to-end/written-files.test.ts",
    "a file that cannot be replaced is as it was, and the fault is told",
  ],
  A5011: [
    "test/end-to-end/judge.test.ts",
    "what is no judgement, or of nothing, is refused in a sentence, and nothing is written",
  ],
  A5012: [
    "test/end-to-end/judge.test.ts",
    "what is no judgement, or of nothing, is refused in a sentence, and nothing is written",
  ],
  A5013: ["test/end-to-end/redraw.test.ts", "a store that lacks units draws nothing"],
};

test("every code of the catalogue is raised somewhere", () => {
  const literals = new Set(
    filesBelow("src", ".ts")
      .filter((file) => file !== "src/compiler/diagnostics/catalogue.ts")
      .flatMap((file) => nodesOf(file).flatMap((node) => (ts.isStringLiteral(node) ? [node.text] : []))),
  );
  assert.deepEqual(
    codes.filter((code) => !literals.has(code)),
    [],
  );
});

test("every code has a fixture that raises it, or a named test", () => {
  const fixtures = filesBelow("test/diagnostics", ".atlas");
  // A fixture named by a code raises this one and no other; others mark in their comments what they raise.
  const marked = new Set([
    ...fixtures.flatMap((file) => /\/(A\d{4})\.atlas$/.exec(file)?.[1] ?? []),
    ...fixtures.flatMap((file) => expectedCarets(textOf(file)).map((caret) => caret.code)),
  ]);
  assert.deepEqual(
    codes.filter((code) => !marked.has(code) && !(code in raisedByHost)),
    [],
  );
});

test("fixtures name only codes of the catalogue", () => {
  const unknown = filesBelow("test/diagnostics", ".atlas").flatMap((file) =>
    expectedCarets(textOf(file))
      .filter(({ code }) => !(code in catalogue))
      .map(({ code, line }) => `${file}:${line} ${code}`),
  );
  assert.deepEqual(unknown, []);
});

test("the tests named for codes of the host exist and name the code", () => {
  for (const [code, [file, name]] of Object.entries(raisedByHost)) {
    const found = nodesOf(file).find(
      (node): node is ts.CallExpression =>
        ts.isCallExpression(node) &&
        node.expression.getText() === "test" &&
        node.arguments[0] !== undefined &&
        ts.isStringLiteral(node.arguments[0]) &&
        node.arguments[0].text === name,
    );
    assert.ok(found !== undefined, `${file} has no test named ${JSON.stringify(name)}`);
    assert.ok(found.getText().includes(code), `"${name}" of ${file} does not name ${code}`);
  }
});
