import type { Span } from "../base/span.js";
import { catalogue, type Code, type ParametersOf } from "./catalogue.js";
import type { Diagnostic, Fix, Label } from "./diagnostic.js";

/** What a diagnostic may carry beside its code, place and parameters. */
export interface Details {
  /** Text beside the carets; none by default. */
  readonly label?: string;
  readonly related?: readonly Label[];
  readonly expected?: string;
  readonly found?: string;
  readonly hint?: string;
  readonly fixes?: readonly Fix[];
}

/** A diagnostic of the catalogue at a place (null: no place in any source text). */
export function diagnostic<C extends Code>(
  code: C,
  span: Span | null,
  parameters: ParametersOf<C>,
  details: Details = {},
): Diagnostic {
  const entry = catalogue[code];
  const values = parameters as Readonly<Record<string, string | number>>;
  const message = entry.message.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name]));
  return {
    code,
    severity: entry.severity,
    message,
    primary: span === null ? null : { span, text: details.label ?? "" },
    related: details.related ?? [],
    ...(details.expected === undefined ? {} : { expected: details.expected }),
    ...(details.found === undefined ? {} : { found: details.found }),
    ...(details.hint === undefined ? {} : { hint: details.hint }),
    fixes: details.fixes ?? [],
  };
}

/** The fix that writes something missing right behind a place: `add \`together\``. */
export function addBehind({ file, end }: Span, text: string): Fix {
  return { title: `add \`${text.trim()}\``, edits: [{ span: { file, start: end, end }, replacement: text }] };
}
