import type { MeasureExpression } from "../ir/expression.js";
import type { ReplacementValue } from "../ir/protocol.js";
import type { SiteReference } from "../models/sites.js";

/** The written site's own value in the unmodified run of other texts. Positions are aligned from the end. */
export type OtherRunValue =
  /** Of one prompt of `texts`: for each prompt of the study, which one. */
  | { readonly kind: "captured"; readonly texts: string; readonly prompts: readonly number[] }
  /** Averaged over the prompts of `texts` and, unless `perPosition`, their positions. */
  | { readonly kind: "average"; readonly texts: string; readonly perPosition: boolean };

/**
 * What a gate's input is fed for a row, as data: a plan captures by it what comes from other runs, and the runtime reads
 * that back by it.
 */
export type FedValue =
  /** One number for every entry. */
  { readonly kind: "number"; readonly value: number } | OtherRunValue;

/**
 * How a gate carries a replacement, which is all that plans, graphs and the runtime know of it. `replace`: what is fed is
 * put in. `scale`: the site's value times what is fed. `compute`: the graph computes what is put in from what the same run
 * has, or adds it to the site's value. Replacements of one site that are carried alike share a gate.
 */
export type Carrier =
  | { readonly gate: "replace" | "scale"; readonly fed: FedValue }
  | {
      readonly gate: "compute";
      readonly expression: MeasureExpression;
      readonly add: boolean;
      /** Where the expression is the value of this site, from which the model computes what is put in; else null. */
      readonly through: SiteReference | null;
    };

/** A kind of replacement: everything that depends on which one it is. */
export interface ReplacementKind<R extends ReplacementValue> {
  /** What follows `ablate … by` to ask for it, as the reference shows it; null for what only other clauses make. */
  readonly written: string | null;
  readonly carrier: (replacement: R) => Carrier;
  /**
   * Why what is put in may not be finite, as sentences; `site` is the written site in the language's words. A `compute`
   * gate tells which one holds by its place in the list (`lower/gate-faults.ts`); the others have exactly one.
   */
  readonly reasons: (replacement: R, site: string) => readonly string[];
  /** What tells it from others of its kind, for digests: everything but where it was written. */
  readonly key: (replacement: R) => unknown;
}

/** The replacement of one kind. */
export type ReplacementOf<K extends ReplacementValue["kind"]> = Extract<ReplacementValue, { readonly kind: K }>;

/** Whether every row and position can be fed a value of its own. */
export function isDense(fed: FedValue): boolean {
  switch (fed.kind) {
    case "number":
      return false;
    case "captured":
      return true;
    case "average":
      return fed.perPosition;
  }
}

/** A value that is taken from another run, which must come first; null for one that is not. */
export function otherRunOf(fed: FedValue): OtherRunValue | null {
  switch (fed.kind) {
    case "number":
      return null;
    case "captured":
    case "average":
      return fed;
  }
}
