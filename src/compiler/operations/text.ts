/** Expressions in words of the language, for the reasons of results. */
import { isOperation, type MeasureExpression, type MeasureNode, type OperationNode } from "../ir/expression.js";
import type { SiteReference } from "../models/sites.js";
import { operationNamed } from "./index.js";
import { overText, type CallForm } from "./notation.js";

/** How many characters a text of an expression has at most before its inner parts are left out. */
const longest = 72;

/** What stands for a part that is left out. */
const omitted = "…";

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
  const { written } = operationNamed(node.operation);
  const inner = node.inputs.map((input) => textOf(expression, input, depth - 1));
  const plain = (input: number): string => inner[input] ?? omitted;
  // What binds less than a word after it, or a sign beside it, stands in parentheses.
  const closed = (input: number): string => {
    const below = expression.nodes[node.inputs[input] ?? -1];
    const joined = below !== undefined && isOperation(below) && isInfix(below);
    return joined && plain(input) !== omitted ? `(${plain(input)})` : plain(input);
  };
  if (written.text !== undefined) return written.text({ plain, closed }, node.attributes);
  const { operator } = written;
  switch (operator?.kind) {
    case "infix":
      return `${closed(0)} ${operator.sign} ${closed(1)}`;
    case "prefix":
      return `${operator.sign}${/\w$/.test(operator.sign) ? " " : ""}${closed(0)}`;
    case "postfix":
      return `${closed(0)} ${operator.sign} ${operator.after(node.attributes)}`;
    case undefined:
      return callText(node, written.call, inner);
  }
}

function isInfix({ operation }: OperationNode): boolean {
  return operationNamed(operation).written.operator?.kind === "infix";
}

/** `mean(nll over pos)`, `top(x, 3 over vocab)`, `diagonal(x, offset: -1)`. */
function callText({ operation, attributes }: OperationNode, call: CallForm | null, inner: readonly string[]): string {
  const words = (...values: readonly string[]): string => [...inner, ...values].join(", ");
  switch (call?.kind) {
    case "over":
    case "pair":
      return `${operation}(${words()}${overText(attributes)})`;
    case "axis":
      return `${operation}(${words()} over ${String(attributes[call.attribute])})`;
    case "count":
      return `${operation}(${words(String(attributes["count"]))}${overText(attributes)})`;
    case "integer": {
      const value = attributes[call.attribute] ?? call.absent;
      return `${operation}(${value === call.absent ? words() : words(`${call.attribute}: ${String(value)}`)})`;
    }
    // Operations whose calls have other words say themselves what is shown (`Notation.text`).
    case "tensors":
    case "seed":
    case "entries":
    case "names":
    case "token":
    case "unembedding":
    case "gradient":
    case undefined:
      return `${operation}(${words()})`;
  }
}
