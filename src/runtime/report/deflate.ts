/** Compression by the machine's own zlib, in a file of its own: a page has another one in its place. */
import { deflateSync } from "node:zlib";

/** Bytes as a zlib stream, as small as it gets. */
export function deflate(bytes: Uint8Array): Uint8Array {
  return deflateSync(bytes, { level: 9 });
}
