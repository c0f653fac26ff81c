/**
 * Writes the generated parts of the documents: `node scripts/docs.mjs` after a build. With `--check` it changes nothing
 * and ends with 1 when a document is not up to date.
 */
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { referenceParts, withReferenceParts } from "../dist/src/compiler/docs/reference.js";

const root = join(import.meta.dirname, "..");
const check = process.argv.includes("--check");

const stdlib = readdirSync(join(root, "stdlib"))
  .filter((name) => name.endsWith(".atlas"))
  .sort()
  .map((name) => ({ path: `@stdlib/${name}`, text: readFileSync(join(root, "stdlib", name), "utf8") }));
const parts = referenceParts(stdlib);

const documents = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md"));
for (const name of documents) {
  const path = join(root, "docs", name);
  const before = readFileSync(path, "utf8");
  if (!before.includes("<!-- generated: ")) continue;
  const options = { ...(await resolveConfig(path)), filepath: path };
  const after = await format(withReferenceParts(before, parts), options);
  if (after === before) continue;
  if (check) {
    console.error(`docs/${name} is not up to date: run npm run build && node scripts/docs.mjs`);
    process.exitCode = 1;
  } else {
    writeFileSync(path, after);
    console.log(`docs/${name} written`);
  }
}
