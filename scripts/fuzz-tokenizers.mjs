/**
 * Compares the tokenizers here with PyPI `tokenizers` on what test/fixtures/tokenizers/make.py left in a folder:
 *
 *     python test/fixtures/tokenizers/make.py FOLDER 100000 GPT-2=../shared/tokenizers/gpt2/tokenizer.json
 *     node scripts/build.mjs && node scripts/fuzz-tokenizers.mjs FOLDER
 *
 * Prints a table: lines, lines whose ids differ, lines of which only offsets differ, and the first of each.
 */
import { createReadStream, readdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { readEncoder } from "../dist/src/runtime/models/tokenizer/encoder.js";

const [folder, only = ""] = process.argv.slice(2);

/** Offsets in characters, as the library counts them. */
function inCharacters(text, offsets) {
  const places = new Int32Array(text.length + 1);
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    places[i] = count;
    const unit = text.charCodeAt(i);
    if (unit < 0xd800 || unit >= 0xdc00) count++;
  }
  places[text.length] = count;
  return offsets.map((offset) => places[offset]);
}

let failed = 0;
console.log("| tokenizer | lines | ids differ | offsets differ |\n| --- | --- | --- | --- |");
for (const file of readdirSync(folder).sort()) {
  let encoder = null;
  let name = "";
  let [lines, ids, offsets] = [0, 0, 0];
  let example = null;
  for await (const line of createInterface({ input: createReadStream(join(folder, file)) })) {
    if (encoder === null) {
      const first = JSON.parse(line);
      name = first.name;
      if (!name.includes(only)) break;
      encoder = readEncoder(first.definition);
      continue;
    }
    const [text, expected] = JSON.parse(line);
    let made = null;
    try {
      const encoding = encoder.encode(text);
      made = [encoding.ids, inCharacters(text, encoding.starts), inCharacters(text, encoding.ends)];
    } catch (error) {
      if (expected !== null) console.error(error);
    }
    lines++;
    if (JSON.stringify(made) === JSON.stringify(expected)) continue;
    if (JSON.stringify(made?.[0]) !== JSON.stringify(expected?.[0])) ids++;
    else offsets++;
    if (example === null || text.length < example.text.length) example = { text, expected, made };
  }
  if (encoder === null) continue;
  console.log(`| ${name} | ${lines} | ${ids} | ${offsets} |`);
  if (example !== null) console.log(JSON.stringify(example).slice(0, 6000));
  failed += ids + offsets;
}
process.exitCode = failed === 0 ? 0 : 1;
