/**
 * Names in doubt: those that a statement with a syntax error may declare, or a file that could not be imported. What uses
 * them is not blamed for it, so that one mistake is said once and the rest of the text is checked all the same.
 */
import type { Diagnostic } from "../../diagnostics/diagnostic.js";
import type { Code } from "../../diagnostics/catalogue.js";
import type { Span } from "../../base/span.js";
import type { DeclarationKind, FileSyntax } from "../../syntax/ast.js";

export interface Doubtful {
  /** Names that may be declared, by kind. */
  readonly names: ReadonlyMap<DeclarationKind, ReadonlySet<string>>;
  /** Kinds of which something may be declared under a name that cannot be read. */
  readonly unreadable: ReadonlySet<DeclarationKind>;
  /** True when the protocol itself has statements that cannot be read. */
  readonly broken: boolean;
  /** True when one of them is an experiment without a name, so that the numbers of others are not sure. */
  readonly unnumbered: boolean;
}

/** Nothing is in doubt: every text was read whole. */
export const nothingDoubtful: Doubtful = { names: new Map(), unreadable: new Set(), broken: false, unnumbered: false };

/** What is in doubt in a protocol with its imports; `lost` tells that one of these could not be read at all. */
export function doubtfulNames(main: FileSyntax, imported: readonly FileSyntax[], lost: boolean): Doubtful {
  const names = new Map<DeclarationKind, Set<string>>();
  const unreadable = new Set<DeclarationKind>(lost ? ["model", "prompt set", "parameter", "metric"] : []);
  for (const file of [main, ...imported]) {
    for (const { kinds, name } of (file.recovered?.broken ?? []).flatMap((statement) => statement.declares)) {
      for (const kind of kinds) {
        // Experiments and results of an imported file are not taken.
        if (kind === "result" && file !== main) continue;
        if (name === null) unreadable.add(kind);
        else names.set(kind, (names.get(kind) ?? new Set()).add(name));
      }
    }
  }
  const broken = main.recovered?.broken ?? [];
  const unnumbered = broken.some((statement) => statement.unnamedExperiment);
  return { names, unreadable, broken: broken.length > 0, unnumbered };
}

/** True when something of this kind may be declared that cannot be read: what there is, is not all there is. */
export function isDoubtful({ names, unreadable }: Doubtful, kind: DeclarationKind): boolean {
  return unreadable.has(kind) || (names.get(kind)?.size ?? 0) > 0;
}

/**
 * True when a name of this kind may be declared by what cannot be read. The slip may be one of the name itself: `let ga p =`,
 * `metric sizex: layer) =`.
 */
export function mayBeDeclared(doubtful: Doubtful, kind: DeclarationKind, name: string): boolean {
  const { names, unreadable, unnumbered } = doubtful;
  if (unreadable.has(kind) || (unnumbered && kind === "result" && /^experiment_\d+$/.test(name))) return true;
  return [...(names.get(kind) ?? [])].some((own) => own.startsWith(name) || name.startsWith(own));
}

/** Diagnostics that say that a name is unknown, with the kinds of declarations that would make it known. */
const unknownNames: Readonly<Partial<Record<Code, readonly DeclarationKind[]>>> = {
  A2001: ["metric"],
  A2003: ["metric", "parameter"],
  A2004: ["metric", "parameter"],
  A2009: ["model"],
  A2010: ["prompt set"],
  A2011: ["result", "parameter"],
  A2012: ["result"],
  A2016: ["parameter"],
};

/** Diagnostics that say that something is not declared at all. */
const nothingDeclared: Readonly<Partial<Record<Code, DeclarationKind>>> = { A2014: "model", A2015: "prompt set" };

/** Passes on what is wrong whatever the doubtful names mean, and drops what is a consequence of their doubt. */
export function withoutConsequences(
  doubtful: Doubtful,
  sourceOf: (span: Span) => string,
  report: (d: Diagnostic) => void,
): (d: Diagnostic) => void {
  return (d) => {
    if (!isConsequence(doubtful, d, sourceOf)) report(d);
  };
}

function isConsequence(doubtful: Doubtful, { code, primary }: Diagnostic, sourceOf: (span: Span) => string): boolean {
  if (code === "A5002") return doubtful.broken;
  const whole = nothingDeclared[code];
  if (whole !== undefined) return isDoubtful(doubtful, whole);
  if (primary === null) return false;
  const name = sourceOf(primary.span);
  // `steepest is L5` tests an axis, and `first` is one, unless results have these names; a place alone is left of such a test.
  if (code === "A3004" && isDoubtful(doubtful, "result")) {
    if (/^L[\d*-]/.test(name)) return true;
    const [, tested] = /^([A-Za-z_]\w*)(?:\s+(?:is|in)\b|$)/.exec(name) ?? [];
    return tested !== undefined && mayBeDeclared(doubtful, "result", tested);
  }
  // A title in quotes may be that of a hypothesis which cannot be read.
  if (code === "A2001" && name.startsWith('"')) return doubtful.broken;
  const kinds = unknownNames[code];
  if (kinds === undefined) return false;
  // The halves of a set of pairs go by these names.
  if (code === "A2010" && (name === "clean" || name === "corrupt")) return isDoubtful(doubtful, "prompt set");
  // What stands before brackets is nearly always a site.
  if (code === "A2004") return kinds.some((kind) => doubtful.names.get(kind)?.has(name) === true);
  return kinds.some((kind) => mayBeDeclared(doubtful, kind, name));
}
