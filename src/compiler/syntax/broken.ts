/** What a statement that cannot be parsed may have declared: enough to blame nobody for using it. */
import type { IToken } from "chevrotain";
import { tokenMatcher } from "../../../grammar/chevrotain.js";
import { Name } from "../../../grammar/tokens.js";
import type { BrokenStatement, DeclarationKind, MaybeDeclared } from "./ast.js";
import { tokenEnd } from "./build-tree.js";
import { clauseWords, leadingForms } from "./forms/index.js";
import { isClauseWord, isWord, meantStatement } from "./regions.js";

/** What the words declare that begin a statement. */
const declaring: ReadonlyMap<string, readonly DeclarationKind[]> = new Map(
  [...leadingForms].flatMap(([word, { declares }]) => (declares === undefined ? [] : [[word, declares]])),
);

/** Words of them that mean something else inside a statement. */
const elsewhere: ReadonlySet<string> = new Set(["import", "model", "prompts", "let"]);

/** What stands behind the name tells what is declared even when the word before it is lost. */
function kindsBefore(next: IToken | undefined): readonly DeclarationKind[] {
  switch (next?.tokenType.name) {
    case "From":
      return ["model", "prompt set"];
    case "Random":
      return ["prompt set"];
    case "Equals":
      return ["parameter", "metric", "result"];
    case "LParen":
      return ["metric"];
    default:
      return next !== undefined && isClauseWord(next) ? ["result"] : [];
  }
}

const isName = (token: IToken | undefined): token is IToken => token !== undefined && tokenMatcher(token, Name);

/** Among how many tokens the beginning of a statement is looked for: a few may be too many, or in the wrong order. */
const beginning = 5;

/** The statement that the tokens of a broken piece seem to be. */
export function brokenStatement(file: string, tokens: readonly IToken[]): BrokenStatement {
  const [first] = tokens;
  const last = tokens.at(-1);
  const span = { file, start: first?.startOffset ?? 0, end: last === undefined ? 0 : tokenEnd(last) };
  const meant = first === undefined ? null : meantStatement(first);
  const declares: MaybeDeclared[] = [];
  for (const [i, token] of tokens.entries()) {
    const word = i === 0 ? meant : isWord(token) ? token.image : null;
    if (word !== null && declaring.has(word)) declares.push(...declaredBy(word, tokens, i));
  }
  // The word that begins the statement may be missing, or be another one than the rest is made for.
  const known = meant === null ? [] : (declaring.get(meant) ?? []);
  for (const [at, token] of tokens.slice(0, beginning).entries()) {
    const kinds = isWord(token) ? kindsBefore(tokens[at + 1]) : [];
    const fits = kinds.some((kind) => known.includes(kind));
    if (kinds.length > 0 && !fits) declares.push({ kinds, name: token.image });
  }
  if (meant === "probe") declares.push(...namesOfProbe(tokens));
  if (isLostImport(tokens, meant)) declares.push(...unreadable("import"));
  // Of a statement of one unknown word nothing is left that could tell what it was.
  if (meant === null && tokens.length === 1) for (const word of declaring.keys()) declares.push(...unreadable(word));
  // A clause behind a word that nothing begins with: an experiment without a name, whose first word is misspelt.
  const unnamedExperiment = meant === null ? tokens.some(isClauseWord) : clauseWords.has(meant);
  return { declares, unnamedExperiment, span };
}

/** The name of a probe stands at its end, behind `as`; where that word is lost, any of the names may be it. */
function namesOfProbe(tokens: readonly IToken[]): readonly MaybeDeclared[] {
  const isNamed = ({ tokenType }: IToken, at: number): boolean => tokenType.name === "As" && isName(tokens[at + 1]);
  const named = tokens.findLast(
    (_token, at) => at > 0 && tokens.slice(at - 1, at).some((before) => isNamed(before, at - 1)),
  );
  const kinds: readonly DeclarationKind[] = ["result"];
  if (named !== undefined) return [{ kinds, name: named.image }];
  return [...tokens.filter(isName).map(({ image }) => ({ kinds, name: image })), { kinds, name: null }];
}

/** True for a string that nothing introduces: what an import leaves when its word is lost, or is another one. */
function isLostImport(tokens: readonly IToken[], meant: string | null): boolean {
  const at = tokens.slice(0, beginning).findIndex(({ image }) => image.startsWith('"'));
  if (at < 0 || (at > 1 && meant !== null)) return false;
  return tokens.slice(0, at).every(({ tokenType }) => !introducing.has(tokenType.name));
}

/** Words that a string follows. */
const introducing: ReadonlySet<string> = new Set(["From", "Random", "To", "Hypothesis", "Equals"]);

function unreadable(word: string): readonly MaybeDeclared[] {
  return [{ kinds: declaring.get(word) ?? [], name: null }];
}

/**
 * The names behind a declaring word; several, because one of them may be what is too much, and the one before it, which may
 * have changed places with it. A word without a name, or with a word of the language for one, declares something that
 * cannot be read, unless it can be anything else where it stands.
 */
function declaredBy(word: string, tokens: readonly IToken[], at: number): readonly MaybeDeclared[] {
  const unsure = at > 0 && elsewhere.has(word);
  if (word === "import") return unsure ? [] : unreadable(word);
  const kinds = declaring.get(word) ?? [];
  const names: MaybeDeclared[] = [];
  for (let i = at + 1, token = tokens[i]; isName(token); token = tokens[++i]) names.push({ kinds, name: token.image });
  // `prompts random tokens 20`: words that may be names, but more often stand behind one that is lost.
  const isWritten = tokens[at + 1]?.tokenType.name === "Identifier";
  if (!isWritten && !unsure) names.push(...unreadable(word));
  const before = tokens[at - 1];
  if (at < beginning && isName(before)) names.push({ kinds, name: before.image });
  return names;
}
