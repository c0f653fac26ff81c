/** Statements that compare and decide (§8 of the language). */
import type { Coordinate, Decision } from "../../ir/protocol.js";
import type {
  ClassifyStatement,
  CompareStatement,
  Expression,
  FindStatement,
  FitStatement,
  PcaStatement,
  Statement,
} from "../../syntax/ast.js";
import { reportError, wrongKind } from "../faults.js";
import { checkCorrelate } from "./correlations.js";
import { checkHypothesis, type Titles } from "./hypotheses.js";
import { axisNames, labelOf, measuredNumbers } from "./named-results.js";
import { isNumericAxis } from "./numeric-axis.js";
import { checkProbe } from "./probes.js";
import { coordinatesOf } from "./result-coordinates.js";
import { axesOf, checkCoordinates, type ResultAxes } from "./result-axes.js";
import type { ResultContext } from "./result-context.js";
import { checkCorrection, checkTests, isWhole } from "./statistics.js";

/** A decision as its own check makes it, before its text is put beside it. */
type Unstated<D> = D extends unknown ? Omit<D, "text" | "span"> : never;
type Checked = Unstated<Decision>;

/**
 * The decision that a statement asks for; null for any other statement and after an error.
 * @param titles of all hypotheses of the protocol.
 */
export function checkDecision(cx: ResultContext, statement: Statement, titles: Titles): Decision | null {
  const checked = checkStatement(cx, statement, titles);
  if (checked === null) return null;
  return { ...checked, text: labelOf(cx, statement.span), span: statement.span };
}

function checkStatement(cx: ResultContext, statement: Statement, titles: Titles): Checked | null {
  switch (statement.kind) {
    case "compare":
      return checkCompare(cx, statement);
    case "correlate":
      return checkCorrelate(cx, statement);
    case "hypothesis":
      return checkHypothesis(cx, statement, titles);
    case "find":
      return checkFind(cx, statement);
    case "pca":
      return checkPca(cx, statement);
    case "probe":
      return checkProbe(cx, statement);
    case "fit":
      return checkFit(cx, statement);
    case "classify":
      return checkClassify(cx, statement);
    default:
      return null;
  }
}

function checkCompare(cx: ResultContext, statement: CompareStatement): Checked | null {
  const tests = checkTests(cx, statement.using, "compare");
  const correction = checkCorrection(cx, statement.correct);
  const value = measuredNumbers(cx, statement.value, "`compare`");
  if (value === null) return null;
  const axes = axisNames(cx, [statement.axis, ...statement.by], [value]);
  if (axes === null || tests === null || correction === null) return null;
  const of = axesOf(cx.results, value.expression);
  const { text, span } = statement.axis;
  const gone = statement.by.find((axis) =>
    of.decided.some((decided) => decided.name === axis.text && decided.of.includes(text)),
  );
  if (gone !== undefined) {
    const found = `${gone.text}, which follows from ${text}`;
    wrongKind(cx, gone.span, "an axis along which the same levels are measured again", found);
    return null;
  }
  const levels = checkLevels(cx, text, statement.levels, of);
  if (levels === null) return null;
  const known = of.axes.get(text) ?? null;
  if (levels.length === 0 && known !== null && known.size < 2 && of.complete) {
    wrongKind(cx, span, "an axis of two levels or more to compare", `${text} with ${[...known].join(", ") || "none"}`);
    return null;
  }
  return {
    kind: "compare",
    value,
    axis: text,
    levels: levels.length === 0 ? null : levels,
    by: axes.slice(1),
    tests: tests.length > 0 ? tests : [{ name: "welch_t", count: null, seed: null }],
    correction: correction === "none" ? null : correction,
  };
}

/** Two or more different levels that the axis has; null after an error, which has been reported. */
function checkLevels(
  cx: ResultContext,
  axis: string,
  written: readonly Expression[],
  of: ResultAxes,
): readonly Coordinate[] | null {
  const levels: Coordinate[] = [];
  for (const expression of written) {
    const own = coordinatesOf(cx, expression);
    if (own === null) return null;
    for (const level of own) {
      if (levels.some((other) => String(other) === String(level))) {
        reportError(cx, "A1003", expression.span, { what: String(level) });
        return null;
      }
      if (!checkCoordinates(cx, axis, [level], expression.span, of)) return null;
      levels.push(level);
    }
  }
  const [only, second] = levels;
  const [first] = written;
  if (only !== undefined && first !== undefined && second === undefined) {
    wrongKind(cx, first.span, "two levels or more to compare", String(only));
    return null;
  }
  return levels;
}

function checkFind(cx: ResultContext, statement: FindStatement): Checked | null {
  const value = measuredNumbers(cx, statement.of, "`find`");
  const axes = value === null ? null : axisNames(cx, [statement.over, ...statement.by], [value]);
  if (value === null || axes === null) return null;
  return { kind: "find", what: statement.what, value, over: statement.over.text, by: axes.slice(1) };
}

function checkFit(cx: ResultContext, statement: FitStatement): Checked | null {
  const value = measuredNumbers(cx, statement.of, "`fit`");
  const axes = value === null ? null : axisNames(cx, [statement.over, ...statement.by], [value]);
  if (value === null || axes === null) return null;
  if (!isNumericAxis(cx, statement.over, axesOf(cx.results, value.expression))) return null;
  return { kind: "fit", curve: statement.curve, value, over: statement.over.text, by: axes.slice(1) };
}

const defaultComponents = 2;

function checkPca(cx: ResultContext, statement: PcaStatement): Checked | null {
  const { components } = statement;
  const value = measuredNumbers(cx, statement.of, "`pca`");
  const axes = value === null ? null : axisNames(cx, [statement.over], [value]);
  if (components !== null && !isWhole(cx, components, 1)) return null;
  if (value === null || axes === null) return null;
  return { kind: "pca", value, over: statement.over.text, components: components?.value ?? defaultComponents };
}

function checkClassify(cx: ResultContext, statement: ClassifyStatement): Checked | null {
  const value = measuredNumbers(cx, statement.value, "`classify`");
  const { classes } = statement;
  for (const [i, { name, below }] of classes.entries()) {
    if (classes.findIndex((other) => other.name.text === name.text) < i) {
      reportError(cx, "A1003", name.span, { what: `the class ${name.text}` });
      return null;
    }
    if (below === null && i < classes.length - 1) {
      const hint = "only the last class may have no bound: it takes what is left";
      reportError(cx, "A2007", name.span, { metric: name.text, name: "its bound" }, { hint });
      return null;
    }
    const before = classes[i - 1]?.below ?? null;
    if (below !== null && before !== null && below.value <= before.value) {
      const hint = "bounds rise from class to class";
      reportError(cx, "A3005", below.span, { value: below.text, expected: `a bound above ${before.text}` }, { hint });
      return null;
    }
  }
  if (value === null) return null;
  const bounds = classes.map(({ name, below }) => ({ name: name.text, below: below?.value ?? null }));
  return { kind: "classify", value, classes: bounds };
}
