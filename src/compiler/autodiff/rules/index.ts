/** The derivative rules by operator. */
import type { GradientRule } from "../rule.js";
import { elementwiseRules } from "./elementwise.js";
import { entryRules } from "./entries.js";
import { productRules } from "./products.js";
import { reductionRules } from "./reductions.js";
import { scan } from "./scan.js";

const rules: ReadonlyMap<string, GradientRule> = new Map(
  [elementwiseRules, entryRules, productRules, reductionRules, { Scan: scan }].flatMap((table) =>
    Object.entries(table),
  ),
);

/** Operators that have a derivative rule. */
export const differentiable: readonly string[] = [...rules.keys()];

/** The rule of an operator. @throws RangeError (a fault of ours) for one that has none */
export function ruleOf(op: string): GradientRule {
  const rule = rules.get(op);
  if (rule === undefined) throw new RangeError(`${op} has no derivative rule`);
  return rule;
}
