/** Concrete to abstract syntax: expressions. */
import type { CstNode, IToken } from "chevrotain";
import { joinSpans, type Span } from "../base/span.js";
import type { BinaryOperator, CallExpression, Expression, Name, Positions } from "./ast.js";
import {
  type Build,
  here,
  nameOf,
  nodeOf,
  nodeSpan,
  nodesOf,
  numberOf,
  onlyNode,
  placeOf,
  stringOf,
  tokenOf,
  tokenSpan,
  tokensOf,
} from "./build-tree.js";

/** What stands where an expression is missing. */
export function missing(build: Build): Expression {
  return { kind: "missing", span: here(build) };
}

/** An expression of any level: the rule's own name decides. Missing when there is no node. */
export function buildExpression(build: Build, node: CstNode | undefined): Expression {
  if (node === undefined) return missing(build);
  switch (node.name) {
    case "expression":
    case "parenthesised":
      return buildOnly(build, node, node.name === "parenthesised");
    case "letExpression":
      return buildLet(build, node);
    case "conditional":
      return buildConditional(build, node);
    case "guarded":
    case "expectedSide":
      return buildGuarded(build, node);
    case "negation":
    case "sideNegation":
      return buildNegation(build, node);
    case "signed":
    case "rankKey":
      return buildSigned(build, node);
    case "power":
      return buildPower(build, node);
    case "postfix":
      return buildPostfix(build, node);
    case "memberAccess":
      return tokensOf(node, "member").reduce<Expression>(
        (base, token) => {
          const member = nameOf(build, token);
          return { kind: "member", base, member, span: joinSpans(base.span, member.span) };
        },
        buildPrimary(build, nodeOf(node, "primary")),
      );
    case "primary":
      return buildPrimary(build, node);
    default:
      return buildOperators(build, node);
  }
}

function buildOnly(build: Build, node: CstNode, parenthesised: boolean): Expression {
  const expression = buildExpression(build, onlyNode(node));
  if (parenthesised) {
    build.parenthesised.add(expression);
    const close = tokenOf(node, "RParen");
    if (close !== undefined) tokenSpan(build, close);
  }
  return expression;
}

function buildLet(build: Build, node: CstNode): Expression {
  const name = nameOf(build, tokenOf(node, "Name"));
  const value = buildExpression(build, nodeOf(node, "value"));
  const body = buildExpression(build, nodeOf(node, "body"));
  return { kind: "let", name, value, body, span: nodeSpan(build, node) };
}

function buildConditional(build: Build, node: CstNode): Expression {
  const [condition, yes, no] = ["condition", "yes", "no"].map((label) => buildExpression(build, nodeOf(node, label)));
  const lacking = missing(build);
  const span = nodeSpan(build, node);
  return { kind: "conditional", condition: condition ?? lacking, yes: yes ?? lacking, no: no ?? lacking, span };
}

function buildGuarded(build: Build, node: CstNode): Expression {
  const start = nodeSpan(build, node);
  let base = buildExpression(build, nodeOf(node, "base"));
  for (const part of nodesOf(node, "condition")) {
    const condition = buildExpression(build, part);
    base = { kind: "where", base, condition, span: joinSpans(emptyAt(start), nodeSpan(build, part)) };
  }
  return base;
}

/** Rules of the form `operand (operator operand)*`, from the left. */
function buildOperators(build: Build, node: CstNode): Expression {
  const operands = nodesOf(node, "operand");
  const operators = tokensOf(node, "operator");
  const whole = nodeSpan(build, node);
  let left = buildExpression(build, operands[0]);
  operators.forEach((operator, i) => {
    tokenSpan(build, operator);
    const part = operands[i + 1];
    const right = buildExpression(build, part);
    const span = joinSpans(emptyAt(whole), part === undefined ? here(build) : nodeSpan(build, part));
    left = { kind: "binary", operator: operator.image as BinaryOperator, left, right, span };
  });
  return left;
}

