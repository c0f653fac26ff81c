/** The layout of expressions, with no more parentheses than the grammar needs. */
import type { Span } from "../base/span.js";
import type { Expression, Name, NamedArgument, NumberLiteral, NumberRange, Positions, StringLiteral } from "./ast.js";
import { closing, type Doc, group, indent, join, line, soft, source } from "./layout.js";
import { quote } from "./literals.js";

/** How tightly an expression binds; the same order as the rules of the grammar. */
const level = {
  let: 0,
  where: 1,
  or: 2,
  and: 3,
  not: 4,
  comparison: 5,
  sum: 6,
  product: 7,
  signed: 8,
  power: 9,
  postfix: 10,
};
export const bindingLevel = level;

const binaryLevels: Readonly<Record<string, number>> = {
  or: level.or,
  and: level.and,
  "+": level.sum,
  "-": level.sum,
  "*": level.product,
  "/": level.product,
  "^": level.power,
};
const orderOperators = new Set<string>(["<", ">", "<=", ">="]);

export function bindingOf(e: Expression): number {
  switch (e.kind) {
    case "let":
    case "conditional":
      return level.let;
    case "where":
      return level.where;
    case "binary":
      return binaryLevels[e.operator] ?? level.comparison;
    case "unary":
      return e.operator === "not" ? level.not : level.signed;
    case "range":
      // It may start with a sign, and what is written after a range reads better after a bracket.
      return level.signed;
    default:
      return level.postfix;
  }
}

/** A name where it stood. */
export const printName = (name: Name): Doc => [source(name.span.start), name.text];
/** A string where it stood. */
export const printString = (string: StringLiteral): Doc => [source(string.span.start), quote(string.value)];
/** A number as it was written. */
export const printNumber = (number: NumberLiteral): Doc => [source(number.span.start), number.text];
/** Names with commas, broken after commas. */
export const printNames = (names: readonly Name[]): Doc => join(names.map(printName), [",", line]);

/**
 * An expression where the grammar wants one that binds at least as tightly as `least`. `inExpectation`: a side of a
 * hypothesis, in whose conditions `<` needs parentheses.
 */
export function printExpression(e: Expression, least = 0, inExpectation = false): Doc {
  const ambiguous = inExpectation && e.kind === "binary" && orderOperators.has(e.operator);
  if (bindingOf(e) < least || ambiguous) return parenthesised(e);
  return printBare(e, inExpectation);
}

/** An expression in parentheses, whatever it is. */
export function parenthesised(e: Expression): Doc {
  return group("(", indent(soft, printBare(e, false)), soft, ")");
}

function printBare(e: Expression, inExpectation: boolean): Doc {
  const start = source(e.span.start);
  switch (e.kind) {
    case "missing":
      return "";
    case "string":
      return [start, quote(e.value)];
    case "number":
    case "place":
    case "name":
      return [start, e.text];
    case "range":
      return [start, rangeText(e)];
    case "list":
      return printBracketed(
        e.items.map((item) => printExpression(item)),
        endOf(e.items, e.span.start + 1),
      );
    case "call":
      return printCall(e);
    case "metricUse":
      return group(printName(e.metric), indent(e.arguments.map((pair) => [line, printPair(pair)])));
    case "index":
      return [
        printExpression(e.base, level.postfix),
        printBracketed(
          e.indices.map((index) => printExpression(index)),
          endOf(e.indices, e.base.span.end),
        ),
      ];
    case "member":
      // `L5.H3` would be read as one place.
      return [
        e.base.kind === "place" ? parenthesised(e.base) : printExpression(e.base, level.postfix),
        ".",
        printName(e.member),
      ];
    case "last":
      return [printExpression(e.base, level.postfix), " last ", printCount(e.count)];
    case "at":
      return [printExpression(e.base, level.postfix), " ", printPositions(e.positions)];
    case "of":
      return [printExpression(e.base, level.postfix), " of ", printName(e.texts)];
    case "where":
      return [
        printExpression(
          e.base,
          e.base.kind === "where" ? level.where : inExpectation ? level.sum : level.or,
          inExpectation,
        ),
        indent(line, "where ", group(printExpression(e.condition, level.or, inExpectation))),
      ];
    case "let":
      return [
        [start, "let ", printName(e.name), " = ", indent(group(printExpression(e.value, level.sum))), " in", line],
        printExpression(e.body),
      ];
    case "conditional":
      return printConditional(e);
    case "unary":
      return printUnary(e.operator, e.operand, inExpectation);
    case "binary":
      return printBinary(e, inExpectation);
  }
}

