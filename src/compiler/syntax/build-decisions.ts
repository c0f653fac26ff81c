/** Concrete to abstract syntax: what is done with results. */
import type { CstNode } from "chevrotain";
import type {
  ClassifyStatement,
  CompareStatement,
  CorrelateStatement,
  Expectation,
  Expected,
  FindStatement,
  FitCurve,
  FitStatement,
  HypothesisStatement,
  IntervalClause,
  Name,
  NumberLiteral,
  PcaStatement,
  ProbeStatement,
  Quantity,
  SaveStatement,
  TableStatement,
  TableValue,
  TestUse,
} from "./ast.js";
import { buildAxisList, buildExpression, buildLevel, missing } from "./build-expressions.js";
import {
  type Build,
  nameOf,
  namesOf,
  nodeOf,
  nodeSpan,
  nodesOf,
  numberOf,
  numberOrNull,
  once,
  stringOf,
  tokenOf,
  tokenSpan,
  tokensOf,
} from "./build-tree.js";

export function buildBy(build: Build, node: CstNode): readonly Name[] {
  return buildAxisList(build, nodeOf(once(build, nodesOf(node, "byAxes"), "`by`"), "axisList"));
}

function buildUsing(build: Build, node: CstNode): readonly TestUse[] {
  const clause = once(build, nodesOf(node, "usingClause"), "`using`");
  return nodesOf(clause, "testUse").map((test) => buildTestUse(build, test));
}

function buildTestUse(build: Build, test: CstNode): TestUse {
  return {
    name: nameOf(build, tokenOf(test, "Name")),
    count: numberOrNull(build, tokenOf(test, "count")),
    seed: numberOrNull(build, tokenOf(test, "seed")),
    span: nodeSpan(build, test),
  };
}

/** `with ci …` among these clauses. */
export function buildInterval(build: Build, clauses: readonly CstNode[]): IntervalClause | null {
  const clause = once(build, clauses, "`with ci`");
  if (clause === undefined) return null;
  const draws = nodeOf(clause, "testUse");
  return {
    off: tokenOf(clause, "off") !== undefined,
    level: numberOrNull(build, tokenOf(clause, "level")),
    draws: draws === undefined ? null : buildTestUse(build, draws),
    span: nodeSpan(build, clause),
  };
}

function buildCorrect(build: Build, node: CstNode): Name | null {
  const clause = once(build, nodesOf(node, "correctClause"), "`correct`");
  return clause === undefined ? null : nameOf(build, tokenOf(clause, "method"));
}

function axisOf(build: Build, node: CstNode): Name {
  return nameOf(build, tokenOf(nodeOf(node, "axisName"), "name"));
}

/** `compare value between axis levels …`. */
export function buildCompare(build: Build, node: CstNode): CompareStatement {
  const value = buildExpression(build, nodeOf(node, "expression"));
  const axis = nameOf(build, tokenOf(node, "axis"));
  const levels = nodesOf(nodeOf(node, "levelList"), "level").map((level) => buildLevel(build, level));
  const by = buildBy(build, node);
  const using = buildUsing(build, node);
  return {
    kind: "compare",
    value,
    axis,
    levels,
    by,
    using,
    correct: buildCorrect(build, node),
    span: nodeSpan(build, node),
  };
}

/** `correlate left with right …`, `correlate value between axes …`. */
export function buildCorrelate(build: Build, node: CstNode): CorrelateStatement {
  const left = buildExpression(build, nodeOf(node, "left"));
  const axes = nodeOf(node, "between");
  const between = buildAxisList(build, axes);
  const right = axes === undefined ? buildExpression(build, nodeOf(node, "right")) : null;
  const by = buildBy(build, node);
  const using = buildUsing(build, node);
  const correct = buildCorrect(build, node);
  return { kind: "correlate", left, right, between, by, using, correct, span: nodeSpan(build, node) };
}

