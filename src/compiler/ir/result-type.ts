/**
 * What the results of an experiment are, before anything is measured: computed once by the checker, and read by whatever
 * labels, selects, averages, shows or saves them.
 */
import type { Coordinate } from "./result-expression.js";
import type { TensorType } from "./tensor-type.js";

/**
 * Where an axis comes from: which model or texts are chosen (`model`, `texts`), what the intervention sweeps, what a
 * measure's use sweeps (`sweep`), the tokens of the text that a measured value runs along (`position`), or its other
 * entries, numbered from 0 (`entry`).
 */
export type ResultAxisKind = "model" | "texts" | "intervention" | "sweep" | "position" | "entry";

export interface ResultAxis {
  /** As results call it; no axis and no column of the experiment has the same name. */
  readonly name: string;
  readonly kind: ResultAxisKind;
  /** Coordinates in the order of the protocol; null where only the run knows them, such as positions. */
  readonly levels: readonly Coordinate[] | null;
  /** Axes that decide this one: a prompt belongs to one group. Empty for an axis that varies freely. */
  readonly of: readonly string[];
}

/** A value that follows from coordinates: a field of the prompts' file, a fact of the model, the places of a draw. */
export interface ResultColumn {
  /** As results call it, which differs from `field` where that name was taken. */
  readonly name: string;
  readonly field: string;
  readonly kind: "field" | "model" | "places";
  readonly levels: readonly Coordinate[];
  /** Axes that decide it. It disappears with any of them. */
  readonly of: readonly string[];
}

/** One measured column of an experiment. */
export interface MetricType {
  readonly name: string;
  readonly unit: TensorType["unit"];
  readonly element: TensorType["element"];
  /** Names of its axes, among those of the experiment and in their order. */
  readonly axes: readonly string[];
  /** True for `recovery of …`, which is 0 in the unmodified model by definition: its value is the whole result. */
  readonly normalised: boolean;
}

/**
 * Results of one experiment. A row is one value: it is unique by metric, condition and the coordinates of the metric's
 * axes. Plain JSON.
 */
export interface ResultType {
  readonly experiment: string;
  /** In the order in which tables show them: models, texts, intervention, measures. */
  readonly axes: readonly ResultAxis[];
  readonly columns: readonly ResultColumn[];
  readonly metrics: readonly MetricType[];
  /** Declared names of the prompt sets and corpora that it runs on; a set of pairs has one. None for published values. */
  readonly texts: readonly string[];
  /** True where the model is changed: then each changed row carries the unmodified model's value. */
  readonly intervened: boolean;
}

/** Columns of every table of results beside axes and fields. No axis and no field has such a name. */
export const fixedColumns = [
  "experiment",
  "condition",
  "metric",
  "unit",
  "value",
  "baseline",
  "impact",
  "relative",
  "reason",
  "prompt_text",
  "token",
  "value_text",
] as const;

export const reservedNames: ReadonlySet<string> = new Set(fixedColumns);

/** The condition that others are compared with: the unmodified model in an experiment that changes it. */
export const baselineCondition = "baseline";

/** The only condition of an experiment that changes nothing. */
export const observedCondition = "unmodified";

/** The metric of that name, or null. */
export function metricOf(type: ResultType, metric: string): MetricType | null {
  return type.metrics.find(({ name }) => name === metric) ?? null;
}

/** A coordinate that follows from those of other axes: a prompt's field or group, a model's size. */
export interface DecidedAxis {
  readonly name: string;
  readonly of: readonly string[];
  /** True for a column, which disappears with any axis that decides it; a group outlives a mean over its prompts. */
  readonly isColumn: boolean;
}

/** Which of `decided` follow from one of the axes in `removed` and cannot stay without it. */
export function alsoRemoved(decided: readonly DecidedAxis[], removed: ReadonlySet<string>): readonly string[] {
  return decided.filter(({ of }) => of.some((axis) => removed.has(axis))).map(({ name }) => name);
}

/** A value that has coordinates, for {@link joinDecided}. */
interface Placed {
  readonly has: (name: string) => boolean;
  readonly decided: readonly DecidedAxis[];
}

/** What follows from other axes in two values joined: what does on each side that has it. */
export function joinDecided(left: Placed, right: Placed): readonly DecidedAxis[] {
  const isFree = ({ has, decided }: Placed, name: string): boolean =>
    has(name) && !decided.some((axis) => axis.name === name);
  const all = new Map([...left.decided, ...right.decided].map((axis) => [axis.name, axis]));
  return [...all.values()].filter(({ name }) => !isFree(left, name) && !isFree(right, name));
}
