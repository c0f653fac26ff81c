/** Renaming a declaration wherever the side table says that it is named gives the same protocol, but for the name. */
import assert from "node:assert/strict";
import test from "node:test";
import type { Span } from "../../src/compiler/base/span.js";
import { hasErrors } from "../../src/compiler/diagnostics/staged.js";
import { referencesTo } from "../../src/compiler/ide/lookup.js";
import type { SymbolReference } from "../../src/compiler/ir/side-table.js";
import { planProtocol } from "../../src/compiler/lower/plan.js";
import { tokenize } from "../../grammar/tokens.js";
import { capabilities, compileText, numerics, type CompiledText } from "../check/compiling.js";
import { stageCases, stageSurroundings } from "../check/stages.js";
import { everything, surroundings } from "./everything.js";

const file = "test.atlas";

/** Whatever a protocol names and can be renamed without changing a file beside it. */
const renameable: ReadonlySet<SymbolReference["kind"]> = new Set([
  "model",
  "prompts",
  "corpus",
  "param",
  "metric",
  "experiment",
  "result",
  "column",
  "local",
  "group",
]);

/** Declarations of the protocol itself, each with the spans where it is named. */
function declarationsOf({ value }: CompiledText): readonly { symbol: SymbolReference; spans: readonly Span[] }[] {
  const { sideTable } = value;
  assert.ok(sideTable !== null);
  return sideTable.entries.flatMap(({ kind, span, symbol }) => {
    if (kind !== "definition" || span.file !== file || symbol === null || !renameable.has(symbol.kind)) return [];
    const references = referencesTo(sideTable, symbol).filter((entry) => entry.span.file === file);
    return [{ symbol, spans: references.map((entry) => entry.span) }];
  });
}

/** A name of the same length that the text does not have, so that every place stays where it is. */
function freshName(name: string, text: string): string {
  const taken = new Set(tokenize(text).tokens.map(({ image }) => image));
  for (let i = 0; ; i++) {
    const digits = String(i).padStart(name.length - 1, "0");
    // A single letter becomes another one.
    const fresh = name.length === 1 ? String.fromCharCode(65 + (i % 26)) : `Z${digits.slice(1 - name.length)}`;
    if (!taken.has(fresh) && fresh.length === name.length) return fresh;
    if (i > 1000) throw new Error(`no name like ${name}`);
  }
}

function renamed(text: string, spans: readonly Span[], name: string): string {
  const last = [...spans].sort((a, b) => b.start - a.start);
  return last.reduce((changed, { start, end }) => changed.slice(0, start) + name + changed.slice(end), text);
}

test("every declaration of a protocol with everything is renamed whole", () => {
  const compiled = compileText(everything, surroundings);
  const before = compiled.diagnostics.map(({ code, primary }) => [code, primary]);
  const declarations = declarationsOf(compiled);
  assert.ok(declarations.length > 20);
  for (const { symbol, spans } of declarations) {
    const name = freshName(symbol.name, everything);
    const text = renamed(everything, spans, name);
    const after = compileText(text, surroundings);
    const what = `${symbol.kind} ${symbol.name} as ${name}`;
    assert.deepEqual(
      after.diagnostics.map(({ code, primary }) => [code, primary]),
      before,
      what,
    );
    assert.deepEqual(withName(after.value.protocol, name, symbol.name), plain(compiled.value.protocol), what);
  }
});

/** The value with one name in place of another, wherever it stands: in names, in labels, in reasons. */
function withName(value: unknown, name: string, old: string): unknown {
  return JSON.parse(JSON.stringify(value).replace(new RegExp(`\\b${name}\\b`, "g"), old));
}

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

/** The plan as plain data, its digests, which are made of names too, as numbers in the order of their first use. */
function withoutDigests(plan: unknown): unknown {
  const numbers = new Map<string, number>();
  const numbered = JSON.stringify(plan).replace(/\b[0-9a-f]{64}\b|(?<=\/)[0-9a-f]{8}(?=")/g, (digest) => {
    numbers.set(digest, numbers.get(digest) ?? numbers.size);
    return `#${numbers.get(digest) ?? 0}`;
  });
  return JSON.parse(numbered);
}

test("a renamed protocol is planned as before", async () => {
  const memory = { memoryBudget: 2 ** 30, numerics, capabilities };
  let count = 0;
  const around = await stageSurroundings();
  const shortest = [...stageCases()].sort((a, b) => a.text.length - b.text.length);
  for (const { text } of shortest.slice(0, 6)) {
    const compiled = compileText(text, { ...around, sideTable: true });
    const { protocol, models } = compiled.value;
    assert.ok(protocol !== null);
    const plan = planProtocol(protocol, models, memory).value;
    for (const { symbol, spans } of declarationsOf(compiled)) {
      if (symbol.kind === "local" || symbol.kind === "group") continue;
      const name = freshName(symbol.name, text);
      const after = compileText(renamed(text, spans, name), around);
      assert.ok(!hasErrors(after.diagnostics) && after.value.protocol !== null, `${symbol.name} in\n${text}`);
      const planned = planProtocol(after.value.protocol, after.value.models, memory).value;
      const what = `${symbol.name} in\n${text}`;
      assert.deepEqual(withoutDigests(withName(planned, name, symbol.name)), withoutDigests(plan), what);
      count++;
    }
  }
  assert.ok(count > 20, `${count} names`);
});
