/** From Chevrotain's parse errors to diagnostics: a table of situations first, then what the grammar expected. */
import type { IRecognitionException, IToken } from "chevrotain";
import { tokenMatcher } from "../../../grammar/chevrotain.js";
import type { Expectation } from "../../../grammar/parser.js";
import { AnyWord, labelOf, wordsWithRole } from "../../../grammar/tokens.js";
import { foreignPath, statementCalled, targetCalled } from "../base/foreign-words.js";
import { nearestNames } from "../base/suggest.js";
import type { SourceFile, Span } from "../base/span.js";
import { diagnostic } from "../diagnostics/create.js";
import type { Diagnostic, Fix } from "../diagnostics/diagnostic.js";
import { isRealToken, tokenEnd } from "./build-tree.js";
import { leadingForms, optionWords, wordsIn } from "./forms/index.js";
import { countBelow, isClauseWord, isStatementWord, startsLine, statementStarts } from "./regions.js";
import { optionCalled } from "./meant-words.js";
import type { Situation } from "./situation.js";
import { correctionsOf } from "./syntax-corrections.js";
import { situations } from "./syntax-situations.js";

/** The text in which errors are explained. */
interface Reading {
  readonly source: SourceFile;
  readonly tokens: readonly IToken[];
  /** Number of the first token that starts at or behind an offset. */
  readonly indexAt: (offset: number) => number;
  /** Starts of statements. */
  readonly starts: readonly IToken[];
  /** What stands behind the last token. */
  readonly end: string;
}

/**
 * One diagnostic per parse error, and those for what the parser skipped. `end` is what stands behind the last token.
 * @error A1001, A1002
 */
export function syntaxErrors(
  source: SourceFile,
  tokens: readonly IToken[],
  errors: readonly IRecognitionException[],
  end = "the end of the file",
): readonly Diagnostic[] {
  if (errors.length === 0) return [];
  const offsets = tokens.map((token) => token.startOffset);
  const indexAt = (offset: number): number => countBelow(offsets, offset);
  const reading: Reading = { source, tokens, indexAt, starts: statementStarts(source.text, tokens), end };
  return errors.flatMap((error) => [syntaxError(reading, error), ...skippedStatements(reading, error)]);
}

/** Misspelt statements among the tokens that the parser skipped to go on after an error. */
function skippedStatements(reading: Reading, error: IRecognitionException): readonly Diagnostic[] {
  return error.resyncedTokens.flatMap((token) => {
    const misspelt = startsLine(reading.source.text, token) ? misspeltStatement(reading, token) : null;
    return misspelt === null ? [] : [misspelt];
  });
}

/** How far back a situation looks. */
const mostEarlier = 40;

function syntaxError(reading: Reading, error: IRecognitionException): Diagnostic {
  const { source, tokens } = reading;
  const found = isRealToken(error.token) ? error.token : null;
  const place = reading.indexAt(found?.startOffset ?? source.text.length);
  const previous = tokens[place - 1] ?? null;
  const { rule, expected } = readExpectation(error);
  const statement = found !== null && isStatementWord(found) && startsLine(source.text, found);

  const misspelt = misspeltStatement(reading, found ?? previous);
  if (misspelt !== null) return misspelt;
  const next = found === null ? null : (tokens[place + 1] ?? null);
  let begin = place - 1;
  for (let token = tokens[begin]; token !== undefined && !isStatementWord(token); token = tokens[begin]) begin--;
  const earlier = tokens.slice(Math.max(0, begin, place - mostEarlier), place).map((token) => token.image);
  const word = tokens[begin]?.image ?? "";
  const situation: Situation = { rule, expected, previous, found, next, earlier, statement: word };
  const path = foreignPathAround(source, found ?? previous);
  const row = situations.find((candidate) => candidate.when(situation));
  if (row === undefined && rule === "file" && found !== null && !isStatementWord(found)) {
    return outOfPlace(reading, found, word);
  }

  const wanted = row?.expected ?? alternatives(expected.map(labelOf));
  const spanFound = found === null || statement ? behind(source, previous) : spanOf(source, found);
  const isWord = found !== null && tokenMatcher(found, AnyWord) && !statement;
  const near = isWord ? nearest(found.image, expected.flatMap(wordOf)) : null;
  const advice = typeof row?.hint === "function" ? row.hint(situation) : row?.hint;
  const reserved =
    isWord && row !== undefined && expected.includes("Name") ? `\`${found.image}\` is a word of the language` : null;
  const instead = near === null ? (row?.insists === true ? advice : (reserved ?? advice)) : `did you mean \`${near}\`?`;
  const hint = path === null ? instead : `${path.path} is \`${path.write}\` here`;
  return diagnostic(
    "A1001",
    spanFound,
    { expected: wanted, found: describe(found, statement, reading.end) },
    {
      fixes:
        path !== null
          ? [path.fix]
          : near === null || found === null
            ? correctionsOf(situation, source.path)
            : [replaceBy(spanOf(source, found), near)],
      ...(hint === undefined ? {} : { hint }),
      // Before another item the bracket may well be closed further on; before a statement it is not.
      related: found === null || statement ? openBracket(reading, expected, spanFound.start) : [],
    },
  );
}

