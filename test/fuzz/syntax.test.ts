/** Damaged programs: whatever the text, parsing ends soon, never throws, and says when the tree is not the text. */
import assert from "node:assert/strict";
import test from "node:test";
import type { CstNode } from "chevrotain";
import { parseTokens } from "../../grammar/parser.js";
import { tokenize } from "../../grammar/tokens.js";
import { parse } from "../../src/compiler/syntax/parse.js";
import { print } from "../../src/compiler/syntax/print.js";
import type { Span } from "../../src/compiler/base/span.js";
import { renderDiagnostics, toJson } from "../../src/compiler/diagnostics/render.js";
import { seeded } from "../support/random.js";
import { mutate, texts } from "../support/mutations.js";
import { spansIn, withoutSpans } from "../support/trees.js";

const runs = 750;
/** Processor time for one damaged program: what other processes do on this machine must not fail the test. */
const bound = 250;
/** The same for one of the long texts below. */
const longBound = 2_000;

function makeInput(seed: number): string {
  const random = seeded(seed);
  let text = random.pick(texts);
  for (let changes = 1 + random.below(4); changes > 0; changes--) text = mutate(text, random);
  return text;
}

function countTokens(node: CstNode): number {
  return Object.values(node.children)
    .flat()
    .reduce((sum, child) => sum + ("children" in child ? countTokens(child) : child.image === "" ? 0 : 1), 0);
}

/** Every node lies within the node around it. */
function checkNesting(value: unknown, outer?: Span): void {
  if (typeof value !== "object" || value === null) return;
  const own = "span" in value ? (value.span as Span) : outer;
  if (own !== undefined && outer !== undefined) {
    assert.ok(outer.start <= own.start && own.end <= outer.end, `${JSON.stringify(own)} in ${JSON.stringify(outer)}`);
  }
  for (const [key, inner] of Object.entries(value)) if (key !== "span") checkNesting(inner, own);
}

function check(text: string, boundInMilliseconds: number): void {
  const started = process.cpuUsage();
  const { value, diagnostics } = parse({ path: "fuzz.atlas", text });
  const used = process.cpuUsage(started);
  const milliseconds = (used.user + used.system) / 1000;
  assert.ok(milliseconds < boundInMilliseconds, `took ${milliseconds} ms`);
  const labels = diagnostics.flatMap((d) => [...(d.primary === null ? [] : [d.primary]), ...d.related]);
  for (const span of [...spansIn(value), ...labels.map((label) => label.span)]) {
    const nested = span.file === "fuzz.atlas" && 0 <= span.start && span.start <= span.end && span.end <= text.length;
    assert.ok(nested, `span ${span.start}-${span.end} of ${text.length}`);
  }
  assert.equal(value.complete, diagnostics.length === 0, "complete exactly when nothing was found wrong");
  const sources = (): string => text;
  assert.equal(typeof renderDiagnostics(diagnostics, sources), "string");
  assert.doesNotThrow(() => JSON.stringify(diagnostics.map((diagnostic) => toJson(diagnostic, sources))));
  if (!value.complete) return;
  checkNesting(value);
  const { tokens } = tokenize(text);
  // The end of the file has no text and is not counted.
  assert.equal(countTokens(parseTokens(tokens).tree), tokens.length, "a complete tree holds every token");
  const printed = print(value, text);
  const again = parse({ path: "fuzz.atlas", text: printed });
  assert.deepEqual(withoutSpans(again.value), withoutSpans(value), "printing keeps the meaning");
  assert.equal(again.value.comments.length, value.comments.length, "printing keeps the comments");
  assert.equal(print(again.value, printed), printed, "printing is a fixpoint");
}

test(`${runs} damaged programs`, () => {
  for (let seed = 0; seed < runs; seed++) {
    const text = makeInput(seed);
    try {
      check(text, bound);
    } catch (error) {
      throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}\n${text}`, {
        cause: error,
      });
    }
  }
});

test("texts that are not programs", () => {
  const deep = 2_000;
  for (const text of [
    "",
    "\ufeff",
    "\0",
    '"',
    "##",
    "L",
    "model",
    "]",
    "\r\n".repeat(1000),
    `let x = ${"(".repeat(deep)}`,
    `let x = ${"(".repeat(32)}1${")".repeat(32)}`,
    `let x = f(${"-".repeat(200)}1)`,
    `let x = [${"-1, ".repeat(deep)}]`,
    "let x = -1 ".repeat(40) + "\nlet y = -2".repeat(deep),
    `let x = ${"-".repeat(deep)}1`,
    `let x = ${"not ".repeat(deep)}a`,
    `let x = a${".b".repeat(deep)}`,
    `let x = a${" + b".repeat(deep)}`,
    `let x = a${"^b".repeat(deep)}`,
    `measure ${"a, ".repeat(deep)}`,
    "x ".repeat(deep),
  ]) {
    assert.doesNotThrow(() => check(text, longBound), text.slice(0, 40));
  }
});
