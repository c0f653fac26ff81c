/**
 * What the checker knows about each piece of a text: which declaration a name means, which type an expression has in each
 * model, which layers a place is. Plain JSON for editors; runs do without it.
 */
import type { Span } from "../base/span.js";
import type { SiteReference } from "../models/sites.js";
import type { Coordinates } from "./result-expression.js";

/** What a name can stand for. */
export type SymbolKind =
  // What statements declare.
  | "model"
  | "prompts"
  | "corpus"
  | "param"
  | "metric"
  | "experiment"
  | "result"
  // What parts of statements declare: a metric's parameters and `let` names, groups of prompts, columns, classes.
  | "parameter"
  | "local"
  | "group"
  | "column"
  | "class"
  // An axis that a tensor parameter names, or one of the language.
  | "axis"
  // `clean` and `corrupt`, the halves of a set of pairs.
  | "half"
  // Fields of prompt files, and files themselves.
  | "field"
  | "file"
  // Words of the language.
  | "site"
  | "part"
  | "function"
  | "option"
  | "quantity"
  | "run"
  | "type"
  | "dtype"
  | "unit"
  | "test"
  | "correction";

/** What a name means. Two references are to the same thing when kind, name and place are equal. */
export interface SymbolReference {
  readonly kind: SymbolKind;
  readonly name: string;
  /**
   * Where it is declared: the name itself, or what stands for it where it has none (an unnamed experiment, the field of a
   * half). A file's is empty and at its start. Null for what the language has, and for what only a run knows.
   */
  readonly at: Span | null;
}

/**
 * - `definition`: the name that a declaration gives.
 * - `reference`: a name that means a declaration; its symbol is null when it means none.
 * - `word`: a word of the language that is no keyword: a function, a quantity, a test, a part of a layer.
 * - `site`: the name of a site, or an expression that is one.
 * - `axis`, `column`, `level`: of tensors or results. The symbol is the declaration that they are called after.
 * - `field`: a field of a prompt file, in quotes.
 * - `file`: the path of a file, in quotes.
 * - `token`: a string that names a token.
 * - `place`: layers, heads or neurons.
 * - `expression`: any other expression.
 */
export type EntryKind =
  | "definition"
  | "reference"
  | "word"
  | "site"
  | "axis"
  | "column"
  | "level"
  | "field"
  | "file"
  | "token"
  | "place"
  | "expression";

/** What a piece of the text is in one model. Types that several models or points share are repeated for each model. */
export interface TypeFact {
  /** As `typeText` writes it, without sizes where no model is known; `number` and `layer` for what is known before a run. */
  readonly type: string;
  /** The instance's id. Null for results, and where no model could be opened. */
  readonly model: string | null;
  /** The site that the expression is, by itself. Its layer is null, too, where no model could be opened. */
  readonly site: SiteReference | null;
  /** The number, or the layer's index; null for tensors, and for layers where no model could be opened. */
  readonly value: number | null;
  /** The points of the sweep at which it is that; one without coordinates where nothing is swept. */
  readonly points: readonly Coordinates[];
}

/** What a place is in one model. */
export interface PlaceFact {
  readonly model: string;
  readonly layers: readonly number[];
  /** Heads, key-value heads or neurons; null where the place names whole layers. */
  readonly units: readonly number[] | null;
}

/** Everything about one span. */
export interface Entry {
  readonly span: Span;
  readonly kind: EntryKind;
  readonly symbol: SymbolReference | null;
  /** Empty for what is no expression, and for what is never computed: the body of a metric that nothing measures. */
  readonly types: readonly TypeFact[];
  readonly places: readonly PlaceFact[];
}

/** Entries by file (in the order of their names) and start; of those that start together, the longest first. */
export interface SideTable {
  readonly entries: readonly Entry[];
}

/** A parameter of a metric, as it is written. */
export interface DeclaredParameter {
  readonly name: string;
  readonly span: Span;
  /** `layer`, `[row, *]`; null where none is written. */
  readonly type: string | null;
  readonly default: string | null;
}

/** What a statement declares. */
export interface Declaration {
  readonly kind: "model" | "prompts" | "corpus" | "param" | "metric" | "experiment" | "result";
  /** `experiment_1` for an unnamed experiment. */
  readonly name: string;
  readonly file: string;
  /** Null for an unnamed experiment. */
  readonly nameSpan: Span | null;
  /** The whole statement, without the comments above it. */
  readonly span: Span;
  /** Lines of the `##` comment above, without the marks. */
  readonly documentation: readonly string[];
  /** Of a metric; empty for everything else. */
  readonly parameters: readonly DeclaredParameter[];
}
