/** Forms of what stands inside expressions: operators in words and signs, and what is written behind a value. */
import type { Form } from "./form.js";

const operator = (
  name: string,
  lines: readonly string[],
  rules: readonly string[],
  meaning: string,
  example: string,
): Form => ({ name, group: "Operators", lines, rules, meaning, example });

/** In the order of binding, loosest first. */
export const operatorForms: readonly Form[] = [
  operator(
    "in",
    ["let NAME = VALUE in EXPRESSION", "AXIS in LIST | AXIS in POSITION..POSITION | AXIS in PLACE"],
    ["letExpression", "comparison", "sideComparison"],
    "Gives a part of an expression a name; in a condition over results, true where an axis, or a value, is one of several.",
    "metric confidence = let p = softmax(logits at last over vocab) in max(p over vocab)\ntable sweep where layer in L1..2",
  ),
  operator(
    "if",
    ["if CONDITION then VALUE else VALUE"],
    ["conditional"],
    "One of two values, entry by entry: the first where the condition holds, the second elsewhere. Both have one unit. What " +
      "is wrong with the value that is not chosen does not matter.",
    "metric gain_if_large = let n = norm(resid_post[L3] at last) in if n > 10 then n else 0",
  ),
  operator(
    "where",
    ["VALUE where CONDITION"],
    ["guarded", "expectedSide"],
    "Over results, the places for which a condition holds; inside `measure` a guard: NaN with the condition as its reason. " +
      "As the last word of a reduction's argument it chooses entries: mean(nll where nll > 3 over pos). In `table` a clause that chooses rows.",
    "let in_prose = sweep.loss where group is prose",
  ),
  operator(
    "or",
    ["CONDITION or CONDITION"],
    ["disjunction", "sideDisjunction"],
    "True where one of two conditions holds, or both.",
    "table sweep where layer is L0 or layer is L5",
  ),
  operator(
    "and",
    ["CONDITION and CONDITION"],
    ["conjunction", "sideConjunction"],
    "True where both conditions hold; it binds tighter than `or`.",
    "table sweep where layer in L1..2 and abs(loss.impact) > 0.001",
  ),
  operator(
    "not",
    ["not CONDITION"],
    ["negation", "sideNegation"],
    "True where a condition does not hold; it binds tighter than `and`.",
    "table sweep where not (group is prose)",
  ),
  operator(
    "is",
    ["VALUE is VALUE"],
    ["comparison", "sideComparison"],
    "True where both sides are equal: numbers, tokens, labels, or an axis and one of its entries.",
    "experiment answers measure argmax(logits at last over vocab) is answer as right",
  ),
  ...comparisons(),
  operator(
    "+",
    ["VALUE + VALUE"],
    ["sum"],
    "Sum; both sides have one unit, axes meet by name.",
    "let both = a.loss + b.loss",
  ),
  operator(
    "-",
    ["VALUE - VALUE", "-VALUE"],
    ["sum", "signed", "rankKey", "positions", "numberOrRange"],
    "Difference, and the value with its sign changed. Before a position: counted from the end.",
    "let gap = a.loss - b.loss",
  ),
  operator(
    "*",
    ["VALUE * VALUE"],
    ["product", "positions"],
    "Product; one side at most has a unit. After the `at` of an intervention: every position.",
    "let twice = 2 * a.loss",
  ),
  operator(
    "/",
    ["VALUE / VALUE"],
    ["product"],
    "Quotient; equal units cancel. NaN with a reason where the divisor is 0.",
    "let share = a.loss / b.loss",
  ),
  operator(
    "^",
    ["VALUE ^ VALUE"],
    ["power"],
    "Power: the operator that binds tightest, from right to left.",
    "experiment size measure sum(resid_post[L2] at last^2 over d_model) as squares",
  ),
  operator(
    "last",
    ["EXPRESSION last COUNT", "EXPRESSION at last"],
    ["suffix", "lastCount", "positions"],
    "The last so many positions, or all of a shorter text; after `at` the last position alone. `at last` in an " +
      "intervention changes that position.",
    "metric tail = PR(v[L3] last 16)",
  ),
  operator(
    "at",
    ["EXPRESSION at POSITIONS"],
    ["suffix"],
    "The entry, or the entries, at positions of the text; behind an intervention the positions that it changes. A range of " +
      "positions is a sweep unless `together` is written.",
    'ablate mlp L1 at token "mother" measure logits[answer] at last as logit',
  ),
  operator(
    "of",
    ["EXPRESSION of TEXTS", "EXPRESSION of baseline"],
    ["suffix"],
    "A value of another run: of other texts, or of the unmodified model. mean(x of TEXTS) is one average for all prompts.",
    "experiment far measure norm(resid_post[L3] at last - mean(resid_post[L3] of others)) as distance",
  ),
  operator(
    "over",
    ["FUNCTION ( ARGUMENT, … over AXIS, … )"],
    ["nameOrCall", "argument", "axisList"],
    "The axes that an operation takes away, all when none is named. In `plot`, `find` and `pca` the axes that are shown, after " +
      "`together` those that become one condition.",
    "metric loss_again = mean(nll over pos)",
  ),
  operator(
    "between",
    ["FUNCTION ( ARGUMENT, … [over AXIS, …] between AXIS, … )"],
    ["nameOrCall", "argument", "axisList"],
    "Every unordered pair of entries of an axis, as the axis pair. In `compare` the levels that are compared.",
    "metric alike = cosine(z[L1] at last over d_head between head)",
  ),
  operator(
    "[]",
    [`EXPRESSION '[' INDEX, … ']'`],
    ["suffix"],
    "A site in a layer or of a head, or the entry of a token: resid_post[L3], z[L5.H3], logits[answer].",
    "metric confidence = logprobs[answer] at last",
  ),
  operator(
    ".",
    ["EXPERIMENT.MEMBER"],
    ["suffix", "memberAccess"],
    "A metric of an experiment, and a column of it: sweep.loss, sweep.loss.impact. The metric may be left out when there is one.",
    "table sweep.loss.impact",
  ),
  operator(
    "..",
    ["[-]N..[-]N [step N]"],
    ["numberOrRange", "topSelection"],
    "From the first to the last, both included: -16..-1, L15..30. Numbers are 1 apart, or as far as `step` says.",
    "table tokens where position in 1..5",
  ),
];

function comparisons(): readonly Form[] {
  const say = (name: string, meaning: string): Form =>
    operator(
      name,
      [`VALUE ${name} VALUE`],
      ["comparison", "expected", "classBound"],
      meaning,
      `table sweep where loss ${name} 3`,
    );
  return [
    say("<", "True where the left side is smaller."),
    say(">", "True where the left side is larger."),
    say("<=", "True where the left side is not larger."),
    say(">=", "True where the left side is not smaller."),
  ];
}
