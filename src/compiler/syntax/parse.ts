/** From text to abstract syntax: lex, parse, build. */
import type { IToken } from "chevrotain";
import { parseTokens } from "../../../grammar/parser.js";
import { tokenize } from "../../../grammar/tokens.js";
import type { SourceFile } from "../base/span.js";
import { hasErrors, type Staged } from "../diagnostics/staged.js";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import type { FileSyntax } from "./ast.js";
import { buildComments, buildStatements } from "./build-file.js";
import type { Build } from "./build-tree.js";
import { lexicalErrors } from "./lexical-errors.js";
import { nestingErrors } from "./nesting.js";
import { statementRegions } from "./regions.js";
import { syntaxErrors } from "./syntax-errors.js";

/**
 * Parses one file. Never throws: the tree holds whatever was understood, with `missing` nodes and empty names for the
 * rest, and it is `complete` only when there is no error at all (a recovered tree can lack tokens without any mark).
 * At most one lexical or syntax error is reported per statement, since what follows it in the statement is guesswork.
 */
export function parse(source: SourceFile): Staged<FileSyntax> {
  const lexed = tokenize(source.text);
  const tooDeep = nestingErrors(source, lexed.tokens);
  // The stages after this one recurse over the tree, so a text that could exhaust the stack is not parsed at all.
  const parsed = parseTokens(tooDeep.length === 0 ? lexed.tokens : []);
  const comments = buildComments(source.path, lexed.groups["comments"] ?? []);
  const build: Build = {
    file: source.path,
    text: source.text,
    diagnostics: [],
    end: 0,
    parenthesised: new WeakSet(),
  };
  const statements = buildStatements(build, parsed.tree, lexed.tokens, comments);
  const found = [
    ...lexicalErrors(source, lexed.tokens, lexed.errors),
    ...syntaxErrors(source, lexed.tokens, parsed.errors),
    ...build.diagnostics,
    ...tooDeep,
  ];
  return {
    value: {
      kind: "file",
      statements,
      comments,
      complete: lexed.errors.length === 0 && parsed.errors.length === 0 && !hasErrors(found),
      span: { file: source.path, start: 0, end: source.text.length },
    },
    diagnostics: firstPerStatement(found, source, lexed.tokens),
  };
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
