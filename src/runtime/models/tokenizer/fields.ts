/** Reading the parts of tokenizer.json: whatever is not understood is refused by its name. */
import type { Json } from "../../../compiler/base/digest.js";
import type { JsonObject } from "../model-json.js";

/** Ends the reading of a tokenizer with the reason that its user is told. */
export function refuse(reason: string): never {
  throw new Error(reason);
}

/** A value as a reason shows it. */
export function shown(value: Json | undefined): string {
  const text = JSON.stringify(value ?? null);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

/** One component of tokenizer.json, and what reasons call it. */
export interface Fields {
  readonly of: JsonObject;
  readonly what: string;
}

/** The fields of a component, which may have only those that are `known`. */
export function fieldsOf(value: Json | undefined, what: string, known?: readonly string[]): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) refuse(`${what} is ${shown(value)}`);
  const of = value as JsonObject;
  const unknown =
    known === undefined ? undefined : Object.keys(of).find((name) => name !== "type" && !known.includes(name));
  if (unknown !== undefined) refuse(`${what} has a field ${shown(unknown)}, which is not known here`);
  return { of, what };
}

/** What a field that a component needs, or has by default, says. */
export function flag({ of, what }: Fields, name: string, byDefault?: boolean): boolean {
  const value = of[name] ?? byDefault;
  return typeof value === "boolean" ? value : refuse(`\`${name}\` of ${what} is ${shown(value)}, not true or false`);
}

export function text({ of, what }: Fields, name: string, byDefault?: string): string {
  const value = of[name] ?? byDefault;
  return typeof value === "string" && !/\p{Surrogate}/u.test(value)
    ? value
    : refuse(`\`${name}\` of ${what} is ${shown(value)}, not a text`);
}

/** A whole number from 0 to `largest`. */
export function count({ of, what }: Fields, name: string, byDefault?: number, largest = 2 ** 31 - 1): number {
  const value = of[name] ?? byDefault;
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= largest
    ? value
    : refuse(`\`${name}\` of ${what} is ${shown(value)}, not a whole number up to ${largest}`);
}

/** A text of one character. */
export function character(fields: Fields, name: string, byDefault?: string): string {
  const value = text(fields, name, byDefault);
  return Array.from(value).length === 1
    ? value
    : refuse(`\`${name}\` of ${fields.what} is ${shown(value)}, not one character`);
}

export function choice<T extends string>(fields: Fields, name: string, of: readonly T[], byDefault?: T): T {
  const value = text(fields, name, byDefault);
  return (
    of.find((one) => one === value) ?? refuse(`\`${name}\` of ${fields.what} is ${shown(value)}, not ${of.join(", ")}`)
  );
}

export function list({ of, what }: Fields, name: string): readonly Json[] {
  const value = of[name];
  return Array.isArray(value)
    ? (value as readonly Json[])
    : refuse(`\`${name}\` of ${what} is ${shown(value)}, not a list`);
}

/** The type of a component. */
export function typeOf(value: Json | undefined, what: string): string {
  return text(fieldsOf(value, what), "type");
}
