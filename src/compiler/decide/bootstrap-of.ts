/** Intervals of expressions over results, by drawing whole texts. */
import type { ResultExpression } from "../ir/result-expression.js";
import type { ResultSet } from "../ir/results.js";
import type { ResultArray } from "../results/result-array.js";
import { evaluateResult } from "../results/evaluate.js";
import { bootstrap, type Bootstrapped } from "../statistics/bootstrap.js";
import type { Draws } from "../statistics/permutation.js";
import { undecided, type Undecided } from "../statistics/outcome.js";
import { resampled, unitsThatMatter, type DrawnUnit } from "./resample.js";

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
  // Texts that the statistic does not depend on (another group, say) stay as they are.
  const mattering = unitsThatMatter(all, valueOf);
  const strata = mattering.filter(({ length }) => length > 0);
  const units = sizeOf(strata);
  if (units === 0) return { outcome: undecided(`it depends on no ${unit}`), unit, units };
  const staying = all.map((every, i) => {
    const drawn = new Set(mattering[i]);
    return every.filter((one) => !drawn.has(one)).map((one) => ({ ...one, as: one.number }));
  });
  const withOthers = (chosen: readonly (readonly DrawnUnit[])[]): number => {
    let next = 0;
    const drawn = all.map((every, i) => {
      const own = mattering[i] ?? [];
      if (own.length === 0) return every;
      // A draw takes the number of the unit in whose place it stands; the others keep theirs.
      const taken = (chosen[next++] ?? []).map((one, at) => ({ ...one, as: own[at]?.number ?? one.number }));
      return [...taken, ...(staying[i] ?? [])];
    });
    return valueOf(drawn);
  };
  const outcome = bootstrap(strata, withOthers, count, seed);
  const isConstant = outcome.kind === "bootstrapped" && outcome.interval.low === outcome.interval.high;
  return { outcome: isConstant ? undecided(`it is the same whichever ${unit}s are drawn`) : outcome, unit, units };
}
