/**
 * Protocols with random changes, as somebody types them, and every question of an editor at random places: no answer throws,
 * spans lie in their texts, and edits change what they say.
 */
import assert from "node:assert/strict";
import test from "node:test";
import * as ide from "../../src/compiler/ide/index.js";
import type { Span } from "../../src/compiler/base/span.js";
import { compileText } from "../check/compiling.js";
import { documentation } from "../ide/editing.js";
import { seeded } from "../support/random.js";
import { around, change, texts } from "./changes.js";

/** `EDITOR_RUNS=10000` for a long look. */
const runs = Number(process.env["EDITOR_RUNS"] ?? "200");
const placesPerText = 6;

function analysisOf(text: string): ide.Analysis {
  const { value: checked, diagnostics, sources } = compileText(text, { ...around, sideTable: true });
  return { source: { path: "test.atlas", text }, checked, diagnostics, documentation, texts: sources };
}

/** Throws for a span that lies outside of its text. */
function isSound(analysis: ide.Analysis, { file, start, end }: Span): void {
  const text = analysis.texts.get(file) ?? "";
  assert.ok(0 <= start && start <= end && end <= text.length, `${file} ${start}..${end} of ${text.length}`);
}

/** Asks everything at one place. */
function ask(analysis: ide.Analysis, offset: number, other: number): void {
  const sound = (span: Span): void => {
    isSound(analysis, span);
  };
  const { items, replace } = ide.completionsAt(analysis, offset);
  sound(replace);
  assert.ok(replace.start <= offset && offset <= replace.end);
  assert.equal(new Set(items.map(({ label }) => label)).size, items.length);
  const hover = ide.hoverAt(analysis, offset);
  if (hover !== null) sound(hover.span);
  const definition = ide.definitionAt(analysis, offset);
  if (definition !== null) sound(definition.target);
  ide.referencesAt(analysis, offset, true).forEach(sound);
  const renaming = ide.renameAt(analysis, offset, "another_name");
  if (renaming.kind === "edits") renaming.edits.map(({ span }) => span).forEach(sound);
  let last = -1;
  for (const { start, end } of ide.selectionsAt(analysis, offset)) {
    assert.ok(end - start > last);
    last = end - start;
  }
  ide.signatureAt(analysis, offset);
  ide.hintsIn(analysis, Math.min(offset, other), Math.max(offset, other));
  for (const { edits } of ide.changesAt(analysis, offset, offset)) edits.map(({ span }) => span).forEach(sound);
}

function askOfText(analysis: ide.Analysis): void {
  for (const { span, nameSpan } of ide.outlineOf(analysis)) {
    isSound(analysis, span);
    isSound(analysis, nameSpan);
    assert.ok(span.start <= nameSpan.start && nameSpan.end <= span.end);
  }
  for (const { span } of ide.foldsOf(analysis)) isSound(analysis, span);
  for (const { span } of ide.lensesOf(analysis)) isSound(analysis, span);
  let end = 0;
  for (const colour of ide.coloursOf(analysis)) {
    assert.ok(colour.start >= end && colour.end > colour.start);
    end = colour.end;
  }
  ide.declarationsLike(analysis, "e");
}

test(`${runs} texts as they are typed`, () => {
  for (let seed = 0; seed < runs; seed++) {
    const random = seeded(seed);
    let text = random.pick(texts);
    for (let changes = random.below(4); changes > 0; changes--) text = change(text, random).text;
    // What is typed at the end: a text breaks off anywhere.
    if (random.below(3) === 0) text = text.slice(0, random.below(text.length));
    const analysis = analysisOf(text);
    try {
      askOfText(analysis);
      for (let i = 0; i < placesPerText; i++)
        ask(analysis, random.below(text.length + 1), random.below(text.length + 1));
    } catch (error) {
      throw new Error(`seed ${seed}\n${text}`, { cause: error });
    }
  }
});
