/** Tokens that a protocol names by their text: `at token "Mary"`, `logits[" Mary"]`. */
import type { EncodedText } from "../../ir/encodings.js";
import type { Scope } from "../names/scope.js";

export interface TokenLiterals {
  /** Texts after `at token`. */
  readonly positions: readonly string[];
  /** Strings that stand as values in experiments, metrics and parameters: each may be meant as a token. */
  readonly values: readonly string[];
}

/** Every token that experiments, metrics and parameters name, each once, in the order of the declarations. */
export function tokenLiterals(scope: Pick<Scope, "experiments" | "metrics" | "params">): TokenLiterals {
  const positions = new Set<string>();
  const values = new Set<string>();
  // Syntax trees are plain data: whatever a statement is made of, its parts are found by walking over it.
  const visit = (node: object): void => {
    const parts = node as Readonly<Record<string, unknown>>;
    const { kind, value, text } = parts;
    if (kind === "string" && typeof value === "string") values.add(value);
    if (kind === "token" && typeof text === "string") positions.add(text);
    for (const name in parts) {
      const part = parts[name];
      if (typeof part === "object" && part !== null && name !== "span") visit(part);
    }
  };
  for (const declared of [scope.experiments, scope.metrics, scope.params]) {
    for (const statement of declared.values()) visit(statement);
  }
  return { positions: [...positions], values: [...values] };
}

/**
 * The place among a text's tokens of the one that holds the end of the last occurrence of `literal`; null where it does
 * not occur. How the tokenizer splits the literal does not matter: of " Mary" as " M" and "ary" it is the second, and
 * of "Mary's" as one token it is that token.
 */
export function placeOfToken(literal: string, { pieces }: EncodedText): number | null {
  const start = pieces.join("").lastIndexOf(literal);
  if (start < 0 || literal === "") return null;
  const end = start + literal.length;
  let length = 0;
  for (const [place, piece] of pieces.entries()) {
    length += piece.length;
    if (length >= end) return place;
  }
  return null;
}