function readExpectation(error: IRecognitionException): Expectation {
  try {
    return JSON.parse(error.message) as Expectation;
  } catch {
    // Chevrotain words its own messages only for internal errors; the rule is known all the same.
    return { rule: error.context.ruleStack.at(-1) ?? "file", expected: [] };
  }
}

/**
 * What stands where only a statement or an option of the statement before can stand. A word at the start of a line was
 * meant to be a statement, or an option of a statement over several lines; elsewhere an option.
 */
function outOfPlace({ source, starts }: Reading, found: IToken, clause: string): Diagnostic {
  const offsets = starts.map((token) => token.startOffset);
  const before = starts[countBelow(offsets, found.startOffset) - 1];
  // Inside an experiment the options are those of the clause at hand.
  const word = before?.image === "experiment" ? clause : (before?.image ?? "");
  const options = optionWords(word);
  const isWord = tokenMatcher(found, AnyWord);
  const span = spanOf(source, found);
  const statements = wordsWithRole("statement", "axis");
  const newStatement = before === undefined || startsLine(source.text, found);
  if (newStatement && isWord) {
    const instead = statementCalled(found.image);
    if (instead !== null) return diagnostic("A1002", span, { word: `\`${found.image}\`` }, { hint: instead });
    if (statements.includes(found.image)) return unfinishedStatement(span, found.image);
    const near = nearestNames(found.image, [...statements, ...options]);
    return diagnostic("A1002", span, { word: `\`${found.image}\`` }, suggestion(span, near, statementHint));
  }
  const near = isWord ? nearestNames(found.image, [...options, ...statements]) : [];
  const expected = newStatement
    ? "a statement"
    : options.length > 0
      ? `an option of \`${word}\` or a new statement`
      : "an operator or a new statement";
  const called = optionCalled(found.image, word);
  if (called !== null) {
    return diagnostic("A1001", span, { expected, found: describe(found, false, "") }, { hint: called });
  }
  if (options.includes(found.image)) {
    const line = leadingForms.get(word)?.lines.find((one) => wordsIn([one]).has(found.image));
    const details = line === undefined ? {} : { hint: `it stands elsewhere: \`${line}\`` };
    return diagnostic("A1001", span, { expected, found: describe(found, false, "") }, details);
  }
  const known = newStatement ? statementHint : options.length > 0 ? `options: ${options.join(", ")}` : "";
  return diagnostic("A1001", span, { expected, found: describe(found, false, "") }, suggestion(span, near, known));
}

/** A word that begins a statement only in front of certain others, which are not there. */
function unfinishedStatement(span: Span, word: string): Diagnostic {
  const hint = `the statement is \`${leadingForms.get(word)?.lines[0] ?? word}\``;
  return diagnostic("A1001", span, { expected: "a statement", found: `\`${word}\` as a name` }, { hint });
}

const statementHint = "a statement starts with a word such as model, experiment, measure or plot";

/**
 * A misspelt statement after a measurement reads as a parameter of the metric (`measure R_V ⏎ plto line of x`), and the
 * error shows up later on its line. The line's first word tells what was meant.
 */
