/** Text from outside as it is shown: what cannot be seen is an escape, everything else is as it was. */
import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { columnsOf, endOf, padColumns, printable, printableLine, startOf } from "../../src/compiler/base/printable.js";
import { diagnostic } from "../../src/compiler/diagnostics/create.js";
import { renderDiagnostic } from "../../src/compiler/diagnostics/render.js";
import { stringValue } from "../../src/compiler/syntax/literals.js";

const cases: readonly (readonly [text: string, line: string, columns: number])[] = [
  ["plain", "plain", 5],
  ["\u001b[31m", "\\u001b[31m", 10],
  ["\u0000\u0007\b\u000b\u007f", "\\u0000\\u0007\\u0008\\u000b\\u007f", 30],
  ["a\nb\tc\rd\r\n", "a\\nb\\tc\\rd\\r\\n", 14],
  ["\u0085\u009b2J", "\\u0085\\u009b2J", 14],
  ["\u202eevil\u202c \u2066x\u2069 \u200e\u200f\u061c", "\\u202eevil\\u202c \\u2066x\\u2069 \\u200e\\u200f\\u061c", 49],
  ["pay\u200bpal \ufeff \u2060 \u00ad", "pay\\u200bpal \\ufeff \\u2060 \\u00ad", 33],
  ["\u2028\u2029", "\\u2028\\u2029", 12],
  ["\ud800 \udc00", "\\ud800 \\udc00", 13],
  ["\u{e0041}", "\\udb40\\udc41", 12],
  ["\ufffe\uffff", "\\ufffe\\uffff", 12],
  // A joiner in a Latin word only makes it look like another one.
  ["lo\u200css a\ufe0f", "lo\\u200css a\\ufe0f", 18],
  // In emoji and in the scripts that need them, joiners and selectors are a part of the writing.
  ["👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧", 6],
  ["❤\ufe0f\u200d🔥", "❤\ufe0f\u200d🔥", 3],
  ["می\u200cخواهم", "می\u200cخواهم", 7],
  ["日本", "日本", 4],
  ["cafe\u0301", "cafe\u0301", 4],
  ["עברית", "עברית", 5],
];

test("what cannot be seen is written as an escape", () => {
  for (const [text, line, columns] of cases) {
    assert.equal(printableLine(text), line, JSON.stringify(text));
    assert.equal(columnsOf(line), columns, JSON.stringify(text));
  }
  // Where a text has several lines, these and its tabs stay.
  assert.equal(printable("a\n\tb\u001b\r\n"), "a\n\tb\\u001b\\r\n");
});

const anyText = fc.string({ unit: "binary", maxLength: 20 });

test("printable text stays as it is, and every terminal shows all of it", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const line = printableLine(text);
      assert.equal(printableLine(line), line);
      assert.equal(printable(line), line);
      assert.doesNotMatch(line, /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c\u200b\ufeff]/u);
    }),
    { seed: 12, numRuns: 2000 },
  );
});

test("an escape is the language's own: a string with it is the text again", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      if (/["\\]/.test(text)) return;
      assert.equal(stringValue(`"${printableLine(text)}"`).value, text);
    }),
    { seed: 12, numRuns: 2000 },
  );
});

test("JSON is still the same JSON", () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: "binary" }), (value) => {
      assert.deepEqual(JSON.parse(printable(JSON.stringify(value, null, 2))), JSON.parse(JSON.stringify(value)));
    }),
    { seed: 12, numRuns: 500 },
  );
});

test("texts are cut and filled up to columns, not to characters", () => {
  assert.equal(startOf("日本語", 5), "日本");
  assert.equal(endOf("日本語", 5), "本語");
  assert.equal(startOf("cafe\u0301!", 4), "cafe\u0301");
  assert.equal(padColumns("日本", 6) + "|", "日本  |");
  assert.equal(padColumns("日本", 6, "right"), "  日本");
});

test("carets stand below what they mean, whatever stands before it", () => {
  for (const [text] of cases) {
    const before = text.replace(/[\n\t]/g, "");
    const source = `"${before}" plto "${before}"`;
    const start = source.indexOf("plto");
    const one = diagnostic("A1002", { file: "x", start, end: start + 4 }, { word: "`plto`" });
    const [, , , shown = "", carets = ""] = renderDiagnostic(one, () => source, { width: 300 }).split("\n");
    assert.equal(columnsOf(shown.slice(0, shown.indexOf("plto"))), carets.indexOf("^"), JSON.stringify(text));
    assert.equal(carets.trimEnd().length - carets.indexOf("^"), 4);
  }
});

test("a caret below what cannot be seen is as wide as its escape", () => {
  const source = 'a "\u202e" b';
  const one = diagnostic("A1002", { file: "x", start: 2, end: 5 }, { word: '"\u202e"' });
  assert.equal(
    renderDiagnostic(one, () => source),
    [
      'error[A1002]: no statement starts with "\\u202e"',
      " --> x:1:3",
      "  |",
      '1 | a "\\u202e" b',
      "  |   ^^^^^^^^",
    ].join("\n"),
  );
});
