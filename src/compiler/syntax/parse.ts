/** From text to abstract syntax: lex, parse, build. */
import type { CstNode, IRecognitionException, IToken } from "chevrotain";
import { parseTokens } from "../../../grammar/parser.js";
import { tokenize } from "../../../grammar/tokens.js";
import { fileLimits } from "../base/file-limits.js";
import type { SourceFile, Span } from "../base/span.js";
import { diagnostic } from "../diagnostics/create.js";
import { hasErrors, type Staged } from "../diagnostics/staged.js";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import type { BrokenStatement, Comment, FileSyntax, RecoveredFile } from "./ast.js";
import { brokenStatement } from "./broken.js";
import { buildComments, buildStatements } from "./build-file.js";
import { nodesOf, type Build } from "./build-tree.js";
import { lexicalErrors } from "./lexical-errors.js";
import { nestingErrors } from "./nesting.js";
import { beginText, createParseMemory, leadingStatements, type ParseMemory, type PlacedTree } from "./parse-memory.js";
import { splitPieces, type Piece } from "./pieces.js";
import { indentation, isClauseWord, isStatementWord, statementRegions, statementStarts } from "./regions.js";
import { syntaxErrors } from "./syntax-errors.js";

/**
 * Parses one file. Never throws: the tree holds whatever was understood, with `missing` nodes and empty names for the
 * rest, and it is `complete` only when there is no error at all (a recovered tree can lack tokens without any mark).
 * `recovered` then has the statements that are sound by themselves. At most one lexical or syntax error is reported per
 * statement, since what follows it in the statement is guesswork, and none in a sound statement. What a `memory` has of an
 * earlier text of the file is not parsed again.
 */
export function parse(source: SourceFile, memory: ParseMemory = createParseMemory()): Staged<FileSyntax> {
  beginText(memory);
  // Counted in UTF-16 units, of which a file has no more than bytes.
  if (source.text.length > fileLimits.protocolBytes) {
    return tooLarge(source, source.text.length, "characters", fileLimits.protocolBytes);
  }
  const lexed = tokenize(source.text);
  if (lexed.tokens.length > fileLimits.protocolTokens) {
    return tooLarge(source, lexed.tokens.length, "tokens", fileLimits.protocolTokens);
  }
  const tooDeep = nestingErrors(source, lexed.tokens);
  // The stages after this one recurse over the tree, so a text that could exhaust the stack is not parsed at all.
  const parsed = readStatements(source, tooDeep.length === 0 ? lexed.tokens : [], memory);
  const comments = buildComments(source.path, lexed.groups["comments"] ?? []);
  const build = newBuild(source);
  const statements = buildStatements(build, parsed.trees, lexed.tokens, comments);
  const lexical = lexicalErrors(source, lexed.tokens, lexed.errors);
  const errors = [...lexical, ...build.diagnostics, ...tooDeep];
  const complete = lexed.errors.length === 0 && parsed.errors.length === 0 && !hasErrors(errors);
  const file = { kind: "file", statements, comments, complete, span: wholeOf(source) } as const;
  if (complete) return { value: file, diagnostics: firstPerStatement(errors, source, lexed.tokens) };

  const recovered = recover(source, lexed.tokens, errors, comments, memory);
  const { sound } = recovered;
  const inSound = ({ start }: Span): boolean => sound.some(({ span }) => span.start <= start && start <= span.end);
  const found = syntaxErrors(source, lexed.tokens, parsed.errors);
  const own = found.filter((d) => d.primary === null || !inSound(d.primary.span));
  // What the parser of the whole text finds wrong may lie behind the statement that is: `table sweep.` reads on.
  const syntax = own.length === 0 && errors.length === 0 ? errorsOfFirst(source, recovered, lexed.tokens) : own;
  return {
    value: { ...file, recovered },
    diagnostics: firstPerStatement([...lexical, ...syntax, ...build.diagnostics, ...tooDeep], source, lexed.tokens),
  };
}

/**
 * What was parsed before, by the very object that it was made from: the host of the compiler calls it again with the same files
 * after every answer.
 */
const parsedFiles = new WeakMap<SourceFile, Staged<FileSyntax>>();

/** {@link parse}, once for each file. */
export function parseOnce(file: SourceFile, memory?: ParseMemory): Staged<FileSyntax> {
  const parsed = parsedFiles.get(file) ?? parse(file, memory);
  parsedFiles.set(file, parsed);
  return parsed;
}

/**
 * Everything in one go, with what recovery makes of errors. The grammar carries nothing from one statement to the next: those
 * before the first error can be read one by one, and the rest by itself.
 */
function readStatements(
  { text }: SourceFile,
  tokens: readonly IToken[],
  memory: ParseMemory,
): { readonly trees: readonly PlacedTree[]; readonly errors: readonly IRecognitionException[] } {
  const starts = tokens.flatMap((token, at) => {
    const column = isStatementWord(token) && !isClauseWord(token) ? indentation(text, token.startOffset) : null;
    return column === null ? [] : [{ at, column }];
  });
  const { statements, length } = leadingStatements(memory, text, tokens, starts);
  if (length === tokens.length) return { trees: statements, errors: [] };
  const { tree, errors } = parseTokens(tokens.slice(length));
  return { trees: [...statements, ...nodesOf(tree, "statement").map(parsedHere)], errors };
}

