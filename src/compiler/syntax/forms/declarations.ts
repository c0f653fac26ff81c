/** Forms of what a file declares: imports, models, texts, parameters, metrics, experiments, named results. */
import type { Form } from "./form.js";

export const declarationForms: readonly Form[] = [
  {
    name: "model",
    group: "Statements",
    lines: [`model NAME from SOURCES [revision REVISIONS] [dtype DTYPES] [tokenizer "FOLDER"] [facts '{' FACT, … '}']`],
    meaning: "Declares a model, or a sweep over models, revisions or storage types where a list is given.",
    example: 'model dev from "@stdlib/models/pythia-tiny" revision ["step0", "step4000"]',
    outline: 'model NAME from "source"',
    rules: ["modelStatement", "factsOption"],
    declares: ["model"],
  },
  {
    name: "prompts",
    group: "Statements",
    lines: [
      'prompts NAME from SOURCE [as text] [split "NAME"] [FIELD …] [bos on|off] [CHAT]',
      "prompts NAME random tokens N [repeat N] [count N] [seed N] [bos on|off]",
    ],
    meaning: "Declares texts that are looked at one by one, or sequences of random tokens.",
    example: "prompts probe random tokens 50 repeat 2 count 8 seed 7",
    outline: 'prompts NAME from "file"',
    rules: ["promptsStatement", "textSource", "asTextOption", "splitOption", "randomSource", "bosOption"],
    declares: ["prompt set"],
  },
  {
    name: "corpus",
    group: "Statements",
    lines: [
      'corpus NAME from SOURCE [as text] [split "NAME"] [text "FIELD"] [group "FIELD"] [window N] [stride N] [limit N tokens] [bos on|off]',
    ],
    meaning: "Declares long texts that are cut into windows; results are per text, not per window.",
    example: 'corpus novel from "novel.txt" window 256 stride 128 limit 20k tokens',
    outline: 'corpus NAME from "file"',
    rules: ["corpusStatement", "textSource", "asTextOption", "splitOption", "corpusField", "windowOption", "bosOption"],
    declares: ["prompt set"],
  },
  {
    name: "metric",
    group: "Statements",
    lines: ["metric NAME [( PARAMETER, … )] = EXPRESSION"],
    meaning: "Defines a measurement as an expression over sites.",
    example: "metric spread(layer: layer = L*) = PR(resid_post[layer] last 16)",
    outline: "metric NAME = formula",
    rules: ["metricStatement"],
    declares: ["metric"],
  },
  {
    name: "reference",
    group: "Statements",
    lines: ['reference "NAME" PUBLISHED …'],
    meaning:
      "Published values as data: a row of the results `references`, whose axis `model` has the name. Numbers are its values; " +
      "texts, and facts of models such as params, its columns; a field called like an axis is a coordinate.",
    example: 'reference "Pythia-6.9B" gain 0.80 norm "LayerNorm" source "a paper"',
    outline: 'reference "name" gain 0.80',
    rules: ["referenceStatement"],
    declares: ["result"],
  },
  {
    name: "param",
    group: "Statements",
    lines: ["param NAME = VALUE"],
    meaning: "A value that the command line can replace: --set NAME=VALUE.",
    example: "param width = 16",
    outline: "param NAME = value",
    rules: ["paramStatement"],
    declares: ["parameter"],
  },
  {
    name: "import",
    group: "Statements",
    lines: ['import "PATH"'],
    meaning: "Makes the declarations of another file visible. Its experiments and outputs are left out.",
    example: 'import "shared/spread"',
    rules: ["importStatement"],
    declares: ["model", "prompt set", "parameter", "metric"],
  },
  {
    name: "experiment",
    group: "Statements",
    lines: ["experiment NAME [on MODEL, …] [with PROMPTS, …] [INTERVENTION …] measure MEASURE, … [CURVATURE]"],
    meaning:
      "Models, texts, what is changed and what is measured. With a change the unmodified baseline is there too. Without " +
      "`experiment NAME` the clauses alone are an unnamed experiment.",
    example: "experiment sweep ablate heads L* measure loss",
    rules: ["namedExperiment", "clauses", "clause", "onClause", "withClause", "nameList", "measure"],
    declares: ["result"],
  },
  {
    name: "let",
    group: "Statements",
    lines: ["let NAME = VALUE"],
    meaning:
      "Names an expression over the results of experiments. Inside an expression, `let NAME = VALUE in EXPRESSION` names a part.",
    example: "let best = max(induction.induction_score over layer, head)",
    outline: "let NAME = value",
    rules: ["letStatement"],
    declares: ["result"],
  },
];
