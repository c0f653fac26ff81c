/** `hypothesis "…" expect …`: what is expected, of which values, and what decides. */
import { addBehind } from "../../diagnostics/create.js";
import { nearestNames } from "../../base/suggest.js";
import type { Expectation, Hypothesis } from "../../ir/decisions.js";
import type { NamedResult } from "../../ir/protocol.js";
import { isFault } from "../../operations/operation.js";
import { infixName } from "../../operations/written.js";
import type { Expected, Expression, HypothesisStatement, Statement, StringLiteral } from "../../syntax/ast.js";
import { reportError, reportFault, wrongKind } from "../faults.js";
import { axisNames, labelOf, namedResult } from "./named-results.js";
import { isConstantResult, typeOfOperation } from "./result-axes.js";
import type { ResultContext } from "./result-context.js";
import { checkResult } from "./results.js";
import { checkTests, isWhole } from "./statistics.js";

/** The hypotheses of a protocol by their titles; of several with one title the first. */
export type Titles = ReadonlyMap<string, HypothesisStatement>;

export function titlesOf(statements: readonly Statement[]): Titles {
  const titles = new Map<string, HypothesisStatement>();
  for (const statement of statements) {
    if (statement.kind === "hypothesis" && !titles.has(statement.title.value))
      titles.set(statement.title.value, statement);
  }
  return titles;
}

const defaultAlpha = 0.05;

/** A hypothesis; null after an error, which has been reported. */
export function checkHypothesis(
  cx: ResultContext,
  statement: HypothesisStatement,
  titles: Titles,
): Omit<Hypothesis, "text" | "span"> | null {
  const { expect, alpha, title } = statement;
  if (titles.get(title.value) !== statement) {
    const hint = "verdicts and judgements name a hypothesis by its title";
    reportError(cx, "A1003", title.span, { what: `the hypothesis “${title.value}”` }, { hint });
    return null;
  }
  const tests = checkTests(cx, statement.using, "hypothesis");
  const checked = expect.members.map((member) => checkExpected(cx, member, statement, titles));
  const members = checked.flatMap((member) => member ?? []);
  if (members.length < checked.length) return null;
  const sides = members.flatMap((member) => (member.kind === "titled" ? [] : [[member.left, member.right]]));
  const values = sides.flat();
  // Each expectation is tested in every group, so each has the axes of `by`.
  const named =
    sides.length === 0 ? [axisNames(cx, statement.by, [])] : sides.map((own) => axisNames(cx, statement.by, own));
  const by = named.includes(null) ? null : (named[0] ?? null);
  if (alpha !== null && !(alpha.value > 0 && alpha.value < 1)) {
    const expected = "a level of significance between 0 and 1";
    reportError(cx, "A3005", alpha.span, { value: alpha.text, expected });
    return null;
  }
  const quantity = checkQuantity(cx, statement);
  if (by === null || tests === null || quantity === undefined) return null;
  if (!testsFit(cx, statement, values.length > 0) || !areDifferent(cx, expect.members)) return null;
  return {
    kind: "hypothesis",
    title: title.value,
    members,
    quantity,
    by,
    tests,
    alpha: alpha?.value ?? defaultAlpha,
    falsified: statement.falsified !== null,
  };
}

/** Reports an expectation or a title that is given twice, because it would count twice. */
function areDifferent(cx: ResultContext, members: readonly Expected[]): boolean {
  const seen = new Set<string>();
  for (const member of members) {
    const text = labelOf(cx, member.span);
    if (seen.has(text)) {
      reportError(cx, "A1003", member.span, { what: `the expectation ${text}` });
      return false;
    }
    seen.add(text);
  }
  return true;
}

/** Values need a test that decides; other hypotheses have theirs. */
function testsFit(
  cx: ResultContext,
  { using, title, alpha, by, expect }: HypothesisStatement,
  hasValues: boolean,
): boolean {
  if (!hasValues) {
    const extra = using[0] ?? alpha ?? by[0];
    if (extra === undefined) return true;
    const hint = "each of the hypotheses that it names is decided by its own tests, at its own level";
    const what = using.length > 0 ? "`using`" : alpha === extra ? "`alpha`" : "`by`";
    reportError(cx, "A1004", extra.span, { what, statement: "a hypothesis of other hypotheses" }, { hint });
    return false;
  }
  if (using.length > 0) return true;
  const hint = "say what decides: `using t_test`, `using permutation(10000) seed 1` …";
  const fixes = ["t_test", "permutation(10000) seed 1"].map((test) => addBehind(expect.span, ` using ${test}`));
  reportError(cx, "A2007", title.span, { metric: "the hypothesis", name: "`using`" }, { hint, fixes });
  return false;
}