function buildNegation(build: Build, node: CstNode): Expression {
  const not = tokenOf(node, "Not");
  if (not === undefined) return buildExpression(build, nodeOf(node, "plain"));
  tokenSpan(build, not);
  const operand = buildExpression(build, nodeOf(node, "negated"));
  return { kind: "unary", operator: "not", operand, span: nodeSpan(build, node) };
}

function buildSigned(build: Build, node: CstNode): Expression {
  const minus = tokenOf(node, "Minus");
  if (minus === undefined) {
    const range = nodeOf(node, "numberOrRange");
    return range === undefined
      ? buildExpression(build, onlyNode(node))
      : buildNumberOrRange(build, range, tokenOf(node, "firstSign"));
  }
  tokenSpan(build, minus);
  const operand = buildExpression(build, onlyNode(node));
  return { kind: "unary", operator: "-", operand, span: nodeSpan(build, node) };
}

function buildPower(build: Build, node: CstNode): Expression {
  const base = buildExpression(build, nodeOf(node, "base"));
  if (tokenOf(node, "Caret") === undefined) return base;
  const exponent = buildExpression(build, nodeOf(node, "exponent"));
  return { kind: "binary", operator: "^", left: base, right: exponent, span: nodeSpan(build, node) };
}

function buildPostfix(build: Build, node: CstNode): Expression {
  const start = emptyAt(nodeSpan(build, node));
  let base = buildPrimary(build, nodeOf(node, "primary"));
  for (const suffix of nodesOf(node, "suffix")) {
    const span = joinSpans(start, nodeSpan(build, suffix));
    base = buildSuffix(build, base, suffix, span);
  }
  return base;
}

function buildSuffix(build: Build, base: Expression, suffix: CstNode, span: Span): Expression {
  if (tokenOf(suffix, "LBracket") !== undefined) {
    const indices = nodesOf(suffix, "index").map((index) => buildExpression(build, index));
    return { kind: "index", base, indices: indices.length === 0 ? [missing(build)] : indices, span };
  }
  if (tokenOf(suffix, "Dot") !== undefined) {
    return { kind: "member", base, member: nameOf(build, tokenOf(suffix, "member")), span };
  }
  if (tokenOf(suffix, "Last") !== undefined) {
    return { kind: "last", base, count: buildLastCount(build, nodeOf(suffix, "lastCount")), span };
  }
  if (tokenOf(suffix, "At") !== undefined) {
    return { kind: "at", base, positions: buildPositions(build, nodeOf(suffix, "positions")), span };
  }
  if (tokenOf(suffix, "Of") !== undefined) {
    return { kind: "of", base, texts: nameOf(build, tokenOf(suffix, "texts")), span };
  }
  return base;
}

function buildLastCount(build: Build, node: CstNode | undefined): Expression {
  const number = tokenOf(node, "NumberLiteral");
  if (number !== undefined) return numberOf(build, number);
  const name = tokenOf(node, "Name");
  if (name !== undefined) return { kind: "name", text: name.image, span: tokenSpan(build, name) };
  return buildExpression(build, nodeOf(node, "parenthesised"));
}

/** Positions after `at`; the last one when they are missing. */
export function buildPositions(build: Build, node: CstNode | undefined): Positions {
  const span = nodeSpan(build, node);
  const string = tokenOf(node, "StringLiteral");
  if (string !== undefined) {
    return { kind: "positions", at: { kind: "token", text: stringOf(build, string).value }, span };
  }
  if (tokenOf(node, "Continuation") !== undefined) return { kind: "positions", at: { kind: "continuation" }, span };
  if (tokenOf(node, "Star") !== undefined) return { kind: "positions", at: { kind: "all" }, span };
  const number = nodeOf(node, "numberOrRange");
  if (number === undefined) return { kind: "positions", at: { kind: "last" }, span };
  const value = buildNumberOrRange(build, number, tokenOf(node, "firstSign"));
  if (value.kind === "range") {
    return { kind: "positions", at: { kind: "range", first: value.first, last: value.last, step: value.step }, span };
  }
  const index = value.kind === "number" ? value.value : Number.NaN;
  return { kind: "positions", at: { kind: "index", index: tokenOf(node, "firstSign") ? 0 - index : index }, span };
}