/** `hypothesis "…" expect a < b …`. */
export function buildHypothesis(build: Build, node: CstNode): HypothesisStatement {
  const title = stringOf(build, tokenOf(node, "StringLiteral"));
  const expect = buildExpectation(build, nodeOf(node, "expectation"));
  const by = buildBy(build, node);
  const using = buildUsing(build, node);
  const alpha = numberOrNull(build, once(build, tokensOf(node, "NumberLiteral"), "`alpha`"));
  const otherwise = once(build, tokensOf(node, "else"), "`else`");
  const falsified =
    otherwise === undefined ? null : ({ kind: "notSupported", span: tokenSpan(build, otherwise) } as const);
  return { kind: "hypothesis", title, expect, by, using, alpha, falsified, span: nodeSpan(build, node) };
}

function buildExpectation(build: Build, node: CstNode | undefined): Expectation {
  const members = nodesOf(node, "expected").map((member) => buildExpected(build, member));
  const [first] = members;
  const written = nodeOf(node, "quantity");
  return {
    quantity: written === undefined ? null : buildQuantity(build, written),
    members,
    span: node === undefined ? (first?.span ?? missing(build).span) : nodeSpan(build, node),
  };
}

function buildQuantity(build: Build, node: CstNode): Quantity {
  const span = nodeSpan(build, node);
  const count = tokenOf(node, "count");
  if (count !== undefined) return { kind: "count", count: numberOf(build, count), span };
  return { kind: tokenOf(node, "word")?.image === "any" ? "any" : "all", span };
}

function buildExpected(build: Build, node: CstNode): Expected {
  const span = nodeSpan(build, node);
  const title = tokenOf(node, "title");
  if (title !== undefined) return { kind: "titled", title: stringOf(build, title), span };
  const [leftNode, rightNode] = nodesOf(node, "operand");
  const left = buildExpression(build, leftNode);
  const right = buildExpression(build, rightNode);
  if (tokenOf(node, "Equivalent") !== undefined) {
    return { kind: "equivalence", left, right, within: buildExpression(build, nodeOf(node, "margin")), span };
  }
  const operator = tokenOf(node, "operator")?.image ?? "<";
  return { kind: "order", operator: operator as "<" | ">" | "<=" | ">=", left, right, span };
}

/** `find what of value over axis`. */
export function buildFind(build: Build, node: CstNode): FindStatement {
  const what = (tokenOf(node, "what")?.image ?? "peak") as FindStatement["what"];
  const of = buildExpression(build, nodeOf(node, "expression"));
  const over = axisOf(build, node);
  return { kind: "find", what, of, over, by: buildBy(build, node), span: nodeSpan(build, node) };
}

/** `pca of value over axis components n`. */
export function buildPca(build: Build, node: CstNode): PcaStatement {
  const of = buildExpression(build, nodeOf(node, "expression"));
  const over = axisOf(build, node);
  const components = numberOrNull(build, tokenOf(node, "NumberLiteral"));
  return { kind: "pca", of, over, components, span: nodeSpan(build, node) };
}

/** `probe field from value over axes …`. */
export function buildProbe(build: Build, node: CstNode): ProbeStatement {
  const options = nodesOf(node, "probeOption");
  const given = (key: string, what: string): CstNode | undefined => {
    const named = options.filter((option) => tokenOf(option, key) !== undefined);
    return once(build, named, `\`${what}\``);
  };
  const number = (key: string, what: string): NumberLiteral | null =>
    numberOrNull(build, tokenOf(given(key, what), "NumberLiteral"));
  const together = given("Together", "together");
  const name = given("as", "as NAME");
  return {
    kind: "probe",
    field: nameOf(build, tokenOf(node, "field")),
    from: buildExpression(build, nodeOf(node, "expression")),
    over: buildAxisList(build, nodeOf(node, "over")),
    by: buildBy(build, node),
    classes: given("Classes", "as classes") !== undefined,
    folds: number("Folds", "folds"),
    together: together === undefined ? null : nameOf(build, tokenOf(together, "together")),
    penalty: number("Penalty", "penalty"),
    seed: number("Seed", "seed"),
    as: name === undefined ? null : nameOf(build, tokenOf(name, "as")),
    using: buildUsing(build, node),
    span: nodeSpan(build, node),
  };
}

