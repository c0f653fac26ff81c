/**
 * The checked protocol: names resolved, metrics unfolded to expressions over sites, places turned into indices of the
 * model at hand. Plain JSON. Produced by `check/`, consumed by `passes/` and `lower/`.
 */
import type { Span } from "../base/span.js";
import type { SiteReference } from "../models/sites.js";
import type { MeasureExpression } from "./expression.js";
import type { TensorType } from "./tensor-type.js";

/** A value of a sweep axis: a layer index, a head index, a group's name … */
export type Coordinate = number | string;

export type Coordinates = Readonly<Record<string, Coordinate>>;

/** One model at one revision and dtype: everything that opens as one set of weights. */
export interface ModelInstance {
  /** Unique within the protocol: the declared name, with source and revision when those are lists. */
  readonly id: string;
  readonly name: string;
  readonly source: string;
  readonly revision: string | null;
  readonly dtype: "f32" | "bf16" | "f16" | null;
  /** `model`, `revision`, `dtype` where declared as axes. */
  readonly coordinates: Coordinates;
}

/** One prompt as ids, with the columns it brings (`group` and the file's own fields). */
export interface Prompt {
  /** Position in its set, from 0: the axis `prompt`. */
  readonly index: number;
  readonly text: string;
  /** Length of the text in bytes of UTF-8; 0 for random probes. */
  readonly bytes: number;
  readonly ids: readonly number[];
  readonly columns: Coordinates;
}

/** A prompt set as one model's tokenizer reads it. */
export interface TokenizedTexts {
  readonly name: string;
  readonly model: string;
  readonly prompts: readonly Prompt[];
  readonly bos: boolean;
  /** Length of the repeated sequence of a `random tokens … repeat` set; null where nothing repeats. */
  readonly period: number | null;
}

/** What is put in place of a site's value. */
export type ReplacementValue =
  | { readonly kind: "zero" }
  | { readonly kind: "constant"; readonly value: number }
  | {
      readonly kind: "mean";
      /** Name of the prompt set that is averaged, over its prompts and positions. */
      readonly of: string;
    };

/** One change of one site: the whole site, or one entry of its head axis. */
export interface SiteWrite {
  readonly site: SiteReference;
  /** Index on the site's `head` / `kv_head` / `neuron` axis; null for the whole site. */
  readonly unit: number | null;
  readonly replacement: ReplacementValue;
}

/** One thing done to the model; the unmodified baseline is the condition without writes. */
export interface Condition {
  readonly coordinates: Coordinates;
  readonly writes: readonly SiteWrite[];
}

/** One measured expression: a metric with every parameter a number. */
export interface Measure {
  /** Column name (`R_V`, `nll`, or the name given by `as`). */
  readonly metric: string;
  /** Axes that the metric's use adds, such as `layer` for a list of layers. */
  readonly coordinates: Coordinates;
  readonly expression: MeasureExpression;
  readonly type: TensorType;
}

/** An experiment on one model and one prompt set: conditions × prompts × measures. */
export interface Study {
  readonly experiment: string;
  readonly model: string;
  readonly texts: string;
  /** Axes that choosing this model and these texts adds (`model`, `revision`, `prompts`). */
  readonly coordinates: Coordinates;
  /** Where the protocol says what is done to the model; null for observation only. */
  readonly interventionSpan: Span | null;
  /** The baseline first. */
  readonly conditions: readonly Condition[];
  readonly measures: readonly Measure[];
}

/** Expressions over results (§8 and §9 of the language), already checked. */
export type ResultExpression =
  | {
      readonly kind: "column";
      readonly experiment: string;
      readonly metric: string;
      readonly column: "value" | "baseline" | "impact" | "relative";
    }
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "call"; readonly operation: "abs" | "exp" | "log" | "sqrt"; readonly argument: ResultExpression }
  | {
      readonly kind: "reduce";
      readonly operation: "mean" | "sum" | "max" | "min" | "std" | "var";
      readonly argument: ResultExpression;
      /** null: over every axis. */
      readonly over: readonly string[] | null;
    }
  | {
      readonly kind: "binary";
      readonly operation: "+" | "-" | "*" | "/" | "^";
      readonly left: ResultExpression;
      readonly right: ResultExpression;
    }
  | { readonly kind: "where"; readonly argument: ResultExpression; readonly condition: ResultCondition };

export type ResultCondition =
  | { readonly kind: "axis"; readonly axis: string; readonly among: readonly Coordinate[] }
  | {
      readonly kind: "compare";
      readonly operation: "<" | ">" | "<=" | ">=";
      readonly left: ResultExpression;
      readonly right: ResultExpression;
    }
  | { readonly kind: "and" | "or"; readonly operands: readonly ResultCondition[] }
  | { readonly kind: "not"; readonly operand: ResultCondition };

/** A column of a table or a mark of a plot, with the text the user wrote for it. */
export interface NamedResult {
  readonly label: string;
  readonly expression: ResultExpression;
}

export type Output =
  | {
      readonly kind: "table";
      readonly title: string;
      readonly experiment: string;
      /** Value columns, one or several; axes come first by themselves. */
      readonly columns: readonly NamedResult[];
      readonly where: ResultCondition | null;
      /** Sort descending by this; null keeps the order of the sweep. */
      readonly by: NamedResult | null;
      readonly top: number | null;
      readonly span: Span;
    }
  | {
      readonly kind: "plot";
      readonly title: string;
      readonly plot: "heatmap" | "line" | "bar";
      readonly values: readonly NamedResult[];
      /** One axis for line and bar, two (rows, columns) for a heatmap. Axes not named here or in `by` are averaged. */
      readonly over: readonly string[];
      readonly by: readonly string[];
      readonly span: Span;
    }
  | { readonly kind: "save"; readonly experiment: string; readonly path: string; readonly span: Span };

export interface Protocol {
  readonly models: readonly ModelInstance[];
  readonly texts: readonly TokenizedTexts[];
  readonly studies: readonly Study[];
  readonly outputs: readonly Output[];
  /** Parameters of the protocol and their values in this run. */
  readonly parameters: Readonly<Record<string, number | string>>;
}
