/** How a statement, clause or operator of the language is described, once, for everybody who tells how it is written. */
import type { DeclarationKind } from "../ast.js";

/**
 * Where a form stands in the reference. Forms of "Clauses" and "Interventions" begin a clause of an experiment; those of
 * "Operators" stand inside expressions.
 */
export type FormGroup = "Statements" | "Clauses" | "Interventions" | "Plots" | "Operators";

/** One way of writing something, with what it is for. */
export interface Form {
  /** The word that it begins with; of an operator its word or sign. */
  readonly name: string;
  readonly group: FormGroup;
  /**
   * Its forms, in the notation of `notation.ts`, clauses in the order in which the formatter writes them. The grammar may
   * take them in any order.
   */
  readonly lines: readonly string[];
  /** One or two sentences. */
  readonly meaning: string;
  /** A whole file that the grammar takes and that has the form in it. */
  readonly example: string;
  /** The shortest sentence that it can be, for hints of syntax errors. */
  readonly outline?: string;
  /**
   * The rules of the grammar whose words the form spells out; the first one is where it begins. Empty for the kinds of
   * plots, which spell out `plot` once more.
   */
  readonly rules: readonly string[];
  /** Rules of expressions that take words of the form: `at` behind the site that is set. */
  readonly borrows?: readonly string[];
  /** What a broken statement with this word may have declared. */
  readonly declares?: readonly DeclarationKind[];
}

/** What a word in capitals stands for. */
export interface Part {
  /** What it is, in words; empty when its form says all of it. */
  readonly meaning: string;
  /** Its forms in the same notation; empty for what is written in one piece, such as a name. */
  readonly lines: readonly string[];
  /** Rules and tokens of the grammar that it stands for; empty when its words count as those of the form that names it. */
  readonly rules: readonly string[];
  /** A text that can stand there when it has no form. */
  readonly sample: string;
}

/** A word that has its meaning inside of other forms; how it is written is read off those. */
export interface Word {
  readonly group: "Clauses" | "Targets" | "Replacements";
  readonly meaning: string;
  readonly example: string;
}
