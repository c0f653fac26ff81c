/** Results made by hand: an experiment with prompts, and what else a test needs. */
import type { Decision } from "../../src/compiler/ir/decisions.js";
import type {
  Coordinate,
  Coordinates,
  NamedResult,
  ResultExpression,
} from "../../src/compiler/ir/result-expression.js";
import type { ResultAxisKind, ResultType } from "../../src/compiler/ir/result-type.js";
import type { ResultRow, ResultSet } from "../../src/compiler/ir/results.js";

export interface Made {
  readonly axes: Coordinates;
  readonly value: number;
  readonly reason?: string;
}

const kinds = new Map<string, ResultAxisKind>([
  ["model", "model"],
  ["revision", "model"],
  ["prompts", "texts"],
  ["group", "texts"],
  ["prompt", "texts"],
  ["document", "texts"],
  ["pos", "position"],
]);

/** Experiments by name, each with the metric `m` on the texts `texts`, and with the axes of its values. */
export function resultsOf(experiments: Readonly<Record<string, readonly Made[]>>, texts = ["p"]): ResultSet {
  const types = new Map<string, ResultType>();
  const rows: ResultRow[] = [];
  for (const [experiment, made] of Object.entries(experiments)) {
    const axes = [...new Set(made.flatMap(({ axes }) => Object.keys(axes)))];
    types.set(experiment, {
      experiment,
      axes: axes.map((name) => ({
        name,
        kind: kinds.get(name) ?? "sweep",
        levels: null,
        of: name === "group" ? ["prompt"] : [],
      })),
      columns: [],
      metrics: [{ name: "m", unit: "none", element: "real", axes, normalised: false }],
      texts,
      intervened: false,
    });
    rows.push(
      ...made.map(({ axes: coordinates, value, reason }): ResultRow => ({
        experiment,
        condition: "unmodified",
        axes: coordinates,
        metric: "m",
        unit: "none",
        value,
        baseline: null,
        impact: null,
        relative: null,
        reason: reason ?? null,
      })),
    );
  }
  return { types, rows };
}

/** One value for each prompt. */
export function byPrompt(values: readonly number[], beside: Coordinates = {}, first = 0): readonly Made[] {
  return values.map((value, i) => ({ axes: { ...beside, prompt: first + i }, value }));
}

export const column = (experiment: string): ResultExpression => ({
  kind: "column",
  experiment,
  metric: "m",
  column: "value",
});

export const constant = (value: number): ResultExpression => ({ kind: "number", value });

export function where(argument: ResultExpression, axis: string, level: string | number): ResultExpression {
  return { kind: "where", argument, condition: { kind: "axis", axis, among: [level] } };
}

export function named(expression: ResultExpression, label = "value"): NamedResult {
  return { label, expression, unit: "none", element: "real" };
}

const span = { file: "t.atlas", start: 0, end: 0 };

export function hypothesis(
  left: ResultExpression,
  operation: "<" | ">",
  right: ResultExpression,
  test: string,
  more: Partial<Extract<Decision, { kind: "hypothesis" }>> = {},
): Extract<Decision, { kind: "hypothesis" }> {
  const draws = test === "permutation" || test === "bootstrap";
  return {
    kind: "hypothesis",
    title: "t",
    members: [{ kind: "order", left: named(left, "left"), right: named(right, "right"), operation }],
    quantity: null,
    by: [],
    tests: [{ name: test, count: draws ? 499 : null, seed: draws ? 3 : null }],
    alpha: 0.05,
    falsified: false,
    text: "hypothesis",
    span,
    ...more,
  };
}

export function compare(
  value: ResultExpression,
  axis: string,
  levels: readonly Coordinate[],
  tests: readonly string[],
): Extract<Decision, { kind: "compare" }> {
  return {
    kind: "compare",
    value: named(value),
    axis,
    levels,
    by: [],
    tests: tests.map((name) => ({ name, count: null, seed: null })),
    correction: null,
    text: "compare",
    span,
  };
}

export function correlate(
  left: ResultExpression,
  right: ResultExpression,
  tests: readonly string[],
  by: readonly string[] = [],
): Extract<Decision, { kind: "correlate" }> {
  return {
    kind: "correlate",
    left: named(left, "left"),
    right: { kind: "value", value: named(right, "right") },
    by,
    tests: tests.map((name) => ({ name, count: null, seed: null })),
    correction: null,
    text: "correlate",
    span,
  };
}

/** With the numbers of an axis: a trend. */
export function axisCorrelation(
  left: ResultExpression,
  axis: string,
  tests: readonly string[],
  by: readonly string[] = [],
): Extract<Decision, { kind: "correlate" }> {
  return { ...correlate(left, left, tests, by), right: { kind: "axis", axis } };
}

/** Every level of the axes with every other one: a matrix. */
export function between(
  left: ResultExpression,
  axes: readonly string[],
  tests: readonly string[],
  by: readonly string[] = [],
): Extract<Decision, { kind: "correlate" }> {
  return { ...correlate(left, left, tests, by), right: { kind: "levels", axes } };
}

export function fit(
  curve: Extract<Decision, { kind: "fit" }>["curve"],
  value: ResultExpression,
  over: string,
  by: readonly string[] = [],
): Extract<Decision, { kind: "fit" }> {
  return { kind: "fit", curve, value: named(value), over, by, text: "fit", span };
}
