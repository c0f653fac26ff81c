/** What the words in capitals stand for in the forms of statements, clauses and operators. */
import type { Part } from "./form.js";

/** Rules of the grammar for a value, from the loosest to a single one. Which words they take, operators say. */
const valueRules = [
  "expression",
  "guarded",
  "disjunction",
  "conjunction",
  "negation",
  "comparison",
  "sum",
  "product",
  "signed",
  "power",
  "postfix",
  "primary",
  "parenthesised",
  "list",
];

const piece = (meaning: string, rules: readonly string[], sample: string): Part => ({
  meaning,
  lines: [],
  rules,
  sample,
});
const named = (meaning: string, sample: string): Part => piece(meaning, ["Name", "AxisName", "AnyWord"], sample);
const value = (meaning: string, sample: string): Part => piece(meaning, valueRules, sample);
const form = (lines: readonly string[], rules: readonly string[], meaning = ""): Part => ({
  meaning,
  lines,
  rules,
  sample: "",
});

/** Names and single pieces. */
const pieces = {
  NAME: named("letters, digits and _, not beginning with a digit", "thing"),
  MODEL: named("a declared model", "small"),
  PROMPTS: named("a declared prompt set or corpus", "sayings"),
  TEXTS: named("a declared prompt set, or clean or corrupt", "others"),
  EXPERIMENT: named("an experiment", "sweep"),
  RESULT: named("an experiment, or what let has named", "sweep"),
  METRIC: named("a metric", "loss"),
  METHOD: named("holm, bh or bonferroni", "holm"),
  DTYPE: named("f32, bf16 or f16", "bf16"),
  KIND: named("layer, count, scalar or token", "scalar"),
  MEMBER: named("a metric, or a column: value, baseline, impact, relative", "impact"),
  FUNCTION: named("an operation or a metric", "mean"),
  FIELD_OF_TEXTS: named("a field of the prompts or documents, or group", "register"),
  GROUP: named("a name of the group", "prose"),
  AXIS: piece("an axis, such as layer, head or position", ["axisName", "AxisName", "AxisWord"], "layer"),
  WEIGHTS: named(
    "attention, mlp, layer, W_Q, W_K, W_V or W_O with layers, the last four with heads such as L9.H6, or embeddings or all without",
    "attention",
  ),
  PART: named("heads, kv_heads, neurons, experts, mlp, attention, layer, or a site such as resid_pre", "heads"),
  INPUT: named("q, k or v of heads, k or v of kv_heads", "q"),
  READER: named("heads, kv_heads, mlp or logits", "heads"),
  N: piece("a number", ["NumberLiteral"], "2"),
  GIVEN: piece(
    "a text, a number, true, false or null; a list of token ids, or of messages {role: …, content: …}",
    ["inlineValue", "inlineNumber", "inlineList", "inlineRecord", "inlineField"],
    '"it rang"',
  ),
  IDS: piece("token ids", ["inlineList", "inlineNumber", "Name"], "[0, 12, 5]"),
  PLACE: piece("such as L5, L15..30, L9.H6, or a param: atlasc doc places", ["place", "PlaceLiteral"], "L1.H2"),
} as const;

/** Values. */
const values = {
  EXPRESSION: value("a value of the measurement language: atlasc doc operators", "nll"),
  VALUE: value("a value: atlasc doc operators", "sweep.loss"),
  INDEX: value("a place, a name, a token or a number", "L2"),
  CONDITION: value("a comparison, or several joined by and, or, not", "layer in L1..2"),
  SITE: piece("a site as an expression writes it: z[L5], z[L5.H3], logits", ["postfix"], "z[L1.H2]"),
  KEY: piece("a column, such as impact; abs(impact), -impact", ["rankKey", "memberAccess"], "-impact"),
  NUMBER: piece("a number or a param", ["rankKey", "memberAccess"], "0.5"),
  MARGIN: piece("a number above 0, in the unit of the sides", ["sum"], "0.05"),
  SIDE: piece(
    "a value; `where` binds tighter here than the comparison",
    ["expectedSide", "sideDisjunction", "sideConjunction", "sideNegation", "sideComparison"],
    "sweep.loss where layer is L0",
  ),
} as const;

