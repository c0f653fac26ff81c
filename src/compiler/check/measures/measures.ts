/** The `measure` clause: every item becomes one measured expression for each point of its sweep axes. */
import type { Span } from "../../base/span.js";
import { diagnostic } from "../../diagnostics/create.js";
import type { Diagnostic } from "../../diagnostics/diagnostic.js";
import type { MeasureExpression } from "../../ir/expression.js";
import type { Measure, MeasuredAxis } from "../../ir/protocol.js";
import { reservedNames } from "../../ir/result-type.js";
import type { TensorType } from "../../ir/tensor-type.js";
import type { ExperimentStatement, Expression, MeasureItem, Name } from "../../syntax/ast.js";
import { originsOf } from "../../operations/origins.js";
import { unknownCallee } from "../expressions/calls.js";
import { elaborate } from "../expressions/elaborate.js";
import { createExpressionBuilder } from "../expressions/expression-builder.js";
import { asTensor, reportError, tooMany, wrongKind } from "../faults.js";
import { meaningOf } from "../names/meaning.js";
import { limits } from "../limits.js";
import type { CheckedModel } from "../models/places.js";
import type { Scope } from "../names/scope.js";
import { interventionColumns } from "../../ir/value-columns.js";
import { singleLayers } from "./single-layers.js";
import { recoveryOf } from "./recovery.js";
import { combinations, createSweeps, type Sweeps } from "../expressions/sweeps.js";
import type { Elaboration, Environment, TextFacts, Value } from "../expressions/values.js";

export interface MeasureContext extends TextFacts {
  readonly scope: Scope;
  readonly model: CheckedModel;
  readonly textsName: string;
  readonly period: number | null;
  /** Name of the prompts that the experiment's patch takes values from, for `recovery of`; null without a patch. */
  readonly patchSource: string | null;
  /** Axes that the intervention already has: a measure's axis of the same name is renamed. */
  readonly conditionAxes: ReadonlySet<string>;
  readonly report: (d: Diagnostic) => void;
  readonly sourceOf: (span: Span) => string;
}

/** The way out of two sweeps that share an axis without having the same values (A3006). */
export const separateSweeps =
  "both move along the axis together: name the same values in both; for every combination of the two give one an axis of its own, as a parameter of a metric: `metric NAME(other: layer = L0..2) = …`";

/** Where no name is bound but those of the protocol. */
export const topLevel: Environment = { values: new Map(), axes: new Map(), unfolding: [] };

/** The column that an item fills: the name after `as`, else the metric's or site's own. */
export function columnName(item: MeasureItem): string | null {
  return item.as?.text ?? (item.recovery ? "recovery" : (rootName(item.expression)?.text ?? null));
}

/** Where the `measure` clause asks for a column; the whole statement when no item of it has this name. */
export function measureSpan(statement: ExperimentStatement, metric: string): Span {
  return statement.measures.find((item) => columnName(item) === metric)?.span ?? statement.span;
}

/** The name that a column without `as` is called after; null for an expression that has none. */
export function rootName(expression: Expression): Name | null {
  switch (expression.kind) {
    case "name":
      return { text: expression.text, span: expression.span };
    case "call":
      return expression.callee;
    case "metricUse":
      return expression.metric;
    case "index":
    case "last":
    case "at":
    case "where":
    case "of":
      return rootName(expression.base);
    default:
      return null;
  }
}

/** Elaborates all items of an experiment for one model and one prompt set. */
export function checkMeasures(cx: MeasureContext, items: readonly MeasureItem[]): readonly Measure[] {
  const measures: Measure[] = [];
  const seen = new Map<string, Span>();
  for (const item of items) {
    const metric = columnName(item);
    if (metric === null) {
      noteRefused(cx, item);
      if (item.expression.kind === "missing") continue;
      cx.report(
        diagnostic(
          "A3004",
          item.span,
          { expected: "a name for this column", found: "an expression without a name" },
          { hint: nameAdvice(item.expression) },
        ),
      );
      continue;
    }
    if ((interventionColumns as readonly string[]).includes(metric)) {
      noteRefused(cx, item);
      const what = "a column that every metric has";
      reportError(cx, "A2019", item.as?.span ?? item.span, { kind: "column", name: metric, what });
      continue;
    }
    const first = seen.get(metric);
    if (first !== undefined) {
      noteRefused(cx, item);
      cx.report(
        diagnostic(
          "A2002",
          item.span,
          { kind: "column", name: metric },
          { related: [{ span: first, text: "first measured here" }], hint: "name one of them with `as NAME`" },
        ),
      );
      continue;
    }
    seen.set(metric, item.span);
    measures.push(...checkItem(cx, item, metric));
  }
  return measures;
}

/** Notes what is in an item that fills no column. */
function noteRefused(cx: MeasureContext, { expression }: MeasureItem): void {
  if (cx.model.notes?.collecting !== true) return;
  const silent: MeasureContext = { ...cx, report: () => undefined };
  elaborate(startElaboration(silent, createSweeps(null)), topLevel, expression);
}

/** How a measure gets a name; or what to write instead of one that cannot be meant so. */
function nameAdvice(expression: Expression): string {
  if (expression.kind === "string") return `a metric is named without quotes: \`measure ${expression.value}\``;
  if (expression.kind === "list") return "several measures stand without brackets, separated by commas";
  const names = expression.kind === "binary" && expression.left.kind === "name" && expression.right.kind === "name";
  if (names && expression.operator === "and") return "several measures are separated by commas";
  return "write `as NAME` after it";
}

