/**
 * The checked protocol: names resolved, metrics unfolded to expressions over sites, places turned into indices of the
 * model at hand. Plain JSON. Produced by `check/`, consumed by `passes/` and `lower/`.
 */
import type { Span } from "../base/span.js";
import type { SiteReference } from "../models/sites.js";
import type { MeasureExpression, TextQuantity } from "./expression.js";
import type { Curvature } from "./curvature.js";
import type { Decision } from "./decisions.js";
import type { Output } from "./outputs.js";
import type { Origin } from "./origin.js";
import type { Coordinate, Coordinates, ResultExpression } from "./result-expression.js";
import type { PublishedValue } from "./references.js";
import type { ResultType } from "./result-type.js";
import type { TensorType } from "./tensor-type.js";

export type { Decision, TestUse } from "./decisions.js";
export type { FigureOutput, IntervalRequest, Output, PlotKind, PlotOptions, PlotOutput } from "./outputs.js";
export type {
  BinaryOperation,
  Comparison,
  Coordinate,
  Coordinates,
  NamedResult,
  Reduction,
  ResultCondition,
  ResultExpression,
} from "./result-expression.js";

/** One model at one revision and dtype: everything that opens as one set of weights. */
export interface ModelInstance {
  /** Unique within the protocol: the declared name, with source and revision when those are lists. */
  readonly id: string;
  readonly name: string;
  readonly source: string;
  readonly revision: string | null;
  /** The folder of its tokenizer, where the declaration names one. */
  readonly tokenizer?: string;
  readonly dtype: "f32" | "bf16" | "f16" | null;
  /** `model`, `revision`, `dtype` where declared as axes. */
  readonly coordinates: Coordinates;
  /** What its declaration says of it, after `facts`. */
  readonly facts: Coordinates;
}

/** One prompt (or one window of a corpus) as ids, with what its source says of it. */
export interface Prompt {
  /** Its number in the declared set, from 0: the axis `prompt`. */
  readonly index: number;
  readonly text: string;
  readonly ids: readonly number[];
  /** Its group, where the set is written in groups or a field says so. */
  readonly group: Coordinate | null;
  /** The other fields of its record, by the file's own names. */
  readonly fields: Coordinates;
  /** What measures may know of it, by quantity: see {@link TextQuantity}. A quantity that it lacks is absent. */
  readonly numbers: Readonly<Partial<Record<TextQuantity, number>>>;
}

/** One text of a corpus, cut into windows. */
export interface CorpusDocument {
  /** Its number within its group, from 0: the axis `document`; null where no group has several. */
  readonly number: number | null;
  readonly group: Coordinate | null;
  readonly fields: Coordinates;
  /** Tokens that are scored, BOS never among them. */
  readonly tokens: number;
  /** Bytes of UTF-8 and words of the scored text. */
  readonly bytes: number;
  readonly words: number;
  /** Indices into the set's prompts, in order: its windows. */
  readonly windows: readonly number[];
  /** For each window, which token of the document its first scored token is, from 0. */
  readonly starts: readonly number[];
}

/** A prompt set as one model's tokenizer reads it. */
export interface TokenizedTexts {
  /**
   * The declared name. A set of pairs (`clean "…" corrupt "…"`) is two sets: its clean texts under the declared name and
   * its corrupted ones under {@link corruptName}, prompt by prompt in the same order.
   */
  readonly name: string;
  readonly model: string;
  readonly prompts: readonly Prompt[];
  readonly bos: boolean;
  /** What the ids come from: a tokenizer, the tokenizer's chat template, a random draw, or the protocol itself. */
  readonly input: "text" | "chat" | "random" | "ids";
  /** How many of the last ids of every prompt are its continuation; 0 where there is none. */
  readonly continuation: number;
  /** Length of the repeated sequence of a `random tokens … repeat` set; null where nothing repeats. */
  readonly period: number | null;
  /** The texts whose windows the prompts are; null for prompts. */
  readonly documents: readonly CorpusDocument[] | null;
}

/** How the corrupted half of a set of pairs is called in a protocol's texts. */
export function corruptName(texts: string): string {
  return `${texts} (corrupt)`;
}

/**
 * How the prompts of a set with continuations of several lengths are called whose continuations have so many tokens: a
 * `TokenizedTexts` has one length.
 */
export function partName(texts: string, tokens: number): string {
  return `${texts} (continuations of ${tokens} ${tokens === 1 ? "token" : "tokens"})`;
}

/** How the prompts of a set with continuations are called without them: what means are taken over. */
export function aloneName(texts: string): string {
  return `${texts} (without continuations)`;
}

/** The set that a part of it is of: the inverse of {@link partName} and {@link aloneName}. */
export function wholeName(texts: string): string {
  return texts.replace(/ \((?:continuations of \d+ tokens?|without continuations)\)$/, "");
}

/** The declared set that a `TokenizedTexts.name` is of: the inverse of {@link corruptName}. */
export function declaredName(texts: string): string {
  const whole = wholeName(texts);
  return whole.endsWith(" (corrupt)") ? whole.slice(0, -" (corrupt)".length) : whole;
}

