/** What is used of the template library's syntax trees, scopes and interpreter. */
import type { RuntimeValue } from "./template-python.js";

/** A node of the library's syntax tree, with the fields that are read here. */
export interface TemplateNode {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** The names of a scope. */
export interface TemplateScope {
  readonly variables: Map<string, RuntimeValue>;
  set(name: string, value: unknown): unknown;
}

/** The methods of the library's interpreter that are replaced or called. */
export interface Interpreter {
  evaluate: (node: TemplateNode | undefined, scope: TemplateScope) => RuntimeValue;
  evaluateBlock: (nodes: readonly TemplateNode[], scope: TemplateScope) => RuntimeValue;
  evaluateFor: (node: TemplateNode, scope: TemplateScope) => RuntimeValue;
  evaluateMacro: (node: TemplateNode, scope: TemplateScope) => RuntimeValue;
  run(program: object): RuntimeValue;
}

/** A node whose value is known. */
export function given(value: RuntimeValue): TemplateNode {
  return { type: "Given", value };
}

/** The outermost scope, whose `true` and `false` no template has renamed. */
export function topOf(scope: TemplateScope): TemplateScope {
  let top = scope as TemplateScope & { readonly parent?: TemplateScope };
  while (top.parent !== undefined) top = top.parent;
  return top;
}

/** `message.tools`: what is written, as far as it is names. */
export function sourceOf(node: unknown): string {
  const { type, object, property, value } = node as TemplateNode & { readonly property?: TemplateNode };
  if (type === "Identifier") return `\`${String(value)}\``;
  if (type !== "MemberExpression") return "a value";
  const part = property?.type === "Identifier" || property?.type === "StringLiteral" ? String(property["value"]) : null;
  const whole = sourceOf(object);
  return part === null || !whole.startsWith("`") ? "a value" : `${whole.slice(0, -1)}.${part}\``;
}
