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

/** What to say of a name that is no experiment and no `let`; `known` are those that are. */
export function unknownResult(name: string, known: readonly string[]): ErrorDetails {
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
  return "plots and tables have no such option: `plot scatter of A against B` draws the points, without a line through them";
}

/** Functions that results do not have: what a reader of `valueCalled` may write there too. */
export function unknownResultFunction(name: string, known: readonly string[]): ErrorDetails {
  if (name === "pearson" || name === "spearman") {
    return {
      hint: `\`correlate A with B using ${name}\` correlates two results, and \`plot scatter of A against B\` shows both`,
    };
  }
  const called = known.find((other) => valueCalled(name)?.includes(`\`${other}(`) === true);
  if (called !== undefined) return { suggestions: [called] };
  const isOrder = ["median", "quantile", "quantiles", "percentile", "iqr", "mode"].includes(name);
  const hint = isOrder ? valueCalled(name) : null;
  return { suggestions: hint === null ? nearestNames(name, known) : [], hint: hint ?? `there are ${known.join(", ")}` };
}

/** What to say of `blocks.5.hook_z` in a statement about results: an experiment measures it. Null for any other text. */
export function pathInResults(source: string): ErrorDetails | null {
  const path = foreignPath(source);
  return path === null ? null : { hint: `an experiment measures it: \`measure ${path.write}\`` };
}
