/** What `atlasc run --json` prints, as far as the panel shows it. */

/** A mistake of the protocol, with its place counted from 1; null where it has none. */
export interface Problem {
  readonly severity: string;
  readonly code: string;
  readonly message: string;
  /** What was expected, what was found, and the hint, a line each. */
  readonly details: readonly string[];
  readonly place: { readonly file: string; readonly line: number; readonly column: number } | null;
}

export type Outcome =
  | { readonly kind: "ran"; readonly status: string; readonly report: string }
  | { readonly kind: "rejected"; readonly problems: readonly Problem[] }
  | { readonly kind: "failed"; readonly messages: readonly string[] };

type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (value: unknown): Fields => (typeof value === "object" && value !== null ? (value as Fields) : {});
const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** Reads what was printed; null for what is no outcome: the program ended before it could say anything. */
export function readOutcome(printed: string): Outcome | null {
  let value: unknown;
  try {
    value = JSON.parse(printed);
  } catch {
    return null;
  }
  const { status, report, diagnostics, faults } = fieldsOf(value);
  if (typeof status !== "string") return null;
  if (status === "rejected") return { kind: "rejected", problems: listOf(diagnostics).map(problemOf) };
  if (typeof report === "string") return { kind: "ran", status, report };
  return { kind: "failed", messages: listOf(faults).map((fault) => textOf(fieldsOf(fault)["message"])) };
}

function problemOf(value: unknown): Problem {
  const { severity, code, message, primary, expected, found, hint } = fieldsOf(value);
  const { file, from } = fieldsOf(primary);
  const { line, column } = fieldsOf(from);
  const details = [
    ["expected", expected],
    ["found", found],
    ["hint", hint],
  ].flatMap(([name, text]) => (typeof text === "string" && text !== "" ? [`${String(name)}: ${text}`] : []));
  return {
    severity: textOf(severity),
    code: textOf(code),
    message: textOf(message),
    details,
    place:
      typeof file === "string" && typeof line === "number" && typeof column === "number"
        ? { file, line, column }
        : null,
  };
}
