/** Writes the TextMate grammar that editors read, from the token table: `node scripts/textmate.mjs` after a build. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { textMateGrammar } from "../dist/grammar/textmate.js";

const file = join(import.meta.dirname, "..", "grammar/vscode/syntaxes/atlas.tmLanguage.json");
mkdirSync(dirname(file), { recursive: true });
writeFileSync(file, `${JSON.stringify(textMateGrammar(), null, 2)}\n`);
