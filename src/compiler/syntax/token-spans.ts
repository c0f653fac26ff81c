import { tokenize, tokenTable, type TokenName } from "../../../grammar/tokens.js";

/** A token of a text and the TextMate scope that colours it. */
export interface TokenSpan {
  readonly start: number;
  readonly end: number;
  readonly scope: string;
}

/** Every token of a text with its scope, for colouring outside an editor. Unknown characters have none. */
export function tokenSpans(text: string): readonly TokenSpan[] {
  const { tokens, groups } = tokenize(text);
  return [...tokens, ...Object.values(groups).flat()]
    .flatMap((token) => {
      const row = tokenTable[token.tokenType.name as TokenName] as { readonly scope?: string } | undefined;
      if (row?.scope === undefined) return [];
      return [{ start: token.startOffset, end: token.startOffset + token.image.length, scope: row.scope }];
    })
    .sort((a, b) => a.start - b.start);
}
