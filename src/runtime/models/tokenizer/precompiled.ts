/**
 * SentencePiece's compiled normalization: a trie of byte strings (a double array) and the texts that replace them.
 *
 * @source sentencepiece src/normalizer.cc; Rust spm_precompiled 0.1 and tokenizers 0.23, normalizers/precompiled.rs
 */
import { changed, type AlignedText } from "./aligned-text.js";
import { refuse } from "./fields.js";

/** A normalizer from its base64. */
export function precompiled(charsmap: string): (text: AlignedText) => AlignedText {
  const bytes = decodeBase64(charsmap);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = bytes.length >= 4 ? view.getUint32(0, true) : 0;
  if (bytes.length < 4 || size % 4 !== 0 || size === 0 || size > bytes.length - 4)
    refuse("its precompiled_charsmap is damaged");
  const units = Uint32Array.from({ length: size / 4 }, (_, i) => view.getUint32(4 + 4 * i, true));
  const texts = bytes.subarray(4 + size);
  const encoder = new TextEncoder();
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const known = new Map<string, string | null>();
  /** What stands for a part; null where it stays as it is. */
  const replacement = (part: string): string | null => {
    const before = known.get(part);
    if (before !== undefined) return before;
    const found = shortestMatch(units, encoder.encode(part));
    const end = found === null ? -1 : texts.indexOf(0, found);
    const text = found === null ? null : decoder.decode(texts.subarray(found, end < 0 ? texts.length : end));
    if (known.size < 100_000) known.set(part, text);
    return text;
  };
  const graphemes = new Intl.Segmenter("und", { granularity: "grapheme" });
  return (aligned) => {
    const points: number[] = [];
    const changes: number[] = [];
    let replacements = 0;
    const write = (old: string, text: string): void => {
      replacements++;
      const before = Array.from(old).length;
      const after = Array.from(text, (character) => character.codePointAt(0) ?? 0);
      for (const [i, point] of after.entries()) {
        points.push(point);
        changes.push(i >= before ? 1 : 0);
      }
      // What is removed belongs to the character before it, whichever that is.
      if (after.length < before && changes.length > 0) {
        changes[changes.length - 1] = (changes.at(-1) ?? 0) + after.length - before;
      }
    };
    for (const { segment } of graphemes.segment(aligned.text)) {
      const whole = encoder.encode(segment).length < 6 ? replacement(segment) : null;
      if (whole !== null) {
        write(segment, whole);
        continue;
      }
      for (const character of segment) {
        const own = replacement(character);
        if (own === null) {
          points.push(character.codePointAt(0) ?? 0);
          changes.push(0);
        } else {
          write(character, own);
        }
      }
    }
    return replacements > 0 ? changed(aligned, { points, changes }) : aligned;
  };
}

function decodeBase64(text: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return refuse("its precompiled_charsmap is no base64");
  }
}

/** The value of the first prefix of a key that the double array has; the library asks for no longer one. */
function shortestMatch(units: Uint32Array, key: Uint8Array): number | null {
  const offset = (unit: number): number => (unit >>> 10) << ((unit & (1 << 9)) >>> 6);
  let at = offset(units[0] ?? 0);
  for (const byte of key) {
    if (byte === 0) break;
    at ^= byte;
    const unit = units[at];
    if (unit === undefined || (unit & ((1 << 31) | 0xff)) >>> 0 !== byte) return null;
    at ^= offset(unit);
    if (((unit >>> 8) & 1) === 1) return (units[at] ?? 0) & 0x7fffffff;
  }
  return null;
}
