/** `plot`: which axes and how many values each kind of picture takes. */
import type { NamedResult, PlotKind, PlotOutput } from "../../ir/protocol.js";
import type { Expression, Name, PlotStatement } from "../../syntax/ast.js";
import { reportError, wrongKind } from "../faults.js";
import { checkIntervals } from "./intervals.js";
import { checkLooks } from "./plot-looks.js";
import { axisNames, isNumeric, labelOf, measuredNumbers, named, namedResult, shareAxis } from "./named-results.js";
import { metricNames, resultMeaning } from "./result-scope.js";
import { axesOf, isConstantResult } from "./result-axes.js";
import type { ResultContext } from "./result-context.js";

interface PlotShape {
  /** How many axes stand after `over`. */
  readonly over: 0 | 1 | 2;
  /** Most axes after `by`; null for any number. */
  readonly by: number | null;
  /** Whether several values may be drawn side by side. */
  readonly several: boolean;
}

const shapes: Readonly<Record<PlotKind, PlotShape>> = {
  heatmap: { over: 2, by: null, several: true },
  line: { over: 1, by: null, several: true },
  bar: { over: 1, by: null, several: true },
  histogram: { over: 0, by: 2, several: true },
  density: { over: 0, by: 2, several: true },
  box: { over: 0, by: 2, several: true },
  scatter: { over: 0, by: 2, several: false },
  text: { over: 0, by: null, several: true },
};

const overWords = ["no axes after `over`", "one axis after `over`", "two axes after `over` (rows, columns)"] as const;

export function checkPlot(cx: ResultContext, statement: PlotStatement): PlotOutput | null {
  const { plot } = statement;
  const shape = shapes[plot];
  const values: NamedResult[] = [];
  for (const expression of statement.of) {
    const value = drawnValue(cx, plot, expression);
    if (value === null) return null;
    values.push(value);
  }
  const [, extra] = statement.of;
  if (extra !== undefined && !shape.several) {
    wrongKind(cx, extra.span, `one value for a ${plot}`, labelOf(cx, extra.span));
    return null;
  }
  const against = checkAgainst(cx, statement);
  if (against === false) return null;
  const [first] = values;
  if (against !== null && first !== undefined && statement.against !== null) {
    if (!shareAxis(cx, first, against, statement.against)) return null;
  }
  const drawn = [...statement.over, ...statement.by];
  const measured = values.filter((value) => !isLevel(cx, plot, value));
  const [level] = statement.of;
  if (measured.length === 0 && level !== undefined) {
    wrongKind(cx, level.span, "a value of an experiment such as sweep.impact", labelOf(cx, level.span));
    return null;
  }
  // Each value is drawn over these axes, so each has to have them; a scatter joins its two values first.
  const sides = against === null ? measured.map((value) => [value]) : [[...values, against]];
  for (const side of sides) if (axisNames(cx, drawn, side) === null) return null;
  if (statement.over.length !== shape.over) {
    const found = statement.over.length === 0 ? "none" : statement.over.map((axis) => axis.text).join(", ");
    const hint = shape.over === 0 && statement.over.length > 0;
    wrongKind(
      cx,
      spanOf(statement.over, statement),
      `${overWords[shape.over]} for a ${plot}${hint ? " (each value is a point; divide them with `by`)" : ""}`,
      found,
    );
    return null;
  }
  if (shape.by !== null && statement.by.length > shape.by) {
    const found = statement.by.map((axis) => axis.text).join(", ");
    wrongKind(cx, spanOf(statement.by, statement), `at most two axes after \`by\` for a ${plot}`, found);
    return null;
  }
  const takes = { byDefault: plot === "bar", none: plot === "bar" || plot === "line" ? null : `\`plot ${plot}\`` };
  const ci = checkIntervals(cx, statement.ci, takes);
  if (ci === false) return null;
  const options = checkLooks(cx, statement);
  if (options === null) return null;
  if (plot === "text" && !values.every((value, i) => hasTokens(cx, value, statement.of[i]))) return null;
  const over = statement.over.map((a) => a.text);
  const by = statement.by.map((a) => a.text);
  const title = [
    values.map((v) => v.label).join(", "),
    ...(against === null ? [] : [`against ${against.label}`]),
    ...(over.length === 0 ? [] : [`over ${over.join(", ")}`]),
    ...(by.length === 0 ? [] : [`by ${by.join(", ")}`]),
  ].join(" ");
  const own = statement.looks.title?.value ?? title;
  return { kind: "plot", title: own, plot, values, against, over, by, ci, options, span: statement.span };
}