/** Positions of a text, the same for every prompt or one for each. Negative ones count from the end. */
export type PositionSelection =
  | { readonly kind: "range"; readonly first: number; readonly last: number }
  /** The position of each prompt by its place in the set (`at token "Mary"`), from 0. */
  | { readonly kind: "each"; readonly positions: readonly number[] };

/** What is put in place of a site's value. */
export type ReplacementValue =
  | { readonly kind: "zero" }
  | { readonly kind: "constant"; readonly value: number }
  | {
      readonly kind: "mean";
      /** Name of the prompt set that is averaged, over its prompts and, unless `perPosition`, its positions. */
      readonly of: string;
      readonly perPosition: boolean;
    }
  /** The site's own value in the unmodified run of other prompts (`patch`, `resample`). */
  | {
      readonly kind: "activation";
      readonly of: string;
      /** For each prompt of the study, which prompt of `of`. Positions are aligned from the end. */
      readonly prompts: readonly number[];
    }
  /** The value times a number. */
  | { readonly kind: "scale"; readonly factor: number }
  /**
   * An expression computed in the graph (`steer`, `set`): the sites it reads are the values of the same run as the
   * intervened site itself sees them, before this change. Its axes are axes of the site; with `add` it is added to the
   * site's value instead of replacing it.
   */
  | { readonly kind: "expression"; readonly expression: MeasureExpression; readonly add: boolean }
  /** The site as the model computes it where the residual stream `through` is what the expression says (`patch … to …`). */
  | { readonly kind: "path"; readonly expression: MeasureExpression; readonly through: SiteReference };

/** One change of one site: all of it, or one entry of its head, key-value head or neuron axis, at all or some positions. */
export interface SiteWrite {
  readonly site: SiteReference;
  /** Index on the site's `head` / `kv_head` / `neuron` / `expert` axis; null for every entry. */
  readonly unit: number | null;
  /** Entries of the site's `pos` (or `query`) axis; null for all. */
  readonly positions: PositionSelection | null;
  readonly replacement: ReplacementValue;
}

/**
 * Conditions that another experiment's result decides (`ablate top 10 heads of sweep by impact`). They are made when
 * that result is there; until then the study has its baseline only and is not planned.
 */
export interface DeferredConditions {
  readonly target: "head" | "kv_head" | "neuron" | "expert" | "mlp" | "attention" | "layer";
  /** The experiment whose places are ranked. */
  readonly experiment: string;
  /** What they are ranked by, the largest first, averaged over every axis but those of the places. */
  readonly by: ResultExpression;
  /** `top 10` is first = last = 10. A range is the axis `count`. */
  readonly first: number;
  readonly last: number;
  readonly isRange: boolean;
  /** All in one condition; otherwise one condition for each place. */
  readonly together: boolean;
  readonly positions: PositionSelection | null;
  readonly replacement: ReplacementValue;
  readonly span: Span;
}

/** One thing done to the model; the unmodified baseline is the condition without writes. */
export interface Condition {
  readonly coordinates: Coordinates;
  readonly writes: readonly SiteWrite[];
  /** The places that were drawn at random, such as `L0.H1 L3.H2`; only such conditions have it. */
  readonly drawn?: string;
}

/** An axis of a measured value as results have it. */
export interface MeasuredAxis {
  /** As results call it. */
  readonly name: string;
  /** Where its first entry lies along the text; null for entries that are numbered from 0. */
  readonly origin: Origin | null;
}

/** One measured expression: a metric with every parameter a number. */
export interface Measure {
  /** Column name (`R_V`, `nll`, or the name given by `as`). */
  readonly metric: string;
  /** Axes that the metric's use adds, such as `layer` for a list of layers. */
  readonly coordinates: Coordinates;
  readonly expression: MeasureExpression;
  readonly type: TensorType;
  /** The axes of `type`, in their order, as results have them. */
  readonly axes: readonly MeasuredAxis[];
}

/** An experiment on one model and one prompt set: conditions × prompts × measures. */
export interface Study {
  readonly experiment: string;
  readonly model: string;
  readonly texts: string;
  /** Axes that choosing this model and these texts adds (`model`, `revision`, `prompts`). */
  readonly coordinates: Coordinates;
  /** What is known of the model beside its coordinates: `params` and `step`, as far as they are. */
  readonly facts: Coordinates;
  /** Where the protocol says what is done to the model; null for observation only. */
  readonly interventionSpan: Span | null;
  /** The baseline first. */
  readonly conditions: readonly Condition[];
  /** Conditions that are not known yet; null when `conditions` is all there is. */
  readonly deferred: DeferredConditions | null;
  readonly measures: readonly Measure[];
  /** What is asked of second derivatives with respect to weights; absent: nothing. */
  readonly curvature?: Curvature;
}

export interface Protocol {
  readonly models: readonly ModelInstance[];
  readonly texts: readonly TokenizedTexts[];
  readonly studies: readonly Study[];
  /** What the results of each experiment are, in the order of the protocol. */
  readonly results: readonly ResultType[];
  /** Values of the results `references`, whose type is among `results`; empty where nothing is published. */
  readonly references: readonly PublishedValue[];
  readonly decisions: readonly Decision[];
  readonly outputs: readonly Output[];
  /** Parameters of the protocol and their values in this run. */
  readonly parameters: Readonly<Record<string, number | string>>;
}
