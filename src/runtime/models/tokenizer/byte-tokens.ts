/** Tokens for single bytes, which spell what a vocabulary does not have (`byte_fallback`). */

/** Ids of the tokens `<0x00>` to `<0xFF>`, by their bytes, where there are. */
export type ByteTokens = readonly (number | undefined)[];

export function byteTokens(vocabulary: ReadonlyMap<string, number>): ByteTokens {
  return Array.from({ length: 256 }, (_, byte) =>
    vocabulary.get(`<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`),
  );
}

/** A text in tokens of its bytes; null where it is empty or a byte has none. `bytes` is null without `byte_fallback`. */
export function inByteTokens(text: string, bytes: ByteTokens | null): readonly number[] | null {
  if (bytes === null || text === "") return null;
  const ids = Array.from(new TextEncoder().encode(text), (byte) => bytes[byte]);
  return ids.every((id) => id !== undefined) ? ids : null;
}
