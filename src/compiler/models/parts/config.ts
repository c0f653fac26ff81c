import type { Json } from "../../base/digest.js";
import { entryOf } from "../../base/entry.js";
import { diagnostic } from "../../diagnostics/create.js";
import type { Diagnostic } from "../../diagnostics/diagnostic.js";
import type { ModelFacts } from "../model.js";

/**
 * Reads a model's config.json field by field. A field that is missing or of the wrong kind becomes a diagnostic and a
 * harmless stand-in value, so that one look reports everything that is wrong; callers must not use what they built
 * when {@link ConfigReader.diagnostics} has errors.
 */
export interface ConfigReader {
  readonly diagnostics: Diagnostic[];
  /** The field as it stands; undefined when absent or null. */
  raw(field: string): Json | undefined;
  /** A positive integer; required without `fallback`. `field` may list older spellings after the current one. */
  integer(field: string | readonly string[], fallback?: number): number;
  /** A finite number; required without `fallback`. */
  number(field: string | readonly string[], fallback?: number): number;
  flag(field: string, fallback: boolean): boolean;
  text(field: string | readonly string[], fallback?: string): string;
  /** Records that atlasc does not build what a field asks for. */
  refuse(field: string, found: string, supported: string): void;
  /** A reader of an object inside the config (`rope_parameters`); null when there is none. */
  section(field: string): ConfigReader | null;
}

/** A reader of the config of a model. */
export function createConfigReader(facts: ModelFacts): ConfigReader {
  return readerOf(facts.source, "", facts.config, []);
}

function readerOf(
  source: string,
  prefix: string,
  config: Readonly<Record<string, Json>>,
  diagnostics: Diagnostic[],
): ConfigReader {
  function find(field: string | readonly string[]): { name: string; value: Json | undefined } {
    const names = typeof field === "string" ? [field] : field;
    for (const name of names) {
      const value = entryOf(config, name);
      if (value !== undefined && value !== null) return { name, value };
    }
    return { name: names[0] ?? "", value: undefined };
  }

  function read<T extends Json>(
    field: string | readonly string[],
    kind: string,
    accepts: (value: Json) => value is T,
    fallback: T | undefined,
    standIn: T,
  ): T {
    const { name, value } = find(field);
    if (value === undefined) {
      if (fallback !== undefined) return fallback;
      diagnostics.push(diagnostic("A4002", null, { source, field: prefix + name }));
      return standIn;
    }
    if (accepts(value)) return value;
    reject(name, JSON.stringify(value), kind);
    return standIn;
  }

  function reject(field: string, found: string, expected: string): void {
    diagnostics.push(diagnostic("A4003", null, { source, field: prefix + field, found }, { expected, found }));
  }

  const isInteger = (value: Json): value is number => typeof value === "number" && Number.isInteger(value) && value > 0;
  const isNumber = (value: Json): value is number => typeof value === "number" && Number.isFinite(value);
  const isFlag = (value: Json): value is boolean => typeof value === "boolean";
  const isText = (value: Json): value is string => typeof value === "string";

  return {
    diagnostics,
    raw: (field) => find(field).value,
    integer: (field, fallback) => read(field, "a positive integer", isInteger, fallback, 1),
    number: (field, fallback) => read(field, "a number", isNumber, fallback, 1),
    flag: (field, fallback) => read<boolean>(field, "true or false", isFlag, fallback, fallback),
    text: (field, fallback) => read<string>(field, "a string", isText, fallback, ""),
    refuse: reject,
    section(field) {
      const { value } = find(field);
      if (value === undefined) return null;
      if (typeof value === "object" && value !== null && !Array.isArray(value)) {
        return readerOf(source, `${prefix}${field}.`, value as Readonly<Record<string, Json>>, diagnostics);
      }
      reject(field, JSON.stringify(value), "an object");
      return null;
    },
  };
}