const parsedHere = (tree: CstNode): PlacedTree => ({ tree, shift: 0, memo: { built: null } });

/** A file that is not parsed because of its size: it may declare anything. */
function tooLarge(source: SourceFile, count: number, things: string, limit: number): Staged<FileSyntax> {
  const span = { file: source.path, start: 0, end: 0 };
  const parameters = {
    what: "this file",
    count: count.toLocaleString("en"),
    things,
    limit: limit.toLocaleString("en"),
  };
  const error = diagnostic("A3009", span, parameters, { hint: "divide the protocol into several files" });
  const kinds = ["model", "prompt set", "parameter", "metric", "result"] as const;
  const broken = [{ declares: [{ kinds, name: null }], unnamedExperiment: true, span }];
  const file = { kind: "file", statements: [], comments: [], complete: false, span: wholeOf(source) } as const;
  return { value: { ...file, recovered: { sound: [], broken } }, diagnostics: [error] };
}

/** What is wrong with the first broken statement, read by itself. */
function errorsOfFirst(
  source: SourceFile,
  { broken }: RecoveredFile,
  tokens: readonly IToken[],
): readonly Diagnostic[] {
  const [first] = broken;
  if (first === undefined) return [];
  const { start, end } = first.span;
  const own = tokens.filter(({ startOffset }) => startOffset >= start && startOffset < end);
  const text = { path: source.path, text: source.text.slice(0, end) };
  return syntaxErrors(text, own, parseTokens(own).errors, "the end of the statement");
}

function newBuild(source: SourceFile): Build {
  return { file: source.path, text: source.text, diagnostics: [], end: 0, shift: 0, parenthesised: new WeakSet() };
}

function wholeOf(source: SourceFile): Span {
  return { file: source.path, start: 0, end: source.text.length };
}

/**
 * The statements of a text with errors, each parsed by itself. One is sound when nothing is wrong between its start and the
 * next one's.
 */
function recover(
  source: SourceFile,
  tokens: readonly IToken[],
  errors: readonly Diagnostic[],
  comments: readonly Comment[],
  memory: ParseMemory,
): RecoveredFile {
  const { rest, deep } = withoutTooDeep(source, tokens);
  const pieces = [
    ...splitPieces(memory, source.text, rest),
    ...deep.map((own) => ({ kind: "broken", tokens: own }) as const),
  ];
  const start = (piece: Piece): number => piece.tokens[0]?.startOffset ?? 0;
  pieces.sort((a, b) => start(a) - start(b));
  const faulty = errors.map(({ primary }) => primary?.span.start ?? -1);
  const trees: PlacedTree[] = [];
  const broken: BrokenStatement[] = [];
  for (const [i, piece] of pieces.entries()) {
    const next = pieces[i + 1];
    const end = next === undefined ? source.text.length + 1 : start(next);
    const isFaulty = faulty.some((offset) => start(piece) <= offset && offset < end);
    if (piece.kind === "sound" && !isFaulty) trees.push(piece.tree);
    else broken.push(brokenStatement(source.path, piece.tokens));
  }
  return { sound: buildStatements(newBuild(source), trees, tokens, comments), broken };
}

const mostTooDeep = 16;

/** The tokens without the statements that are nested too deeply to be parsed, and those. */
function withoutTooDeep(
  source: SourceFile,
  tokens: readonly IToken[],
): { readonly rest: readonly IToken[]; readonly deep: readonly (readonly IToken[])[] } {
  const deep: (readonly IToken[])[] = [];
  let rest = tokens;
  for (;;) {
    const [error] = nestingErrors(source, rest);
    if (error === undefined) return { rest, deep };
    const starts = statementStarts(source.text, rest).filter((token) => !isClauseWord(token));
    const offset = error.primary?.span.start ?? 0;
    const from = starts.findLast((token) => token.startOffset <= offset)?.startOffset ?? 0;
    const to = starts.find((token) => token.startOffset > offset)?.startOffset ?? Infinity;
    const within = (token: IToken): boolean => token.startOffset >= from && token.startOffset < to;
    const own = deep.length === mostTooDeep ? rest : rest.filter(within);
    deep.push(own);
    rest = deep.length > mostTooDeep ? [] : rest.filter((token) => !within(token));
  }
}

/** Keeps the first diagnostic of each statement. An error at the end of a statement belongs to that statement. */
function firstPerStatement(
  diagnostics: readonly Diagnostic[],
  source: SourceFile,
  tokens: readonly IToken[],
): readonly Diagnostic[] {
  const regionAt = statementRegions(source.text, tokens);
  const seen = new Set<number>();
  const unknownStatements = new Set<number>();
  const startOf = (diagnostic: Diagnostic): number => diagnostic.primary?.span.start ?? 0;
  return [...diagnostics]
    .sort((a, b) => startOf(a) - startOf(b))
    .filter((diagnostic) => {
      const region = regionAt(startOf(diagnostic));
      // A misspelt statement is one of its own, but does not look like the start of one.
      const isNew = diagnostic.code === "A1002" && !unknownStatements.has(startOf(diagnostic));
      if (isNew) unknownStatements.add(startOf(diagnostic));
      else if (seen.has(region)) return false;
      seen.add(region);
      return true;
    });
}
