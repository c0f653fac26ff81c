/** What a named probe answers, as results: for each text whether it is right, beside the guess that knows nothing. */
import { coordinateNumber } from "../../ir/coordinate-number.js";
import type { Decision } from "../../ir/decisions.js";
import { experimentsRead } from "../../ir/result-expression.js";
import type { MetricType, ResultAxis, ResultType } from "../../ir/result-type.js";
import { axesOf } from "./result-axes.js";
import type { ResultContext } from "./result-context.js";
import type { ExperimentShape } from "./result-scope.js";

/** Axes that tell texts apart, and what belongs to them. */
const textAxes: readonly string[] = ["prompts", "group", "prompt", "document"];

/**
 * Results of the probe `name`, over its texts and the axes of `by`. Classes have `right` and `chance`, 1 or 0; numbers have
 * `error` and `chance`, squared errors.
 * @param decision null where the statement is wrong: nothing is said then of what reads it.
 */
export function probeShape(cx: ResultContext, name: string, decision: Decision | null): ExperimentShape {
  const nothing = { experiment: name, axes: [], columns: [], metrics: [], texts: [], intervened: false };
  if (decision?.kind !== "probe") return { name, type: nothing, complete: false };
  const { by, field, classes, value } = decision;
  const of = axesOf(cx.results, value.expression);
  const behind = experimentsRead(value.expression).flatMap((own) => cx.results.experiments.get(own)?.type ?? []);
  const ofTexts = textAxes.filter((axis) => of.axes.has(axis) && !by.includes(axis));
  const names = new Set([...ofTexts, ...by]);
  const axes = [...names].map((axis): ResultAxis => {
    const known = behind.flatMap((type) => type.axes).find((own) => own.name === axis);
    const levels = of.axes.get(axis) ?? null;
    const deciding = by.includes(axis) ? [] : (known?.of ?? []).filter((own) => names.has(own));
    return { name: axis, kind: known?.kind ?? "entry", levels: levels === null ? null : [...levels], of: deciding };
  });
  const columns = new Map<string, ResultType["columns"][number]>();
  for (const column of behind.flatMap((type) => type.columns)) {
    const stays = of.axes.has(column.name) && !names.has(column.name) && column.of.every((axis) => names.has(axis));
    if (stays && !columns.has(column.name)) columns.set(column.name, column);
  }
  const labels = [...(of.axes.get(field) ?? [])];
  const areNumbers = !classes && labels.length > 2 && labels.every((label) => !Number.isNaN(coordinateNumber(label)));
  const metrics = [areNumbers ? "error" : "right", "chance"].map((metric): MetricType => {
    return { name: metric, unit: "none", element: "real", axes: [...names], normalised: false };
  });
  const texts = [...new Set(behind.flatMap((type) => type.texts))];
  const type = { ...nothing, axes, columns: [...columns.values()], metrics, texts };
  return { name, type, complete: of.complete };
}
