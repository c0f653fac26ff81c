/** Comparisons in chains (`a == b == c`), of which Python makes a conjunction and the library compares a truth value. */

/** A token of the library: its text and its kind. */
export interface TemplateToken {
  readonly value: string;
  readonly type: string;
}

/** What ends one comparison before another begins. */
const between: ReadonlySet<string> = new Set(["and", "or", "not", "if", "else", "for"]);
const opening: ReadonlySet<string> = new Set(["OpenParen", "OpenSquareBracket", "OpenCurlyBracket"]);
const closing: ReadonlySet<string> = new Set(["CloseParen", "CloseSquareBracket", "CloseCurlyBracket"]);
const apart: ReadonlySet<string> = new Set(["OpenStatement", "OpenExpression", "Comma", "Colon", "Equals"]);

/** Whether a template chains comparisons. Parentheses make two comparisons of them in Python, too. */
export function chainsComparisons(tokens: readonly TemplateToken[]): boolean {
  const depths = [false];
  const set = (compared: boolean): void => {
    depths[depths.length - 1] = compared;
  };
  for (const [i, { type, value }] of tokens.entries()) {
    const isName = type === "Identifier" && tokens[i - 1]?.type !== "Dot";
    if (opening.has(type)) depths.push(false);
    else if (closing.has(type)) depths.pop();
    else if (type === "ComparisonBinaryOperator" || (isName && value === "in")) {
      if (depths.at(-1) === true) return true;
      set(true);
    } else if (isName && value === "not" && tokens[i + 1]?.value === "in") continue;
    else if (apart.has(type) || (isName && between.has(value))) set(false);
  }
  return false;
}
