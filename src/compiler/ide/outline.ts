/** The statements of a text as an outline: what editors list, fold and select. */
import type { Span } from "../base/span.js";
import type { Statement } from "../syntax/ast.js";
import { soundStatements } from "../syntax/sound-statements.js";
import { tokenize } from "../../../grammar/tokens.js";
import { isOwnFile, tableOf, type Analysis } from "./analysis.js";
import { entriesAt } from "./lookup.js";
import { declarationLine } from "./documentation.js";
import type { Declaration } from "../ir/side-table.js";

export interface OutlineItem {
  readonly name: string;
  readonly kind: Declaration["kind"] | "decision" | "output" | "import";
  readonly detail: string;
  readonly span: Span;
  /** What is selected when one goes to it. */
  readonly nameSpan: Span;
}

const kindOf: Readonly<Partial<Record<Statement["kind"], OutlineItem["kind"]>>> = {
  import: "import",
  table: "output",
  plot: "output",
  figure: "output",
  save: "output",
};

/** The statements of the protocol's own file in its order: declarations by name, the others by their words. */
export function outlineOf({ source, checked }: Analysis): readonly OutlineItem[] {
  const own = checked.syntax[0];
  if (own === undefined) return [];
  return soundStatements(own).map((statement) => {
    const { span } = statement;
    const declaration = checked.scope.find((one) => one.file === span.file && one.span.start === span.start);
    if (declaration !== undefined) {
      const { name, kind, nameSpan } = declaration;
      return {
        name,
        kind,
        detail: declarationLine(declaration),
        span,
        nameSpan: nameSpan ?? firstWord(source.text, span),
      };
    }
    const [line = ""] = source.text.slice(span.start, span.end).split("\n");
    const nameSpan = firstWord(source.text, span);
    return {
      name: line.trim() || statement.kind,
      kind: kindOf[statement.kind] ?? "decision",
      detail: "",
      span,
      nameSpan,
    };
  });
}

function firstWord(text: string, { file, start, end }: Span): Span {
  const word = /^\w+/.exec(text.slice(start, end))?.[0].length ?? 0;
  return { file, start, end: start + word };
}

/** Declarations of all files of a user that have a text in their name: what one searches a workspace for. */
export function declarationsLike({ checked }: Analysis, text: string): readonly Declaration[] {
  const wanted = text.toLowerCase();
  return checked.scope.filter(({ name, file }) => isOwnFile(file) && name.toLowerCase().includes(wanted));
}

export interface Fold {
  /** Offsets: from the first line of what is folded to its last. */
  readonly span: Span;
  readonly kind: "comment" | "region";
}

/** Statements of several lines, and comments of several lines one after the other. */
export function foldsOf({ source, checked }: Analysis): readonly Fold[] {
  const { text, path } = source;
  const isLong = ({ start, end }: Span): boolean => text.slice(start, end).includes("\n");
  const own = checked.syntax[0];
  const statements = own === undefined ? [] : soundStatements(own);
  const regions = statements.map(({ span }) => span).filter(isLong);
  const comments: Span[] = [];
  for (const { startOffset, image } of tokenize(text).groups["comments"] ?? []) {
    const last = comments.at(-1);
    const between = last === undefined ? "" : text.slice(last.end, startOffset);
    if (last !== undefined && /^[ \t\r]*\n[ \t]*$/.test(between)) {
      comments[comments.length - 1] = { ...last, end: startOffset + image.length };
    } else comments.push({ file: path, start: startOffset, end: startOffset + image.length });
  }
  return [
    ...regions.map((span) => ({ span, kind: "region" }) as const),
    ...comments.filter(isLong).map((span) => ({ span, kind: "comment" }) as const),
  ];
}

/** What is selected when a selection at an offset grows: the word, the expressions around it, the statement, the file. */
export function selectionsAt(analysis: Analysis, offset: number): readonly Span[] {
  const { path, text } = analysis.source;
  const spans = entriesAt(tableOf(analysis), path, offset).map(({ span }) => span);
  const word = tokenize(text).tokens.find((t) => t.startOffset <= offset && offset <= t.startOffset + t.image.length);
  const own =
    word === undefined ? [] : [{ file: path, start: word.startOffset, end: word.startOffset + word.image.length }];
  const statements = outlineOf(analysis).map(({ span }) => span);
  const around = statements.filter(({ start, end }) => start <= offset && offset <= end);
  const whole = { file: path, start: 0, end: text.length };
  const all = [...own, ...spans, ...around, whole].sort((a, b) => a.end - a.start - (b.end - b.start));
  // Each holds the one before it, and is larger.
  const growing: Span[] = [];
  for (const span of all) {
    const last = growing.at(-1);
    if (last === undefined) growing.push(span);
    else if (span.start <= last.start && span.end >= last.end && span.end - span.start > last.end - last.start)
      growing.push(span);
  }
  return growing;
}