/** `fit curve of value over axis`. */
export function buildFit(build: Build, node: CstNode): FitStatement {
  const curve = (tokenOf(node, "curve")?.image ?? "linear") as FitCurve;
  const of = buildExpression(build, nodeOf(node, "expression"));
  const over = axisOf(build, node);
  return { kind: "fit", curve, of, over, by: buildBy(build, node), span: nodeSpan(build, node) };
}

/** `classify value as name < bound, …`. */
export function buildClassify(build: Build, node: CstNode): ClassifyStatement {
  const value = buildExpression(build, nodeOf(node, "expression"));
  const classes = nodesOf(node, "classBound").map((bound) => ({
    name: nameOf(build, tokenOf(bound, "Name")),
    below: numberOrNull(build, tokenOf(bound, "NumberLiteral")),
  }));
  return { kind: "classify", value, classes, span: nodeSpan(build, node) };
}

/** `table value …`. */
export function buildTable(build: Build, node: CstNode): TableStatement {
  return { ...tableOf(build, nodeOf(node, "tableBody")), span: nodeSpan(build, node) };
}

/** What a table shows and how, of the rule that `table` and `save` have in common. */
function tableOf(build: Build, node: CstNode | undefined): TableStatement {
  const options = nodesOf(node, "tableOption");
  const option = (key: string, word: string): CstNode | undefined =>
    once(
      build,
      options.filter((candidate) => tokenOf(candidate, key) !== undefined),
      `\`${word}\``,
    );
  const count = (key: string, word: string, value: string): NumberLiteral | null => {
    const found = option(key, word);
    return found === undefined ? null : numberOf(build, tokenOf(found, value));
  };
  const winner = option("Winner", "winner");
  const where = option("Where", "where");
  const by = option("By", "by");
  const across = option("Across", "across");
  const ranked = option("Rank", "with rank");
  const caption = option("Caption", "caption");
  const values = nodesOf(node, "tableValue").map((value): TableValue => {
    const notation = tokenOf(value, "notation")?.image;
    return {
      value: buildExpression(build, nodeOf(value, "disjunction")),
      notation: notation === "percent" || notation === "ratio" ? notation : null,
      span: nodeSpan(build, value),
    };
  });
  const nothing = missing(build);
  return {
    kind: "table",
    of: values.length === 0 ? [{ value: nothing, notation: null, span: nothing.span }] : values,
    winner:
      winner === undefined
        ? null
        : {
            which: tokenOf(winner, "which")?.image === "highest" ? "highest" : "lowest",
            among: namesOf(build, nodeOf(winner, "nameList"), "Name"),
          },
    top: count("Top", "top", "top"),
    where: where === undefined ? null : buildExpression(build, nodeOf(where, "where")),
    by: nodesOf(by, "by").map((key) => buildExpression(build, key)),
    across: buildAxisList(build, nodeOf(across, "across")),
    context: count("Context", "context", "context"),
    ranked: ranked === undefined ? null : { span: nodeSpan(build, ranked) },
    caption: caption === undefined ? null : stringOf(build, tokenOf(caption, "caption")),
    ci: buildInterval(
      build,
      options.flatMap((candidate) => nodesOf(candidate, "intervalClause")),
    ),
    span: node === undefined ? nothing.span : nodeSpan(build, node),
  };
}

/** `save value … to "path"`. */
export function buildSave(build: Build, node: CstNode): SaveStatement {
  const table = tableOf(build, nodeOf(node, "tableBody"));
  return { kind: "save", table, to: stringOf(build, tokenOf(node, "StringLiteral")), span: nodeSpan(build, node) };
}
