/** What was probably meant by words that stand where the grammar has no place for them. */
import { unitLetters, unitOfLetter } from "../base/place-units.js";
import { statementCalled } from "../base/foreign-words.js";
import { clauseWords } from "./forms/index.js";
import { before, imageOf, isType, type Situation } from "./situation.js";

/** `all` and `each` in front of what is done for each of several places anyway. */
const quantifiers = new Set(["all", "every", "each", "any"]);

/**
 * How a head or neuron is written that somebody may have meant by one word, such as `L2H1`, `5.3` or, behind another place,
 * `H3`; null for any other text.
 * @param before the place in front of it, such as `L5.H0`.
 */
export function meantUnit(text: string, before: string): string | null {
  const [, layer, letter = "", unit] = /^[Ll]?(\d+)(?:[._]?([HhNnEe]?)(\d+))?$/.exec(text) ?? [];
  if (layer !== undefined && unit !== undefined) {
    const meant = unitOfLetter(letter.toUpperCase()) ?? "head";
    return `${meant} ${unit} of layer ${layer} is \`L${layer}.${unitLetters[meant]}${unit}\``;
  }
  if (!/^[HNE]\d+$/.test(text)) return null;
  const [of = "L5"] = /^L[^.]*/.exec(before) ?? [];
  return `it is written with its layer: \`${of}.${text}\``;
}

/** How the place is written that somebody may have meant: `L2H1`, `5.3`, `2`, `1..3`, `[`. */
export function meantPlace(s: Situation): string {
  const text = imageOf(s.found);
  const unit = meantUnit(text, before(s, 2));
  if (unit !== null) return unit;
  const [, layer] = /^[Ll]?(\d+)$/.exec(text) ?? [];
  if (layer !== undefined && isType(s.next, "DotDot"))
    return `a range of layers is \`L${layer}..${Number(layer) + 2}\``;
  if (layer !== undefined) return `layer ${layer} is \`L${layer}\`, and head 3 of it \`L${layer}.H3\``;
  if (text === "[" || text === "(") return "places stand without brackets: `L5.H3, L7`";
  if (/^(?:in|of|at|for|on|from)$/.test(text)) return `places follow directly: \`${before(s, 1)} L5\``;
  if (text === "random") return "places are drawn by `ablate random 4 heads of L* seed 1 together`";
  if (quantifiers.has(text) || text === "*") return `all layers are \`L*\`: \`${before(s, 1)} L*\``;
  return "places are written `L5`, `L15..30`, `L9.H6` or `L*`";
}

/** What to write where `ablate` wants a part of the model. */
export function meantTarget(s: Situation): string {
  const text = imageOf(s.found);
  if ([s.found, s.next].some((token) => /^pairs?$/.test(imageOf(token)))) {
    return "every two of several places at once are `ablate pairs of heads L0..1`";
  }
  if (quantifiers.has(text)) {
    const next = imageOf(s.next);
    return `every one of several places is a condition of its own: \`ablate ${next === "" ? "heads" : next} L*\``;
  }
  if (isType(s.found, "PlaceLiteral")) {
    const unit = unitOfLetter(/\.([HNE])/.exec(text)?.[1]);
    return unit === null
      ? `say what of it: \`heads ${text}\`, \`mlp ${text}\`, \`attention ${text}\` or \`layer ${text}\``
      : `write \`${unit}s ${text}\``;
  }
  if (/^[Ll]?\d/.test(text)) return meantPlace(s).replaceAll("`L", "`ablate heads L");
  return "other sites are changed with `set`: `set resid_post[L5] to 0`";
}

/** What to write where a clause of an experiment is wanted. */
export function meantClause(s: Situation): string {
  const text = imageOf(s.found);
  if (text === "-") return `names have no hyphen: \`${before(s, 1)}_${imageOf(s.next)}\``;
  if (text === ":") return "clauses follow the name without a colon";
  if (/^(?:using|model|prompts|corpus)$/.test(text)) return "models follow `on`, prompts and corpora `with`";
  const clause = /^(?:for|foreach|while|loop|each|if|run|eval|evaluate|compute|zero|knockout|mask|remove|add|replace)$/;
  const called = clause.test(text) ? statementCalled(text) : null;
  return called ?? [...clauseWords].join(", ").replace(/, (\w+)$/, " or $1");
}

/** What to write where positions are wanted. */
export function meantPositions({ found, next }: Situation): string {
  const text = imageOf(found);
  if (text === "layer" || isType(found, "PlaceLiteral")) {
    return "`at` takes positions; a layer is `site[L5]`, or a parameter of a metric: `head_norm layer L5`";
  }
  if (isType(found, "StringLiteral")) return `the position of a word is \`at token ${text}\``;
  if (/^(?:pos|position|index)$/.test(text))
    return `positions stand alone: \`at ${isType(next, "NumberLiteral") ? imageOf(next) : "-1"}\``;
  if (/^(?:query|key|head|neuron|vocab)$/.test(text)) return `an entry of another axis is \`select(x, ${text}: 0)\``;
  if (/^(?:first|end|start|begin|beginning)$/.test(text))
    return `the first position is \`at 0\`, the last one \`at last\``;
  if (quantifiers.has(text)) return "every position in turn is `at *`, all of them at once `at * together`";
  return 'at last, at 0, at -16..-1, at *, at token "Mary"';
}

/** An example of the clause that lacks its `by`. */
export function amountExample({ statement }: Situation): string {
  return statement === "steer" ? "steer resid_post L9 by 4 * random_direction(seed: 1)" : "scale heads L9 by 0.5";
}

/** What to write instead of an option of a table or plot that other languages have; null for any other word. */
export function optionCalled(word: string, statement: string): string | null {
  if (statement !== "table" && statement !== "plot") return null;
  if (/^(?:vs|versus)$/.test(word)) return "write `against`";
  if (statement === "plot" && /^(?:xlabel|xtitle)$/.test(word)) return 'write `x "title of the axis"`';
  if (statement === "plot" && /^(?:ylabel|ytitle)$/.test(word)) return 'write `y "title of the axis"`';
  if (statement === "plot" && /^(?:logx|xlog|logscale|logy|ylog)$/.test(word)) return "write `log x` or `log y`";
  if (statement === "plot" && /^(?:sort|order|ordered|ranked)$/.test(word)) return "write `sorted`";
  if (statement === "plot" && /^(?:annotate|annot|labels|numbers)$/.test(word)) return "write `values`";
  if (/^(?:title|legend|log|color|colour|xlabel|ylabel|size)$/.test(word))
    return statement === "plot"
      ? "colours and sizes are not set in the language; a plot takes title, x, y and caption"
      : "the look of tables is not set in the language";
  if (statement === "plot") return null;
  if (/^(?:sort|sorted|order|orderby)$/.test(word)) return "rows are sorted with `by`: `table e by impact`";
  if (/^(?:rank|ranked)$/.test(word)) return "write `with rank`: `table e by impact with rank`";
  if (/^(?:pivot|columns|cols|versus)$/.test(word))
    return "columns are named with `across`: `table e.impact across layer`";
  if (/^(?:desc|descending|asc|ascending|reverse)$/.test(word))
    return "the largest come first; the smallest do with a minus: `by -impact`";
  if (/^(?:limit|first|head|max)$/.test(word)) return "write `top 5`";
  if (/^(?:filter|having|if|when|only)$/.test(word)) return "write `where`";
  if (/^(?:group|grouped|groupby|per|each|rows)$/.test(word)) {
    return "rows are named with `by`: `table e.impact by layer` has one for each layer, with the mean over the rest";
  }
  return null;
}
