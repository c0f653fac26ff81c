/** The Unigram model: the most probable way to put a piece together. */
import type { Json } from "../../../compiler/base/digest.js";
import { count, flag, list, refuse, shown, type Fields } from "./fields.js";
import { byteTokens, inByteTokens } from "./byte-tokens.js";
import { longestToken, remembering, type PieceTokens, type TokenModel } from "./model.js";
import { nodeOf, trieNode, type TrieNode } from "./trie.js";

/** What an unknown character costs more than the rarest token. */
const unknownPenalty = 10;

/** @source Hugging Face tokenizers 0.23, models/unigram: `encode_optimized`; sums are in float64 and in the same order */
export function unigram(fields: Fields): TokenModel {
  const vocabulary = new Map<string, number>();
  const scores: number[] = [];
  const root = trieNode<number>();
  for (const [id, entry] of list(fields, "vocab").entries()) {
    const [token, score]: readonly Json[] = Array.isArray(entry) ? (entry as readonly Json[]) : [];
    if (typeof token !== "string" || typeof score !== "number")
      refuse(`entry ${id} of its vocabulary is ${shown(entry)}`);
    if (token.length > longestToken)
      refuse(`it has a token of ${token.length} characters, and at most ${longestToken} are read`);
    if (vocabulary.has(token)) refuse(`its vocabulary has ${shown(token)} twice`);
    vocabulary.set(token, id);
    scores.push(score);
    if (token !== "") nodeOf(root, token).value = id;
  }
  if (fields.of["unk_id"] == null) refuse(`${fields.what} has no \`unk_id\`: it cannot read unknown characters`);
  const unknown = count(fields, "unk_id");
  if (unknown >= scores.length)
    refuse(`\`unk_id\` of ${fields.what} is ${unknown}, and it has ${scores.length} tokens`);
  const unknownScore = scores.reduce((a, b) => Math.min(a, b), Infinity) - unknownPenalty;
  const bytes = flag(fields, "byte_fallback", false) ? byteTokens(vocabulary) : null;

  const tokenize = (piece: string): PieceTokens => {
    const ids: number[] = [];
    const starts: number[] = [];
    const ends: number[] = [];
    for (const [start, end] of bestPath(piece, root, scores, unknown, unknownScore)) {
      const part = piece.slice(start, end);
      const id = vocabulary.get(part);
      const own = (id === undefined ? inByteTokens(part, bytes) : null) ?? [id ?? unknown];
      for (const one of own) {
        ids.push(one);
        starts.push(start);
        ends.push(end);
      }
    }
    return { ids, starts, ends };
  };
  return { vocabulary, tokenize: remembering(tokenize) };
}

/** Parts of a piece on its best path; unknown characters side by side are one. */
function bestPath(
  piece: string,
  root: TrieNode<number>,
  scores: readonly number[],
  unknown: number,
  unknownScore: number,
): readonly (readonly [number, number])[] {
  const size = piece.length;
  const best = new Float64Array(size + 1);
  const from = new Int32Array(size + 1).fill(-1);
  const tokens = new Int32Array(size + 1);
  const offer = (start: number, end: number, token: number, score: number): void => {
    const sum = score + (best[start] ?? 0);
    if (from[end] !== -1 && !(sum > (best[end] ?? 0))) return;
    best[end] = sum;
    from[end] = start;
    tokens[end] = token;
  };
  for (let start = 0; start < size;) {
    const character = (piece.codePointAt(start) ?? 0) > 0xffff ? 2 : 1;
    let alone = false;
    let node: TrieNode<number> | undefined = root;
    for (let end = start; end < size;) {
      node = node.next.get(piece.charCodeAt(end));
      end++;
      if (node === undefined) break;
      if (node.value === null) continue;
      offer(start, end, node.value, scores[node.value] ?? 0);
      alone ||= end - start === character;
    }
    if (!alone) offer(start, start + character, unknown, unknownScore);
    start += character;
  }
  const parts: [number, number][] = [];
  let fusing = false;
  for (let end = size; end > 0;) {
    const start = from[end] ?? 0;
    const isUnknown = tokens[end] === unknown;
    const last = parts.at(-1);
    if (isUnknown && fusing && last !== undefined) last[0] = start;
    else parts.push([start, end]);
    fusing = isUnknown;
    end = start;
  }
  return parts.reverse();
}

/** The fields that a Unigram model may have. */
export const unigramFields = ["vocab", "unk_id", "byte_fallback"] as const;
