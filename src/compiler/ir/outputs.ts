/** What is shown and saved of a run (§9 of the language), already checked. */
import type { Span } from "../base/span.js";
import type { NamedResult, ResultCondition } from "./result-expression.js";

/**
 * `heatmap`, `line` and `bar` show one number at each place of their axes; `histogram`, `box` and `density` show how
 * numbers are distributed; `scatter` shows two numbers of each place against each other; `text` colours the tokens of
 * texts by a number of each.
 */
export type PlotKind = "heatmap" | "line" | "bar" | "histogram" | "box" | "scatter" | "density" | "text";

/** What a plot's options ask for. */
export interface PlotOptions {
  /** What stands below the figure; null for what the figure says by itself. */
  readonly caption: string | null;
  /** Titles of the axes; null for what they are called by themselves. */
  readonly x: string | null;
  readonly y: string | null;
  /** Numbers in the cells of a heatmap, at bars, names at points. */
  readonly values: boolean;
  /** Entries of the axis by their value; null for the axis's own order. */
  readonly sorted: "descending" | "ascending" | null;
  readonly log: readonly ("x" | "y")[];
  /** The line on which both values of a scatter are equal. */
  readonly identity: boolean;
  /** What stands in the cells of a heatmap; null for nothing, or their values. */
  readonly text: NamedResult | null;
}

/** Several plots as one picture. */
export interface FigureOutput {
  readonly kind: "figure";
  readonly title: string;
  readonly caption: string | null;
  /** How many panels stand side by side; null for as many as fit. */
  readonly columns: number | null;
  /** At least one. */
  readonly panels: readonly PlotOutput[];
  readonly span: Span;
}

/** Which intervals stand beside the means that are shown, and how they are drawn. */
export interface IntervalRequest {
  /**
   * `documents`: nobody asked, and means over documents of a corpus get one all the same. `asked`: all means do, and where
   * there is none, it is said.
   */
  readonly when: "asked" | "documents";
  /** Between 0 and 1. */
  readonly level: number;
  /** How many times texts are drawn. */
  readonly count: number;
  readonly seed: number;
}

/** How a column of plain numbers is written: in percent, or as a multiple of one. */
export type ColumnNotation = "percent" | "ratio";

/** One plot, by itself or in a figure. */
export interface PlotOutput {
  readonly kind: "plot";
  readonly title: string;
  readonly plot: PlotKind;
  readonly values: readonly NamedResult[];
  /** What a scatter has on its horizontal axis; null for every other kind. */
  readonly against: NamedResult | null;
  /**
   * One axis for line and bar, two (rows, columns) for a heatmap, none for the others. Line, bar and heatmap
   * average over axes that are named neither here nor in `by`; for the others each value is a point of its own.
   */
  readonly over: readonly string[];
  readonly by: readonly string[];
  /** Error bars of bars, bands around lines; null for a plot without. */
  readonly ci: IntervalRequest | null;
  readonly options: PlotOptions;
  readonly span: Span;
}

export type Output =
  | {
      readonly kind: "table";
      readonly title: string;
      /** What the protocol says below the title; null where it says nothing. */
      readonly caption: string | null;
      readonly experiment: string;
      /** Value columns, one or several; axes come first by themselves. */
      readonly columns: readonly NamedResult[];
      /** The notation of each column; null for its own. */
      readonly notations: readonly (ColumnNotation | null)[];
      /** Axes that the rows are of, as the protocol names them; null for all but those of prompts. */
      readonly rows: readonly string[] | null;
      /** Axes whose levels are columns. */
      readonly across: readonly string[];
      /** Whether each row says its rank by what the rows are sorted by. */
      readonly ranked: boolean;
      readonly where: ResultCondition | null;
      /** Sort descending by this; null keeps the order of the sweep. */
      readonly by: NamedResult | null;
      readonly top: number | null;
      /**
       * Rows are tokens, each shown in the text around it: how many tokens of it, the row's own included. null where
       * rows are not tokens. The columns then have the axis `position`.
       */
      readonly context: number | null;
      /** null for a table without intervals. */
      readonly ci: IntervalRequest | null;
      readonly span: Span;
    }
  | {
      /** Which of several metrics is the lowest or highest at each place. */
      readonly kind: "winner";
      readonly title: string;
      readonly experiment: string;
      /** At least two. */
      readonly among: readonly NamedResult[];
      readonly which: "lowest" | "highest";
      readonly where: ResultCondition | null;
      /** Axes of the table; the metrics are averaged over the others. Empty: every axis but those of prompts. */
      readonly by: readonly string[];
      readonly span: Span;
    }
  | PlotOutput
  | FigureOutput
  | {
      readonly kind: "save";
      /** The experiment whose rows are saved, or the name of the `let` whose values are. */
      readonly name: string;
      /** The values of a `let`; null for an experiment. */
      readonly value: NamedResult | null;
      /** The table that a `.tex` or `.md` file has; null for every other file, which has values as measured. */
      readonly table: Extract<Output, { kind: "table" | "winner" }> | null;
      /** True for a file with the eigenvectors of the experiment's curvature; absent for every other file. */
      readonly eigenvectors?: true;
      readonly path: string;
      readonly span: Span;
    };
