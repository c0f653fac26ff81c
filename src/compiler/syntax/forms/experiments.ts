/** Forms of the clauses of an experiment. */
import type { Form } from "./form.js";

/** What surrounds a target wherever places are changed: rules that each intervention spells out. */
const reach = ["target", "placeList", "reach", "atClause", "togetherClause", "axisList"];

export const experimentForms: readonly Form[] = [
  {
    name: "on",
    group: "Clauses",
    lines: ["on MODEL, …"],
    meaning:
      "The models that an experiment runs on: the axis model where there are several. It may be left out when the file has " +
      "one model. In `prompts` and `corpus`, `bos on` adds the token that begins a text.",
    example: "experiment sizes on small, large measure loss",
    rules: ["onClause", "nameList"],
  },
  {
    name: "with",
    group: "Clauses",
    lines: ["with PROMPTS, …"],
    meaning:
      "The texts that an experiment reads: the axis prompts where there are several. It may be left out when the file has " +
      "one prompt set.",
    example: "experiment plain with prose, drama measure loss",
    rules: ["withClause", "nameList"],
  },
  {
    name: "ablate",
    group: "Interventions",
    lines: [
      "ablate TARGET PLACE, … [at POSITIONS] [TOGETHER] [by REPLACEMENT]",
      "ablate pairs|triples of TARGET PLACE, … [at POSITIONS] [TOGETHER] [by REPLACEMENT]",
      "ablate combinations of N TARGET PLACE, … [at POSITIONS] [TOGETHER] [by REPLACEMENT]",
      "ablate random N TARGET of PLACE, … [seed N] [draws N] [at POSITIONS] together [by REPLACEMENT]",
      "ablate top N[..N] TARGET of EXPERIMENT by KEY [at POSITIONS] [together] [by REPLACEMENT]",
    ],
    meaning:
      "Removes parts of the model, each in turn or together. Heads are removed at z, before the output projection. `pairs of` " +
      "removes every two of the places at once, `random N` so many that are drawn, and `top N` takes the places where another " +
      "experiment has the highest values.",
    example: "experiment sweep ablate heads L0..2 by mean measure loss",
    rules: [
      "ablate",
      "combinationSelection",
      "randomSelection",
      "topSelection",
      "placeList",
      "atClause",
      "togetherClause",
      "axisList",
    ],
  },
  {
    name: "patch",
    group: "Interventions",
    lines: [
      "patch PART [PLACE, …] [at POSITIONS] [TOGETHER] from TEXTS into TEXTS",
      "patch PART [PLACE, …] to RECEIVER [at POSITIONS] [TOGETHER] from TEXTS into TEXTS",
    ],
    meaning:
      "Puts activations of one run into another. Pairs of texts are aligned from the end. With `to` only the direct path to the " +
      "receiver is patched: what it reads of the part through the residual stream.",
    example: "experiment heads patch heads L* from clean into corrupt measure recovery of logit_diff",
    outline: "patch heads L9 from CLEAN into CORRUPT",
    rules: ["patch", ...reach],
  },
  {
    name: "scale",
    group: "Interventions",
    lines: ["scale PART [PLACE, …] [at POSITIONS] [TOGETHER] by EXPRESSION"],
    meaning: "Multiplies a part's output by a number; a list of numbers is the axis factor.",
    example: "experiment half scale heads L2 by 0.5 measure loss",
    outline: "scale heads L9 by 0.5",
    rules: ["scaleOrSteer", ...reach],
  },
  {
    name: "steer",
    group: "Interventions",
    lines: ["steer PART [PLACE, …] [at POSITIONS] [TOGETHER] by EXPRESSION"],
    meaning: "Adds a vector to a site. `at` may also stand at the end.",
    example: "experiment push steer resid_pre L2 by 4 * random_direction(seed: 1) at last measure entropy",
    rules: ["scaleOrSteer", ...reach],
  },
  {
    name: "set",
    group: "Interventions",
    lines: ["set SITE [at POSITIONS] [TOGETHER] to EXPRESSION"],
    meaning: "Puts an expression in place of a site's value; the other interventions are special cases of it.",
    example: "experiment still set mlp_out[L2] to 0 * mlp_out[L2] measure loss",
    rules: ["set", "togetherClause", "axisList"],
    borrows: ["suffix"],
  },
  {
    name: "measure",
    group: "Clauses",
    lines: ["measure MEASURE, …"],
    meaning: "What an experiment computes; axes that a measure keeps become columns of the results.",
    example: "experiment plain measure R_V window [16, 32], PR(mlp_out[L2] last 8) as mlp",
    rules: ["measure"],
  },
  {
    name: "curvature",
    group: "Clauses",
    lines: [
      "curvature of EXPRESSION over params WEIGHTS [PLACE, …] [gauss_newton] [top N] [trace] [density] [coupling] [probes N] [steps N] [seed N]",
    ],
    meaning:
      "The Hessian of a measure's mean with respect to weights: its largest eigenvalues, trace, density of eigenvalues, and " +
      "the norms of its blocks between heads. With `gauss_newton`, the same of the Gauss–Newton matrix.",
    example: "experiment hessian curvature of loss over params attention L2 top 20 trace probes 10 seed 1",
    rules: ["curvature", "curvatureOption", "target", "placeList"],
  },
];
