/** Expressions in words of the language, for the reasons of results. */
import { isOperation, type MeasureExpression, type MeasureNode, type OperationNode } from "../ir/expression.js";
import type { SiteReference } from "../models/sites.js";

/** How many characters a text of an expression has at most before its inner parts are left out. */
const longest = 72;

/** What stands for a part that is left out. */
const omitted = "…";

const signs: Readonly<Record<string, string>> = {
  add: "+",
  subtract: "-",
  multiply: "*",
  divide: "/",
  power: "^",
  less: "<",
  greater: ">",
  lessEqual: "<=",
  greaterEqual: ">=",
  equal: "is",
  and: "and",
  or: "or",
  where: "where",
};

/** `resid_post[L3]`, `nll`: a site as the language writes it. */
export function siteText({ site, layer }: SiteReference): string {
  return layer === null ? site : `${site}[L${layer}]`;
}

/** A node of an expression as the language would write it, metrics unfolded; inner parts of a long one are left out. */
export function expressionText(expression: MeasureExpression, node: number = expression.result): string {
  let fitting = textOf(expression, node, 1);
  // From the outside in: an expression that shares its parts can be far longer than it is large.
  for (let depth = 2; fitting.includes(omitted); depth++) {
    const text = textOf(expression, node, depth);
    if (text.length > longest) break;
    fitting = text;
  }
  return fitting;
}

function textOf(expression: MeasureExpression, index: number, depth: number): string {
  const node = expression.nodes[index];
  if (node === undefined || depth === 0) return omitted;
  return isOperation(node) ? operationText(expression, node, depth) : leafText(node, depth);
}

function leafText(node: Exclude<MeasureNode, OperationNode>, depth: number): string {
  switch (node.kind) {
    case "site":
      return siteText(node.site);
    case "given": {
      const { texts, take, expression } = node.source;
      const value = `${textOf(expression, expression.result, depth - 1)} of ${texts}`;
      return take === "mean" ? `mean(${value})` : `(${value})`;
    }
    case "parameter":
      return node.parameter;
    case "ids":
      return "target";
    case "text":
      return node.quantity;
    case "constant":
      return node.type.unit === "token" ? "a token" : String(node.value);
  }
}

function operationText(expression: MeasureExpression, node: OperationNode, depth: number): string {
  const { operation, attributes } = node;
  const inner = node.inputs.map((input) => textOf(expression, input, depth - 1));
  // What binds less than a word after it, or a sign beside it, stands in parentheses.
  const operands = node.inputs.map((input, i) => {
    const below = expression.nodes[input];
    const text = inner[i] ?? omitted;
    const joined = below !== undefined && isOperation(below) && (signs[below.operation] ?? "") !== "";
    return joined && text !== omitted ? `(${text})` : text;
  });
  const [first = omitted, second = omitted] = operands;
  const sign = signs[operation];
  if (sign !== undefined) return `${first} ${sign} ${second}`;
  const { count, index, axis, offset } = attributes;
  switch (operation) {
    case "negate":
      return `-${first}`;
    case "not":
      return `not ${first}`;
    // The words of other operations say what these do.
    case "rename":
    case "scored":
      return inner[0] ?? omitted;
    case "last":
      return `${first} last ${String(count)}`;
    case "at":
      if (axis !== undefined && axis !== "pos")
        return `select(${inner[0] ?? omitted}, ${String(axis)}: ${String(index)})`;
      return index === -1 ? `${first} at last` : `${first} at ${String(index)}`;
    case "slice":
      return `${first} at ${String(attributes["first"])}..${String(attributes["last"])}`;
    case "select":
      return `select(${inner[0] ?? omitted}, ${String(axis)}: ${String(index)})`;
    case "pick":
      return `${first}[${inner[1] ?? omitted}]`;
    case "project":
      return `unembed(${inner[0] ?? omitted})`;
    case "unembedding":
      return `unembedding(${inner[1] ?? omitted})`;
    case "diagonal":
      return `diagonal(${[inner[0] ?? omitted, ...(offset ? [`offset: ${String(offset)}`] : [])].join(", ")})`;
    default:
      return callText(node, inner);
  }
}

/** `mean(nll over pos)`, `top(x, 3 over vocab)`, `pearson(x over entry between head)`. */
function callText({ operation, attributes }: OperationNode, inner: readonly string[]): string {
  const { over, row, between, count } = attributes;
  const axes = typeof row === "string" ? [row] : Array.isArray(over) ? (over as readonly string[]) : [];
  const values = count === undefined ? inner : [...inner, String(count)];
  const along = axes.length === 0 ? "" : ` over ${axes.join(", ")}`;
  const pairs = typeof between === "string" ? ` between ${between}` : "";
  return `${operation.replace(/_between$/, "")}(${values.join(", ")}${along}${pairs})`;
}
