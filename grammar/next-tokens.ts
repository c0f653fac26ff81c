/**
 * What may stand behind the tokens of an unfinished statement: a walk through the rules with all places at once where the
 * tokens can have led. Chevrotain's own function for that is gone after version 11.
 */
import type { IProduction, IToken, TokenType } from "chevrotain";
import {
  Alternation,
  Alternative,
  NonTerminal,
  Option,
  Repetition,
  RepetitionMandatory,
  Terminal,
  tokenMatcher,
} from "./chevrotain.js";
import { grammarRules } from "./parser.js";

export interface NextToken {
  /** The name of a token type, or of a category such as `Name`. */
  readonly token: string;
  /** The rules that it would stand in, from `statement` inwards. */
  readonly rules: readonly string[];
}

/** A place in the rules: what is next in a sequence, and where it goes on behind that. There is one of each in a walk. */
interface Place {
  readonly sequence: readonly IProduction[];
  readonly at: number;
  readonly then: Place | null;
  readonly rules: readonly string[];
  /** Places that go on here, by their sequence. */
  readonly inner: Map<readonly IProduction[], Place[]>;
  /** Once they were asked for. */
  steps: readonly Step[] | null;
}

/** A token that can be next, and the place behind it. */
interface Step {
  readonly type: TokenType;
  readonly rules: readonly string[];
  readonly behind: Place;
}

function newPlace(sequence: readonly IProduction[], at: number, then: Place | null, rules: readonly string[]): Place {
  return { sequence, at, then, rules, inner: new Map(), steps: null };
}

/** The place `at` in a sequence behind which it goes on at `then`. */
function placeIn(sequence: readonly IProduction[], at: number, then: Place, rules: readonly string[]): Place {
  const known = then.inner.get(sequence) ?? [];
  then.inner.set(sequence, known);
  return (known[at] ??= newPlace(sequence, at, then, rules));
}

/** The tokens that can be next at a place. `seen` are the places on the way there: what takes no token can lead in a circle. */
function stepsFrom(from: Place, seen: Set<Place>): readonly Step[] {
  if (seen.has(from)) return [];
  seen.add(from);
  const { sequence, at, then, rules } = from;
  const production = sequence[at];
  // The outermost place is the end of the statement.
  if (then === null) return [];
  if (production === undefined) return stepsFrom(then, seen);
  return stepsOf(production, from, placeIn(sequence, at + 1, then, rules), seen);
}

function stepsOf(production: IProduction, from: Place, behind: Place, seen: Set<Place>): readonly Step[] {
  const { rules } = from;
  const inside = (definition: readonly IProduction[], next: Place): readonly Step[] =>
    stepsFrom(placeIn(definition, 0, next, rules), seen);
  if (production instanceof Terminal) return [{ type: production.terminalType, rules, behind }];
  if (production instanceof NonTerminal) {
    const { definition, name } = production.referencedRule;
    return stepsFrom(placeIn(definition, 0, behind, [...rules, name]), seen);
  }
  if (production instanceof Alternation) {
    return production.definition.flatMap((one) => (one instanceof Alternative ? inside(one.definition, behind) : []));
  }
  if (production instanceof Option) return [...inside(production.definition, behind), ...stepsFrom(behind, seen)];
  if (production instanceof Repetition) return [...inside(production.definition, from), ...stepsFrom(behind, seen)];
  if (production instanceof RepetitionMandatory) {
    return inside(production.definition, placeIn(repeated(production), 0, behind, rules));
  }
  throw new TypeError("nextTokens: the grammar has a kind of rule that is not known here");
}

function allStepsFrom(from: Place): readonly Step[] {
  from.steps ??= stepsFrom(from, new Set());
  return from.steps;
}

const repetitions = new WeakMap<RepetitionMandatory, readonly IProduction[]>();

/** What may follow the first time. */
function repeated(mandatory: RepetitionMandatory): readonly IProduction[] {
  const known = repetitions.get(mandatory) ?? [new Repetition({ definition: mandatory.definition })];
  repetitions.set(mandatory, known);
  return known;
}

/** Every token that the grammar takes behind these; none when they are no beginning of a statement. Knows no meanings. */
export function nextTokens(tokens: readonly IToken[]): readonly NextToken[] {
  const statement = grammarRules()["statement"];
  if (statement === undefined) return [];
  const end = newPlace([], 0, null, []);
  let steps = allStepsFrom(placeIn(statement.definition, 0, end, ["statement"]));
  for (const token of tokens) {
    const places = new Set(steps.filter(({ type }) => tokenMatcher(token, type)).map(({ behind }) => behind));
    steps = [...places].flatMap(allStepsFrom);
    if (steps.length === 0) return [];
  }
  return steps.map(({ type, rules }) => ({ token: type.name, rules }));
}