function checkItem(cx: MeasureContext, item: MeasureItem, metric: string): readonly Measure[] {
  const discovery = createSweeps(null);
  const first = elaborateItem(cx, item, discovery);
  const [conflict] = discovery.conflicts;
  if (conflict !== undefined) {
    cx.report(
      diagnostic(
        "A3006",
        conflict.second.span,
        { axis: conflict.first.name },
        { related: [{ span: conflict.first.span, text: "the other sweep" }], hint: separateSweeps },
      ),
    );
    return [];
  }
  if (first === null) return [];
  const axes = [...discovery.axes.values()];
  const points = axes.reduce((product, axis) => product * axis.values.length, 1);
  if (points > limits.expressions) {
    const sizes = axes.map((axis) => `${axis.name} (${axis.values.length})`).join(", ");
    tooMany(cx, item.span, "expressions", points, metric, "expressions", `its sweeps are ${sizes}: name fewer values`);
    return [];
  }
  const measures: Measure[] = [];
  // Where the intervention has the axis too, a second one that never changes would only be in the way.
  const single = Object.entries(singleLayers(cx, item.expression)).filter(
    ([axis]) => !cx.conditionAxes.has(axis) && !first.type.axes.some((own) => own.name === axis),
  );
  for (const choice of combinations(axes)) {
    const elaborated = axes.length === 0 ? first : elaborateItem(cx, item, createSweeps(choice));
    if (elaborated === null) return [];
    const swept = [...choice].map(([axis, value]) => [renamed(cx, axis), value] as const);
    const coordinates = Object.fromEntries([...single, ...swept]);
    measures.push({ metric, coordinates, ...elaborated, axes: measuredAxes(cx, elaborated) });
  }
  const [sample] = measures;
  if (sample === undefined) return [];
  const swept = new Set([...discovery.axes.keys()].map((axis) => renamed(cx, axis)));
  const twice = sample.type.axes.find((axis) => swept.has(renamed(cx, axis.name)));
  if (twice !== undefined) {
    const hint = "the value has it, and a parameter of that name is swept: reduce it, or sweep by another name";
    cx.report(diagnostic("A3011", item.span, { metric, axis: renamed(cx, twice.name) }, { hint }));
    return [];
  }
  const collisions = [...axes.map((a) => a.name), ...sample.type.axes.map((a) => a.name)].filter((name) =>
    isTaken(cx, plainName(name)),
  );
  for (const axis of new Set(collisions)) {
    const parameters = { metric, axis: plainName(axis), renamed: renamed(cx, axis) };
    cx.report(diagnostic(reservedNames.has(axis) ? "A8021" : "A8003", item.span, parameters));
  }
  return measures;
}

/** In results the axis `pos` is called `position`. */
function plainName(axis: string): string {
  return axis === "pos" ? "position" : axis;
}

/** The intervention's names are taken, and those of the columns that every table of results has. */
function isTaken({ conditionAxes }: MeasureContext, name: string): boolean {
  return conditionAxes.has(name) || reservedNames.has(name);
}

/** The name an axis of a measure has in results. */
function renamed(cx: MeasureContext, axis: string): string {
  const name = plainName(axis);
  return isTaken(cx, name) ? `measured_${name}` : name;
}

function measuredAxes(cx: MeasureContext, { expression, type }: TypedExpression): readonly MeasuredAxis[] {
  const origins = originsOf(expression);
  return type.axes.map(({ name }) => ({ name: renamed(cx, name), origin: origins.get(name) ?? null }));
}

function elaborateItem(cx: MeasureContext, item: MeasureItem, sweeps: Sweeps): TypedExpression | null {
  const { expression } = item;
  if (expression.kind === "name" && meaningOf(cx.scope, expression.text) === null) {
    // What stands alone after `measure` was meant as a metric.
    unknownCallee(cx, expression, false);
    return null;
  }
  const elaboration = startElaboration(cx, sweeps);
  const value = elaborate(elaboration, topLevel, expression);
  const measured = item.recovery ? recoveryOf(elaboration, value, cx.patchSource, item) : value;
  // Truth values are measured too: they leave the graph as 1 and 0.
  return typedExpression(elaboration, measured, expression.span, "something to measure, such as resid_post[L5]");
}

/** An expression with its type. */
export interface TypedExpression {
  readonly expression: MeasureExpression;
  readonly type: TensorType;
}

/** Elaboration of one expression outside of any metric, with a builder of its own. */
export function startElaboration(cx: MeasureContext, sweeps: Sweeps): Elaboration {
  const visited = cx.model.notes?.collecting === true ? new Set<Expression>() : null;
  return {
    ...cx,
    wholeRows: false,
    builder: createExpressionBuilder(),
    sweeps,
    work: { unfolded: 0, depth: 0, visited },
    elaborate,
  };
}

/** Elaborates an expression that must be a tensor or a number, which `expected` describes; null after an error. */
export function elaborateTensor(
  cx: MeasureContext,
  expression: Expression,
  sweeps: Sweeps,
  expected: string,
): TypedExpression | null {
  const elaboration = startElaboration(cx, sweeps);
  return typedExpression(elaboration, elaborate(elaboration, topLevel, expression), expression.span, expected);
}

/** The value as an expression of its own; null after an error. */
function typedExpression(elaboration: Elaboration, value: Value, span: Span, expected: string): TypedExpression | null {
  if (value.kind === "error") return null;
  if (value.kind === "layer") {
    wrongKind(elaboration, span, expected, `layer L${value.index}`);
    return null;
  }
  const node = asTensor(elaboration, value, span);
  if (node === null) return null;
  const { builder } = elaboration;
  return { expression: builder.finish(node), type: builder.typeOf(node) };
}
