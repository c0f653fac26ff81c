/** Statements that show or save results: `table`, `plot`, `save`. */
import { diagnostic } from "../diagnostics/create.js";
import { nearestNames } from "../base/suggest.js";
import type { Span } from "../base/span.js";
import type { NamedResult, Output } from "../ir/protocol.js";
import { saveFormats } from "../ir/results.js";
import type { PlotStatement, SaveStatement, Statement, TableStatement } from "../syntax/ast.js";
import { notYet, reportError, wrongKind } from "./faults.js";
import { interventionColumns } from "./columns.js";
import { axesOf, axesOfShape, checkAxis, experimentsIn } from "./result-axes.js";
import { checkCondition, checkResult, type ResultContext } from "./results.js";

/** Where an output may be said a second time: files that are saved, by name. */
export interface OutputContext extends ResultContext {
  readonly saved: Map<string, Span>;
}

export function checkOutput(cx: OutputContext, statement: Statement): Output | null {
  switch (statement.kind) {
    case "table":
      return checkTable(cx, statement);
    case "plot":
      return checkPlot(cx, statement);
    case "save":
      return checkSave(cx, statement);
    case "compare":
    case "correlate":
    case "hypothesis":
    case "find":
    case "pca":
    case "classify":
      notYet(cx, statement.span, `\`${statement.kind}\``);
      return null;
    default:
      return null;
  }
}

/** Source text on one line, for labels and titles. */
function label(cx: OutputContext, span: Span): string {
  return cx.sourceOf(span).replace(/\s+/g, " ").trim();
}

function checkTable(cx: OutputContext, statement: TableStatement): Output | null {
  if (statement.winner !== null) {
    notYet(cx, statement.span, "`table … winner`");
    return null;
  }
  if (statement.context !== null) {
    notYet(cx, statement.span, "`table … with context`");
    return null;
  }
  const shape = statement.of.kind === "name" ? cx.results.experiments.get(statement.of.text) : undefined;
  let columns: readonly NamedResult[];
  let experiment: string;
  if (shape !== undefined) {
    experiment = shape.name;
    const kinds = shape.hasIntervention ? interventionColumns : (["value"] as const);
    columns = shape.metrics.flatMap((metric) =>
      kinds.map((column) => ({
        label: column === "value" ? metric : `${metric}.${column}`,
        expression: { kind: "column" as const, experiment: shape.name, metric, column },
      })),
    );
  } else {
    const expression = checkResult({ ...cx, subject: null }, statement.of);
    if (expression === null) return null;
    const [first] = experimentsIn(expression);
    if (first === undefined) {
      wrongKind(cx, statement.of.span, "a value of an experiment such as sweep.impact", label(cx, statement.of.span));
      return null;
    }
    experiment = first;
    columns = [{ label: label(cx, statement.of.span), expression }];
  }
  const subject = cx.results.experiments.get(experiment) ?? null;
  const inner: OutputContext = { ...cx, subject };
  if (subject === null) return null;
  const { top } = statement;
  if (top !== null && (!Number.isInteger(top.value) || top.value < 1)) {
    reportError(cx, "A3005", top.span, { value: top.text, expected: "a count of at least 1" });
    return null;
  }
  const where = statement.where === null ? null : checkCondition(inner, statement.where, axesOfShape(subject));
  if (statement.where !== null && where === null) return null;
  const [by, second] = statement.by;
  if (second !== undefined) {
    wrongKind(cx, second.span, "one value to sort by", label(cx, second.span));
    return null;
  }
  // `table difference top 20 by abs(difference)`: the table's own expression under the name it was declared with.
  const sortKey = by === undefined ? null : checkResult(inner, by);
  if (by !== undefined && sortKey === null) return null;
  return {
    kind: "table",
    title: label(cx, statement.of.span),
    experiment,
    columns,
    where,
    by: by === undefined || sortKey === null ? null : { label: label(cx, by.span), expression: sortKey },
    top: statement.top?.value ?? null,
    span: statement.span,
  };
}

function checkPlot(cx: OutputContext, statement: PlotStatement): Output | null {
  const { plot } = statement;
  if (plot !== "heatmap" && plot !== "line" && plot !== "bar") {
    notYet(cx, statement.span, `\`plot ${plot}\``);
    return null;
  }
  if (statement.against !== null) {
    notYet(cx, statement.against.span, "`against`");
    return null;
  }
  const values: NamedResult[] = [];
  for (const expression of statement.of) {
    const checked = checkResult({ ...cx, subject: null }, expression);
    if (checked === null) return null;
    values.push({ label: label(cx, expression.span), expression: checked });
  }
  const drawn = [...statement.over, ...statement.by];
  for (const { expression } of values) {
    const axes = axesOf(cx.results, expression);
    for (const axis of drawn) if (!checkAxis(cx, axis, axes)) return null;
  }
  const twice = drawn.find((axis, i) => drawn.findIndex((other) => other.text === axis.text) < i);
  if (twice !== undefined) {
    reportError(cx, "A1003", twice.span, { what: `the axis ${twice.text}` });
    return null;
  }
  const wanted = plot === "heatmap" ? 2 : 1;
  if (statement.over.length !== wanted) {
    const expected = plot === "heatmap" ? "two axes after `over` (rows, columns)" : "one axis after `over`";
    const [first] = statement.over;
    const last = statement.over.at(-1);
    const span = first === undefined || last === undefined ? statement.span : { ...first.span, end: last.span.end };
    const found = statement.over.length === 0 ? "none" : statement.over.map((axis) => axis.text).join(", ");
    wrongKind(cx, span, `${expected} for a ${plot}`, found);
    return null;
  }
  const over = statement.over.map((a) => a.text);
  const by = statement.by.map((a) => a.text);
  return {
    kind: "plot",
    title: `${values.map((v) => v.label).join(", ")} over ${over.join(", ")}${by.length === 0 ? "" : ` by ${by.join(", ")}`}`,
    plot,
    values,
    over,
    by,
    span: statement.span,
  };
}

function checkSave(cx: OutputContext, statement: SaveStatement): Output | null {
  const name = statement.what.text;
  if (!cx.results.experiments.has(name)) {
    if (cx.results.lets.has(name)) {
      notYet(cx, statement.what.span, "saving a `let`");
      return null;
    }
    const suggestions = nearestNames(name, cx.results.experiments.keys());
    reportError(cx, "A2011", statement.what.span, { name }, { suggestions });
    return null;
  }
  const path = statement.to.value;
  const suffix = /\.([a-z]+)$/i.exec(path)?.[1]?.toLowerCase() ?? "";
  const problem = !(saveFormats as readonly string[]).includes(suffix)
    ? `the ending ${suffix === "" ? "is missing" : `.${suffix} is unknown`}`
    : path.startsWith("/") || path.split("/").includes("..")
      ? "files are saved inside the folder of the run"
      : null;
  if (problem !== null) {
    cx.report(
      diagnostic(
        "A5003",
        statement.to.span,
        { path, problem },
        { expected: `a name that ends in ${saveFormats.map((s) => `.${s}`).join(", ")}`, found: path },
      ),
    );
    return null;
  }
  const first = cx.saved.get(path);
  if (first !== undefined) {
    const related = [{ span: first, text: "saved here already" }];
    cx.report(diagnostic("A1003", statement.to.span, { what: `the file ${path}` }, { related }));
    return null;
  }
  cx.saved.set(path, statement.to.span);
  return { kind: "save", experiment: name, path, span: statement.span };
}
