/** The BPE model: characters, merged pair by pair. */
import type { Json } from "../../../compiler/base/digest.js";
import { byteTokens, inByteTokens, type ByteTokens } from "./byte-tokens.js";
import { flag, list, refuse, shown, text as textOf, type Fields } from "./fields.js";
import { merged, type Symbols } from "./merging.js";
import { readVocabulary, remembering, wholePiece, type PieceTokens, type TokenModel } from "./model.js";
import { pairTable, type PairTable } from "./pair-table.js";

/** What a BPE model says, read. */
interface Settings {
  readonly vocabulary: ReadonlyMap<string, number>;
  readonly merges: PairTable;
  readonly unknown: string | null;
  readonly prefix: string;
  readonly suffix: string;
  readonly fusesUnknown: boolean;
  readonly bytes: ByteTokens | null;
}

/** The fields that a BPE model may have. */
export const bpeFields = [
  "dropout",
  "unk_token",
  "continuing_subword_prefix",
  "end_of_word_suffix",
  "fuse_unk",
  "byte_fallback",
  "ignore_merges",
  "vocab",
  "merges",
] as const;

/** @source Hugging Face tokenizers 0.23, models/bpe */
export function bpe(fields: Fields): TokenModel {
  const { of, what } = fields;
  const dropout = of["dropout"] ?? 0;
  if (dropout !== 0) refuse(`\`dropout\` of ${what} is ${shown(dropout)}: texts would be read differently each time`);
  const optional = (name: string): string => (of[name] == null ? "" : textOf(fields, name));
  const isOn = (name: string): boolean => of[name] != null && flag(fields, name);
  const vocabulary = readVocabulary(of["vocab"], what);
  const prefix = optional("continuing_subword_prefix");
  const suffix = optional("end_of_word_suffix");
  const pairs = readPairs(list(fields, "merges"));
  const settings: Settings = {
    vocabulary,
    merges: mergeTable(pairs, vocabulary, prefix),
    unknown: of["unk_token"] == null ? null : textOf(fields, "unk_token"),
    prefix,
    suffix,
    fusesUnknown: isOn("fuse_unk"),
    bytes: isOn("byte_fallback") ? byteTokens(vocabulary) : null,
  };
  if (settings.bytes !== null && prefix + suffix !== "") {
    refuse(`${what} has \`byte_fallback\` together with a prefix or suffix of words`);
  }
  const isWhole = isOn("ignore_merges");
  const read = remembering((piece) => readPiece(piece, settings));
  const cut = cutter(pairs, settings);
  return {
    vocabulary,
    tokenize(piece) {
      const whole = isWhole ? vocabulary.get(piece) : undefined;
      if (whole !== undefined) return wholePiece(whole, piece);
      return cut === null || piece.length < 32 ? read(piece) : readInParts(piece, cut(piece), read);
    },
  };
}

/** Both sides of a merge: `"a b"` or `["a", "b"]`. */
function sidesOf(merge: Json): readonly [string, string] {
  const sides: readonly Json[] =
    typeof merge === "string" ? merge.split(" ") : Array.isArray(merge) ? (merge as readonly Json[]) : [];
  const [left, right] = sides;
  return sides.length === 2 && typeof left === "string" && typeof right === "string"
    ? [left, right]
    : refuse(`its merge ${shown(merge)} is no pair of tokens`);
}

type Pair = readonly [left: string, right: string];

/** Lists of lines may begin with a line of their version. */
function readPairs(merges: readonly Json[]): readonly Pair[] {
  return merges.filter((merge) => !(typeof merge === "string" && merge.startsWith("#version"))).map(sidesOf);
}

function mergeTable(pairs: readonly Pair[], vocabulary: ReadonlyMap<string, number>, prefix: string): PairTable {
  const merges = pairTable(pairs.length);
  const idOf = (token: string, merge: readonly string[]): number =>
    vocabulary.get(token) ??
    refuse(`its merge ${shown(merge)} needs the token ${shown(token)}, which is not in its vocabulary`);
  for (const [rank, sides] of pairs.entries()) {
    const [left, right] = sides;
    merges.set(idOf(left, sides), idOf(right, sides), rank, idOf(left + right.slice(prefix.length), sides));
  }
  return merges;
}

