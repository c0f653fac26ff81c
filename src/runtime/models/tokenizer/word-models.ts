/** Models that look words up: WordLevel as a whole, WordPiece by the longest parts. */
import { count, refuse, shown, text as textOf, type Fields } from "./fields.js";
import { readVocabulary, remembering, wholePiece, type TokenModel } from "./model.js";

/** @source Hugging Face tokenizers 0.23, models/wordlevel */
export function wordLevel(fields: Fields): TokenModel {
  const vocabulary = readVocabulary(fields.of["vocab"], fields.what);
  const unknown = unknownId(vocabulary, textOf(fields, "unk_token"), fields.what);
  return { vocabulary, tokenize: (piece) => wholePiece(vocabulary.get(piece) ?? unknown, piece) };
}

/** @source Hugging Face tokenizers 0.23, models/wordpiece */
export function wordPiece(fields: Fields): TokenModel {
  const vocabulary = readVocabulary(fields.of["vocab"], fields.what);
  const unknown = unknownId(vocabulary, textOf(fields, "unk_token"), fields.what);
  const prefix = textOf(fields, "continuing_subword_prefix");
  const longest = count(fields, "max_input_chars_per_word");
  let longestToken = 0;
  for (const token of vocabulary.keys()) longestToken = Math.max(longestToken, token.length);
  return {
    vocabulary,
    tokenize: remembering((piece) => {
      if (Array.from(piece).length > longest) return wholePiece(unknown, piece);
      const ids: number[] = [];
      const starts: number[] = [];
      const ends: number[] = [];
      for (let start = 0; start < piece.length;) {
        let end = Math.min(piece.length, start + longestToken);
        let id: number | undefined;
        for (; end > start; end -= 1) {
          const part = piece.slice(start, end);
          id = vocabulary.get(start > 0 ? prefix + part : part);
          if (id !== undefined) break;
        }
        if (id === undefined) return wholePiece(unknown, piece);
        ids.push(id);
        starts.push(start);
        ends.push(end);
        start = end;
      }
      return { ids, starts, ends };
    }),
  };
}

function unknownId(vocabulary: ReadonlyMap<string, number>, token: string, what: string): number {
  return (
    vocabulary.get(token) ?? refuse(`${what} has no token for unknown words: ${shown(token)} is not in its vocabulary`)
  );
}
