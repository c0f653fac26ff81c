/** Pre-tokenizers of tokenizer.json: how a text is split into the pieces that the model reads one by one. */
import type { Json } from "../../../compiler/base/digest.js";
import { alignedWriter, prepended, sliceAligned, type AlignedText } from "./aligned-text.js";
import { byteCharacters } from "./byte-characters.js";
import { isNumeric, isPunctuation, isRustWord, isWhiteSpace } from "./character-sets.js";
import { character, choice, count, fieldsOf, flag, list, refuse, shown, typeOf, type Fields } from "./fields.js";
import {
  characterMatcher,
  inverted,
  patternMatcher,
  regexMatcher,
  splitBehaviors,
  splitParts,
  textMatcher,
  type Matcher,
  type SplitBehavior,
} from "./matching.js";
import { replaced } from "./normalizers.js";

/** A text and the pieces of it that are read: start and end of each, in one list. */
export interface Pieces {
  readonly text: AlignedText;
  readonly cuts: readonly number[];
}

export type PreTokenizer = (pieces: Pieces) => Pieces;

/** GPT-2's pattern of words. @source openai/gpt-2 src/encoder.py */
export const gpt2Pattern = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

/** The pre-tokenizer of a tokenizer; null stands for none. */
export function readPreTokenizer(value: Json | undefined): PreTokenizer {
  if (value === undefined || value === null) return (pieces) => pieces;
  const type = typeOf(value, "a pre-tokenizer");
  const what = `the pre-tokenizer ${type}`;
  const fields = (...known: readonly string[]): Fields => fieldsOf(value, what, known);
  switch (type) {
    case "Sequence": {
      const all = list(fields("pretokenizers"), "pretokenizers").map(readPreTokenizer);
      return (pieces) => all.reduce((before, split) => split(before), pieces);
    }
    case "ByteLevel":
      return byteLevel(fields("add_prefix_space", "trim_offsets", "use_regex"));
    case "Metaspace":
      return metaspace(fields("replacement", "prepend_scheme", "split", "add_prefix_space", "str_rep"));
    case "Split": {
      const own = fields("pattern", "behavior", "invert");
      const matcher = patternMatcher(own.of, what);
      return split(flag(own, "invert") ? inverted(matcher) : matcher, choice(own, "behavior", splitBehaviors));
    }
    case "Whitespace":
      fields();
      return split(words, "Isolated");
    case "WhitespaceSplit":
      fields();
      return split(characterMatcher(isWhiteSpace), "Removed");
    case "BertPreTokenizer":
      fields();
      return (pieces) => split(punctuation, "Isolated")(split(characterMatcher(isWhiteSpace), "Removed")(pieces));
    case "Punctuation":
      return split(punctuation, choice(fields("behavior"), "behavior", splitBehaviors, "Isolated"));
    case "Digits":
      return split(
        characterMatcher((point) => isNumeric()(point)),
        flag(fields("individual_digits"), "individual_digits") ? "Isolated" : "Contiguous",
      );
    case "Delimiter":
    case "CharDelimiterSplit":
      return split(textMatcher(character(fields("delimiter"), "delimiter")), "Removed");
    case "FixedLength":
      return fixedLength(count(fields("length"), "length", 5));
    default:
      return refuse(`it has the pre-tokenizer ${shown(type)}`);
  }
}

/** Splits every piece by itself. */
function split(matcher: Matcher, behavior: SplitBehavior): PreTokenizer {
  return ({ text, cuts }) => {
    const parts: number[] = [];
    for (let i = 0; i < cuts.length; i += 2) {
      const from = cuts[i] ?? 0;
      const own = splitParts(matcher(text.text.slice(from, cuts[i + 1])), behavior);
      for (let j = 0; j < own.length; j += 2) {
        const start = own[j] ?? 0;
        const end = own[j + 1] ?? 0;
        if (start < end) parts.push(from + start, from + end);
      }
    }
    return { text, cuts: parts };
  };
}

