/**
 * Values under resampling. A value that was measured on one text is the same in every resample; only how often the text
 * counts differs. So what is elementwise is computed once, and where texts are averaged (summed, …) the result is a number
 * for each resample. That is what makes intervals of whole sweeps cheap.
 */
import type { Reduction } from "../ir/result-expression.js";
import type { TextDraws } from "./text-draws.js";

/** A value as it comes out under resampling. */
export interface DrawnValue {
  /** As measured. */
  readonly value: number;
  /** The text that it was measured on, by number; -1 for what belongs to none, or to several. */
  readonly text: number;
  /** The value in each resample, then with each text left out; null where it is the same in all. */
  readonly draws: Float64Array | null;
  /** 1 for each text that it depends on; null where it depends on none, or only on its own. */
  readonly of: Uint8Array | null;
}

/** Reductions that follow from what each text adds to them. */
export type DrawnReduction = Exclude<Reduction, "count" | "median">;

/** What belongs to no text, such as a number. */
export function constantValue(value: number): DrawnValue {
  return { value, text: -1, draws: null, of: null };
}

/** How much a computation may take; what it took is counted. */
export interface Budget {
  steps: number;
  numbers: number;
}

/** Multiplications and additions that all intervals of one value may take: some ten seconds. */
const mostSteps = 2e9;

/** How many of them a function of a value takes as long as. */
const stepsOfFunction = 20;

/** Numbers that may be held at once: 8 bytes each. */
const mostNumbers = 5e7;

export function isOverBudget({ steps, numbers }: Budget): boolean {
  return steps > mostSteps || numbers > mostNumbers;
}

/** Texts that a value depends on, its own included. */
export function textsOf({ text, of }: DrawnValue, texts: number): Uint8Array {
  const all = of === null ? new Uint8Array(texts) : Uint8Array.from(of);
  if (text >= 0) all[text] = 1;
  return all;
}

/** `compute` of values place by place; null where they were measured on different texts, which do not go together draw by draw. */
export function elementwise(
  values: readonly DrawnValue[],
  compute: (values: readonly number[]) => number,
  { count, texts }: TextDraws,
  budget: Budget,
): DrawnValue | null {
  let text = -1;
  for (const value of values) {
    if (value.text < 0) continue;
    if (text >= 0 && value.text !== text) return null;
    text = value.text;
  }
  const value = compute(values.map((one) => one.value));
  if (values.every(({ draws }) => draws === null)) return { value, text, draws: null, of: null };
  budget.numbers += count + texts;
  budget.steps += (count + texts) * stepsOfFunction;
  const draws = new Float64Array(isOverBudget(budget) ? 0 : count + texts);
  for (let i = 0; i < draws.length; i++) {
    draws[i] = compute(values.map((one) => (one.draws === null ? one.value : (one.draws[i] ?? Number.NaN))));
  }
  const of = new Uint8Array(texts);
  for (const one of values) one.of?.forEach((uses, i) => void (of[i] = (of[i] ?? 0) | uses));
  return { value, text, draws, of };
}

/** What the members of a group that were measured on one text and do not depend on others come to, as far as sums and extremes go. */
interface TextSums {
  n: number;
  sum: number;
  squares: number;
  low: number;
  high: number;
}

/**
 * A reduction of values in which each text counts as often as it was drawn. NaN in a resample that has none of the texts.
 * `value` is the reduction as measured.
 */
export function reduceDrawn(
  members: readonly DrawnValue[],
  operation: DrawnReduction,
  value: number,
  draws: TextDraws,
  budget: Budget,
): DrawnValue {
  const { count, texts } = draws;
  if (members.every(({ text, draws: own }) => text < 0 && own === null)) return constantValue(value);
  const sums = new Map<number, TextSums>();
  const others: DrawnValue[] = [];
  const centre = members.reduce((sum, member) => sum + member.value, 0) / members.length;
  for (const member of members) {
    if (member.draws !== null) {
      others.push(member);
      continue;
    }
    const known = sums.get(member.text);
    const own = known ?? { n: 0, sum: 0, squares: 0, low: Infinity, high: -Infinity };
    if (known === undefined) sums.set(member.text, own);
    own.n++;
    // Spreads are taken around the mean as measured, because squares of large numbers cancel.
    own.sum += isSpread(operation) ? member.value - centre : member.value;
    own.squares += (member.value - centre) ** 2;
    own.low = Math.min(own.low, member.value);
    own.high = Math.max(own.high, member.value);
  }
  const length = count + texts;
  budget.numbers += length;
  budget.steps += sums.size * count + texts + others.length * length;
  const of = new Uint8Array(texts);
  for (const text of sums.keys()) if (text >= 0) of[text] = 1;
  for (const other of others) textsOf(other, texts).forEach((uses, i) => void (of[i] = (of[i] ?? 0) | uses));
  if (isOverBudget(budget)) return { value, text: -1, draws: new Float64Array(0), of };
  const result = new Float64Array(length);
  if (operation === "max" || operation === "min") extremes(result, sums, others, operation, draws);
  else moments(result, sums, others, operation, centre, draws);
  return { value, text: -1, draws: result, of };
}

