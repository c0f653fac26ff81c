/**
 * Expected diagnostics written into a source text, in comments below the lines that they are about:
 *
 *     model m "path"
 *     #       ^^^^^^ A1001: expected `from`, found "path"
 *     tabel sweep
 *     # <---- A1002: no statement starts with `tabel`
 *
 * The carets mark the columns of the primary label in the nearest line above that holds no such comment. `<---` is for
 * places that begin in the first column, which `#` takes up: it marks as many columns as it has characters, from the
 * first on. An empty span is marked by one caret. After the code and a colon stands the beginning of the message.
 */
import { lineColumn, lineStarts, type SourceFile } from "../../src/compiler/base/span.js";
import type { Diagnostic } from "../../src/compiler/diagnostics/diagnostic.js";

/** One expected diagnostic. Lines and columns count from 1; `endColumn` is excluded. */
export interface Caret {
  readonly line: number;
  readonly column: number;
  readonly endColumn: number;
  readonly code: string;
  readonly message: string;
}

const caretLine = /^(\s*#\s*)(\^+|<-*)\s*(A\d{4})(?::\s*(.*))?$/;

/** The diagnostics that a text expects. */
export function expectedCarets(text: string): readonly Caret[] {
  const carets: Caret[] = [];
  let line = 0;
  text.split("\n").forEach((content, index) => {
    const match = caretLine.exec(content.trimEnd());
    if (match === null) {
      line = index + 1;
      return;
    }
    const [, before = "", marks = "", code = "", message = ""] = match;
    const column = marks.startsWith("<") ? 1 : before.length + 1;
    carets.push({ line, column, endColumn: column + marks.length, code, message });
  });
  return carets;
}

function caretOf(diagnostic: Diagnostic, text: string): Caret {
  const starts = lineStarts(text);
  const span = diagnostic.primary?.span ?? { start: 0, end: 0 };
  const { line, column } = lineColumn(starts, span.start);
  const lineEnd = (starts[line] ?? text.length + 1) - 1;
  const endColumn = column + Math.max(1, Math.min(span.end, lineEnd) - span.start);
  return { line, column, endColumn, code: diagnostic.code, message: diagnostic.message };
}

const describe = (caret: Caret): string =>
  `${caret.line}:${caret.column}-${caret.endColumn} ${caret.code}: ${caret.message}`;

/**
 * What differs between the diagnostics that `file` expects in its comments and those that were given; empty when they
 * agree. Diagnostics about other files are left out.
 */
export function checkCarets(file: SourceFile, diagnostics: readonly Diagnostic[]): readonly string[] {
  const given = diagnostics
    .filter((diagnostic) => diagnostic.primary === null || diagnostic.primary.span.file === file.path)
    .map((diagnostic) => caretOf(diagnostic, file.text));
  const missing: string[] = [];
  for (const expected of expectedCarets(file.text)) {
    const index = given.findIndex(
      (caret) =>
        caret.line === expected.line &&
        caret.column === expected.column &&
        caret.endColumn === expected.endColumn &&
        caret.code === expected.code &&
        caret.message.startsWith(expected.message),
    );
    if (index < 0) missing.push(`${file.path}: expected ${describe(expected)}`);
    else given.splice(index, 1);
  }
  return [...missing, ...given.map((caret) => `${file.path}: not expected ${describe(caret)}`)];
}