function misspeltStatement({ source, tokens, indexAt }: Reading, at: IToken | null): Diagnostic | null {
  if (at === null) return null;
  const lineStart = source.text.lastIndexOf("\n", at.startOffset - 1) + 1;
  const index = indexAt(lineStart);
  const first = tokens[index];
  if (first?.tokenType.name !== "Identifier") return null;
  // After an operator or a comma the word continues an expression; only after a value can a statement have been meant.
  const before = tokens[index - 1];
  if (before !== undefined && (!/^[\w"\])}]/.test(before.image) || operators.has(before.image))) return null;
  const statements = wordsWithRole("statement", "axis");
  const span = spanOf(source, first);
  if (statements.includes(first.image)) return unfinishedStatement(span, first.image);
  const near = nearestNames(first.image, statements);
  if (near.length === 0) return null;
  const instead = statementCalled(first.image);
  if (instead !== null) return diagnostic("A1002", span, { word: `\`${first.image}\`` }, { hint: instead });
  return diagnostic("A1002", span, { word: `\`${first.image}\`` }, suggestion(span, near, ""));
}

const operators = new Set(wordsWithRole("operator"));

function suggestion(span: Span, near: readonly string[], otherwise: string): { hint: string; fixes: readonly Fix[] } {
  const first = near[0];
  if (first === undefined) return { hint: otherwise, fixes: [] };
  return { hint: `did you mean ${alternatives(near.map((name) => `\`${name}\``))}?`, fixes: [replaceBy(span, first)] };
}

const replaceBy = (span: Span, replacement: string): Fix => ({
  title: `replace by ${replacement}`,
  edits: [{ span, replacement }],
});

// A token type's own word, for those that are words.
const wordOf = (tokenType: string): readonly string[] => /^`(\w+)`$/.exec(labelOf(tokenType))?.slice(1) ?? [];

const nearest = (word: string, valid: readonly string[]): string | null => {
  // The word itself stands in the wrong place: it is no slip of the pen.
  if (valid.includes(word)) return null;
  const called = targetCalled(word);
  return called !== null && valid.includes(called) ? called : (nearestNames(word, valid)[0] ?? null);
};

/** A path of another tool in which the token stands. */
function foreignPathAround(
  { path: file, text }: SourceFile,
  token: IToken | null,
): (NonNullable<ReturnType<typeof foreignPath>> & { readonly fix: Fix }) | null {
  if (token === null) return null;
  let start = token.startOffset;
  while (start > 0 && /[\w.[\]]/.test(text.charAt(start - 1))) start--;
  const path = foreignPath(text.slice(start, start + 200));
  if (path === null || start + path.path.length <= token.startOffset) return null;
  return { ...path, fix: replaceBy({ file, start, end: start + path.path.length }, path.write) };
}

function spanOf(source: SourceFile, token: IToken): Span {
  return { file: source.path, start: token.startOffset, end: tokenEnd(token) };
}

/** The empty place behind the token after which something is missing. */
function behind(source: SourceFile, previous: IToken | null): Span {
  const end = previous === null ? source.text.length : tokenEnd(previous);
  return { file: source.path, start: end, end };
}

function describe(found: IToken | null, statement: boolean, end: string): string {
  if (found === null) return end;
  if (statement) return `the next ${isClauseWord(found) ? "clause" : "statement"} \`${found.image}\``;
  const text = found.image.length > 40 ? `${found.image.slice(0, 39)}…` : found.image;
  return text.startsWith('"') ? text : `\`${text}\``;
}

/** "a, b or c"; long lists are cut, since nobody reads twenty alternatives. */
function alternatives(labels: readonly string[]): string {
  const distinct = [...new Set(labels)];
  if (distinct.length > 8) return `${distinct.slice(0, 6).join(", ")} or another word`;
  const last = distinct.pop();
  if (last === undefined) return "something else";
  return distinct.length === 0 ? last : `${distinct.join(", ")} or ${last}`;
}

const closers: Readonly<Record<string, readonly [open: string, close: string]>> = {
  RBracket: ["LBracket", "RBracket"],
  RParen: ["LParen", "RParen"],
  RBrace: ["LBrace", "RBrace"],
};

/** Where the bracket was opened that is not closed at `offset`. */
function openBracket(
  { source, tokens, indexAt }: Reading,
  expected: readonly string[],
  offset: number,
): readonly { span: Span; text: string }[] {
  const pair = expected.map((name) => closers[name]).find((found) => found !== undefined);
  if (pair === undefined) return [];
  let depth = 0;
  for (let i = indexAt(offset) - 1; i >= 0; i--) {
    const token = tokens[i];
    if (token?.tokenType.name === pair[1]) depth++;
    else if (token?.tokenType.name === pair[0] && depth-- === 0) {
      return [{ span: spanOf(source, token), text: `this \`${token.image}\` is not closed` }];
    }
  }
  return [];
}
