/**
 * Laying out text in lines: a small language of documents, after Wadler's "A prettier printer". A group stays on one
 * line when it fits; comments are woven in by their offsets, so that a printer of syntax need not know of them.
 */
import type { Comment } from "./ast.js";

export type Doc =
  | string
  | readonly Doc[]
  /** On one line if it fits, else every `line` and `soft` directly in it is a line break. */
  | { readonly kind: "group"; readonly doc: Doc }
  | { readonly kind: "indent"; readonly doc: Doc }
  /** A space, or a line break in a broken group. */
  | { readonly kind: "line" }
  /** Nothing, or a line break in a broken group. */
  | { readonly kind: "soft" }
  /** Always a line break. */
  | { readonly kind: "hard" }
  /** Text that is there only in a broken group. */
  | { readonly kind: "ifBroken"; readonly text: string }
  /** What follows stood at `offset` in the source: comments before that go here. */
  | { readonly kind: "source"; readonly offset: number }
  /** What follows is the bracket that closes a list whose last item ends at `after`: comments before it go here. */
  | { readonly kind: "closing"; readonly after: number }
  | { readonly kind: "comment"; readonly text: string; readonly ownLine: boolean };

export const line: Doc = { kind: "line" };
export const soft: Doc = { kind: "soft" };
export const hard: Doc = { kind: "hard" };
export const group = (...docs: readonly Doc[]): Doc => ({ kind: "group", doc: docs });
export const indent = (...docs: readonly Doc[]): Doc => ({ kind: "indent", doc: docs });
export const ifBroken = (text: string): Doc => ({ kind: "ifBroken", text });
export const source = (offset: number): Doc => ({ kind: "source", offset });

export const closing = (after: number): Doc => ({ kind: "closing", after });

/** Documents with a separator between them. */
export function join(docs: readonly Doc[], separator: Doc): Doc {
  return docs.flatMap((doc, i) => (i === 0 ? [doc] : [separator, doc]));
}

const isList = (doc: Doc): doc is readonly Doc[] => Array.isArray(doc);

/** The comments of a file in order, those from `taken` on still to be printed, and the text that they come from. */
export interface PendingComments {
  readonly source: string;
  readonly comments: readonly Comment[];
  taken: number;
}

/** True when only white space stands before the comment on its line. */
export function onOwnLine(text: string, comment: Comment): boolean {
  const lineStart = text.lastIndexOf("\n", comment.span.start - 1) + 1;
  return text.slice(lineStart, comment.span.start).trim() === "";
}

/** Replaces every `source` mark by the pending comments that belong before it. */
export function weaveComments(doc: Doc, pending: PendingComments): Doc {
  if (typeof doc === "string") return doc;
  if (isList(doc)) return doc.map((part) => weaveComments(part, pending));
  if (doc.kind === "group" || doc.kind === "indent") return { kind: doc.kind, doc: weaveComments(doc.doc, pending) };
  if (doc.kind === "closing") return takeComments(pending, closingBracket(pending.source, doc.after));
  return doc.kind === "source" ? takeComments(pending, doc.offset) : doc;
}

