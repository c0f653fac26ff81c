/**
 * What is used of Chevrotain when atlasc runs, in one place. The build puts Chevrotain's own single-file build here
 * instead: the package's entry consists of several hundred files, which take a third of a second to open.
 */
export {
  Alternation,
  Alternative,
  createToken,
  CstParser,
  EOF,
  Lexer,
  LLkLookaheadStrategy,
  NonTerminal,
  Option,
  Repetition,
  RepetitionMandatory,
  Terminal,
  tokenMatcher,
} from "chevrotain";
