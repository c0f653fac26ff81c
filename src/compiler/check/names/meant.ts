/** What was probably meant by a name that means nothing in an expression. */
import { unitOfLetter } from "../../base/place-units.js";
import { foreignPath, siteCalled, valueCalled } from "../../base/foreign-words.js";
import { nearestNames } from "../../base/suggest.js";
import { isSite, sites } from "../../models/sites.js";
import type { ErrorDetails } from "../faults.js";

const noPositions = "positions are chosen with `at`, as in `nll at 3..-1`; there is no number of a position to compare";
const noPairs =
  "of a pattern, entries are chosen with `select(x, query: -1, key: 0)`, `diagonal(x, offset: -1)` and `causal(x)`, all with key ≤ query";

/** Axes that run along a text, which are no values: comparing them is how other tools make masks. */
const alongTexts = new Map([
  ["pos", noPositions],
  ["position", noPositions],
  ["key", noPairs],
]);

/** Advice about the name `text`, which is none of `valid`: words of other tools first, then what is spelt alike. */
export function meantBy(text: string, valid: Iterable<string>): ErrorDetails {
  const unit = /^(?:L(\d+)_?)?([HNE])(\d+)$/.exec(text);
  if (unit !== null) {
    const [, layer = "5", letter = "H", number = ""] = unit;
    return {
      hint: `${letter === "E" ? "an" : "a"} ${unitOfLetter(letter) ?? "head"} is written with its layer: L${layer}.${letter}${number}`,
    };
  }
  if (text === "layer") {
    return { hint: "name a layer, such as L5, or L* for every one: `layer` is a parameter that a metric declares" };
  }
  const value = valueCalled(text);
  if (value !== null) return { hint: value };
  const along = alongTexts.get(text);
  if (along !== undefined) return { hint: along };
  const site = siteCalled(text);
  if (site !== null) return { suggestions: [isSite(site) && sites[site].perLayer ? `${site}[L5]` : site] };
  return { suggestions: nearestNames(text, valid) };
}

/** Advice about `x.y`, which is no value inside the model: a path of another tool, or a call written behind its value. */
export function meantByMember(source: string, member: string, isFunction: boolean): ErrorDetails {
  const path = foreignPath(source);
  if (path !== null) return { hint: `write \`${path.write}\`` };
  const base = source.slice(0, source.lastIndexOf("."));
  if (isFunction) return { hint: `a function stands before its value: ${member}(${base})` };
  return {
    hint: "inside the model there are sites, such as resid_post[L5]; columns of results are read in `let` and `table`",
  };
}
