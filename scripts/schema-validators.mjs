/**
 * Writes what `src/runtime/store/schema-validators.ts` makes when it is opened as code, into the compiled file: Ajv takes
 * half a second to make it, at the start of every command that writes a record.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";
import standalone from "ajv/dist/standalone/index.js";
import { buildSync } from "esbuild";

/** `compiled` is the folder of the compiled files. */
export async function writeSchemaValidators(root, compiled) {
  const store = join(compiled, "src/runtime/store");
  const { schemaNames, validatorOptions } = await import(pathToFileURL(join(store, "schema-names.js")));
  const ajv = new Ajv2020({ ...validatorOptions, code: { source: true, esm: true } });
  for (const name of schemaNames) {
    ajv.addSchema(JSON.parse(readFileSync(join(root, `src/runtime/store/${name}.schema.json`), "utf8")), name);
  }
  const code = standalone.default(ajv, Object.fromEntries(schemaNames.map((name) => [name, name])));
  const output = join(store, "schema-validators.js");
  // Ajv writes `require` for the few functions of its own that the code calls; they are put in.
  const { outputFiles } = buildSync({
    stdin: { contents: code, resolveDir: root },
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    minify: true,
    write: false,
  });
  writeFileSync(output, outputFiles[0].contents);
}
