/**
 * The table of syntax errors: in which situation which words tell the user what was wanted. First match wins.
 * Long because it is one table, whose rows are read from top to bottom.
 */
import { generationCalled } from "../base/foreign-words.js";
import { outlineOf } from "./forms/index.js";
import { amountExample, meantClause, meantPlace, meantPositions, meantTarget } from "./meant-words.js";
import {
  after,
  before,
  both,
  finds,
  imageOf,
  inRule,
  isType,
  isWordText,
  wants,
  within,
  type Situation,
} from "./situation.js";

interface Row {
  readonly when: (situation: Situation) => boolean;
  /** Fills "expected …"; the grammar's own list when absent. */
  readonly expected?: string;
  readonly hint?: string | ((situation: Situation) => string);
  /** True where the hint says more than that a word belongs to the language. */
  readonly insists?: true;
}

const startsItem = (s: Situation): boolean => s.found !== null && /^(["A-Za-z0-9_]|\(|\[$)/.test(s.found.image);
const valueRules = ["primary", "power", "signed", "sum", "expression", "memberAccess", "rankKey", "guarded"];
const wantsValue = (s: Situation): boolean => s.expected.includes("NumberLiteral") && s.expected.includes("LParen");

const clauses: ReadonlySet<string> = new Set("on with ablate patch scale steer set measure".split(" "));

/** A string as a name: `"my loss"` → `my_loss`. */
const asName = (literal: string): string =>
  literal
    .slice(1, -1)
    .trim()
    .replace(/\W+/g, "_")
    .replace(/^(?=\d|$)/, "_");

const nameFor = (rule: string, what: string, hint: string): Row => ({
  when: both(inRule(rule), wants("Name")),
  expected: what,
  hint,
});

/** The table. Rows of one rule stand before rows of all rules. */
export const situations: readonly Row[] = [
  {
    when: ({ found }) => generationCalled(imageOf(found)) !== null,
    hint: ({ found }) => generationCalled(imageOf(found)) ?? "",
    insists: true,
  },
  // Conditional values.
  {
    when: both(inRule("conditional"), wants("Then")),
    expected: "`then`",
    hint: "a conditional value is `if x > 3 then x else 0`",
  },
  {
    when: both(inRule("conditional"), wants("Else"), (s) => /^(?:elif|elsif|elseif)$/.test(imageOf(s.found))),
    expected: "`else`",
    hint: "write `else if`: `if x > 3 then 3 else if x < 1 then 1 else x`",
  },
  {
    when: both(inRule("conditional"), wants("Else")),
    expected: "`else`",
    hint: "a conditional value has both branches: `if x > 3 then x else 0`; to leave entries out there is `where`",
  },
  {
    when: both(finds("If"), wantsValue),
    expected: "a value",
    hint: "beside an operator, after `table` and in conditions, `if … then … else …` stands in parentheses",
    insists: true,
  },
  {
    when: both(finds("Where"), wantsValue, (s) => isType(s.next, "LParen")),
    expected: "a value",
    hint: "one of two values is `if x > 3 then x else 0`; a guard stands behind its value: `x where x > 3`",
    insists: true,
  },
  // Comments and operators of other languages.
  {
    when: both(finds("Slash"), after("Slash")),
    expected: "a value",
    hint: "a comment starts with `#`",
  },
  { when: both(finds("Slash"), inRule("file")), expected: "a statement", hint: "a comment starts with `#`" },
  {
    when: both(finds("Equals"), after("Equals", "Less", "Greater")),
    expected: "a value",
    hint: "`=` defines a name; write `is` to compare, `<=` or `>=` for bounds",
  },
  {
    when: both(inRule("file"), finds("Equals"), within("measure")),
    expected: "the end of the measure",
    hint: (s) =>
      `a column gets its name behind: \`${before(s, 1)} as ${isWordText(imageOf(s.next)) ? imageOf(s.next) : "NAME"}\``,
  },
  {
    when: both(inRule("file"), finds("Equals")),
    expected: "the end of the expression",
    hint: "`=` defines a name; write `is` to compare",
  },
  {
    when: both(finds("Not"), after("Is")),
    expected: "a value",
    hint: "write `not (a is b)`",
  },
  {
    when: both(inRule("file", "expected"), finds("Less", "Greater", "LessEqual", "GreaterEqual", "Is", "In"), (s) =>
      s.earlier.some((text) => /^(?:[<>]=?|is|in)$/.test(text)),
    ),
    expected: "the end of the comparison",
    hint: "comparisons do not chain: join two of them with `and`",
  },
  // Calls and paths of other languages.
  {
    when: both(finds("Equals"), wants("RParen")),
    expected: "`,` or `)`",
    hint: (s) =>
      /^(dim|axis|dims|axes|keepdims?)$/.test(imageOf(s.previous))
        ? "axes are named after `over`: mean(nll over pos)"
        : `arguments are named with a colon: \`${imageOf(s.previous)}: …\``,
  },
  // Several places of a choice.
  {
    when: both(inRule("ablate", "ablateTarget"), (s) =>
      /^(?:quadruples|quartets|quintuples|sextuples)$/.test(imageOf(s.found)),
    ),
    expected: "a target, or a choice of places",
    hint: (s) => {
      const size = { qui: 5, sex: 6 }[imageOf(s.found).slice(0, 3)] ?? 4;
      return `so many places at once are \`ablate combinations of ${size} heads L0..1\``;
    },
    insists: true,
  },
  {
    when: both(finds("DotDot"), within("ablate"), (s) => before(s, 2) === "random"),
    expected: "one number of places",
    hint: (s) =>
      `\`random\` draws a single number of places: \`ablate random ${before(s, 1)} heads of L* together\`; other numbers are experiments of their own`,
    insists: true,
  },
  {
    when: both(after("Seed"), finds("Minus")),
    expected: "a seed",
    hint: "a seed is a whole number from 0 to 4294967295: `seed 1`",
    insists: true,
  },
  {
    when: both(
      inRule("patch"),
      wants("From"),
      finds("Heads", "KvHeads", "Layer", "Mlp", "Attention"),
      (s) => isWordText(before(s, 1)) && before(s, 2) === "to",
    ),
    expected: "`of`",
    hint: (s) =>
      `what a head reads stands before \`of\`: \`to ${before(s, 1)} of ${imageOf(s.found)} ${isType(s.next, "PlaceLiteral") ? imageOf(s.next) : "L3"}\``,
    insists: true,
  },
  {
    when: both(
      inRule("file"),
      finds("Step"),
      after("NumberLiteral"),
      (s) => isWordText(imageOf(s.next)) && !clauses.has(imageOf(s.next)),
    ),
    expected: "the end of the range",
    hint: (s) =>
      `the step is written as a number, params are not allowed there: \`${before(s, 3)}..${before(s, 1)} step 0.25\``,
  },
  {
    when: both(inRule("file"), finds("Step"), after("NumberLiteral")),
    expected: "the end of the range",
    hint: (s) => `the number after \`step\` is missing: \`${before(s, 3)}..${before(s, 1)} step 0.25\``,
  },
  {
    when: both(inRule("file"), finds("LParen"), (s) => before(s, 2) === "."),
    expected: "the end of the expression",
    hint: (s) => `a function stands before its value: \`${imageOf(s.previous)}(x over pos)\``,
  },
  {
    when: both(finds("PlaceLiteral"), after("Dot")),
    expected: "the name of a column",
    hint: (s) => `a layer stands in brackets: \`${before(s, 2)}[${imageOf(s.found)}]\``,
  },
  {
    when: both(finds("NumberLiteral"), after("Dot"), (s) => /^L[\d*-]/.test(before(s, 2))),
    expected: "the name of a column",
    hint: (s) => `a head is \`${before(s, 2)}.H${imageOf(s.found)}\``,
  },
  {
    when: both(finds("Dot"), after("PlaceLiteral"), (s) => isType(s.next, "NumberLiteral", "MalformedNumber")),
    expected: "the end of the place",
    hint: (s) => `a head is \`${imageOf(s.previous)}.H${imageOf(s.next)}\``,
  },
  {
    when: both(finds("Colon"), after("LBracket", "Comma")),
    expected: "a layer, a head or a token",
    hint: "axes keep what is not chosen: positions are chosen with `at 0..3`, other axes with `select(x, head: 3)`",
  },
  {
    when: both(inRule("file"), finds("Over"), within("ablate")),
    expected: "an option of `ablate`",
    hint: "`by mean` averages over prompts and positions, `by mean per position` over prompts only",
  },
  {
    when: both(inRule("file"), finds("Over", "Between"), within("measure", "experiment", "metric", "let", "table")),
    expected: "the end of the expression",
    hint: (s) =>
      s.statement === "table"
        ? "`over` stands inside a call: `table mean(e.impact over layer)`"
        : `\`${imageOf(s.found)}\` stands inside a call: \`mean(nll over pos)\``,
  },
  {
    when: both(after("Comma"), finds("Over", "Between")),
    expected: "another item after the comma",
    hint: (s) => `\`${imageOf(s.found)}\` follows without a comma: \`mean(nll over pos)\``,
    insists: true,
  },
  {
    when: both(inRule("file"), finds("If"), within("measure", "experiment", "metric", "let", "table", "plot")),
    expected: "the end of the expression",
    hint: "`if` begins a value, `if x > 3 then x else 0`, in parentheses beside an operator; results are selected with `where`, as in `table e where layer is 3`",
  },
  {
    when: both(inRule("file"), within("measure"), (s) => s.earlier.some((text) => /^(?:when|unless)$/.test(text))),
    expected: "the end of the measure",
    hint: "a value is chosen with `if x > 3 then x else 0`; results are selected with `where`, as in `table e where layer is 3`",
  },
  { when: both(after("Star"), finds("Star")), expected: "a value", hint: "a power is written `x ^ 2`" },
  {
    when: both(wants("RBracket"), finds("Colon")),
    expected: "`]`",
    hint: "a range of positions is `x at 3..5`",
  },
  {
    when: both(after("Comma"), (s) => clauses.has(imageOf(s.found))),
    expected: "another item after the comma",
    hint: "clauses follow one another without a comma",
    insists: true,
  },
  // Names and places.
  {
    when: both(finds("StringLiteral"), inRule("nameList")),
    expected: "a name",
    hint: "what was declared is named without quotes, by the name behind `model` or `prompts`",
  },
  {
    when: both(finds("StringLiteral"), inRule("measureItem"), wants("Name")),
    expected: "a name",
    hint: (s) => `names stand without quotes: \`as ${asName(imageOf(s.found))}\``,
  },
  {
    when: both(finds("StringLiteral"), inRule("namedExperiment")),
    expected: "a name for the experiment",
    hint: (s) => `names stand without quotes, as letters, digits and \`_\`: \`experiment ${asName(imageOf(s.found))}\``,
  },
  {
    when: both(inRule("file"), after("PlaceLiteral"), finds("And", "Plus", "Or", "Slash")),
    expected: "`,` or an option",
    hint: "places are separated by commas: each is a condition of its own, and with `together` all of them are one",
  },
  {
    when: both(inRule("file"), after("PlaceLiteral"), finds("Colon", "Minus", "DotDot")),
    expected: "`,` or an option",
    hint: (s) => {
      const last = /\d+/.exec(imageOf(s.next))?.[0];
      return `a range is written \`${imageOf(s.previous)}..${last ?? String(Number(imageOf(s.previous).slice(1)) + 2)}\``;
    },
  },
  {
    when: both(inRule("file"), within("ablate"), finds("To", "As", "Using")),
    expected: "an option of `ablate`",
    hint: "what is put in place follows `by`: `by zero`, `by mean`, `by constant 0.5`",
  },
  {
    when: both(inRule("file"), finds("And"), within("plot", "table"), (s) =>
      s.earlier.some((t) => t === "over" || t === "by"),
    ),
    expected: "`,` or an option",
    hint: "axes are separated by commas",
  },
  {
    when: both(
      wantsValue,
      within("measure"),
      (s) =>
        isWordText(before(s, 1)) &&
        isWordText(before(s, 2)) &&
        before(s, 1) !== "measure" &&
        before(s, 2) !== "measure",
    ),
    expected: "a value",
    hint: (s) => `\`${before(s, 1)}\` is read as a parameter of \`${before(s, 2)}\`: measures are separated by commas`,
  },
  {
    when: both(wants("RBracket"), inRule("inlineList"), (s) => startsItem(s) || isType(s.found, "LBrace")),
    expected: "`,` or `]`",
    hint: "items of a list are separated by commas",
  },
  {
    when: both(wants("RBrace"), inRule("inlineRecord"), startsItem),
    expected: "`,` or `}`",
    hint: "fields are separated by commas",
  },
  {
    when: both(wants("Colon"), inRule("inlineField")),
    expected: "`:`",
    hint: 'a field is its name, a colon and its value: {text: "…", answer: " Mary"}',
  },
  {
    when: both(inRule("file"), within("prompts"), finds("System", "Generation")),
    hint: "`system` and `generation` stand behind `chat`, in this order",
    insists: true,
  },
  {
    when: both(inRule("figureStatement"), finds("RBrace")),
    expected: "`plot`",
    hint: "a figure holds at least one plot",
  },
  {
    when: both(inRule("figureStatement"), wants("RBrace")),
    expected: "`plot` or `}`",
    hint: "a figure holds plots only: other statements stand behind it",
  },
  {
    when: finds("LBrace", "RBrace"),
    hint: "braces are for groups of texts and records only: clauses and formulas stand without",
  },
  // Lists.
  {
    when: both(
      wants("RBracket"),
      inRule("list", "stringList", "oneOrMoreNames", "suffix", "parameterType"),
      startsItem,
    ),
    expected: "`,` or `]`",
    hint: "items of a list are separated by commas",
  },
  {
    when: both(wants("RBrace"), startsItem),
    expected: "`,` or `}`",
    hint: "groups are separated by commas",
  },
  {
    when: both(wants("RParen"), inRule("nameOrCall", "metricStatement"), startsItem),
    expected: "`,` or `)`",
    hint: "separate arguments with commas; axes follow `over`",
  },
  { when: both(wantsValue, after("Comma")), expected: "another item after the comma" },
  // Declarations.
  {
    when: both(inRule("modelStatement"), wants("From")),
    expected: "`from`",
    hint: outlineOf("model"),
  },
  {
    when: both(inRule("promptsStatement"), wants("From")),
    expected: "`from` or `random`",
    hint: 'prompts NAME from "file", from ["…"], or random tokens 50',
  },
  {
    when: both(inRule("textSource"), wants("From")),
    expected: "`from`",
    hint: outlineOf("corpus"),
  },
  {
    when: both(wants("Equals"), finds("Is", "Colon")),
    expected: "`=`",
    hint: "a name is defined with `=`",
  },
  {
    when: both(inRule("metricStatement"), wants("Equals")),
    expected: "`=` and the metric's formula",
    hint: "metric NAME(parameter: type = default) = formula",
  },
  {
    when: both(inRule("letExpression"), wants("In")),
    expected: "`in`",
    hint: "let NAME = value in expression; or is a value missing before this `let`?",
  },
  { when: both(wantsValue, after("Equals")), expected: "a value or formula after `=`" },
  {
    when: both(inRule("tensorAxis")),
    expected: "an axis name or `*`",
    hint: "a tensor's type lists its axes: [row, *]",
  },
  nameFor("modelStatement", "a name for the model", outlineOf("model")),
  nameFor("promptsStatement", "a name for the prompt set", outlineOf("prompts")),
  nameFor("corpusStatement", "a name for the corpus", outlineOf("corpus")),
  nameFor("paramStatement", "a name for the parameter", outlineOf("param")),
  nameFor("metricStatement", "a name for the metric", outlineOf("metric")),
  nameFor("namedExperiment", "a name for the experiment", "leave out the word `experiment` for an unnamed one"),
  nameFor("letStatement", "a name", outlineOf("let")),
  nameFor("saveStatement", "the name of an experiment or result", outlineOf("save")),
  // Experiments.
  {
    when: inRule("clauses"),
    expected: "a clause of the experiment",
    hint: meantClause,
  },
  {
    when: both(inRule("place", "placeList", "ablate"), wants("PlaceLiteral")),
    expected: "a place such as L5, L15..30 or L9.H6",
    hint: meantPlace,
  },
  { when: both(inRule("ablate", "ablateTarget"), wants("Heads")), hint: meantTarget },
  {
    when: inRule("combinationSelection"),
    hint: "every two at once are `ablate pairs of heads L0..1`, every four `ablate combinations of 4 heads L0..1`",
  },
  {
    when: inRule("randomSelection"),
    hint: "places are drawn by `ablate random 4 heads of L* seed 1 draws 20 together`",
  },
  {
    when: both(finds("Of"), after("Pairs", "Triples", "Combinations"), within("scale", "steer", "patch")),
    hint: "several places of a choice go together after `ablate` only: `ablate pairs of heads L0..1`",
  },
  {
    when: inRule("positions"),
    expected: "positions: `last`, an index, a range, `*` or `token`",
    hint: meantPositions,
  },
  {
    when: both(inRule("scaleOrSteer"), wants("By")),
    expected: "`by`",
    hint: amountExample,
  },
  {
    when: both(inRule("patch"), finds("Into"), (s) => isType(s.next, "Heads", "KvHeads", "Mlp", "Attention", "Layer")),
    hint: (s) => `a path leads \`to\` what reads it: \`to ${imageOf(s.next)} L3 from CLEAN into CORRUPT\``,
  },
  { when: both(inRule("patch"), wants("From", "Into")), hint: outlineOf("patch") },
  { when: both(wantsValue, after("Measure")), expected: "a metric to measure" },
  { when: both(inRule("set"), wants("To")), expected: "`to`", hint: "set resid_post[L5] to 0" },
  {
    when: inRule("replacement"),
    hint: ({ found }) =>
      isType(found, "NumberLiteral", "Minus")
        ? "a number stands after `constant`: `by constant 0.5`; nothing at all is `by zero`"
        : "there is no noise yet; `by resample from TEXTS` takes values of other prompts, and `set z[L5] to …` any expression",
  },
  {
    when: both(inRule("topSelection"), wants("Of")),
    expected: "`of`",
    hint: "places are ranked by another experiment: `ablate top 5 heads of sweep by impact`",
  },
  // Decisions and output.
  { when: both(inRule("saveStatement"), wants("To")), expected: "`to`", hint: 'save NAME to "file.csv"' },
  { when: both(inRule("saveStatement"), wants("StringLiteral")), expected: "the name of a file in quotes" },
  {
    when: both(inRule("figureStatement"), wants("NumberLiteral")),
    expected: "a whole number of columns from 1 to 6",
    hint: "how many panels stand side by side: `columns 2`",
  },
  {
    when: inRule("plotKind"),
    hint: "the kind comes first: `plot line of e.loss over layer`, `plot heatmap of e.impact over layer, head`",
  },
  {
    when: both(inRule("expected"), wants("Within")),
    expected: "`within` and a number",
    hint: "say how large a difference may be to count as none: `equivalent to 0 within 0.05`",
  },
  {
    when: inRule("expected"),
    expected: "`<`, `>`, `<=`, `>=` or `equivalent to`",
    hint: "a hypothesis expects one side to be smaller or larger than the other, or equivalent to it within a margin",
  },
  {
    when: both(inRule("hypothesisStatement"), wants("Supported")),
    expected: "`not supported`",
    hint: "`else not supported` says that whatever is decided and not confirmed speaks against the hypothesis",
  },
  {
    when: both(inRule("compareStatement"), wants("Between")),
    expected: "`between`",
    hint: outlineOf("compare"),
  },
  {
    when: both(inRule("correlateStatement"), wants("Between")),
    expected: "`with` or `between`",
    hint: outlineOf("correlate"),
  },
  {
    when: both(inRule("fitStatement"), wants("PowerLaw")),
    hint: "the curve comes first: `fit power_law of e.loss over params`, `fit linear of e.loss over layer`",
  },
  {
    when: both(inRule("hypothesisStatement"), wants("Expect")),
    expected: "`expect`",
    hint: outlineOf("hypothesis"),
  },
  {
    when: both(inRule("axisName"), finds("StringLiteral")),
    expected: "an axis name",
    hint: "axes are named without quotes",
  },
  { when: inRule("axisName"), expected: "an axis name", hint: "such as layer, head, prompt or position" },
  // Everything that wants a value.
  { when: both(inRule(...valueRules), wantsValue), expected: "a value" },
];
