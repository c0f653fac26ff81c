/** Statements that compare and decide (§8 of the language). */
import type { Decision } from "../../ir/protocol.js";
import type {
  ClassifyStatement,
  CompareStatement,
  CorrelateStatement,
  Expression,
  FindStatement,
  Name,
  PcaStatement,
  Statement,
} from "../../syntax/ast.js";
import { reportError, wrongKind } from "../faults.js";
import { checkHypothesis, type Titles } from "./hypotheses.js";
import { axisNames, labelOf, measuredNumbers, shareAxis } from "./named-results.js";
import { axesOf, checkCoordinates } from "./result-axes.js";
import type { ResultContext } from "./result-context.js";
import { unknownResult } from "../names/unknown-results.js";
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
  const axes = axisNames(cx, [statement.axis], [value]);
  const levels = checkLevels(cx, statement.levels);
  if (axes === null || levels === null || tests === null || correction === null) return null;
  const of = axesOf(cx.results, value.expression);
  const { text } = statement.axis;
  const known = statement.levels.every((level) => checkCoordinates(cx, text, [level.text], level.span, of));
  if (!known) return null;
  return {
    kind: "compare",
    value,
    axis: text,
    levels,
    tests: tests.length > 0 ? tests : [{ name: "welch_t", count: null, seed: null }],
    correction: correction === "none" ? null : correction,
  };
}

/** Two or more different levels. */
function checkLevels(cx: ResultContext, levels: readonly Name[]): readonly string[] | null {
  const twice = levels.find((level, i) => levels.findIndex((other) => other.text === level.text) < i);
  if (twice !== undefined) {
    reportError(cx, "A1003", twice.span, { what: twice.text });
    return null;
  }
  const [only, second] = levels;
  if (only !== undefined && second === undefined) {
    wrongKind(cx, only.span, "two levels or more to compare", only.text);
    return null;
  }
  return only === undefined ? null : levels.map((level) => level.text);
}

function checkCorrelate(cx: ResultContext, statement: CorrelateStatement): Checked | null {
  const tests = checkTests(cx, statement.using, "correlate");
  if (!isValueName(cx, statement.right)) return null;
  const left = measuredNumbers(cx, statement.left, "`correlate`");
  const right = measuredNumbers(cx, statement.right, "`correlate`");
  if (left === null || right === null || !shareAxis(cx, left, right, statement.right)) return null;
  const by = axisNames(cx, statement.by, [left, right]);
  if (by === null || tests === null) return null;
  const used = tests.length > 0 ? tests : [{ name: "pearson", count: null, seed: null }];
  return { kind: "correlate", left, right, by, tests: used };
}

/** Reports a word after `with` that is no value: `correlate a with regression`. */
function isValueName(cx: ResultContext, right: Expression): boolean {
  const { lets, experiments } = cx.results;
  if (right.kind !== "name" || lets.has(right.text) || experiments.has(right.text)) return true;
  const known = [...experiments.keys(), ...lets.keys()];
  const { suggestions = [] } = unknownResult(right.text, known);
  const [example = "sweep"] = known;
  const hint = `\`with\` takes the value to correlate with, such as ${example}.loss; how follows \`using\`: pearson or spearman`;
  reportError(cx, "A2011", right.span, { name: right.text }, { suggestions, hint });
  return false;
}

function checkFind(cx: ResultContext, statement: FindStatement): Checked | null {
  const value = measuredNumbers(cx, statement.of, "`find`");
  const axes = value === null ? null : axisNames(cx, [statement.over, ...statement.by], [value]);
  if (value === null || axes === null) return null;
  return { kind: "find", what: statement.what, value, over: statement.over.text, by: axes.slice(1) };
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