/** Branches stand below one another where they do not fit on a line; an `else if` follows its `else`. */
function printConditional(e: Expression & { kind: "conditional" }): Doc {
  const condition = group("if ", indent(printExpression(e.condition, level.or)));
  return [
    [source(e.span.start), condition, indent(line, "then ", group(printExpression(e.yes)))],
    [line, "else "],
    e.no.kind === "conditional" ? printConditional(e.no) : indent(group(printExpression(e.no))),
  ];
}

function printUnary(operator: "-" | "not", operand: Expression, inExpectation: boolean): Doc {
  if (operator === "not") return ["not ", printExpression(operand, level.not, inExpectation)];
  // `-0..10` would be read as a range that starts at -0.
  return ["-", operand.kind === "range" ? parenthesised(operand) : printExpression(operand, level.signed)];
}

function printBinary(e: Expression & { kind: "binary" }, inExpectation: boolean): Doc {
  const own = bindingOf(e);
  if (own === level.power) {
    return [printExpression(e.left, level.postfix), "^", printExpression(e.right, level.signed)];
  }
  const comparison = own === level.comparison;
  const keep = inExpectation && own < level.comparison;
  const left = printExpression(e.left, comparison ? level.sum : own, keep);
  const right = printExpression(e.right, comparison ? level.sum : own + 1, keep);
  // Operands of one chain break together; what binds tighter breaks only when it must.
  const inChain = e.left.kind === "binary" && bindingOf(e.left) === own;
  return [inChain ? left : group(left), indent(line, e.operator, " ", group(right))];
}

function printCall(e: Expression & { kind: "call" }): Doc {
  const values = [
    ...e.positional.map((value) => group(printExpression(value))),
    ...e.named.map((argument) => [printName(argument.name), ": ", group(printExpression(argument.value))]),
  ];
  const axes = [
    ...(e.over.length === 0 ? [] : [group("over ", indent(printNames(e.over)))]),
    ...(e.between.length === 0 ? [] : [group("between ", indent(printNames(e.between)))]),
  ];
  const inner = join([...(values.length === 0 ? [] : [join(values, [",", line])]), ...axes], line);
  return [
    printName(e.callee),
    values.length + axes.length === 0 ? "()" : group("(", indent(soft, inner, source(e.span.end - 1)), soft, ")"),
  ];
}

/** Items in brackets, each on its own line when they do not fit on one; `end` is where the last item ends. */
export function printBracketed(items: readonly Doc[], end: number): Doc {
  if (items.length === 0) return ["[", closing(end), "]"];
  const inner = join(
    items.map((item) => group(item)),
    [",", line],
  );
  return group("[", indent(soft, inner, closing(end)), soft, "]");
}

/** Where the last of some nodes ends; `otherwise` when there is none. */
export function endOf(nodes: readonly { readonly span: Span }[], otherwise: number): number {
  return nodes.at(-1)?.span.end ?? otherwise;
}

/** `param value`, with the value in the short form that the grammar takes there. */
export function printPair(pair: NamedArgument): Doc {
  return [printName(pair.name), " ", printShort(pair.value)];
}

/** An expression where only a value with members, perhaps with a sign, may stand without parentheses. */
export function printShort(e: Expression): Doc {
  if (e.kind === "unary" && e.operator === "-" && isShort(e.operand)) return ["-", printShort(e.operand)];
  return isShort(e) ? printExpression(e) : parenthesised(e);
}

function isShort(e: Expression): boolean {
  switch (e.kind) {
    case "number":
    case "string":
    case "place":
    case "list":
    case "call":
      return true;
    case "range":
      return e.first >= 0;
    case "name":
      return e.text !== "model" && e.text !== "prompts";
    case "member":
      return isShort(e.base);
    default:
      return false;
  }
}

function printCount(e: Expression): Doc {
  const plain = e.kind === "number" || (e.kind === "name" && isShort(e));
  return plain ? printExpression(e) : parenthesised(e);
}

function rangeText({ first, last, step }: Pick<NumberRange, "first" | "last" | "step">): string {
  return `${first}..${last}${step === null ? "" : ` step ${step}`}`;
}

/** `at` and positions. */
export function printPositions({ at, span }: Positions): Doc {
  const text =
    at.kind === "last" || at.kind === "continuation"
      ? at.kind
      : at.kind === "index"
        ? String(at.index)
        : at.kind === "range"
          ? rangeText(at)
          : at.kind === "all"
            ? "*"
            : `token ${quote(at.text)}`;
  return [source(span.start), `at ${text}`];
}
