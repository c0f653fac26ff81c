/** What `ablate top … by KEY` asks for, in words: of which value the highest, the lowest or the largest in size. */
import type { Coordinate, DeferredConditions, ResultCondition, ResultExpression } from "../ir/protocol.js";
import { isSigned } from "./describe.js";

export interface RankingKey {
  /** `highest`, `lowest`, `largest` or `smallest`: the end of `text` from which places were taken. */
  readonly extreme: "highest" | "lowest" | "largest" | "smallest";
  /** What was ranked, as one would write it: `impact`, `|impact|`, `mean(loss over group)`. */
  readonly text: string;
  /** −1 where the key is written with a minus: ranked values are those of `text` with the other sign. */
  readonly sign: 1 | -1;
  /** True when a size was asked for, or when zero is no natural middle of the values. */
  readonly unsigned: boolean;
}

/** Reads the key of a selection. `metrics` are those of the experiment: with one of them its columns go by short names. */
export function rankingKey({ by }: Pick<DeferredConditions, "by">, metrics: ReadonlySet<string>): RankingKey {
  const written = withoutModel(by);
  const minus = written.kind === "binary" && isMinus(written);
  const key = minus ? written.right : written;
  const size = key.kind === "call" && key.operation === "abs";
  const text = size ? `|${textOf(key.argument, metrics)}|` : textOf(key, metrics);
  const extreme = size ? (minus ? "smallest" : "largest") : minus ? "lowest" : "highest";
  return { extreme, text, sign: minus ? -1 : 1, unsigned: size || !isSigned(key) };
}

/** What ranking by sign can leave out: the places that were chosen and the others, each with its value. */
interface Choice<Place> {
  readonly chosen: readonly Place[];
  readonly left: readonly Place[];
}

/**
 * The places that a ranking by a value with its sign left out although they are larger in size than one that it took, the
 * largest first. That a sign means something is seen from what is ranked (an impact), or from values on both sides of zero.
 * Who writes a minus has thought of the sign: then there is nothing to say.
 */
export function largerAtTheOtherEnd<Place extends { readonly value: number }>(
  { extreme, unsigned }: RankingKey,
  { chosen, left }: Choice<Place>,
): readonly Place[] {
  if (extreme !== "highest") return [];
  const all = [...chosen, ...left];
  const mixed = all.some(({ value }) => value > 0) && all.some(({ value }) => value < 0);
  if (unsigned && !mixed) return [];
  const weakest = chosen.reduce((least, { value }) => Math.min(least, Math.abs(value)), Infinity);
  return left.filter(({ value }) => Math.abs(value) > weakest).sort((a, b) => Math.abs(b.value) - Math.abs(a.value));
}

/** The expression without the selection of the study's own model around it. */
function withoutModel(expression: ResultExpression): ResultExpression {
  if (expression.kind !== "where" || expression.condition.kind !== "axis") return expression;
  const { axis } = expression.condition;
  const isModel = axis === "model" || axis === "revision" || axis === "dtype";
  return isModel ? withoutModel(expression.argument) : expression;
}

/** True for a sign, which is a difference from 0. */
function isMinus({ operation, left }: Extract<ResultExpression, { kind: "binary" }>): boolean {
  return operation === "-" && left.kind === "number" && left.value === 0;
}

function textOf(expression: ResultExpression, metrics: ReadonlySet<string>): string {
  const text = (inner: ResultExpression): string => textOf(inner, metrics);
  switch (expression.kind) {
    case "number":
      return String(expression.value);
    case "column": {
      const { metric, column } = expression;
      if (column === "value") return metric;
      return metrics.size > 1 ? `${metric}.${column}` : column;
    }
    case "call":
      return `${expression.operation}(${text(expression.argument)})`;
    case "reduce":
      return `${expression.operation}(${text(expression.argument)}${overText(expression.over)})`;
    case "quantile":
      return `quantile(${text(expression.argument)}, ${expression.level}${overText(expression.over)})`;
    case "argmax":
      return `${expression.which === "largest" ? "argmax" : "argmin"}(${text(expression.argument)} over ${expression.over})`;
    case "rank":
      return `rank(${text(expression.argument)}${overText(expression.over)})`;
    case "rename": {
      const { from, to } = expression;
      return `rename(${text(expression.argument)}, ${from.map((axis) => `${axis}: ${to}`).join(", ")})`;
    }
    case "truth":
      return `(${conditionText(expression.condition, metrics)})`;
    case "choice":
      return `(if ${conditionText(expression.condition, metrics)} then ${text(expression.yes)} else ${text(expression.no)})`;
    case "where":
      return `(${text(expression.argument)} where ${conditionText(expression.condition, metrics)})`;
    case "binary": {
      if (isMinus(expression)) return `-${text(expression.right)}`;
      if (expression.operation === "max" || expression.operation === "min")
        return `${expression.operation}(${text(expression.left)}, ${text(expression.right)})`;
      return `(${text(expression.left)} ${expression.operation} ${text(expression.right)})`;
    }
  }
}

function overText(over: readonly string[] | null): string {
  return over === null ? "" : ` over ${over.join(", ")}`;
}

function amongText(what: string, among: readonly Coordinate[]): string {
  const [only, ...more] = among;
  return more.length === 0 ? `${what} is ${only ?? "nothing"}` : `${what} in [${among.join(", ")}]`;
}

function conditionText(condition: ResultCondition, metrics: ReadonlySet<string>): string {
  switch (condition.kind) {
    case "axis":
      return amongText(condition.axis, condition.among);
    case "among":
      return amongText(textOf(condition.value, metrics), condition.among);
    case "compare":
      return `${textOf(condition.left, metrics)} ${condition.operation} ${textOf(condition.right, metrics)}`;
    case "not":
      return `not (${conditionText(condition.operand, metrics)})`;
    case "and":
    case "or":
      return condition.operands.map((operand) => conditionText(operand, metrics)).join(` ${condition.kind} `);
  }
}
