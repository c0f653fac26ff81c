/** The `measure` clause: every item becomes one measured expression for each point of its sweep axes. */
import type { Span } from "../base/span.js";
import { diagnostic } from "../diagnostics/create.js";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import type { MeasureExpression } from "../ir/expression.js";
import type { Measure } from "../ir/protocol.js";
import type { TensorType } from "../ir/tensor-type.js";
import type { Expression, MeasureItem } from "../syntax/ast.js";
import { isSite } from "../models/sites.js";
import { unknownCallee } from "./calls.js";
import { elaborate } from "./elaborate.js";
import { createExpressionBuilder } from "./expression-builder.js";
import { asTensor, notYet, reportError, tooMany, wrongKind } from "./faults.js";
import { limits } from "./limits.js";
import type { CheckedModel } from "./places.js";
import type { Scope } from "./scope.js";
import { interventionColumns } from "./columns.js";
import { combinations, createSweeps, type Sweeps } from "./sweeps.js";
import type { Elaboration, Environment } from "./values.js";

export interface MeasureContext {
  readonly scope: Scope;
  readonly model: CheckedModel;
  readonly textsName: string;
  readonly period: number | null;
  /** Axes that the intervention already has: a measure's axis of the same name is renamed. */
  readonly conditionAxes: ReadonlySet<string>;
  readonly report: (d: Diagnostic) => void;
  readonly sourceOf: (span: Span) => string;
}

const topLevel: Environment = { values: new Map(), axes: new Map(), unfolding: [] };

/** The column that an item fills: the name after `as`, else the metric's or site's own. */
export function columnName(item: MeasureItem): string | null {
  return item.as?.text ?? rootName(item.expression);
}

function rootName(expression: Expression): string | null {
  switch (expression.kind) {
    case "name":
      return expression.text;
    case "call":
      return expression.callee.text;
    case "metricUse":
      return expression.metric.text;
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
    if (item.recovery) {
      notYet(cx, item.span, "`recovery of`");
      continue;
    }
    const metric = columnName(item);
    if (metric === null) {
      if (item.expression.kind === "missing") continue;
      cx.report(
        diagnostic(
          "A3004",
          item.span,
          { expected: "a name for this column", found: "an expression without a name" },
          { hint: "write `as NAME` after it" },
        ),
      );
      continue;
    }
    if ((interventionColumns as readonly string[]).includes(metric)) {
      const what = "a column that every metric has";
      reportError(cx, "A2019", item.as?.span ?? item.span, { kind: "column", name: metric, what });
      continue;
    }
    const first = seen.get(metric);
    if (first !== undefined) {
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
        { related: [{ span: conflict.first.span, text: "the other sweep" }] },
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
  for (const choice of combinations(axes)) {
    const elaborated = axes.length === 0 ? first : elaborateItem(cx, item, createSweeps(choice));
    if (elaborated === null) return [];
    const coordinates: Record<string, number> = {};
    for (const [axis, value] of choice) coordinates[renamed(cx, axis)] = value;
    measures.push({ metric, coordinates, ...elaborated });
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
    cx.conditionAxes.has(name),
  );
  for (const axis of new Set(collisions)) {
    cx.report(diagnostic("A8003", item.span, { metric, axis, renamed: renamed(cx, axis) }));
  }
  return measures;
}

/** The name an axis of a measure has in results: `pos` is the axis `position`; the intervention's names are taken. */
export function resultAxis(axis: string, conditionAxes: ReadonlySet<string>): string {
  const name = axis === "pos" ? "position" : axis;
  return conditionAxes.has(name) ? `measured_${name}` : name;
}

function renamed(cx: MeasureContext, axis: string): string {
  return resultAxis(axis, cx.conditionAxes);
}

function isKnown({ scope }: MeasureContext, name: string): boolean {
  const known = isSite(name) || scope.metrics.has(name) || scope.params.has(name);
  return known || ["period", "tokens", "bytes"].includes(name);
}

function elaborateItem(
  cx: MeasureContext,
  item: MeasureItem,
  sweeps: Sweeps,
): { readonly expression: MeasureExpression; readonly type: TensorType } | null {
  const builder = createExpressionBuilder();
  const { expression } = item;
  if (expression.kind === "name" && !isKnown(cx, expression.text)) {
    // What stands alone after `measure` was meant as a metric.
    unknownCallee(cx, expression, false);
    return null;
  }
  const elaboration: Elaboration = { ...cx, builder, sweeps, work: { unfolded: 0, depth: 0 }, elaborate };
  const value = elaborate(elaboration, topLevel, item.expression);
  if (value.kind === "error") return null;
  if (value.kind === "layer") {
    wrongKind(cx, item.expression.span, "something to measure, such as resid_post[L5]", `layer L${value.index}`);
    return null;
  }
  const node = asTensor(elaboration, value, item.expression.span);
  if (node === null) return null;
  const type = builder.typeOf(node);
  if (type.element === "truth") {
    const hint = "mean(… over AXIS) is the share of places where it holds, sum(…) their number";
    cx.report(diagnostic("A3004", item.span, { expected: "a number to measure", found: "a truth value" }, { hint }));
    return null;
  }
  return { expression: builder.finish(node), type };
}
