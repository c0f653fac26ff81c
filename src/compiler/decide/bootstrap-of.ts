/** Intervals of expressions over results, by drawing whole texts. */
import type { ResultExpression } from "../ir/result-expression.js";
import type { ResultSet } from "../ir/results.js";
import type { ResultArray } from "../results/result-array.js";
import { evaluateResult } from "../results/evaluate.js";
import { bootstrap, type Bootstrapped } from "../statistics/bootstrap.js";
import type { Draws } from "../statistics/permutation.js";
import { undecided, type Undecided } from "../statistics/outcome.js";
import { resampled, type DrawnUnit } from "./resample.js";

/** Rows × draws that an interval may take: about half a minute. */
const mostRows = 3e7;

export interface ExpressionBootstrap {
  readonly outcome: Bootstrapped | Undecided;
  /** `prompt` or `document`; "" where there is nothing to draw. */
  readonly unit: string;
  readonly units: number;
}

/**
 * The interval of a number that is computed from results: prompts (documents) are drawn within their sets and groups, and
 * everything that was measured on them comes along, so that tokens and heads of one text are never taken for independent.
 */
export function bootstrapExpressions(
  expressions: readonly ResultExpression[],
  results: ResultSet,
  statistic: (values: readonly ResultArray[]) => number,
  { count, seed }: Draws,
): ExpressionBootstrap {
  const resampling = resampled(expressions, results);
  if (resampling === null) {
    return { outcome: undecided("its values belong to no prompt or document to draw"), unit: "", units: 0 };
  }
  const { unit, rows, resultsOf, strata: all } = resampling;
  const sizeOf = (strata: readonly (readonly DrawnUnit[])[]): number =>
    strata.reduce((sum, { length }) => sum + length, 0);
  if (rows * count > mostRows) {
    const reason = `${rows} values drawn ${count} times are more than a bootstrap may take (${mostRows}): draw fewer times`;
    return { outcome: undecided(reason), unit, units: sizeOf(all) };
  }
  const valueOf = (chosen: readonly (readonly DrawnUnit[])[]): number => {
    const drawn = resultsOf(chosen);
    return statistic(expressions.map((expression) => evaluateResult(expression, drawn)));
  };
  const whole = valueOf(all);
  // Texts that the statistic does not depend on (another group, say) stay as they are.
  const matters = all.map((_, i) => valueOf(all.map((units, other) => (other === i ? [] : units))) !== whole);
  const strata = all.filter((_, i) => matters[i]);
  const units = sizeOf(strata);
  const withOthers = (chosen: readonly (readonly DrawnUnit[])[]): number => {
    let next = 0;
    return valueOf(all.map((fixed, i) => (matters[i] === true ? (chosen[next++] ?? []) : fixed)));
  };
  return { outcome: bootstrap(strata, withOthers, count, seed), unit, units };
}
