/** Advice about names in statements over results that mean nothing there. */
import { foreignPath, valueCalled } from "../../base/foreign-words.js";
import { nearestNames } from "../../base/suggest.js";
import type { ErrorDetails } from "../faults.js";

const mostListed = 8;

function listed(names: readonly string[]): string {
  return (
    names.slice(0, mostListed).join(", ") + (names.length > mostListed ? ` and ${names.length - mostListed} more` : "")
  );
}

/** What to say of a name that is no experiment and no `let`; `known` are those that are, `measuring` the experiments that measure it. */
export function unknownResult(name: string, known: readonly string[], measuring: readonly string[] = []): ErrorDetails {
  if (measuring.length > 0) return { suggestions: measuring.slice(0, 3).map((experiment) => `${experiment}.${name}`) };
  const hint = known.length === 0 ? "the file has no experiment" : `the file has ${listed(known)}`;
  return { suggestions: nearestNames(name, known), hint };
}

/** Why results have no axis `group`, and how they get one; null for every other axis. */
export function missingAxis(name: string): string | null {
  if (name !== "group") return null;
  return 'its prompts are in no groups: write them in braces, `from { prose: "a.txt", drama: "b.txt" }`, or name a field: `group "FIELD"`';
}

/** Words of statistics and of plotting libraries that stand after `with`, where they mean nothing. */
const decorations: ReadonlySet<string> = new Set(
  "regression fit trend trendline line ci confidence errorbars error errors title legend labels label color colors colour log grid ols linear lowess".split(
    " ",
  ),
);

/** What to say of a name after `with` that is neither a prompt set nor a value; null where it can be a misspelt one. `measures`: in an experiment. */
export function afterWith(name: string, measures: boolean): string | null {
  if (/^(?:mean|zero|zeros|noise|resample|constant)$/.test(name))
    return `what is put in place follows \`by\`: \`by ${name}\``;
  if (measures || !decorations.has(name)) return null;
  return 'plots have no such option after `with`: a scatter has its line of least squares by itself, intervals are `with ci`, a logarithmic axis is `log x`, a title is `title "…"`';
}

const noNaN =
  "a NaN makes the result NaN, with its reason; select the values first, as in median(x where layer in L1..5)";

/** Functions of other tools, with what results have instead. */
const called: readonly (readonly [words: string, hint: string])[] = [
  ["nanmedian nanmean nansum nanmax nanmin nanstd nanvar nanquantile nanpercentile nanargmax nanargmin", noNaN],
  ["percentile quantiles percentiles", "write quantile(x, 0.9 over AXIS): a level is a fraction"],
  ["iqr", "write quantile(x, 0.75 over AXIS) - quantile(x, 0.25 over AXIS)"],
  [
    "argsort sort sorted topk nlargest nsmallest",
    "rank(x over AXIS) is the place of each value, 1 for the largest; `table x top 5 by x` lists the largest",
  ],
  ["rankdata ranks", "write rank(x over AXIS): 1 is the largest"],
  ["idxmax which_max", "write argmax(x over AXIS)"],
  ["idxmin which_min", "write argmin(x over AXIS)"],
  [
    "nunique unique value_counts",
    "count(x is 3 over AXIS) is how often x is 3; `plot histogram of x` shows all of them",
  ],
  [
    "len length size numel count_nonzero nonzero",
    "write count(x over AXIS); of a condition it counts how often it holds",
  ],
  ["share fraction proportion rate", "write mean(CONDITION over AXIS), as in mean(x < 1 over prompt)"],
  ["any some", "write count(CONDITION over AXIS) > 0"],
  ["all every", "write mean(CONDITION over AXIS) >= 1"],
  ["maximum fmax clip clamp relu", "max(x, y) is the larger of two values, min(x, y) the smaller one"],
  ["minimum fmin", "min(x, y) is the smaller of two values"],
  ["mode kurtosis skew", "there is no such statistic; `plot histogram` draws how values are distributed"],
];

const hints = new Map(called.flatMap(([words, hint]) => words.split(" ").map((word) => [word, hint] as const)));

/** Functions that results do not have: what a reader of `valueCalled` may write there too. */
export function unknownResultFunction(name: string, known: readonly string[]): ErrorDetails {
  if (name === "pearson" || name === "spearman") {
    return {
      hint: `\`correlate A with B using ${name}\` says how two values go together; \`plot scatter of A against B\` shows them`,
    };
  }
  const hint = hints.get(name);
  if (hint !== undefined) return { hint };
  const meant = known.find((other) => valueCalled(name)?.includes(`\`${other}(`) === true);
  if (meant !== undefined) return { suggestions: [meant] };
  return { suggestions: nearestNames(name, known), hint: `there are ${known.join(", ")}` };
}

/** What to say of `blocks.5.hook_z` in a statement about results: an experiment measures it. Null for any other text. */
export function pathInResults(source: string): ErrorDetails | null {
  const path = foreignPath(source);
  return path === null ? null : { hint: `an experiment measures it: \`measure ${path.write}\`` };
}
