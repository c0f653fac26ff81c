/** Diagnostics for characters that form no token, and for the error tokens of the token table. */
import type { ILexingError, IToken } from "chevrotain";
import type { SourceFile, Span } from "../base/span.js";
import { diagnostic } from "../diagnostics/create.js";
import type { Diagnostic, Fix } from "../diagnostics/diagnostic.js";
import { tokenEnd } from "./build-tree.js";

/** What people type, or paste from a document, instead of the language's own signs. */
const lookalikes: readonly { readonly pattern: RegExp; readonly instead: string | null; readonly hint: string }[] = [
  { pattern: /^[“”„«»]/, instead: '"', hint: 'strings stand in straight double quotes: "…"' },
  { pattern: /^['‘’`]/, instead: '"', hint: 'strings stand in double quotes: "…"' },
  { pattern: /^[–—−]/, instead: "-", hint: "minus is the ASCII hyphen `-`" },
  { pattern: /^…/, instead: "..", hint: "a range is written with two dots: 0..10" },
  { pattern: /^[×·]/, instead: "*", hint: "multiplication is written `*`" },
  { pattern: /^≤/, instead: "<=", hint: "write `<=`" },
  { pattern: /^≥/, instead: ">=", hint: "write `>=`" },
  { pattern: /^!/, instead: null, hint: "write `not (a is b)` for inequality" },
  { pattern: /^&/, instead: "and", hint: "write `and`" },
  { pattern: /^\|/, instead: "or", hint: "write `or`" },
  { pattern: /^;/, instead: "", hint: "nothing stands between statements, and a comma between items" },
  { pattern: /^@/, instead: null, hint: 'a source stands in quotes: "@stdlib/models/gpt2-tiny"' },
  { pattern: /^%/, instead: null, hint: "a percentage is a depth: L87.5%; there is no remainder" },
];

/** One diagnostic per error. @error A0001 unknown character, A0002 unterminated string, A0004 malformed number */
export function lexicalErrors(
  source: SourceFile,
  tokens: readonly IToken[],
  errors: readonly ILexingError[],
): readonly Diagnostic[] {
  const characters = errors.map((error) => unknownCharacter(source, error));
  return [
    ...characters.map((one) => unknownDiagnostic(one, quotesAround(source, one, characters))),
    ...tokens.flatMap((token) => errorToken(source, token)),
  ];
}

interface UnknownCharacter {
  readonly character: string;
  readonly span: Span;
}

function unknownCharacter(source: SourceFile, error: ILexingError): UnknownCharacter {
  // The lexer skips as many characters as it must; one of them, whole if it is a surrogate pair, says enough.
  const character = String.fromCodePoint(source.text.codePointAt(error.offset) ?? 0xfffd);
  const start = Math.min(error.offset, source.text.length);
  return { character, span: { file: source.path, start, end: Math.min(start + character.length, source.text.length) } };
}

const otherQuote = /[“”„«»'‘’`]/;

/** The marks around what was meant as a string: both are changed, or one of them would begin a string that does not end. */
function quotesAround(
  { text }: SourceFile,
  { character, span }: UnknownCharacter,
  all: readonly UnknownCharacter[],
): readonly Span[] | null {
  if (!otherQuote.test(character)) return null;
  const lineStart = text.lastIndexOf("\n", span.start - 1) + 1;
  const marks = all.filter((one) => otherQuote.test(one.character) && one.span.start >= lineStart);
  const line = marks.filter((one) => !text.slice(lineStart, one.span.start).includes("\n"));
  const at = line.findIndex((one) => one.span.start === span.start);
  const other = line[at % 2 === 0 ? at + 1 : at - 1];
  return other === undefined ? null : [span, other.span].sort((a, b) => a.start - b.start);
}

function unknownDiagnostic({ character, span }: UnknownCharacter, quotes: readonly Span[] | null): Diagnostic {
  const lookalike = lookalikes.find(({ pattern }) => pattern.test(character));
  const fixes: readonly Fix[] =
    lookalike?.instead == null
      ? []
      : [
          {
            title: lookalike.instead === "" ? `remove \`${character}\`` : `replace by ${lookalike.instead}`,
            edits: (quotes ?? [span]).map((one) => ({ span: one, replacement: lookalike.instead ?? "" })),
          },
        ];
  const shown = /[\p{C}\p{Z}]/u.test(character)
    ? `the character U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`
    : `\`${character}\``;
  return diagnostic(
    "A0001",
    span,
    { character: shown },
    { fixes, ...(lookalike === undefined ? {} : { hint: lookalike.hint }) },
  );
}

function errorToken(source: SourceFile, token: IToken): readonly Diagnostic[] {
  const span = { file: source.path, start: token.startOffset, end: tokenEnd(token) };
  if (token.tokenType.name === "UnterminatedString") {
    return [diagnostic("A0002", span, {}, { hint: "a string ends on the line on which it starts" })];
  }
  if (token.tokenType.name === "MalformedNumber") {
    const hint = token.image.includes("%")
      ? `a depth is written with L: L${token.image}`
      : "numbers look like 16, 0.5, 1e-3 or 100k";
    return [diagnostic("A0004", span, { text: `\`${token.image}\`` }, { hint })];
  }
  return [];
}
