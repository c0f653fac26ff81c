/** A text with a cursor in it, `│`, compiled as an editor compiles it. */
import assert from "node:assert/strict";
import { docEntries } from "../../src/compiler/docs/entries.js";
import { documentationOf, type Analysis } from "../../src/compiler/ide/index.js";
import type { Span } from "../../src/compiler/base/span.js";
import { compileText, standardLibrary, type Surroundings } from "../check/compiling.js";
import { surroundings } from "./everything.js";

export const documentation = documentationOf(docEntries(standardLibrary));

export interface Edited {
  readonly analysis: Analysis;
  /** Where the cursor stood. */
  readonly offset: number;
  /** The text without the cursor. */
  readonly text: string;
}

/** What most texts of these tests begin with. */
export const preamble = [
  'model gpt2 from "gpt2"',
  'prompts animals from "pairs.jsonl" clean "clean" corrupt "corrupt" answer "answer" distractor "distractor"',
  'prompts moods from { happy: ["what a fine day"], sad: ["what a sad day"] }',
  "",
].join("\n");

/** Compiles a text with one `│` behind the preamble. */
export function editing(marked: string, start = preamble, around: Surroundings = surroundings): Edited {
  const whole = start + marked;
  const offset = whole.indexOf("│");
  assert.ok(offset >= 0 && !whole.includes("│", offset + 1), "one cursor");
  const text = whole.replace("│", "");
  const { value: checked, diagnostics, sources } = compileText(text, around);
  const source = { path: "test.atlas", text };
  return { analysis: { source, checked, diagnostics, documentation, texts: sources }, offset, text };
}

/** The pieces of the text that spans cover. */
export function pieces({ analysis }: Edited, spans: readonly Span[]): readonly string[] {
  return spans.map(({ file, start, end }) => (analysis.texts.get(file) ?? "").slice(start, end));
}
