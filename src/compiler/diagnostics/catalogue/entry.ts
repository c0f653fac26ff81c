export type Severity = "error" | "warning" | "info";

/** What a code says. */
export interface CatalogueEntry {
  readonly severity: Severity;
  /** For lists. */
  readonly title: string;
  /** Text with `{name}` holes, from which the parameters' names are derived: a call that forgets one does not compile. */
  readonly message: string;
  /** One or two sentences for `atlasc doc CODE`: what is the matter, and the way out. */
  readonly explanation: string;
}