/** A piece as symbols, one for each character or byte, merged. */
function readPiece(piece: string, settings: Settings): PieceTokens {
  const { vocabulary, prefix, suffix, bytes } = settings;
  const symbols: Symbols = { ids: [], lengths: [] };
  const add = (id: number, length: number): void => {
    symbols.ids.push(id);
    symbols.lengths.push(length);
  };
  /** Unknown characters that wait for what comes behind them. */
  let waiting = 0;
  for (let at = 0; at < piece.length;) {
    const point = piece.codePointAt(at) ?? 0;
    const end = at + (point > 0xffff ? 2 : 1);
    const length = utf8Length(point);
    const character = (at > 0 ? prefix : "") + piece.slice(at, end) + (end === piece.length ? suffix : "");
    at = end;
    const id = vocabulary.get(character);
    if (id !== undefined) {
      if (waiting > 0) add(unknownId(settings), waiting);
      waiting = 0;
      add(id, length);
      continue;
    }
    const spelled = inByteTokens(character, bytes);
    if (spelled !== null) {
      for (const byte of spelled) add(byte, 1);
    } else if (settings.unknown !== null) {
      if (waiting > 0 && !settings.fusesUnknown) {
        add(unknownId(settings), waiting);
        waiting = 0;
      }
      waiting += length;
    }
  }
  if (waiting > 0) add(unknownId(settings), waiting);
  return placed(piece, merged(symbols, settings.merges));
}

function unknownId({ vocabulary, unknown }: Settings): number {
  const id = vocabulary.get(unknown ?? "");
  if (id === undefined) {
    throw new Error(`it has no token for an unknown character: ${shown(unknown)} is not in its vocabulary`);
  }
  return id;
}

function utf8Length(point: number): number {
  return point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
}

/** Symbols with their places, from bytes to whole characters. */
function placed(piece: string, { ids, lengths }: Symbols): PieceTokens {
  const starts: number[] = [];
  const ends: number[] = [];
  // Of each byte, the character that it is part of.
  const characters: number[] = [];
  for (let at = 0; at < piece.length;) {
    const point = piece.codePointAt(at) ?? 0;
    for (let n = utf8Length(point); n > 0; n--) characters.push(at);
    at += point > 0xffff ? 2 : 1;
  }
  let byte = 0;
  for (const length of lengths) {
    starts.push(characters[byte] ?? piece.length);
    byte += length;
    const last = characters[byte - 1] ?? piece.length;
    ends.push(last + ((piece.codePointAt(last) ?? 0) > 0xffff ? 2 : last < piece.length ? 1 : 0));
  }
  return { ids, starts, ends };
}

/**
 * Where long pieces can be cut before they are merged: between two characters that no merge ever joins. Then the parts
 * are mostly words, whose tokens are remembered. Null where that is not so simple.
 */
function cutter(pairs: readonly Pair[], settings: Settings): ((piece: string) => readonly number[]) | null {
  const { vocabulary, prefix, suffix } = settings;
  if (prefix + suffix !== "") return null;
  const joined = new Set<number>();
  const keyOf = (left: number, right: number): number => left * 0x110000 + right;
  const lastOf = (token: string): number => token.codePointAt(token.length - (isPairEnd(token) ? 2 : 1)) ?? 0;
  for (const [left, right] of pairs) joined.add(keyOf(lastOf(left), right.codePointAt(0) ?? 0));
  const leavesOut = settings.unknown === null && settings.bytes === null;
  const seen = new Map<number, boolean>();
  const isKnown = (point: number): boolean => {
    const before = seen.get(point);
    if (before !== undefined) return before;
    const is = vocabulary.has(String.fromCodePoint(point));
    seen.set(point, is);
    return is;
  };
  return (piece) => {
    const cuts: number[] = [];
    let previous = -1;
    for (let at = 0; at < piece.length;) {
      const point = piece.codePointAt(at) ?? 0;
      const known = isKnown(point);
      // Characters that are left out shift the places of all that follow, in the library and so here.
      if (!known && leavesOut) return [piece.length];
      if (previous >= 0 && known && !joined.has(keyOf(previous, point))) cuts.push(at);
      previous = known ? point : -1;
      at += point > 0xffff ? 2 : 1;
    }
    cuts.push(piece.length);
    return cuts;
  };
}

function isPairEnd(token: string): boolean {
  const unit = token.charCodeAt(token.length - 1);
  return unit >= 0xdc00 && unit < 0xe000;
}

function readInParts(piece: string, cuts: readonly number[], read: (part: string) => PieceTokens): PieceTokens {
  const ids: number[] = [];
  const starts: number[] = [];
  const ends: number[] = [];
  let from = 0;
  for (const to of cuts) {
    const part = read(piece.slice(from, to));
    for (let i = 0; i < part.ids.length; i++) {
      ids.push(part.ids[i] ?? 0);
      starts.push(from + (part.starts[i] ?? 0));
      ends.push(from + (part.ends[i] ?? 0));
    }
    from = to;
  }
  return { ids, starts, ends };
}