/** Changes every piece by itself; what becomes empty is gone. */
function eachChanged(pieces: Pieces, change: (piece: AlignedText) => AlignedText): Pieces {
  const writer = alignedWriter(pieces.text.text.length);
  const cuts: number[] = [];
  for (let i = 0; i < pieces.cuts.length; i += 2) {
    const made = change(sliceAligned(pieces.text, pieces.cuts[i] ?? 0, pieces.cuts[i + 1] ?? 0));
    const start = writer.length();
    writer.part(made, 0, made.text.length);
    if (made.text !== "") cuts.push(start, writer.length());
  }
  return { text: writer.done(), cuts };
}

const punctuation: Matcher = (text) => characterMatcher((point) => isPunctuation()(point))(text);

/** Runs of word characters, and runs of what is neither that nor white space, are matches; the rest is left out. */
const words: Matcher = (text) => {
  const stretches: number[] = [];
  const kindOf = (point: number): number => (isRustWord()(point) ? 1 : isWhiteSpace(point) ? 0 : 2);
  let start = 0;
  let kind = 0;
  for (let at = 0; at <= text.length;) {
    const point = text.codePointAt(at) ?? -1;
    const own = point < 0 ? 0 : kindOf(point);
    if (own !== kind) {
      if (kind !== 0) stretches.push(start, at, 1);
      start = at;
      kind = own;
    }
    at += point > 0xffff ? 2 : 1;
  }
  return stretches;
};

function byteLevel(fields: Fields): PreTokenizer {
  const prefixes = flag(fields, "add_prefix_space");
  flag(fields, "trim_offsets");
  const cut = flag(fields, "use_regex", true) ? split(regexMatcher(gpt2Pattern), "Isolated") : null;
  return (pieces) => {
    const spaced = prefixes
      ? eachChanged(pieces, (piece) => (piece.text.startsWith(" ") ? piece : prepended(piece, " ")))
      : pieces;
    const { text, cuts } = cut?.(spaced) ?? spaced;
    const [from = 0, to = 0] = cuts;
    if (cuts.length === 2 && from === 0 && to === text.text.length) {
      const spelled = byteCharacters(text);
      return { text: spelled, cuts: spelled.text === "" ? [] : [0, spelled.text.length] };
    }
    return spelledPieces({ text, cuts });
  };
}

/** Spells all pieces in characters for bytes, in one go. */
function spelledPieces({ text, cuts }: Pieces): Pieces {
  const spelled = byteCharacters(text);
  // Where each unit of the text begins in what is spelled.
  const places = new Int32Array(text.text.length + 1);
  let place = 0;
  for (let at = 0; at < text.text.length; at++) {
    places[at] = place;
    const unit = text.text.charCodeAt(at);
    // Both halves of a pair together are four bytes.
    place += unit < 0x80 ? 1 : unit < 0x800 ? 2 : unit >= 0xd800 && unit < 0xe000 ? 2 : 3;
  }
  places[text.text.length] = place;
  return { text: spelled, cuts: cuts.map((cut) => places[cut] ?? 0) };
}

const schemes = ["always", "first", "never"] as const;

function metaspace(fields: Fields): PreTokenizer {
  const replacement = character(fields, "replacement");
  const declared = choice(fields, "prepend_scheme", schemes, "always");
  const older = fields.of["add_prefix_space"] ?? null;
  if (older === false && declared !== "never") {
    refuse("`add_prefix_space` of the pre-tokenizer Metaspace says otherwise than its `prepend_scheme`");
  }
  const replace = replaced(textMatcher(" "), replacement);
  const starts = split(textMatcher(replacement), "MergedWithNext");
  const splits = flag(fields, "split", true);
  return (pieces) => {
    const spaced = eachChanged(pieces, (piece) => {
      const made = replace(piece);
      const prepends = declared === "always" || (declared === "first" && piece.starts[0] === 0);
      return prepends && !made.text.startsWith(replacement) ? prepended(made, replacement) : made;
    });
    return splits ? starts(spaced) : spaced;
  };
}

function fixedLength(length: number): PreTokenizer {
  if (length === 0) refuse("the `length` of the pre-tokenizer FixedLength is 0");
  return split((text) => {
    const stretches: number[] = [];
    let start = 0;
    let characters = 0;
    for (let at = 0; at < text.length;) {
      at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
      if (++characters < length && at < text.length) continue;
      stretches.push(start, at, 1);
      start = at;
      characters = 0;
    }
    return stretches;
  }, "Isolated");
}
