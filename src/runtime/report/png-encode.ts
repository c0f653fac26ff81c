/** Pixels to PNG bytes, for heatmaps of too many cells to draw each. */
import { deflate } from "./deflate.js";

/** Colours of the picture, at most 256; each a red, a green, a blue and an opacity from 0 to 255. */
export type Palette = readonly (readonly [number, number, number, number])[];

const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

const crcTable = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c >>> 0;
});

function crc(bytes: Uint8Array): number {
  let c = 0xffffffff;
  for (const byte of bytes) c = (crcTable[(c ^ byte) & 0xff] ?? 0) ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Whole numbers of four bytes, the highest first. */
function words(...numbers: readonly number[]): Uint8Array {
  const out = new DataView(new ArrayBuffer(4 * numbers.length));
  numbers.forEach((number, i) => out.setUint32(4 * i, number));
  return new Uint8Array(out.buffer);
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const body = joined([Uint8Array.from(type, (letter) => letter.charCodeAt(0)), data]);
  return joined([words(data.length), body, words(crc(body))]);
}

/**
 * An indexed PNG with one byte for each pixel, row by row from the top.
 *
 * @param pixels `width` × `height` indices into the palette.
 * @source ISO/IEC 15948 (Portable Network Graphics), colour type 3.
 */
export function encodePng(width: number, height: number, pixels: Uint8Array, palette: Palette): Uint8Array {
  // Each line begins with its filter: none, because neighbouring indices are unlike.
  const lines = new Uint8Array(height * (width + 1));
  for (let y = 0; y < height; y++) lines.set(pixels.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  return joined([
    Uint8Array.from(signature),
    chunk("IHDR", joined([words(width, height), Uint8Array.of(8, 3, 0, 0, 0)])),
    chunk("PLTE", Uint8Array.from(palette.flatMap(([r, g, b]) => [r, g, b]))),
    chunk(
      "tRNS",
      Uint8Array.from(palette, ([, , , a]) => a),
    ),
    chunk("IDAT", deflate(lines)),
    chunk("IEND", new Uint8Array(0)),
  ]);
}
