/**
 * The published schemas as functions. Ajv takes half a second to make them, so the build puts here what Ajv writes for
 * them as code (`scripts/schema-validators.mjs`); what stands here is the same, made when it is first needed.
 */
import { createRequire } from "node:module";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { schemaNames, validatorOptions, type SchemaName } from "./schema-names.js";

const ajv = new Ajv2020(validatorOptions);
// By the package's own name, because the schemas are published there and are not copied beside the compiled files.
for (const name of schemaNames)
  ajv.addSchema(createRequire(import.meta.url)(`atlasc/${name}.schema.json`) as object, name);

function named(name: SchemaName): ValidateFunction {
  const validate = ajv.getSchema(name);
  if (validate === undefined) throw new Error(`there is no schema ${name}`);
  return validate;
}

/** Whether a value is a record; `errors` says why not. */
export const record = named("record");
/** Whether a value is an entry of a history; `errors` says why not. */
export const history = named("history");
/** Whether a value is a judgement; `errors` says why not. */
export const judgement = named("judgement");
