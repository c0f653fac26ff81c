/** Pixels to PNG bytes, for heatmaps of too many cells to draw each. */
import { deflateSync, inflateSync } from "node:zlib";

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

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const out = Buffer.alloc(body.length + 8);
  out.writeUInt32BE(data.length, 0);
  body.copy(out, 4);
  out.writeUInt32BE(crc(body), body.length + 4);
  return out;
}

/**
 * An indexed PNG with one byte for each pixel, row by row from the top.
 *
 * @param pixels `width` × `height` indices into the palette.
 * @source ISO/IEC 15948 (Portable Network Graphics), colour type 3.
 */
export function encodePng(width: number, height: number, pixels: Uint8Array, palette: Palette): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8);
  // Each line begins with its filter: none, because neighbouring indices are unlike.
  const lines = Buffer.alloc(height * (width + 1));
  for (let y = 0; y < height; y++) lines.set(pixels.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  return Buffer.concat([
    Buffer.from(signature),
    chunk("IHDR", header),
    chunk("PLTE", Buffer.from(palette.flatMap(([r, g, b]) => [r, g, b]))),
    chunk("tRNS", Buffer.from(palette.map(([, , , a]) => a))),
    chunk("IDAT", deflateSync(lines, { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/**
 * A picture of {@link encodePng} in `width` × `height` pixels, each with the colour of the nearest one; as it is where that
 * would make it smaller.
 */
export function enlargedPng(png: Uint8Array, width: number, height: number): Uint8Array {
  const chunks = chunksOf(Buffer.from(png));
  const [header, colors, alphas, data] = ["IHDR", "PLTE", "tRNS", "IDAT"].map((name) => chunks.get(name));
  if (header === undefined || colors === undefined || alphas === undefined || data === undefined) return png;
  const [ownWidth, ownHeight] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  if (ownWidth > width || ownHeight > height) return png;
  const lines = inflateSync(data);
  const pixels = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const line = Math.floor((y * ownHeight) / height) * (ownWidth + 1) + 1;
    for (let x = 0; x < width; x++) pixels[y * width + x] = lines[line + Math.floor((x * ownWidth) / width)] ?? 0;
  }
  const palette = [...alphas].map((alpha, i) => [colors[3 * i] ?? 0, colors[3 * i + 1] ?? 0, colors[3 * i + 2] ?? 0, alpha] as const); // prettier-ignore
  return encodePng(width, height, pixels, palette);
}

function chunksOf(png: Buffer): ReadonlyMap<string, Buffer> {
  const chunks = new Map<string, Buffer>();
  for (let at = signature.length; at + 12 <= png.length;) {
    const length = png.readUInt32BE(at);
    chunks.set(png.toString("latin1", at + 4, at + 8), png.subarray(at + 8, at + 8 + length));
    at += length + 12;
  }
  return chunks;
}