function isSpread(operation: DrawnReduction): boolean {
  return operation === "std" || operation === "var";
}

/** How often a text counts in column `i`: as drawn, then once for every text but the one that is left out. */
function weightAt(text: number, i: number, { count, counts }: TextDraws): number {
  if (text < 0) return 1;
  return i < count ? (counts[text]?.[i] ?? 0) : i - count === text ? 0 : 1;
}

function moments(
  result: Float64Array,
  sums: ReadonlyMap<number, TextSums>,
  others: readonly DrawnValue[],
  operation: DrawnReduction,
  centre: number,
  draws: TextDraws,
): void {
  const { count } = draws;
  const spread = isSpread(operation);
  const weights = new Float64Array(result.length);
  const squares = spread ? new Float64Array(result.length) : null;
  const texts = [...sums.keys()];
  const all = [...sums.values()];
  const total = (of: (own: TextSums) => number): number => all.reduce((sum, own) => sum + of(own), 0);
  const fill = (into: Float64Array, of: (own: TextSums) => number): void => {
    addDrawn(into, texts, all.map(of), draws);
    const whole = total(of);
    into.fill(whole, count);
    for (const [text, own] of sums) if (text >= 0) into[count + text] = whole - of(own);
  };
  fill(result, ({ sum }) => sum);
  fill(weights, ({ n }) => n);
  if (squares !== null) fill(squares, (own) => own.squares);
  for (const { text, draws: values } of others) {
    for (let i = 0; i < result.length; i++) {
      const times = weightAt(text, i, draws);
      if (times === 0) continue;
      const value = (values?.[i] ?? Number.NaN) - (spread ? centre : 0);
      weights[i] = (weights[i] ?? 0) + times;
      result[i] = (result[i] ?? 0) + times * value;
      if (squares !== null) squares[i] = (squares[i] ?? 0) + times * value * value;
    }
  }
  for (let i = 0; i < result.length; i++) {
    const n = weights[i] ?? 0;
    const sum = result[i] ?? Number.NaN;
    if (n === 0) result[i] = Number.NaN;
    else if (operation === "mean") result[i] = sum / n;
    else if (squares !== null) {
      const variance = Math.max(0, (squares[i] ?? 0) / n - (sum / n) ** 2);
      result[i] = operation === "var" ? variance : Math.sqrt(variance);
    }
  }
}

/** Adds to each draw the numbers of its texts, each as often as it was drawn. The loop that all intervals wait for. */
function addDrawn(
  into: Float64Array,
  texts: readonly number[],
  numbers: readonly number[],
  { count, counts }: TextDraws,
): void {
  const always = new Uint16Array(count).fill(1);
  const never = new Uint16Array(count);
  // Four texts at a time: the sum is read and written once for all of them.
  for (let first = 0; first < texts.length; first += 4) {
    const drawn = (at: number): Uint16Array => {
      const text = texts[first + at];
      return text === undefined ? never : text < 0 ? always : (counts[text] ?? never);
    };
    const [p, q, r, s] = [drawn(0), drawn(1), drawn(2), drawn(3)];
    const [a, b = 0, c = 0, d = 0] = numbers.slice(first, first + 4) as [number, number?, number?, number?];
    for (let i = 0; i < count; i++) {
      into[i] = (into[i] ?? 0) + ((p[i] ?? 0) * a + (q[i] ?? 0) * b + (r[i] ?? 0) * c + (s[i] ?? 0) * d);
    }
  }
}

function extremes(
  result: Float64Array,
  sums: ReadonlyMap<number, TextSums>,
  others: readonly DrawnValue[],
  operation: "max" | "min",
  draws: TextDraws,
): void {
  const { count } = draws;
  const sign = operation === "max" ? 1 : -1;
  const of = ({ low, high }: TextSums): number => (operation === "max" ? high : low);
  result.fill(-Infinity);
  let [best, second, bestText] = [-Infinity, -Infinity, -1];
  for (const [text, own] of sums) {
    const value = sign * of(own);
    const counts = draws.counts[text] ?? null;
    for (let i = 0; i < count; i++) {
      if (counts?.[i] !== 0 && value > (result[i] ?? 0)) result[i] = value;
    }
    if (value > best) [best, second, bestText] = [value, best, text];
    else if (value > second) second = value;
  }
  result.fill(best, count);
  if (bestText >= 0) result[count + bestText] = second;
  for (const { text, draws: values } of others) {
    for (let i = 0; i < result.length; i++) {
      const value = sign * (values?.[i] ?? Number.NaN);
      // A NaN, once there, stays.
      const known = result[i] ?? Number.NaN;
      if (weightAt(text, i, draws) > 0 && !Number.isNaN(known) && !(value <= known)) result[i] = value;
    }
  }
  for (let i = 0; i < result.length; i++) {
    const value = result[i] ?? Number.NaN;
    result[i] = value === -Infinity ? Number.NaN : sign * value;
  }
}
