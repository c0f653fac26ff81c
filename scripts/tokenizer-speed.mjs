/**
 * How fast a tokenizer reads a text, to be stated beside PyPI `tokenizers` (test/fixtures/tokenizers/speed.py, which takes the
 * same arguments): `node scripts/tokenizer-speed.mjs TOKENIZER.json TEXT.txt [MEGABYTES]`, on a built project. The text is
 * repeated up to the size. Prints tokens, milliseconds, tokens for each millisecond, and the most memory.
 */
import { readFileSync } from "node:fs";
import { readEncoder } from "../dist/src/runtime/models/tokenizer/encoder.js";

const [definition, path, megabytes = "1"] = process.argv.slice(2);
const encoder = readEncoder(JSON.parse(readFileSync(definition, "utf8")));
const once = readFileSync(path, "utf8");
const size = Number(megabytes) * 1e6;
const text = once.repeat(Math.ceil(size / once.length)).slice(0, size);
for (const turn of ["first", "second"]) {
  const began = performance.now();
  const { ids } = encoder.encode(text);
  const time = performance.now() - began;
  const memory = (process.resourceUsage().maxRSS / 1e3).toFixed(0);
  console.log(
    `${turn}: ${ids.length} tokens in ${time.toFixed(0)} ms, ${(ids.length / time).toFixed(0)} tokens/ms, ${memory} MB`,
  );
}
