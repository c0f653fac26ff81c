/** Bytes as characters that print: how byte-level vocabularies spell texts. */
import { alignedWriter, type AlignedText } from "./aligned-text.js";

/** GPT-2's table: bytes that print as themselves, and the others from U+0100 on. @source openai/gpt-2 src/encoder.py */
const characterOfByte: readonly number[] = (() => {
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => {
    const prints = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    return prints ? byte : next++;
  });
})();

const byteOfCharacter: ReadonlyMap<string, number> = new Map(
  characterOfByte.map((character, byte) => [String.fromCharCode(character), byte]),
);

/** Spells a text in characters for its bytes; each stands for the whole character that its byte is part of. */
export function byteCharacters(aligned: AlignedText): AlignedText {
  const { text, starts, ends } = aligned;
  const writer = alignedWriter(text.length + (text.length >> 3));
  for (let at = 0; at < text.length; at++) {
    const point = text.codePointAt(at) ?? 0;
    const start = starts[at] ?? 0;
    const end = ends[at] ?? 0;
    const byte = (value: number): void => writer.point(characterOfByte[value] ?? 0, start, end);
    if (point < 0x80) {
      byte(point);
    } else if (point < 0x800) {
      byte(0xc0 | (point >> 6));
      byte(0x80 | (point & 0x3f));
    } else if (point < 0x10000) {
      byte(0xe0 | (point >> 12));
      byte(0x80 | ((point >> 6) & 0x3f));
      byte(0x80 | (point & 0x3f));
    } else {
      byte(0xf0 | (point >> 18));
      byte(0x80 | ((point >> 12) & 0x3f));
      byte(0x80 | ((point >> 6) & 0x3f));
      byte(0x80 | (point & 0x3f));
      at++;
    }
  }
  return writer.done();
}

/** The bytes that a token of characters for bytes spells; null where it has other characters. */
export function bytesOfCharacters(token: string): Uint8Array | null {
  const bytes = Array.from(token, (character) => byteOfCharacter.get(character));
  return bytes.every((byte) => byte !== undefined) ? Uint8Array.from(bytes) : null;
}

/** A token in characters for its bytes; one that is spelled so already stays as it is. */
export function spelledInBytes(token: string): string {
  if (Array.from(token).every((character) => byteOfCharacter.has(character))) return token;
  const bytes = new TextEncoder().encode(token);
  return Array.from(bytes, (byte) => String.fromCharCode(characterOfByte[byte] ?? 0)).join("");
}
