/** A parse error with what stands around it, and tests of it. */
import type { IToken } from "chevrotain";

/** What is known about a parse error. */
export interface Situation {
  /** The grammar rule. */
  readonly rule: string;
  /** Names of token types that the grammar would have taken. */
  readonly expected: readonly string[];
  /** The token before; null at the start of the file. */
  readonly previous: IToken | null;
  /** The offending token; null at the end of the file. */
  readonly found: IToken | null;
  /** The token after the offending one; null where there is none. */
  readonly next: IToken | null;
  /** Images of the tokens before the offending one, the last one last, back to the statement or clause word. */
  readonly earlier: readonly string[];
  /** The word that begins the statement or clause in which the error stands; empty at the start of the file. */
  readonly statement: string;
}

/** A question about a situation. */
export type Test = (situation: Situation) => boolean;

/** Whether a token has one of these types. */
export const isType = (token: IToken | null, ...names: readonly string[]): boolean =>
  token !== null && names.includes(token.tokenType.name);
/** The grammar would have taken one of these. */
export const wants =
  (...names: readonly string[]): Test =>
  (s) =>
    names.some((name) => s.expected.includes(name));
export const inRule =
  (...rules: readonly string[]): Test =>
  (s) =>
    rules.includes(s.rule);
/** In a statement or clause that begins with one of these words. */
export const within =
  (...words: readonly string[]): Test =>
  (s) =>
    words.includes(s.statement);
export const finds =
  (...names: readonly string[]): Test =>
  (s) =>
    isType(s.found, ...names);
export const after =
  (...names: readonly string[]): Test =>
  (s) =>
    isType(s.previous, ...names);
export const both =
  (...tests: readonly Test[]): Test =>
  (s) =>
    tests.every((test) => test(s));

/** The text of a token; empty where there is none. */
export const imageOf = (token: IToken | null): string => token?.image ?? "";
/** The text of the token `back` places before the offending one. */
export const before = ({ earlier }: Situation, back: number): string => earlier.at(-back) ?? "";
export const isWordText = (text: string): boolean => /^[A-Za-z_]\w*$/.test(text);