/** What has a form of its own. */
const composed = {
  SOURCES: form(
    [`"SOURCE" | '[' "SOURCE", … ']' | NAME`],
    ["stringsOrName", "oneOrMoreStrings", "stringList"],
    "a list is the axis model, a name a param",
  ),
  REVISIONS: form(
    [`"REVISION" | '[' "REVISION", … ']' | NAME`],
    ["stringsOrName", "oneOrMoreStrings", "stringList"],
    "a list is the axis revision, a name a param",
  ),
  DTYPES: form([`DTYPE | '[' DTYPE, … ']'`], ["oneOrMoreNames"], "a list is the axis dtype"),
  FILES: form([`"FILE" | '[' ITEM, … ']'`], ["textItems", "inlineList"]),
  SOURCE: form([`"FILE" | '[' ITEM, … ']' | '{' GROUPED, … '}'`], ["textItems", "inlineList", "groups"]),
  ITEM: form(
    [`"TEXT" | IDS | RECORD`],
    ["inlineValue"],
    "a text, its token ids, or a record as a line of a .jsonl file has it: all items of one kind",
  ),
  RECORD: form([`'{' ENTRY, … '}'`], ["inlineRecord"], "a field called like a clause plays its part"),
  ENTRY: form(['NAME|"NAME": GIVEN'], ["inlineField"]),
  GROUPED: form(["GROUP: FILES"], ["textGroup"]),
  FIELD: form(
    [
      `text "FIELD" | group "FIELD" | clean "FIELD" | corrupt "FIELD" | answer "FIELD" | distractor "FIELD"`,
      `continuation "FIELD"`,
    ],
    ["fieldOption"],
  ),
  CHAT: form(
    ['chat [system "TEXT"] [generation on|off]'],
    ["chatOption"],
    "texts are what a user says, or conversations",
  ),
  FACT: form(["NAME: VALUE_GIVEN", "NAME: '[' VALUE_GIVEN, … ']'"], ["fact"], "a list has a value for each source"),
  VALUE_GIVEN: form([`"TEXT" | [-]N`], ["factValue"]),
  PUBLISHED: form(["NAME VALUE_GIVEN"], ["referenceField"], "a value, a fact or a coordinate by name"),
  PARAMETER: form(["NAME [: TYPE] [= EXPRESSION]"], ["parameter"]),
  TYPE: form([`KIND | '[' AXIS|*, … ']'`], ["parameterType", "tensorAxis"]),
  INTERVENTION: form(["ABLATE | PATCH | SCALE | STEER | SET"], [], "each is a clause: atlasc doc interventions"),
  MEASURE: form(
    ["[recovery of] METRIC [SETTING …] [as NAME]", "[recovery of] EXPRESSION [as NAME]"],
    ["measureItem", "metricUse"],
  ),
  SETTING: form(["NAME NUMBER|PLACE|LIST"], ["metricPair"], "a parameter of the metric and its value"),
  LIST: form([`'[' NUMBER|PLACE, … ']'`], [], "an axis called like the parameter; a range of numbers is one, too"),
  TARGET: form(["heads | kv_heads | neurons | experts | mlp | attention | layer"], ["ablateTarget"]),
  POSITIONS: form(
    [`last | token "TEXT" | continuation | * | POSITION[..POSITION [step N]]`],
    ["positions", "numberOrRange"],
    "* is every position",
  ),
  POSITION: form(["[-]N"], [], "from the front, 0 first, or with - from the end"),
  TOGETHER: form(["together [over AXIS, …]"], [], "all in one condition, or what differs in these axes only"),
  RECEIVER: form(["[INPUT of] READER [PLACE, …]"], ["receiver", "target", "placeList"], "what a path leads to"),
  REPLACEMENT: form(
    ["zero | mean [of TEXTS] [per position] | resample from TEXTS [seed N] | constant NUMBER"],
    ["replacement"],
    "zero when nothing is said",
  ),
  SHOWN: form(
    ["VALUE [as percent|ratio]"],
    ["tableValue"],
    "a plain number may be written in percent or as a multiple",
  ),
  TEST: form(["NAME [(N)] [seed N]"], ["testUse"], "such as welch_t or bootstrap(10000): atlasc doc tests"),
  QUANTITY: form(["all of | any of | N of"], ["quantity"], "how many must be CONFIRMED; each group of `by` counts"),
  EXPECTED: form(
    ["SIDE COMPARISON SIDE", "SIDE equivalent to SIDE within MARGIN", '"TITLE"'],
    ["expected"],
    "a title is that of another hypothesis",
  ),
  LEVEL: form(
    [`NAME | "NAME" | PLACE | POSITION[..POSITION [step N]]`],
    ["level", "numberOrRange"],
    "an entry of the axis: a group, a layer, a head; a range is each",
  ),
  COMPARISON: form(["< | > | <= | >="], []),
  CLASS: form(["NAME [< N]"], ["classBound"], "bounds ascend; the last class may have none"),
  COUNT: form(["N | NAME | ( EXPRESSION )"], ["lastCount"]),
  ARGUMENT: form(["[NAME:] EXPRESSION"], ["argument"]),
} as const;

/** Every part by its name. */
export const parts: ReadonlyMap<string, Part> = new Map(Object.entries({ ...pieces, ...values, ...composed }));
