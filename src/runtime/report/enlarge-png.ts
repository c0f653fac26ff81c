/** Pictures of cells with more pixels for each cell. */
import { inflateSync } from "node:zlib";
import { encodePng } from "./png-encode.js";

/** Bytes before the first chunk. */
const signatureLength = 8;

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
  for (let at = signatureLength; at + 12 <= png.length;) {
    const length = png.readUInt32BE(at);
    chunks.set(png.toString("latin1", at + 4, at + 8), png.subarray(at + 8, at + 8 + length));
    at += length + 12;
  }
  return chunks;
}
