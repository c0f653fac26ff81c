/**
 * Writes what editors read of the language, after a build: the TextMate grammar from the table of tokens, and snippets from the
 * table of forms. `node scripts/textmate.mjs`
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { format, resolveConfig } from "prettier";
import { textMateGrammar } from "../dist/grammar/textmate.js";
import { snippets } from "../dist/src/compiler/docs/snippets.js";

async function write(path, value) {
  const file = join(import.meta.dirname, "../grammar/vscode", path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, await format(JSON.stringify(value), { ...(await resolveConfig(file)), filepath: file }));
}

await write("syntaxes/atlas.tmLanguage.json", textMateGrammar());
await write("snippets/forms.json", snippets());