/** How many must hold; null where nothing is said, undefined after an error. */
function checkQuantity(cx: ResultContext, { expect, by }: HypothesisStatement): Hypothesis["quantity"] | undefined {
  const { quantity, members } = expect;
  if (quantity === null) {
    if (members.length === 1) return null;
    const [first] = members;
    wrongKind(
      cx,
      first?.span ?? expect.span,
      "`all of`, `any of` or `2 of` before several expectations",
      `${members.length} of them`,
    );
    return undefined;
  }
  if (quantity.kind === "all") return "all";
  if (quantity.kind === "any") return 1;
  const { count } = quantity;
  if (!isWhole(cx, count, 1)) return undefined;
  if (by.length === 0 && count.value > members.length) {
    const expected = `a number of at most ${members.length}, as many as are expected`;
    const hint = "with `by`, each group counts: `2 of gains.gain < 1 by model`";
    reportError(cx, "A3005", count.span, { value: count.text, expected }, { hint });
    return undefined;
  }
  return count.value;
}

function checkExpected(
  cx: ResultContext,
  expected: Expected,
  statement: HypothesisStatement,
  titles: Titles,
): Expectation | null {
  switch (expected.kind) {
    case "titled":
      return checkTitled(cx, expected.title, statement, titles);
    case "order": {
      const { operator: operation } = expected;
      const sides = checkSides(cx, expected, infixName(operation));
      return sides === null ? null : { kind: "order", ...sides, operation };
    }
    case "equivalence": {
      const sides = checkSides(cx, expected, infixName("-"));
      const within = checkMargin(cx, expected.within);
      return sides === null || within === null ? null : { kind: "equivalence", ...sides, within };
    }
  }
}

function checkSides(
  cx: ResultContext,
  expected: Extract<Expected, { kind: "order" | "equivalence" }>,
  operation: string,
): { readonly left: NamedResult; readonly right: NamedResult } | null {
  const left = namedResult(cx, expected.left);
  const right = namedResult(cx, expected.right);
  if (left === null || right === null) return null;
  const compared = typeOfOperation(cx.results, operation, [left.expression, right.expression]);
  if (isFault(compared)) {
    reportFault(cx, expected.span, operation, compared, []);
    return null;
  }
  if (![left, right].every(({ expression }) => isConstantResult(cx.results, expression))) return { left, right };
  wrongKind(
    cx,
    expected.span,
    "a value of an experiment such as sweep.impact on one side at least",
    labelOf(cx, expected.span),
  );
  return null;
}

function checkMargin(cx: ResultContext, margin: Expression): number | null {
  const checked = checkResult({ ...cx, subject: null }, margin);
  if (checked === null) return null;
  if (checked.kind === "number" && Number.isFinite(checked.value) && checked.value > 0) return checked.value;
  const expected = "a number above 0, in the unit of the values";
  reportError(cx, "A3005", margin.span, { value: labelOf(cx, margin.span), expected });
  return null;
}

/** Another hypothesis, that this one does not depend on by way of others. */
function checkTitled(
  cx: ResultContext,
  title: StringLiteral,
  statement: HypothesisStatement,
  titles: Titles,
): Expectation | null {
  if (!titles.has(title.value)) {
    const suggestions = nearestNames(title.value, [...titles.keys()]).map((near) => JSON.stringify(near));
    const hint = "hypotheses are named by their titles, in quotes";
    reportError(cx, "A2001", title.span, { kind: "hypothesis", name: title.value }, { suggestions, hint });
    return null;
  }
  const path = circleOf(statement.title.value, title.value, titles);
  if (path === null) return { kind: "titled", title: title.value };
  reportError(cx, "A2006", title.span, { name: statement.title.value, path: path.join(" → ") });
  return null;
}

/** The way from one title through others back to it; null where there is none. */
function circleOf(from: string, to: string, titles: Titles): readonly string[] | null {
  const ways: (readonly string[])[] = [[from, to]];
  const seen = new Set<string>();
  for (let way = ways.shift(); way !== undefined; way = ways.shift()) {
    const last = way.at(-1) ?? from;
    if (last === from) return way;
    if (seen.has(last)) continue;
    seen.add(last);
    for (const member of titles.get(last)?.expect.members ?? []) {
      if (member.kind === "titled") ways.push([...way, member.title.value]);
    }
  }
  return null;
}
