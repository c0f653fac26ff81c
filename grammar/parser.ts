/** The grammar of files and statements, and the one parser. Nothing in this folder imports more than Chevrotain. */
import type { CstNode, IRecognitionException, IToken, Rule } from "chevrotain";
import { EOF } from "./chevrotain.js";
import { OutputGrammar } from "./outputs.js";

export type { Expectation } from "./expressions.js";

/** The whole language. Parsing state lives in the instance: use {@link parseTokens}, which keeps one. */
export class AtlasGrammar extends OutputGrammar {
  /** With validations on, construction throws on an ambiguous grammar; it is slower, so only a test does it. */
  constructor(skipValidations = true) {
    super(skipValidations);
    this.performSelfAnalysis();
  }

  file = this.RULE("file", () => {
    this.MANY(() => this.SUBRULE(this.statement));
    this.CONSUME(EOF);
  });

  statement = this.RULE("statement", () => {
    this.OR([
      { ALT: () => this.SUBRULE(this.importStatement) },
      { ALT: () => this.SUBRULE(this.modelStatement) },
      { ALT: () => this.SUBRULE(this.promptsStatement) },
      { ALT: () => this.SUBRULE(this.corpusStatement) },
      { ALT: () => this.SUBRULE(this.paramStatement) },
      { ALT: () => this.SUBRULE(this.metricStatement) },
      { ALT: () => this.SUBRULE(this.referenceStatement) },
      { ALT: () => this.SUBRULE(this.namedExperiment) },
      { ALT: () => this.SUBRULE(this.letStatement) },
      { ALT: () => this.SUBRULE(this.compareStatement) },
      { ALT: () => this.SUBRULE(this.correlateStatement) },
      { ALT: () => this.SUBRULE(this.hypothesisStatement) },
      { ALT: () => this.SUBRULE(this.findStatement) },
      { ALT: () => this.SUBRULE(this.pcaStatement) },
      { ALT: () => this.SUBRULE(this.probeStatement) },
      { ALT: () => this.SUBRULE(this.fitStatement) },
      { ALT: () => this.SUBRULE(this.classifyStatement) },
      { ALT: () => this.SUBRULE(this.tableStatement) },
      { ALT: () => this.SUBRULE(this.plotStatement) },
      { ALT: () => this.SUBRULE(this.figureStatement) },
      { ALT: () => this.SUBRULE(this.saveStatement) },
      { ALT: () => this.SUBRULE(this.clauses) },
    ]);
  });
}

// Chevrotain's analysis of a grammar takes tens of milliseconds and an instance is re-entrant between parses.
const parser = new AtlasGrammar();

/** Parses tokens to a concrete syntax tree. Never throws; a tree with errors is only partly there. */
export function parseTokens(tokens: readonly IToken[]): { tree: CstNode; errors: readonly IRecognitionException[] } {
  parser.input = [...tokens];
  const tree = parser.file();
  return { tree, errors: parser.errors };
}

/** A statement by itself. */
export interface ParsedStatement {
  /** The rule `statement`; with an error it is only partly there. */
  readonly tree: CstNode;
  /** How many of the tokens it took. */
  readonly length: number;
  /** The first error; null when there is none. Tokens behind the statement are none. */
  readonly error: IRecognitionException | null;
}

/** Parses one statement, which the first token begins, as far as it goes. Never throws. */
export function parseStatement(tokens: readonly IToken[]): ParsedStatement {
  parser.input = [...tokens];
  const tree = parser.statement();
  const error = parser.errors.find(({ name }) => name !== "NotAllInputParsedException") ?? null;
  const end = tree.location?.endOffset ?? -1;
  return { tree, length: tokens.filter(({ startOffset }) => startOffset <= end).length, error };
}

/** The rules as data, by name: what the grammar takes, for those who do not parse. */
export function grammarRules(): Readonly<Record<string, Rule>> {
  return parser.getGAstProductions();
}
