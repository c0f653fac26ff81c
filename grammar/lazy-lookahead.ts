/**
 * How the parser chooses between alternatives: Chevrotain's own way, but made when a choice is first met. Made for the whole
 * grammar at once it takes longer than most files take to read, and a file has a few kinds of statements.
 */
import type { ILookaheadStrategy } from "chevrotain";
import { LLkLookaheadStrategy } from "./chevrotain.js";

/** A function of the parser that looks at the next tokens; alternatives are those of an `OR`. */
type LooksAhead<Result> = (this: object, alternatives?: unknown) => Result;

/** The strategy for a parser that looks at most `maxLookahead` tokens ahead. */
export function lazyLookahead(maxLookahead: number): ILookaheadStrategy {
  const strategy = new LLkLookaheadStrategy({ maxLookahead });
  return {
    validate: (options) => strategy.validate(options),
    buildLookaheadForAlternation: (options) =>
      onFirstUse(() => strategy.buildLookaheadForAlternation(options) as LooksAhead<number | undefined>),
    buildLookaheadForOptional: (options) =>
      onFirstUse(() => strategy.buildLookaheadForOptional(options) as LooksAhead<boolean>),
  };
}

function onFirstUse<Result>(make: () => LooksAhead<Result>): LooksAhead<Result> {
  let made: LooksAhead<Result> | null = null;
  return function (alternatives) {
    made ??= make();
    return made.call(this, alternatives);
  };
}
