/** Every protocol that the documents show is a file, formatted, and does what it says on the model that ships. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import { describe, test } from "node:test";
import type { SourceFile } from "../../src/compiler/base/span.js";
import { renderDiagnostics } from "../../src/compiler/diagnostics/render.js";
import { parse } from "../../src/compiler/syntax/parse.js";
import { print } from "../../src/compiler/syntax/print.js";
import { cpuBackend } from "../../src/runtime/engine/backends/cpu.js";
import { runProtocol } from "../../src/runtime/run.js";
import { temporaryFolder } from "../runtime/processes.js";
import { compileText, fixtureFacts } from "../check/compiling.js";
import { root } from "../support/root.js";

const read = (path: string): string => readFileSync(join(root, path), "utf8");

function filesIn(folder: string, ending: string): readonly string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder))
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => `${folder}/${name}`);
}

const documents = ["README.md", "CHANGELOG.md", ...filesIn("docs", ".md")];
const protocols = [
  ...filesIn("docs/examples", ".atlas"),
  // They run in tasks.test.ts, where their numbers are checked too.
  ...filesIn("docs/examples/tasks", ".atlas"),
  ...filesIn("pipelines", ".atlas"),
  ...filesIn("pipelines/seeds", ".atlas"),
];
const modules = filesIn("docs/examples/shared", ".atlas");
const weights = "stdlib/models/gpt2-tiny/model.safetensors";

/** Contents of the blocks of a document that are marked as protocols. */
function blocksOf(document: string): readonly string[] {
  return [...read(document).matchAll(/^```atlas\n([^]*?)^```$/gm)].map(([, content = ""]) => content);
}

describe("protocols in the documents", () => {
  const known = new Set([...protocols, ...modules].map(read));
  for (const document of documents) {
    test(`${document} shows files`, () => {
      for (const block of blocksOf(document)) {
        assert.ok(known.has(block), `this block is no file of docs/examples or pipelines:\n${block}`);
      }
    });
  }

  for (const path of [...protocols, ...modules]) {
    test(`${path} is formatted`, () => {
      const source: SourceFile = { path, text: read(path) };
      const parsed = parse(source);
      assert.deepEqual(parsed.diagnostics, []);
      assert.equal(print(parsed.value, source.text), source.text);
    });
  }
});

describe("calls in running text", () => {
  // What is named there is often of another example, or of none; but a function takes what it is shown with.
  const wrong = /^A300(?:1|2|8)$/;

  test("apply to what they are shown with", async () => {
    const around = { models: { "*": await fixtureFacts("gpt2-f32") } };
    const calls = documents
      .map((document) => read(document).replace(/^```[^]*?^```$/gm, ""))
      .flatMap((text) => [...text.matchAll(/`([a-z_]+\([^`\n]+)`/g)].map(([, call = ""]) => call))
      .filter((call) => !/…|[A-Z]{3,}|\\\|/.test(call));
    assert.ok(calls.length > 30);
    const head = 'model gpt2 from "gpt2"\nprompts p from ["the cat"]\n';
    const faultsOf = (written: readonly string[]): readonly string[] => {
      const text = head + written.map((call, i) => `measure ${call} as v${i}\n`).join("");
      const { diagnostics } = compileText(text, around);
      return diagnostics
        .filter(({ code, message }) => wrong.test(code) || message.includes(" arguments to "))
        .map(({ primary, message }) => `${text.slice(primary?.span.start, primary?.span.end)}: ${message}`);
    };
    assert.deepEqual(faultsOf(calls), []);
    assert.equal(faultsOf(["mean(entropy(logits over vocab))"]).length, 1);
  });
});

describe("protocols run", () => {
  const skip = existsSync(join(root, weights)) ? false : `there is no ${weights}`;
  // Those of pipelines/ run in test/end-to-end/pipelines.test.ts and seeds.test.ts, where what they find is checked too.
  for (const path of filesIn("docs/examples", ".atlas")) {
    test(`${path} runs`, { skip }, async (t) => {
      const source: SourceFile = { path: join(root, path), text: read(path) };
      const outcome = await runProtocol(source, {
        runs: temporaryFolder(t),
        overrides: new Map(),
        memoryBudget: 2 ** 30,
        engine: {
          backend: cpuBackend,
          threads: Math.min(2, availableParallelism()),
          optimisation: "basic",
          prepacking: "always",
          tf32: false,
        },
      });
      if (outcome.kind === "rejected") {
        assert.fail(renderDiagnostics(outcome.diagnostics, (file) => outcome.loaded.sources.get(file)));
      }
      assert.equal(outcome.summary.status, "finished");
      // An example that shows NaN is about NaN; everywhere else a number is meant.
      if (["reasons.atlas", "undefined.atlas"].includes(basename(path))) return;
      for (const row of outcome.assembled.rows) {
        assert.ok(Number.isFinite(row.value), `${row.metric} is ${row.value}: ${row.reason ?? "no reason"}`);
      }
    });
  }
});