/** An element of an axis: a name, a text, a place, a number or a range. Missing when there is none of them. */
export function buildLevel(build: Build, node: CstNode): Expression {
  const name = tokenOf(node, "Name");
  if (name !== undefined) return { kind: "name", text: name.image, span: tokenSpan(build, name) };
  const string = tokenOf(node, "StringLiteral");
  if (string !== undefined) return stringOf(build, string);
  const place = tokenOf(node, "PlaceLiteral");
  if (place !== undefined) return placeOf(build, place);
  const number = nodeOf(node, "numberOrRange");
  if (number === undefined) return missing(build);
  const sign = tokenOf(node, "firstSign");
  const value = buildNumberOrRange(build, number, sign);
  if (sign === undefined || value.kind === "range") return value;
  return { kind: "unary", operator: "-", operand: value, span: nodeSpan(build, node) };
}

/** A number, or a range when `..` follows. A sign before a plain number is left to the caller. */
function buildNumberOrRange(build: Build, node: CstNode, sign: IToken | undefined): Expression {
  const first = tokenOf(node, "first");
  if (tokenOf(node, "DotDot") === undefined) return numberOf(build, first);
  const last = tokenOf(node, "last");
  const signedValue = (token: IToken | undefined, minus: boolean): number => {
    const { value } = numberOf(build, token);
    return minus ? 0 - value : value;
  };
  const stepToken = tokenOf(node, "step");
  const step = stepToken === undefined ? null : signedValue(stepToken, tokenOf(node, "stepSign") !== undefined);
  const own = nodeSpan(build, node);
  build.end = own.end;
  return {
    kind: "range",
    first: signedValue(first, sign !== undefined),
    last: signedValue(last, tokenOf(node, "lastSign") !== undefined),
    step,
    span: sign === undefined ? own : { ...own, start: sign.startOffset + build.shift },
  };
}

function buildPrimary(build: Build, node: CstNode | undefined): Expression {
  if (node === undefined) return missing(build);
  const string = tokenOf(node, "StringLiteral");
  if (string !== undefined) return stringOf(build, string);
  const place = tokenOf(node, "PlaceLiteral");
  if (place !== undefined) return placeOf(build, place);
  const axis = tokenOf(node, "AxisWord");
  if (axis !== undefined) return { kind: "name", text: axis.image, span: tokenSpan(build, axis) };
  const inner = onlyNode(node);
  switch (inner?.name) {
    case "numberOrRange":
      return buildNumberOrRange(build, inner, undefined);
    case "nameOrCall":
      return buildNameOrCall(build, inner);
    case "list": {
      const items = nodesOf(inner, "item").map((item) => buildExpression(build, item));
      return { kind: "list", items, span: nodeSpan(build, inner) };
    }
    default:
      return buildExpression(build, inner);
  }
}

function buildNameOrCall(build: Build, node: CstNode): Expression {
  const callee = nameOf(build, tokenOf(node, "Name"));
  if (tokenOf(node, "LParen") === undefined) return { kind: "name", text: callee.text, span: callee.span };
  const values = nodesOf(node, "argument").map((argument) => ({
    name: tokenOf(argument, "name"),
    value: buildExpression(build, nodeOf(argument, "expression")),
    span: nodeSpan(build, argument),
  }));
  return {
    kind: "call",
    callee,
    positional: values.filter((argument) => argument.name === undefined).map((argument) => argument.value),
    named: values
      .filter((argument) => argument.name !== undefined)
      .map((argument) => ({ name: nameOf(build, argument.name), value: argument.value, span: argument.span })),
    over: buildAxisList(build, nodeOf(node, "over")),
    between: buildAxisList(build, nodeOf(node, "between")),
    span: nodeSpan(build, node),
  } satisfies CallExpression;
}

/** The names of an axis list; none when there is no list. */
export function buildAxisList(build: Build, node: CstNode | undefined): readonly Name[] {
  return nodesOf(node, "axisName").map((axis) => nameOf(build, tokenOf(axis, "name")));
}

/** An empty span where `span` starts, for joining. */
function emptyAt(span: Span): Span {
  return { ...span, end: span.start };
}