/** Offset of the bracket behind `after`, past white space, a last comma and comments. */
function closingBracket(text: string, after: number): number {
  const between = /(?:[\s,\u00a0\ufeff]|#[^\n\r]*)*/y;
  between.lastIndex = after;
  return between.test(text) ? between.lastIndex : after;
}

/** The first pending comment, where it starts before `offset`; then it is pending no longer. */
export function nextComment(pending: PendingComments, offset: number): Comment | null {
  const next = pending.comments[pending.taken];
  if (next === undefined || next.span.start >= offset) return null;
  pending.taken++;
  return next;
}

/** The pending comments before `offset`, which are pending no longer. */
export function takeComments(pending: PendingComments, offset: number): Doc {
  const taken: Doc[] = [];
  for (let next = nextComment(pending, offset); next !== null; next = nextComment(pending, offset)) {
    taken.push({ kind: "comment", text: next.text, ownLine: onOwnLine(pending.source, next) });
  }
  return taken;
}

interface Command {
  readonly indent: number;
  readonly flat: boolean;
  readonly doc: Doc;
}

/** Lines of text, at most `width` columns where breaking groups can achieve it. No line ends in white space. */
export function layOut(doc: Doc, width: number): readonly string[] {
  const lines = [""];
  // A comment runs to the end of its line, so whatever is printed next must start another. (The assertion: the type
  // checker does not see that functions below assign it.)
  let afterComment = false as boolean;
  const current = (): string => lines.at(-1) ?? "";
  const replaceCurrent = (text: string): void => {
    lines[lines.length - 1] = text;
  };
  const breakLine = (columns: number): void => {
    replaceCurrent(current().trimEnd());
    lines.push(" ".repeat(columns));
    afterComment = false;
  };
  const stack: Command[] = [{ indent: 0, flat: false, doc }];
  for (let command = stack.pop(); command !== undefined; command = stack.pop()) {
    const { indent: columns, flat, doc: item } = command;
    if (typeof item === "string") {
      if (afterComment && item.trim() !== "") breakLine(columns);
      if (!afterComment) replaceCurrent(current().trim() === "" ? current() + item.trimStart() : current() + item);
    } else if (isList(item)) {
      for (const part of [...item].reverse()) stack.push({ indent: columns, flat, doc: part });
    } else if (item.kind === "group") {
      const fits = flat || fitsOnLine(item.doc, stack, width - current().length);
      stack.push({ indent: columns, flat: fits, doc: item.doc });
    } else if (item.kind === "indent") stack.push({ indent: columns + 2, flat, doc: item.doc });
    else if (item.kind === "ifBroken") {
      if (!flat) stack.push({ indent: columns, flat, doc: item.text });
    } else if (item.kind === "comment") {
      printComment(item.text, item.ownLine, columns);
    } else if (item.kind !== "source" && item.kind !== "closing") {
      if (!flat || item.kind === "hard") breakLine(columns);
      else if (item.kind === "line" && !afterComment) replaceCurrent(`${current()} `);
    }
  }
  return lines.map((text) => text.trimEnd());

  function printComment(text: string, ownLine: boolean, columns: number): void {
    const blank = current().trim() === "";
    if (ownLine || afterComment) {
      if (!blank) breakLine(columns);
      replaceCurrent(" ".repeat(columns) + text);
    } else if (blank && lines.length > 1 && !/^\s*#|\s#/.test(lines.at(-2) ?? "")) {
      // The line was broken before the comment was reached, but it stood behind what is now the line above.
      lines[lines.length - 2] = `${lines.at(-2) ?? ""}  ${text}`;
      return;
    } else replaceCurrent(blank ? " ".repeat(columns) + text : `${current().trimEnd()}  ${text}`);
    afterComment = true;
  }
}

/** True when `doc` on one line, and what follows it up to the next possible line break, fits into `room` columns. */
function fitsOnLine(doc: Doc, rest: readonly Command[], room: number): boolean {
  const stack: Command[] = [{ indent: 0, flat: true, doc }];
  let left = room;
  let next = rest.length;
  while (left >= 0) {
    const command = stack.pop() ?? rest[--next];
    if (command === undefined) return true;
    const { flat, doc: item } = command;
    if (typeof item === "string") left -= item.length;
    else if (isList(item)) for (const part of [...item].reverse()) stack.push({ indent: 0, flat, doc: part });
    else if (item.kind === "group") stack.push({ indent: 0, flat: flat && next === rest.length, doc: item.doc });
    else if (item.kind === "indent") stack.push({ indent: 0, flat, doc: item.doc });
    else if (item.kind === "ifBroken") left -= flat ? 0 : item.text.length;
    else if (item.kind === "comment" || item.kind === "hard")
      // Inside the group it forces a break; behind the group it ends the line.
      return next < rest.length;
    else if (item.kind !== "source" && item.kind !== "closing") {
      if (!flat) return true;
      if (item.kind === "line") left -= 1;
    }
  }
  return false;
}
