import type { Diagnostic } from "./diagnostic.js";

/** What every stage returns: a total value and what there is to say about it. Stages never throw on user input. */
export interface Staged<T> {
  readonly value: T;
  readonly diagnostics: readonly Diagnostic[];
}

/** True when a diagnostic stops the pipeline. */
export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((d) => d.severity === "error");
}
