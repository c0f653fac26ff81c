/** Normalizers of tokenizer.json: what is done to a text before it is split. */
import type { Json } from "../../../compiler/base/digest.js";
import {
  alignedWriter,
  changed,
  filtered,
  limitGrowth,
  mapped,
  prepended,
  sliceAligned,
  type AlignedText,
} from "./aligned-text.js";
import { byteCharacters } from "./byte-characters.js";
import { isCombining, isControl, isNonspacing, isWhiteSpace, lowercase } from "./character-sets.js";
import { fieldsOf, flag, list, refuse, shown, text as textOf, typeOf } from "./fields.js";
import { patternMatcher, type Matcher } from "./matching.js";
import { precompiled } from "./precompiled.js";
import { normalForm } from "./unicode-forms.js";

export type Normalizer = (text: AlignedText) => AlignedText;

/** The normalizer of a tokenizer; null stands for none. */
export function readNormalizer(value: Json | undefined): Normalizer {
  if (value === undefined || value === null) return (text) => text;
  const type = typeOf(value, "a normalizer");
  const what = `the normalizer ${type}`;
  const fields = (...known: readonly string[]): ReturnType<typeof fieldsOf> => fieldsOf(value, what, known);
  switch (type) {
    case "Sequence": {
      const all = list(fields("normalizers"), "normalizers").map(readNormalizer);
      return (text) =>
        all.reduce((before, normalize) => {
          const after = normalize(before);
          limitGrowth(text.text.length, after.text.length);
          return after;
        }, text);
    }
    case "NFC":
    case "NFD":
    case "NFKC":
    case "NFKD":
      fields();
      return (text) => normalForm(text, type);
    case "Lowercase":
      fields();
      return lowered;
    case "Strip": {
      const own = fields("strip_left", "strip_right");
      return stripped(flag(own, "strip_left"), flag(own, "strip_right"));
    }
    case "StripAccents":
      fields();
      return (text) => filtered(text, (point) => !isCombining()(point));
    case "Nmt":
      fields();
      return nmt;
    case "Prepend": {
      const prefix = textOf(fields("prepend"), "prepend");
      return (text) => prepended(text, prefix);
    }
    case "Replace": {
      const own = fields("pattern", "content");
      return replaced(patternMatcher(own.of, what), textOf(own, "content"));
    }
    case "ByteLevel":
      fields();
      return byteCharacters;
    case "Bert":
    case "BertNormalizer":
      return bert(value);
    case "Precompiled":
      return precompiled(textOf(fields("precompiled_charsmap"), "precompiled_charsmap"));
    default:
      return refuse(`it has the normalizer ${shown(type)}`);
  }
}

function lowered(text: AlignedText): AlignedText {
  const small = lowercase();
  const points: number[] = [];
  const changes: number[] = [];
  for (const character of text.text) {
    const point = character.codePointAt(0) ?? 0;
    let change = 0;
    for (const letter of small.get(point) ?? character) {
      points.push(letter.codePointAt(0) ?? 0);
      changes.push(change);
      change = 1;
    }
  }
  return changed(text, { points, changes });
}

function stripped(left: boolean, right: boolean): Normalizer {
  return (aligned) => {
    const { text } = aligned;
    let from = 0;
    let to = text.length;
    // White space is all below U+10000: a unit is a character.
    while (left && from < to && isWhiteSpace(text.charCodeAt(from))) from++;
    while (right && from < to && isWhiteSpace(text.charCodeAt(to - 1))) to--;
    return sliceAligned(aligned, from, to);
  };
}

/** Replaces every match; what is put in stands for the match's last character. */
export function replaced(matcher: Matcher, content: string): Normalizer {
  return (text) => {
    const stretches = matcher(text.text);
    if (stretches.length <= 3 && stretches[2] !== 1) return text;
    const writer = alignedWriter(text.text.length);
    for (let i = 0; i < stretches.length; i += 3) {
      const start = stretches[i] ?? 0;
      const end = stretches[i + 1] ?? 0;
      if (stretches[i + 2] === 0) writer.part(text, start, end);
      else if (start === end) throw new Error("a regex of its normalizers matches nothing, and something is put there");
      else writer.text(content, text.starts[end - 1] ?? 0, text.ends[end - 1] ?? 0);
    }
    return writer.done();
  };
}

/** Control characters that Nmt removes, and others that it takes for spaces. @source tokenizers 0.23, do_nmt */
const nmtRemoved = (point: number): boolean =>
  (point >= 0x1 && point <= 0x8) ||
  point === 0xb ||
  (point >= 0xe && point <= 0x1f) ||
  point === 0x7f ||
  point === 0x8f ||
  point === 0x9f;
const nmtSpaces: ReadonlySet<number> = new Set([
  0x9, 0xa, 0xc, 0xd, 0x1680, 0x200b, 0x200c, 0x200d, 0x200e, 0x200f, 0x2028, 0x2029, 0x2581, 0xfeff, 0xfffd,
]);

function nmt(text: AlignedText): AlignedText {
  const kept = filtered(text, (point) => !nmtRemoved(point));
  return mapped(kept, (point) => (nmtSpaces.has(point) ? 0x20 : point));
}

/** Blocks of Chinese characters. @source tokenizers 0.23, is_chinese_char */
const chinese = [
  [0x4e00, 0x9fff],
  [0x3400, 0x4dbf],
  [0x20000, 0x2a6df],
  [0x2a700, 0x2b73f],
  [0x2b740, 0x2b81f],
  [0x2b920, 0x2ceaf],
  [0xf900, 0xfaff],
  [0x2f800, 0x2fa1f],
] as const;

function bert(value: Json): Normalizer {
  const known = ["clean_text", "handle_chinese_chars", "strip_accents", "lowercase"];
  const fields = fieldsOf(value, "the normalizer BertNormalizer", known);
  const lowercases = flag(fields, "lowercase");
  const cleans = flag(fields, "clean_text");
  const parts = flag(fields, "handle_chinese_chars");
  const strips = flag(fields, "strip_accents", lowercases);
  return (text) => {
    let done = text;
    if (cleans) {
      done = filtered(done, (point) => point !== 0 && point !== 0xfffd && !isControl()(point));
      done = mapped(done, (point) => (isWhiteSpace(point) ? 0x20 : point));
    }
    if (parts) done = chineseApart(done);
    if (strips) done = filtered(normalForm(done, "NFD"), (point) => !isNonspacing()(point));
    return lowercases ? lowered(done) : done;
  };
}

function chineseApart(text: AlignedText): AlignedText {
  const points: number[] = [];
  const changes: number[] = [];
  for (const character of text.text) {
    const point = character.codePointAt(0) ?? 0;
    if (chinese.some(([first, last]) => point >= first && point <= last)) {
      points.push(0x20, point, 0x20);
      changes.push(0, 1, 1);
    } else {
      points.push(point);
      changes.push(0);
    }
  }
  return changed(text, { points, changes });
}
