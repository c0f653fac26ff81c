/**
 * Reading concrete syntax trees. After a syntax error any child may be absent, whatever the grammar says, and tokens
 * that recovery invented have offsets that are not numbers; everything here tolerates both.
 */
import type { CstElement, CstNode, IToken } from "chevrotain";
import type { Span } from "../base/span.js";
import { diagnostic } from "../diagnostics/create.js";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import type { Expression, Name, NumberLiteral, PlaceLiteral, StringLiteral } from "./ast.js";
import { numberFault, numberValue, placeParts, smallestNumber, stringValue, type NumberFault } from "./literals.js";

/** The state of building one file's tree. */
export interface Build {
  readonly file: string;
  readonly text: string;
  readonly diagnostics: Diagnostic[];
  /** Where the last token that was read ends: what is missing is reported there. */
  end: number;
  /** How far behind the offsets of its tokens the tree stands that is read: see `PlacedTree`. */
  shift: number;
  /** Expressions that stood in parentheses, which the tree itself does not keep. */
  readonly parenthesised: WeakSet<Expression>;
}

/** True for a token of the source text, false for the end of the file and for what recovery invented. */
export function isRealToken(token: IToken | undefined): token is IToken {
  return token !== undefined && Number.isFinite(token.startOffset) && token.startOffset >= 0 && token.image !== "";
}

/** Offset behind a real token. */
export function tokenEnd(token: IToken): number {
  return token.startOffset + token.image.length;
}

const isNode = (element: CstElement): element is CstNode => "children" in element;

/** The real tokens under `key`, in order. */
export function tokensOf(node: CstNode | undefined, key: string): readonly IToken[] {
  return (node?.children[key] ?? []).filter((element): element is IToken => !isNode(element) && isRealToken(element));
}

/** The first real token under `key`. */
export function tokenOf(node: CstNode | undefined, key: string): IToken | undefined {
  return tokensOf(node, key)[0];
}

/** The nodes under `key`, in order. */
export function nodesOf(node: CstNode | undefined, key: string): readonly CstNode[] {
  return (node?.children[key] ?? []).filter(isNode);
}

/** The first node under `key`. */
export function nodeOf(node: CstNode | undefined, key: string): CstNode | undefined {
  return nodesOf(node, key)[0];
}

/** The one node that a rule of alternatives has, whatever its key. */
export function onlyNode(node: CstNode | undefined): CstNode | undefined {
  if (node === undefined) return undefined;
  for (const key in node.children) {
    for (const element of node.children[key] ?? []) if (isNode(element)) return element;
  }
  return undefined;
}

/** The span of a token. */
export function tokenSpan(build: Build, token: IToken): Span {
  build.end = tokenEnd(token) + build.shift;
  return { file: build.file, start: token.startOffset + build.shift, end: build.end };
}

/** An empty span behind the last token that was read. */
export function here(build: Build): Span {
  return { file: build.file, start: build.end, end: build.end };
}

/**
 * From the first to the last real token of a node; empty behind the last token read when there is none. The parser keeps
 * both ends of every node; what recovery invented has no place and does not count.
 */
export function nodeSpan(build: Build, node: CstNode | undefined): Span {
  const { startOffset = Number.NaN, endOffset = Number.NaN } = node?.location ?? {};
  if (!(startOffset >= 0)) return here(build);
  return { file: build.file, start: startOffset + build.shift, end: endOffset + 1 + build.shift };
}

/** A name from a token; the empty name when it is missing, which stages after this one pass over in silence. */
export function nameOf(build: Build, token: IToken | undefined): Name {
  return token === undefined ? { text: "", span: here(build) } : { text: token.image, span: tokenSpan(build, token) };
}

/** Names from every token under `key`. */
export function namesOf(build: Build, node: CstNode | undefined, key: string): readonly Name[] {
  return tokensOf(node, key).map((token) => nameOf(build, token));
}

/** A string from a token; the empty string when it is missing. @error A0003 at an escape that does not exist. */
export function stringOf(build: Build, token: IToken | undefined): StringLiteral {
  if (token === undefined) return { kind: "string", value: "", span: here(build) };
  const { value, bad } = stringValue(token.image);
  const span = tokenSpan(build, token);
  // An unterminated string is an error already, and its last backslash is part of the same mistake.
  if (token.tokenType.name === "StringLiteral") {
    for (const escape of bad) {
      const start = span.start + escape.offset;
      build.diagnostics.push(
        diagnostic(
          "A0003",
          { file: build.file, start, end: start + escape.text.length },
          { escape: escape.text },
          { hint: 'a string may contain \\", \\\\, \\n, \\t, \\r and \\u0000; write \\\\ for a backslash' },
        ),
      );
    }
  }
  return { kind: "string", value, span };
}

/** A number from a token; NaN when it is missing. @error A1006, A1007 where it cannot be held */
export function numberOf(build: Build, token: IToken | undefined): NumberLiteral {
  if (token === undefined) return { kind: "number", value: Number.NaN, text: "", span: here(build) };
  const span = tokenSpan(build, token);
  const value = numberValue(token.image);
  // What is no number at all has been reported by the lexer.
  const fault = token.tokenType.name === "NumberLiteral" ? numberFault(token.image, value) : null;
  if (fault !== null) reportNumber(build, span, token.image, fault);
  return { kind: "number", value, text: token.image, span };
}

function reportNumber(build: Build, span: Span, image: string, fault: NumberFault): void {
  const text = image.length > 24 ? `${image.slice(0, 20)}… (${image.length} characters)` : image;
  if (fault === "inexact") {
    const hint = `whole numbers are exact up to ${2 ** 53}; where a rounded one will do, write 1e16`;
    build.diagnostics.push(diagnostic("A1007", span, { text, value: numberValue(image) }, { hint }));
    return;
  }
  const limit =
    fault === "too large" ? `largest number is ${Number.MAX_VALUE}` : `smallest number above 0 is ${smallestNumber}`;
  build.diagnostics.push(diagnostic("A1006", span, { text, fault, limit }));
}

/** A place from a token. @error A1006 where a number in it has no finite value */
export function placeOf(build: Build, token: IToken): PlaceLiteral {
  const span = tokenSpan(build, token);
  for (const { 0: digits, index } of token.image.matchAll(/\d+/g)) {
    if (Number.isFinite(Number(digits))) continue;
    const start = span.start + index;
    reportNumber(build, { ...span, start, end: start + digits.length }, digits, "too large");
  }
  return { kind: "place", ...placeParts(token.image), text: token.image, span };
}

/** {@link numberOf}, or null when there is no token. */
export function numberOrNull(build: Build, token: IToken | undefined): NumberLiteral | null {
  return token === undefined ? null : numberOf(build, token);
}

/**
 * The first of several, for what a statement may say once.
 * @error A1003 at every further one.
 */
export function once<T extends IToken | CstNode>(build: Build, found: readonly T[], what: string): T | undefined {
  for (const again of found.slice(1)) {
    const span = "children" in again ? nodeSpan(build, again) : tokenSpan(build, again);
    build.diagnostics.push(diagnostic("A1003", span, { what }, { hint: "keep one of them" }));
  }
  return found[0];
}
