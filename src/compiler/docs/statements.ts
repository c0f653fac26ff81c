/** The statements and interventions of the language, for `atlasc doc`: how each is written and what it is for. */
import { writtenReplacements } from "../replacements/index.js";

export interface StatementDescription {
  /** The word it begins with. */
  readonly name: string;
  /** Its form; what stands in capitals is chosen, what stands in brackets may be left out. */
  readonly form: string;
  readonly meaning: string;
  readonly example: string;
}

export const statements: readonly StatementDescription[] = [
  {
    name: "model",
    form: "model NAME from SOURCE [revision REVISION] [dtype DTYPE] [tokenizer FOLDER]",
    meaning: "Declares a model, or a sweep over models, revisions or storage types where a list is given.",
    example: 'model dev from "@stdlib/models/pythia-tiny" revision ["step0", "step4000"]',
  },
  {
    name: "prompts",
    form: "prompts NAME from FILE | [TEXTS] | { GROUP: … } [text F] [group F] [clean F corrupt F] [answer F] [distractor F] [bos on|off]",
    meaning: "Declares texts that are looked at one by one, or random token sequences: prompts NAME random tokens N.",
    example: "prompts probe random tokens 50 repeat 2 count 8 seed 7",
  },
  {
    name: "corpus",
    form: "corpus NAME from FILE | { GROUP: FILE, … } [window N] [stride N] [limit N tokens] [bos on|off]",
    meaning: "Declares long texts that are cut into windows; results are per text, not per window.",
    example: 'corpus novel from "novel.txt" window 256 stride 128 limit 20k tokens',
  },
  {
    name: "metric",
    form: "metric NAME[(PARAMETER: TYPE = DEFAULT, …)] = EXPRESSION",
    meaning: "Defines a measurement as an expression over sites.",
    example: "metric spread(layer: layer = L*) = PR(resid_post[layer] last 16)",
  },
  {
    name: "param",
    form: "param NAME = VALUE",
    meaning: "A value that the command line can replace: --set NAME=VALUE.",
    example: "param width = 16",
  },
  {
    name: "import",
    form: "import PATH",
    meaning: "Makes the declarations of another file visible.",
    example: 'import "shared/spread"',
  },
  {
    name: "experiment",
    form: "experiment NAME [on MODELS] [with PROMPTS] [INTERVENTIONS] measure MEASURES",
    meaning: "Models, texts, what is changed and what is measured. With a change the unmodified baseline is there too.",
    example: "experiment sweep ablate heads L* measure loss",
  },
  {
    name: "ablate",
    form: `ablate heads|kv_heads|neurons|mlp|attention|layer PLACES [at POSITIONS] [together] [by ${writtenReplacements.join("|")}]`,
    meaning:
      "Removes parts of the model, each in turn or together. Heads are removed at z, before the output projection.",
    example: "experiment sweep ablate heads L0..2 by mean measure loss",
  },
  {
    name: "patch",
    form: "patch TARGET PLACES [at POSITIONS] [together] from TEXTS into TEXTS",
    meaning: "Puts activations of one run into another. Pairs of texts are aligned from the end.",
    example: "experiment heads patch heads L* from clean into corrupt measure recovery of logit_diff",
  },
  {
    name: "scale",
    form: "scale TARGET PLACES by NUMBER",
    meaning: "Multiplies a part's output by a number.",
    example: "experiment half scale heads L2 by 0.5 measure loss",
  },
  {
    name: "steer",
    form: "steer SITE PLACES by EXPRESSION [at POSITIONS]",
    meaning: "Adds a vector to a site.",
    example: "experiment push steer resid_pre L2 by 4 * random_direction(seed: 1) at last measure entropy",
  },
  {
    name: "set",
    form: "set SITE[LAYER] [at POSITIONS] to EXPRESSION",
    meaning: "Puts an expression in place of a site's value; the other interventions are special cases of it.",
    example: "experiment still set mlp_out[L2] to 0 * mlp_out[L2] measure loss",
  },
  {
    name: "measure",
    form: "measure METRIC [PARAMETER VALUE …] | EXPRESSION [as NAME], …",
    meaning: "What an experiment computes; axes that a measure keeps become columns of the results.",
    example: "experiment plain measure R_V window [16, 32], PR(mlp_out[L2] last 8) as mlp",
  },
  {
    name: "let",
    form: "let NAME = RESULT",
    meaning: "Names an expression over the results of experiments.",
    example: "let best = max(induction.induction_score over layer, head)",
  },
  {
    name: "table",
    form: "table RESULT [winner lowest|highest of A, B] [where CONDITION] [top N] [by KEY] [with context N]",
    meaning: "Shows results as a table.",
    example: "table sweep top 10 by abs(loss.impact)",
  },
  {
    name: "plot",
    form: "plot heatmap|line|bar|histogram|box|scatter|density of RESULT [against RESULT] [over AXES] [by AXES]",
    meaning: "Shows results as a figure; axes that are not named are averaged.",
    example: "plot heatmap of sweep.loss.impact over layer, head",
  },
  {
    name: "save",
    form: "save RESULT to FILE",
    meaning: "Writes results to a file: csv, jsonl, json or parquet by its ending.",
    example: 'save sweep to "sweep.csv"',
  },
  {
    name: "compare",
    form: "compare RESULT between AXIS LEVELS using TESTS [correct METHOD]",
    meaning: "Tests whether levels of an axis differ.",
    example: "compare baseline.R_V between prompts recursive, factual using welch_t, cohens_d",
  },
  {
    name: "correlate",
    form: "correlate RESULT with RESULT [by AXES] using pearson|spearman",
    meaning: "Correlates two results over the axes that they share.",
    example: "correlate gains.entropy with abs(gains.gain - 1) by model using pearson",
  },
  {
    name: "hypothesis",
    form: "hypothesis TEXT expect COMPARISON [by AXES] using TESTS [alpha P]",
    meaning: "States before the run what is expected, and the test that decides.",
    example: 'hypothesis "smaller than one" expect gains.gain < 1 using t_test alpha 0.05',
  },
  {
    name: "find",
    form: "find changepoint|peak|dip of RESULT over AXIS [by AXES]",
    meaning: "Looks for the place on an axis where a result changes or is extreme.",
    example: "find peak of heads.coupling over layer",
  },
  {
    name: "pca",
    form: "pca of RESULT over AXIS [components N]",
    meaning: "Principal components of a result along an axis.",
    example: "pca of tokens.nll over revision components 4",
  },
  {
    name: "classify",
    form: "classify RESULT as NAME < BOUND, …, NAME",
    meaning: "Sorts values into named classes.",
    example: "classify map.perplexity as easy < 30, hard",
  },
];