/** Whether a value is one number for each token; reports it where it is not. */
function hasTokens(cx: ResultContext, value: NamedResult, expression: Expression | undefined): boolean {
  const { axes, complete } = axesOf(cx.results, value.expression);
  if (!complete || axes.has("position")) return true;
  const found = axes.size === 0 ? "no axis" : `the axes ${[...axes.keys()].join(", ")}`;
  wrongKind(cx, expression?.span ?? { file: "", start: 0, end: 0 }, "a value with the axis position, such as nll of every token", found); // prettier-ignore
  return false;
}

/** The value of a plot. An experiment of several columns, one of which is its density, is drawn by it in a `density`. */
function drawnValue(cx: ResultContext, plot: PlotKind, expression: Expression): NamedResult | null {
  const shape = expression.kind === "name" ? cx.results.experiments.get(expression.text) : undefined;
  const metrics = shape === undefined ? [] : metricNames(shape);
  if (plot === "density" && shape !== undefined && metrics.length > 1 && metrics.includes("density")) {
    const column = { kind: "column", experiment: shape.name, metric: "density", column: "value" } as const;
    return named(cx, labelOf(cx, expression.span), column);
  }
  const what = `\`plot ${plot}\``;
  if (plot !== "line" && plot !== "bar") return measuredNumbers(cx, expression, what);
  const value = namedResult(cx, expression);
  return value !== null && isNumeric(cx, value, what, expression.span) ? value : null;
}

/** True for a number, or a published one, beside lines or bars: it is drawn as a line across all of them. */
function isLevel(cx: ResultContext, plot: PlotKind, { expression }: NamedResult): boolean {
  const isPlain = isConstantResult(cx.results, expression) && axesOf(cx.results, expression).axes.size === 0;
  return isPlain && (plot === "line" || plot === "bar");
}

/** What a scatter is drawn against; false after an error. */
function checkAgainst(cx: ResultContext, statement: PlotStatement): NamedResult | null | false {
  const { against, plot } = statement;
  if (plot !== "scatter") {
    if (against === null) return null;
    reportError(cx, "A1004", against.span, { what: "`against`", statement: `\`plot ${plot}\`` });
    return false;
  }
  if (against === null) {
    const hint = "write `plot scatter of VERTICAL against HORIZONTAL`";
    reportError(cx, "A2007", statement.span, { metric: "a scatter", name: "`against`" }, { hint });
    return false;
  }
  if (against.kind === "name" && isAxisAlone(cx, against.text)) {
    const hint = `values over an axis are a line: \`plot line of VALUE over ${against.text}\``;
    const expected = `a value to draw against: ${against.text} is an axis`;
    reportError(cx, "A3004", against.span, { expected, found: against.text }, { hint });
    return false;
  }
  const value = namedResult(cx, against);
  return value !== null && isNumeric(cx, value, "`against`", against.span) ? value : false;
}

/** Whether a name is that of an axis or a column, and no result. */
function isAxisAlone({ results, subject }: ResultContext, name: string): boolean {
  if (resultMeaning(results, subject, name) !== null) return false;
  return [...results.experiments.values()].some(({ type }) =>
    [...type.axes, ...type.columns].some((axis) => axis.name === name),
  );
}

function spanOf(axes: readonly Name[], statement: PlotStatement): PlotStatement["span"] {
  const first = axes[0];
  const last = axes.at(-1);
  return first === undefined || last === undefined ? statement.span : { ...first.span, end: last.span.end };
}
