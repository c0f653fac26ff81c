/** From names to what they mean: definitions, references, and other names for them. */
import { tokenize } from "../../../grammar/tokens.js";
import type { Span } from "../base/span.js";
import type { SymbolKind, SymbolReference } from "../ir/side-table.js";
import { quote } from "../syntax/literals.js";
import { isWord } from "../syntax/regions.js";
import { isOwnFile, tableOf, textOf, type Analysis } from "./analysis.js";
import { entriesAt, referencesTo } from "./lookup.js";

export interface Definition {
  /** The name at the cursor. */
  readonly origin: Span;
  readonly target: Span;
}

/** Where what is named at an offset is declared; null for words of the language and between names. */
export function definitionAt(analysis: Analysis, offset: number): Definition | null {
  const named = namedAt(analysis, offset);
  return named?.symbol.at == null ? null : { origin: named.span, target: named.symbol.at };
}

/** Every place that names what is named at an offset, in the order of files and lines. */
export function referencesAt(analysis: Analysis, offset: number, withDeclaration: boolean): readonly Span[] {
  const named = namedAt(analysis, offset);
  if (named === null) return [];
  return referencesTo(tableOf(analysis), named.symbol)
    .filter(({ kind }) => withDeclaration || kind !== "definition")
    .map(({ span }) => span);
}

/** A change of texts. */
export interface Edit {
  readonly span: Span;
  readonly replacement: string;
}

export type Renaming =
  | { readonly kind: "edits"; readonly edits: readonly Edit[] }
  /** Why it cannot be done, as a sentence. */
  | { readonly kind: "refused"; readonly reason: string };

/** What a protocol names and can name otherwise without a change of any other kind of file. */
const renameable: ReadonlySet<SymbolKind> = new Set<SymbolKind>([
  "model",
  "prompts",
  "corpus",
  "param",
  "metric",
  "experiment",
  "result",
  "column",
  "local",
  "group",
  "parameter",
  "class",
]);

/** What would be renamed at an offset, or why nothing can be. */
export function renamableAt(
  analysis: Analysis,
  offset: number,
): { readonly span: Span; readonly name: string } | { readonly reason: string } {
  const named = namedAt(analysis, offset);
  if (named === null) return { reason: "there is no name here" };
  const { symbol, span } = named;
  if (symbol.at === null) return { reason: `${symbol.name} is a word of the language` };
  if (!isOwnFile(symbol.at.file)) return { reason: `${symbol.name} is declared in the standard library` };
  if (!renameable.has(symbol.kind)) return { reason: `the name of a ${symbol.kind} cannot be changed here` };
  if (textOf(analysis, symbol.at) !== symbol.name) {
    return { reason: `${symbol.name} has no name of its own: write \`as NAME\` or \`experiment NAME\` first` };
  }
  return { span, name: symbol.name };
}

/** The edits that give what is named at an offset another name everywhere, in imported files too. */
export function renameAt(analysis: Analysis, offset: number, name: string): Renaming {
  const target = renamableAt(analysis, offset);
  if ("reason" in target) return { kind: "refused", reason: target.reason };
  const named = namedAt(analysis, offset);
  if (named === null) return { kind: "refused", reason: "there is no name here" };
  if (!isPossibleName(name)) return { kind: "refused", reason: `${JSON.stringify(name)} is no name of the language` };
  const taken = analysis.checked.scope.find((declaration) => declaration.name === name && isOwnFile(declaration.file));
  if (name !== target.name && taken !== undefined) {
    return { kind: "refused", reason: `there is a ${taken.kind} ${name} already` };
  }
  const spans = referencesTo(tableOf(analysis), named.symbol)
    .map(({ span }) => span)
    // A name in quotes is a level: `group is "poetry"`.
    .filter((span) => textOf(analysis, span) === target.name || textOf(analysis, span) === quote(target.name));
  const edits = spans.map((span) => {
    const quoted = textOf(analysis, span).startsWith('"');
    return { span, replacement: quoted ? quote(name) : name };
  });
  return { kind: "edits", edits };
}

/** One token that can stand where a name can: no word that begins statements or joins them. */
function isPossibleName(name: string): boolean {
  const { tokens, errors } = tokenize(name);
  const [token, ...more] = tokens;
  if (token === undefined || more.length > 0 || errors.length > 0 || token.image !== name) return false;
  return isWord(token) && (token.tokenType.CATEGORIES ?? []).some((category) => category.name === "Name");
}

function namedAt(analysis: Analysis, offset: number): { readonly symbol: SymbolReference; readonly span: Span } | null {
  for (const { symbol, span } of entriesAt(tableOf(analysis), analysis.source.path, offset)) {
    if (symbol !== null) return { symbol, span };
  }
  return null;
}
