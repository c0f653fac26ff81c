/** The table of syntax errors: in which situation which words tell the user what was wanted. First match wins. */
import type { IToken } from "chevrotain";
import { clauseWords, outlineOf } from "./forms/index.js";

/** What is known about a parse error. */
export interface Situation {
  /** The grammar rule. */
  readonly rule: string;
  /** Names of token types that the grammar would have taken. */
  readonly expected: readonly string[];
  /** The token before; null at the start of the file. */
  readonly previous: IToken | null;
  /** The offending token; null at the end of the file. */
  readonly found: IToken | null;
}

interface Row {
  readonly when: (situation: Situation) => boolean;
  /** Fills "expected …"; the grammar's own list when absent. */
  readonly expected?: string;
  readonly hint?: string;
}

const isType = (token: IToken | null, ...names: readonly string[]): boolean =>
  token !== null && names.includes(token.tokenType.name);
const wants =
  (...names: readonly string[]) =>
  (s: Situation): boolean =>
    names.some((name) => s.expected.includes(name));
const inRule =
  (...rules: readonly string[]) =>
  (s: Situation): boolean =>
    rules.includes(s.rule);
const finds =
  (...names: readonly string[]) =>
  (s: Situation): boolean =>
    isType(s.found, ...names);
const after =
  (...names: readonly string[]) =>
  (s: Situation): boolean =>
    isType(s.previous, ...names);
const both =
  (...tests: readonly ((s: Situation) => boolean)[]) =>
  (s: Situation): boolean =>
    tests.every((test) => test(s));

const startsItem = (s: Situation): boolean => s.found !== null && /^(["A-Za-z0-9_]|\(|\[$)/.test(s.found.image);
const valueRules = ["primary", "power", "signed", "sum", "expression", "memberAccess", "rankKey", "guarded"];
const wantsValue = (s: Situation): boolean => s.expected.includes("NumberLiteral") && s.expected.includes("LParen");

const nameFor = (rule: string, what: string, hint: string): Row => ({
  when: both(inRule(rule), wants("Name")),
  expected: what,
  hint,
});

/** The table. Rows of one rule stand before rows of all rules. */
export const situations: readonly Row[] = [
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
    when: both(inRule("file", "expected"), finds("Less", "Greater", "LessEqual", "GreaterEqual", "Is", "In")),
    expected: "the end of the comparison",
    hint: "comparisons do not chain: join two of them with `and`",
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
    hint: [...clauseWords].join(", ").replace(/, (\w+)$/, " or $1"),
  },
  {
    when: both(inRule("placeList", "ablate"), wants("PlaceLiteral")),
    expected: "a place such as L5, L15..30 or L9.H6",
  },
  {
    when: inRule("positions"),
    expected: "positions: `last`, an index, a range or `token`",
    hint: 'at last, at 0, at -16..-1, at token "Mary"',
  },
  {
    when: both(inRule("scaleOrSteer"), wants("By")),
    expected: "`by`",
    hint: outlineOf("scale"),
  },
  { when: both(inRule("patch"), wants("From", "Into")), hint: outlineOf("patch") },
  { when: both(wantsValue, after("Measure")), expected: "a metric to measure" },
  // Decisions and output.
  {
    when: inRule("expected"),
    expected: "`<`, `>`, `<=` or `>=`",
    hint: "a hypothesis expects one side to be smaller or larger than the other",
  },
  {
    when: both(inRule("compareStatement"), wants("Between")),
    expected: "`between`",
    hint: outlineOf("compare"),
  },
  {
    when: both(inRule("hypothesisStatement"), wants("Expect")),
    expected: "`expect`",
    hint: outlineOf("hypothesis"),
  },
  { when: inRule("axisName"), expected: "an axis name", hint: "such as layer, head, prompt or position" },
  // Everything that wants a value.
  { when: both(inRule(...valueRules), wantsValue), expected: "a value" },
];
