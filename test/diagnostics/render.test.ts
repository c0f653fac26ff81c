/** Diagnostics as text and as JSON. */
import assert from "node:assert/strict";
import test from "node:test";
import { diagnostic, type Details } from "../../src/compiler/diagnostics/create.js";
import { renderDiagnostic, renderDiagnostics, toJson } from "../../src/compiler/diagnostics/render.js";

function made(text: string, marked: string, details: Details = {}): Parameters<typeof renderDiagnostic> {
  const start = text.indexOf(marked);
  const span = { file: "sweep.atlas", start, end: start + marked.length };
  return [
    diagnostic("A1002", span, { word: "`plto`" }, details),
    (path) => (path === "sweep.atlas" ? text : undefined),
  ];
}

const lines = (...parts: readonly string[]): string => parts.join("\n");

test("title, place, source, carets, the two facts, hint", () => {
  const details = { label: "here", expected: "f32[batch, 12]", found: "f32[batch]", hint: "did you mean `plot`?" };
  assert.equal(
    renderDiagnostic(...made("# one\n\nplto line of x\n", "plto", details)),
    lines(
      "error[A1002]: no statement starts with `plto`",
      " --> sweep.atlas:3:1",
      "  |",
      "3 | plto line of x",
      "  | ^^^^ here",
      "expected: f32[batch, 12]",
      "   found: f32[batch]",
      "hint: did you mean `plot`?",
    ),
  );
});

test("related places share the width of the line numbers", () => {
  const text = `let a = (1\n${"\n".repeat(9)}plto`;
  const related = [{ span: { file: "sweep.atlas", start: 8, end: 9 }, text: "opened here" }];
  assert.equal(
    renderDiagnostic(...made(text, "plto", { related })),
    lines(
      "error[A1002]: no statement starts with `plto`",
      "  --> sweep.atlas:11:1",
      "   |",
      "11 | plto",
      "   | ^^^^",
      "  ::: sweep.atlas:1:9",
      "   |",
      " 1 | let a = (1",
      "   |         - opened here",
    ),
  );
});

test("tabs become spaces, wide characters take two columns, control characters are not sent to the terminal", () => {
  const source = (text: string): readonly string[] =>
    renderDiagnostic(...made(text, "plto"))
      .split("\n")
      .slice(3);
  assert.deepEqual(source("\tx\tplto"), ["1 |     x   plto", "  |         ^^^^"]);
  assert.deepEqual(source('"日本" plto'), ['1 | "日本" plto', "  |        ^^^^"]);
  assert.deepEqual(source("\u001b[31m plto"), ["1 | \\u001b[31m plto", "  |            ^^^^"]);
  assert.deepEqual(source("plto\r\n"), ["1 | plto", "  | ^^^^"]);
});

test("an empty place has one caret, a place over several lines ends with its line", () => {
  const at = (start: number, end: number): readonly string[] => {
    const one = diagnostic("A0002", { file: "a", start, end }, {});
    return renderDiagnostic(one, () => "let x =\nlet y")
      .split("\n")
      .slice(3);
  };
  assert.deepEqual(at(7, 7), ["1 | let x =", "  |        ^"]);
  assert.deepEqual(at(4, 12), ["1 | let x =", "  |     ^^^"]);
  assert.deepEqual(at(13, 13), ["2 | let y", "  |      ^"]);
  assert.deepEqual(at(900, 901), ["2 | let y", "  |      ^"]);
});

test("a long line is cropped around the fault", () => {
  const text = `${"a ".repeat(200)}plto${" b".repeat(200)}`;
  const [one, sources] = made(text, "plto");
  const [, , , shown = "", carets = ""] = renderDiagnostic(one, sources, { width: 40 }).split("\n");
  assert.ok(shown.length <= 4 + 42, shown);
  assert.match(shown, /^1 \| ….*plto.*…$/);
  assert.equal(shown.slice(carets.indexOf("^"), carets.lastIndexOf("^") + 1), "plto");
});

test("without the text only the place's file is named, without a place nothing", () => {
  const [one] = made("plto", "plto");
  assert.equal(
    renderDiagnostic(one, () => undefined),
    lines("error[A1002]: no statement starts with `plto`", "--> sweep.atlas"),
  );
  assert.equal(
    renderDiagnostic(diagnostic("A0002", null, {}), () => undefined),
    "error[A0002]: this string has no closing quotation mark",
  );
});

test("a style sees every part and changes nothing else", () => {
  const [one, sources] = made("plto line", "plto", { label: "here", hint: "hint" });
  const parts = new Set<string>();
  const styled = renderDiagnostic(one, sources, {
    style: (part, text) => {
      parts.add(part);
      return `<${text}>`;
    },
  });
  assert.equal(styled.replace(/<([^<>]*)>/g, "$1"), renderDiagnostic(one, sources));
  assert.deepEqual([...parts].sort(), ["caret", "error", "gutter", "hint", "message", "place"]);
});

test("several diagnostics have an empty line between them", () => {
  const [one, sources] = made("plto", "plto");
  assert.equal(renderDiagnostics([], sources), "");
  assert.equal(
    renderDiagnostics([one, one], sources),
    `${renderDiagnostic(one, sources)}\n\n${renderDiagnostic(one, sources)}\n`,
  );
});

test("JSON has offsets, lines and columns", () => {
  const [one, sources] = made("\n plto", "plto", { hint: "h" });
  assert.deepEqual(toJson(one, sources), {
    code: "A1002",
    severity: "error",
    message: "no statement starts with `plto`",
    primary: {
      file: "sweep.atlas",
      start: 2,
      end: 6,
      from: { line: 2, column: 2 },
      to: { line: 2, column: 6 },
      text: "",
    },
    related: [],
    expected: null,
    found: null,
    hint: "h",
    fixes: [],
  });
});
