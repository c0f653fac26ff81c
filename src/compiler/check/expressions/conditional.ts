/** `if … then … else …` in the measurement language. */
import type { Expression } from "../../syntax/ast.js";
import { applyOperation, fitsFloat32, wrongKind } from "../faults.js";
import { errorValue, type Elaboration, type Environment, type Value } from "./values.js";

type Conditional = Extract<Expression, { kind: "conditional" }>;

/** A chain `if a then x else if b then y else z`: its conditionals, from the first, and what stands after the last `else`. */
function chainOf(expression: Conditional): { readonly links: readonly Conditional[]; readonly last: Expression } {
  const links = [expression];
  let last = expression.no;
  while (last.kind === "conditional") {
    links.push(last);
    last = last.no;
  }
  return { links, last };
}

/**
 * The value of a conditional. Every branch is computed and one is chosen at each place, so that conditions may differ from
 * entry to entry. A number among the branches takes the unit of those that have one.
 */
export function elaborateConditional(cx: Elaboration, environment: Environment, expression: Conditional): Value {
  const { links, last } = chainOf(expression);
  const conditions = links.map(({ condition }) => cx.elaborate(cx, environment, condition));
  const written = [...links.map(({ yes }) => yes), last];
  const branches = written.map((branch) => cx.elaborate(cx, environment, branch));
  if ([...conditions, ...branches].some(({ kind }) => kind === "error")) return errorValue;
  for (const [i, branch] of branches.entries()) {
    const at = written[i] ?? expression;
    if (branch.kind === "layer") return wrongKind(cx, at.span, "a tensor or a number", cx.sourceOf(at.span));
    if (branch.kind === "number" && !fitsFloat32(cx, branch.value, at.span)) return errorValue;
  }
  for (const [i, condition] of conditions.entries()) {
    if (condition.kind === "tensor") continue;
    const at = links[i]?.condition ?? expression;
    return wrongKind(cx, at.span, "a condition that compares values, such as x > 0", cx.sourceOf(at.span));
  }
  const unit = branches.flatMap((value) => (value.kind === "tensor" ? [cx.builder.typeOf(value.node).unit] : []))[0];
  const typed = branches.map((value, i): Value => {
    if (value.kind !== "number" || unit === undefined || unit === "token") return value;
    const { span } = written[i] ?? expression;
    return { kind: "tensor", node: cx.builder.constant(value.value, span, unit) };
  });
  return links.reduceRight<Value>(
    (otherwise, link, i) => {
      const [condition = errorValue, yes = errorValue] = [conditions[i], typed[i]];
      if (otherwise.kind === "error") return errorValue;
      return applyOperation(cx, "if", [condition, yes, otherwise], {}, link);
    },
    typed.at(-1) ?? errorValue,
  );
}
