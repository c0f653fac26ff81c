/** Checks records, entries of their history and judgements against the published schemas, and says in words what is wrong. */
import type { ErrorObject } from "ajv/dist/2020.js";
import type { SchemaName } from "./schema-names.js";
import * as validators from "./schema-validators.js";

function problemText(error: ErrorObject, whole: string): string {
  const place = error.instancePath === "" ? whole : error.instancePath.slice(1).replaceAll("/", ".");
  const parameters = error.params as Readonly<Record<string, unknown>>;
  switch (error.keyword) {
    case "required":
      return `${place} lacks ${String(parameters["missingProperty"])}`;
    case "additionalProperties":
      return `${place} has ${String(parameters["additionalProperty"])}, which the format does not know`;
    case "enum":
      return `${place} is ${JSON.stringify(error.data)}; it must be one of ${(error.schema as unknown[]).join(", ")}`;
    case "type":
      return `${place} is ${JSON.stringify(error.data).slice(0, 60)}; it must be ${[error.schema].flat().join(" or ")}`;
    case "const":
      return `${place} is ${JSON.stringify(error.data)}; it must be ${JSON.stringify(error.schema)}`;
    default:
      return `${place} ${error.message ?? "is wrong"}`;
  }
}

function problemsOf(which: SchemaName, value: unknown, whole: string): string[] {
  const validate = validators[which];
  if (validate(value)) return [];
  // "anyOf" only sums up the problems of its branches, which are listed too.
  const errors = (validate.errors ?? []).filter((error) => error.keyword !== "anyOf");
  const telling = ofMeantBranches(errors);
  return (telling.length === 0 ? errors : telling).map((error) => problemText(error, whole));
}

/**
 * Without the errors of what was not meant: alternatives (`oneOf`) are told apart by their `kind`, and one that has another
 * kind says nothing about the value; nor does that it could be null.
 */
function ofMeantBranches(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const branchOf = ({ schemaPath }: ErrorObject): string | undefined => /^.*\/oneOf\/\d+/.exec(schemaPath)?.[0];
  const others = new Set(errors.filter(({ instancePath }) => instancePath.endsWith("/kind")).map(branchOf));
  return errors.filter((error) => {
    const branch = branchOf(error);
    if (error.keyword === "oneOf") return false;
    return branch === undefined || !(others.has(branch) || error.schemaPath === `${branch}/type`);
  });
}

/** What is wrong with a value as a record: a sentence each, none when it is valid. */
export function recordProblems(value: unknown): string[] {
  return problemsOf("record", value, "the record");
}

/** What is wrong with a value as an entry of a history: a sentence each, none when it is valid. */
export function historyProblems(value: unknown): string[] {
  return problemsOf("history", value, "the entry");
}

/** What is wrong with a value as a judgement: a sentence each, none when it is valid. */
export function judgementProblems(value: unknown): string[] {
  return problemsOf("judgement", value, "the judgement");
}
