/** A bound on how deep a program is nested, found from its tokens, before anything recurses over it. */
import type { IToken } from "chevrotain";
import type { SourceFile } from "../base/span.js";
import { diagnostic } from "../diagnostics/create.js";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import { tokenEnd } from "./build-tree.js";
import { isStatementWord, startsLine } from "./regions.js";

/** Brackets in brackets. The parser's stack is enough for about a hundred on Node's default stack. */
export const deepestBrackets = 32;
/** Operators in a chain, all enclosing chains included: the tree of `a + b + c …` is as deep as the chain is long. */
export const longestChain = 256;

const openers = new Set(["LParen", "LBracket", "LBrace"]);
const closers = new Set(["RParen", "RBracket", "RBrace"]);
const links = new Set("Plus Minus Star Slash Caret And Or Not Where Less Greater Is In Dot At Last Of Let".split(" "));

/** At most one diagnostic, at the token that goes too deep. @error A1005 */
export function nestingErrors(source: SourceFile, tokens: readonly IToken[]): readonly Diagnostic[] {
  // One number for each open bracket: how many operators since the last comma in it.
  let chains = [0];
  for (const token of tokens) {
    const name = token.tokenType.name;
    const last = chains.length - 1;
    // `let`, `model` and `prompts` also stand inside expressions, so they start a statement only on a new line.
    const ambiguous = name === "Let" || name === "Model" || name === "Prompts";
    if (isStatementWord(token) && (ambiguous ? startsLine(source.text, token) : last === 0)) chains = [0];
    else if (openers.has(name)) chains.push(0);
    else if (closers.has(name)) {
      if (last > 0) chains.pop();
      // What stands in brackets can be one link of a chain, as in `a[1][2]`.
      chains[chains.length - 1] = (chains.at(-1) ?? 0) + 1;
    } else if (name === "Comma") chains[last] = 0;
    else if (links.has(name)) chains[last] = (chains[last] ?? 0) + 1;
    const brackets = chains.length - 1;
    const chain = chains.reduce((sum, links) => sum + links, 0);
    if (brackets > deepestBrackets || chain > longestChain) {
      const span = { file: source.path, start: token.startOffset, end: tokenEnd(token) };
      const limit = brackets > deepestBrackets ? deepestBrackets : longestChain;
      return [diagnostic("A1005", span, { limit }, { hint: "name a part of it with `let`" })];
    }
  }
  return [];
}
