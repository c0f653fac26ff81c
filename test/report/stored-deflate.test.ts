/** What the page has in place of zlib writes streams that zlib reads. */
import assert from "node:assert/strict";
import test from "node:test";
import { inflateSync } from "node:zlib";
import { deflate } from "../../site/host/deflate.js";

test("bytes come back from a stream of stored blocks, whatever their number", () => {
  for (const length of [0, 1, 65_535, 65_536, 200_000]) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8)) % 256);
    // zlib checks the Adler-32 checksum itself.
    assert.deepEqual(new Uint8Array(inflateSync(deflate(bytes))), bytes);
  }
});
