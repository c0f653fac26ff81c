/** The functions of results: how they are written and what they are for. The checker, the reference and suggestions read it. */

/** Functions of each value by itself. */
export const elementwise = ["abs", "exp", "log", "sqrt"] as const;

/** Functions that make one value of many, of `x` alone. */
export const reductions = ["mean", "sum", "max", "min", "std", "var", "count", "median"] as const;

/** What a function of results is, for the reference and `atlasc doc`. */
export interface ResultFunction {
  readonly name: string;
  /** One form a line. */
  readonly form: string;
  readonly meaning: string;
  readonly example: string;
  /** True where `measure` has the same function, with the same meaning, under its own entry. */
  readonly shared: boolean;
}

const row = (name: string, form: string, meaning: string, example: string, shared = false): ResultFunction => ({
  name,
  form,
  meaning,
  example,
  shared,
});

/** Every function of results, in the order of the reference. */
export const resultFunctions: readonly ResultFunction[] = [
  ...elementwise.map((name) =>
    row(name, `${name}(x)`, "Of each value, as in `measure`.", `let changed = ${name}(sweep.loss.relative)`, true),
  ),
  row(
    "mean",
    "mean(x over AXIS, …)",
    "Σ x / n; of truth values the share that holds.",
    "let share = mean(gains.gain < 1 over prompt)",
    true,
  ),
  row("sum", "sum(x over AXIS, …)", "Σ x; of truth values how many hold.", "let all = sum(e.loss over head)", true),
  row(
    "max",
    "max(x over AXIS, …)\nmax(x, y)",
    "The largest value; of two values the larger one, place by place.",
    "let floor = max(sweep.loss.impact, 0)",
  ),
  row(
    "min",
    "min(x over AXIS, …)\nmin(x, y)",
    "The smallest value; of two values the smaller one, place by place.",
    "let best = min(sweep.loss over head)",
  ),
  row(
    "std",
    "std(x over AXIS, …)",
    "Standard deviation, with n and not n − 1.",
    "let s = std(e.loss over prompt)",
    true,
  ),
  row("var", "var(x over AXIS, …)", "Variance, with n and not n − 1.", "let v = var(e.gain over prompt)", true),
  row(
    "count",
    "count(x over AXIS, …)\ncount(CONDITION over AXIS, …)",
    "How many values there are; those that are NaN are not counted, and a warning says how many. Of truth values how many hold, " +
      "NaN where a NaN leaves one undecided.",
    "let hard = count(tokens.nll > 5 over position)",
  ),
  row(
    "median",
    "median(x over AXIS, …)",
    "The middle value, or the mean of the two in the middle (numpy.median).",
    "let typical = median(sweep.loss.impact over prompt)",
  ),
  row(
    "quantile",
    "quantile(x, LEVEL over AXIS, …)",
    "The value that a fraction of the values lies below, from 0 to 1; between two values it is interpolated (numpy.quantile).",
    "let high = quantile(tokens.nll, 0.9 over prompt)",
  ),
  row(
    "argmax",
    "argmax(x over AXIS)",
    "The coordinate of the largest value along one axis: a number, or a label such as the name of a group. Of equal values the " +
      "first, with a warning.",
    "let steepest = argmax(gains.gain over layer)",
  ),
  row(
    "argmin",
    "argmin(x over AXIS)",
    "The coordinate of the smallest value along one axis, as argmax.",
    "let easiest = argmin(mean(e.loss over prompt) over group)",
  ),
  row(
    "rank",
    "rank(x over AXIS, …)",
    "Of each value its rank along the axes, which stay: 1 is the largest, and equal values share the mean of their ranks " +
      "(scipy.stats.rankdata of −x). A NaN has none.",
    "let ranks = rank(mean(loudness.head_norm over prompt) over head)",
  ),
  row(
    "rename",
    "rename(x, AXIS: NAME, …)",
    "The same values with an axis under another name, so that they meet those of other experiments along it. A layer and a head (or " +
      "neuron) that get one name become one axis of places, such as L3.H1.",
    "let first_alone = rename(sweep.loss.impact, layer: first, head: first)",
  ),
];

/** Names of functions, each once, for suggestions. */
export const resultFunctionNames: readonly string[] = resultFunctions.map(({ name }) => name);

/** The function of that name; null for a name that is none. */
export function resultFunction(name: string): ResultFunction | null {
  return resultFunctions.find((own) => own.name === name) ?? null;
}
