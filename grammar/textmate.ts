/** The token table as a TextMate grammar: what VS Code, Shiki and others colour `.atlas` files with. */
import { tokenTable, type TokenRow } from "./tokens.js";

/** A rule of a TextMate grammar; regular expressions are Oniguruma's, matched within a line. */
export interface TextMateRule {
  readonly name: string;
  readonly match: string;
  readonly captures?: Readonly<Record<string, { readonly patterns: readonly TextMateRule[] }>>;
}

export interface TextMateGrammar {
  readonly $schema: string;
  readonly name: string;
  readonly scopeName: string;
  readonly fileTypes: readonly string[];
  readonly patterns: readonly TextMateRule[];
}

const suffix = ".atlas";

/** Escapes in a string. */
const escape: TextMateRule = { name: `constant.character.escape${suffix}`, match: String.raw`\\(?:u[0-9A-Fa-f]{4}|.)` };

/** What stands behind a word that is a keyword only there, as the lexer sees it within a line. */
const beforeNameAnd = (word: string): string =>
  String.raw`(?=[ \t]+(?!together)[A-Za-z_][A-Za-z0-9_]*[ \t]+${word}(?![A-Za-z0-9_]))`;

/**
 * One rule for each row, in the order in which the lexer tries them; keywords of one scope are one rule. A keyword that goes
 * on is a name, as for the lexer.
 */
export function textMateGrammar(): TextMateGrammar {
  const rows: readonly TokenRow[] = Object.values(tokenTable);
  const keywords = new Map<string, string[]>();
  for (const { pattern, scope, nameThen } of rows) {
    if (typeof pattern !== "string") continue;
    const word = nameThen === undefined ? pattern : pattern + beforeNameAnd(tokenTable[nameThen].pattern);
    keywords.set(scope, [...(keywords.get(scope) ?? []), word]);
  }
  const written = new Set<string>();
  const patterns = rows.flatMap(({ pattern, scope }): TextMateRule[] => {
    if (scope === "text") return [];
    if (typeof pattern === "string") {
      if (written.has(scope)) return [];
      written.add(scope);
      const words = [...(keywords.get(scope) ?? [])].sort((a, b) => b.length - a.length);
      return [{ name: scope + suffix, match: `(?:${words.join("|")})(?![A-Za-z0-9_])` }];
    }
    const rule = { name: scope + suffix, match: pattern.source };
    return [scope.startsWith("string") ? { ...rule, captures: { "0": { patterns: [escape] } } } : rule];
  });
  return {
    $schema: "https://raw.githubusercontent.com/martinring/tmlanguage/master/tmlanguage.json",
    name: "Atlas",
    scopeName: "source.atlas",
    fileTypes: ["atlas"],
    patterns,
  };
}
