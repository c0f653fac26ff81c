/** What an expression of the measurement language can be while it is elaborated. */
import type { Span } from "../../base/span.js";
import type { Diagnostic } from "../../diagnostics/diagnostic.js";
import type { TokenizedTexts } from "../../ir/protocol.js";
import type { Expression } from "../../syntax/ast.js";
import type { EncodedText } from "../../ir/encodings.js";
import type { CheckedModel } from "../models/places.js";
import type { ExpressionBuilder } from "./expression-builder.js";
import type { Scope } from "../names/scope.js";
import type { Sweeps } from "./sweeps.js";

export type Value =
  | { readonly kind: "tensor"; readonly node: number }
  /** A number known now: a literal, a count, arithmetic of those. */
  | { readonly kind: "number"; readonly value: number }
  /** A layer, counted from 0. It may lie outside the model until it is used: `layer - 1` of the first layer is -1. */
  | { readonly kind: "layer"; readonly index: number }
  /** Something was wrong and has been reported; it silences what depends on it. */
  | { readonly kind: "error" };

export const errorValue: Value = { kind: "error" };

/** Names bound in a metric's body: parameters and `let`. */
export interface Environment {
  readonly values: ReadonlyMap<string, Value>;
  /** Axis names of tensor parameters (`row`) → names of the argument's axes (`pos`). */
  readonly axes: ReadonlyMap<string, string>;
  /** Metrics being unfolded, outermost first: a metric that uses itself is an error. */
  readonly unfolding: readonly string[];
}

/** What an expression may ask about texts. */
export interface TextFacts {
  /**
   * The prompts that the expression is taken on, as the model reads them; null when they could not be read, which has
   * been reported: nothing is said about them then.
   */
  readonly texts: TokenizedTexts | null;
  /** Any prompt set as the same model reads it, by `TokenizedTexts.name`; null when there is none that could be read. */
  readonly otherTexts: (name: string) => TokenizedTexts | null;
  /** The set that stands beside the experiment's own for one with continuations: see `TokenizedTexts.continuation`. */
  readonly besideOwn: (name: string, take: "paired" | "mean") => string;
  /**
   * A string as the model's tokenizer reads it where it continues a text; null when nothing can be said about it (the
   * model has no tokenizer, or could not be opened).
   */
  readonly tokenOf: (text: string) => EncodedText | null;
  /** Kinds of the interventions of the experiment that measures the expression; absent where nothing measures it. */
  readonly changedBy?: readonly string[];
}

/** What elaboration knows and where it puts what it makes. */
export interface Elaboration extends TextFacts {
  readonly scope: Scope;
  readonly model: CheckedModel;
  /** Length of the repeated sequence of the prompts, for `period`; null when they have none. */
  readonly period: number | null;
  readonly textsName: string;
  /** Whether sites have the positions of continuations, too; else an expression sees those of prompts. */
  readonly wholeRows: boolean;
  readonly builder: ExpressionBuilder;
  readonly sweeps: Sweeps;
  /**
   * How often a metric was unfolded in this expression (definitions that double again and again are stopped), and how
   * deep the expression at hand is nested; the expressions that were elaborated, where their types are noted (else null).
   */
  readonly work: { unfolded: number; depth: number; readonly visited: Set<Expression> | null };
  readonly report: (d: Diagnostic) => void;
  readonly sourceOf: (span: Span) => string;
  /** The elaborator itself, so that its parts, each in a file of its own, can call one another without import cycles. */
  readonly elaborate: (cx: Elaboration, environment: Environment, expression: Expression) => Value;
}
