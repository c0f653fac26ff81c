import type { Severity } from "./diagnostic.js";

/** What a code says: severity, a title for lists, and the sentence with its `{parameters}`. */
export interface CatalogueEntry {
  readonly severity: Severity;
  readonly title: string;
  /** Text with `{name}` holes; {@link ParametersOf} derives the parameters' names from it, so a call that forgets one does not compile. */
  readonly message: string;
}

/**
 * Every diagnostic that atlasc can give. A0 lexical, A1 syntax, A2 names, A3 types and shapes, A4 models and texts,
 * A5 plan and run, A8 warnings. No message text lives anywhere else.
 */
export const catalogue = {
  A0001: { severity: "error", title: "unknown character", message: "{character} is not part of the language here" },
  A0002: { severity: "error", title: "unterminated string", message: "this string has no closing quotation mark" },
  A0003: { severity: "error", title: "bad escape", message: "{escape} is not an escape sequence" },
  A1001: { severity: "error", title: "syntax error", message: "expected {expected}, found {found}" },
  A1002: { severity: "error", title: "unknown statement", message: "no statement starts with {word}" },
} as const satisfies Record<string, CatalogueEntry>;

export type Code = keyof typeof catalogue;

type Holes<S extends string> = S extends `${string}{${infer Name}}${infer Rest}` ? Name | Holes<Rest> : never;

/** Parameters that a code's message needs, by name. */
export type ParametersOf<C extends Code> = Record<Holes<(typeof catalogue)[C]["message"]>, string | number>;
