/** Words that have their meaning inside of statements: options, targets, replacements. How they are written the forms say. */
import type { Word } from "./form.js";

const clause = (meaning: string, example: string): Word => ({ group: "Clauses", meaning, example });
const target = (meaning: string, example: string): Word => ({ group: "Targets", meaning, example });
const replacement = (meaning: string, example: string): Word => ({ group: "Replacements", meaning, example });

const pairs = `prompts copying from "answers.jsonl" clean "clean" corrupt "corrupt" answer "answer" distractor "distractor"`;
const hessian = "curvature of loss over params attention L2 top 20 trace density probes 10 steps 80 seed 1";

/** Every word of the language that no form has for its name, by its text. */
export const words: Readonly<Record<string, Word>> = {
  from: clause(
    "Where a model or texts come from; in `patch` and `resample` the texts whose values are put in.",
    'model dev from "@stdlib/models/gpt2-tiny"',
  ),
  revision: clause(
    "A revision of a Hub model, or the subfolder revisions/NAME of a local one. A list is the axis revision.",
    'model growing from "@stdlib/models/pythia-tiny" revision ["step512", "step1024"]',
  ),
  dtype: clause(
    "Rounds every weight to f32, bf16 or f16 first; arithmetic stays in f32. A list is the axis dtype.",
    'model rounded from "@stdlib/models/gpt2-tiny" dtype [f32, bf16]',
  ),
  tokenizer: clause(
    "The folder of the tokenizer, where it does not lie beside the model, as with many ONNX exports.",
    'model exported from "model.onnx" tokenizer "folder"',
  ),
  facts: clause(
    "What is known of a model beside its weights: columns of results where an experiment has several models.",
    'model small from "@stdlib/models/gpt2-tiny" facts { lab: "ours", tokens: 40 }',
  ),
  random: clause(
    "Prompts of tokens drawn at random from the vocabulary, without its special tokens.",
    "prompts probe random tokens 50 repeat 2 count 8 seed 7",
  ),
  tokens: clause(
    "The unit of a length: `random tokens 50`, `limit 20k tokens`.",
    "prompts probe random tokens 50 count 8",
  ),
  repeat: clause(
    "How often a random sequence is repeated; in metrics, `period` is the length of the sequence.",
    "prompts probe random tokens 50 repeat 2",
  ),
  count: clause(
    "How many random prompts are drawn; 1 when nothing is said. `ablate top 1..N` has an axis of this name.",
    "prompts probe random tokens 50 count 8",
  ),
  seed: clause(
    "The number that makes a random draw repeatable; 0 when nothing is said.",
    "prompts probe random tokens 50 seed 7\nablate heads L1 by resample from probe seed 3",
  ),
  group: clause(
    "The field of a file that fills the axis group; a field `group` does so by itself.",
    'prompts lines from "lines.jsonl" group "register"',
  ),
  clean: clause(
    "The field with the first text of a pair; the set's name stands for these texts. It needs `corrupt`.",
    pairs,
  ),
  corrupt: clause("The field with the second text of a pair. It needs `clean`.", pairs),
  answer: clause("The field with what should follow a text, its space included. The first token counts.", pairs),
  distractor: clause("The field with what should not follow a text. It needs `answer`.", pairs),
  continuation: clause(
    "The field with what is put behind each text to be predicted token by token. After `at`: where these tokens are predicted.",
    'prompts facts from [{text: "The bell", next: " rang twice"}] continuation "next"\nmeasure nll at continuation',
  ),
  split: clause(
    "Which part of a data set of the Hugging Face Hub is read, by the names of its parquet files.",
    'prompts asked from "hf:datasets/org/name" split "train" text "question"',
  ),
  chat: clause(
    "Makes a text of each conversation by the tokenizer's chat template. A text alone is what a user says.",
    'prompts asked from ["Who rang the bell?"] chat system "Be brief."',
  ),
  system: clause(
    "What stands first in every conversation.",
    'prompts asked from ["Who rang?"] chat system "Be brief."',
  ),
  generation: clause(
    "Whether the template opens the model's own turn at the end of a conversation; `on` when nothing is said.",
    'prompts told from ["It rang."] chat generation off',
  ),
  bos: clause(
    "Whether the token that begins a text is put in front; as the tokenizer's configuration says when nothing is said.",
    'prompts lines from "lines.txt" bos off',
  ),
  off: clause(
    "After `bos`: no token is put in front of the text. After `with ci`: no intervals.",
    'prompts lines from "lines.txt" bos off',
  ),
  window: clause(
    "Tokens of one window of a corpus; as many as the model accepts, at most 1024, when nothing is said.",
    'corpus novel from "novel.txt" window 256',
  ),
  stride: clause(
    "By how many tokens windows advance; by a whole window when nothing is said.",
    'corpus novel from "novel.txt" window 256 stride 128',
  ),
  limit: clause("Takes the first tokens of each text only.", 'corpus novel from "novel.txt" limit 20k tokens'),

  together: clause(
    "Makes one condition of all places and positions, which then have no axes; without it each is one of its own. " +
      "`together over position` joins that axis alone. In a `probe`, a field whose texts stay in one fold.",
    "ablate heads L2.H0, L2.H3 together measure loss",
  ),
  pairs: clause(
    "Every two of the places at once, a condition each, with the axes first and second; `triples of` takes three.",
    "ablate pairs of heads L0..1 measure loss",
  ),
  triples: clause(
    "Every three of the places at once, a condition each, with the axes first, second and third.",
    "ablate triples of mlp L* measure loss",
  ),
  combinations: clause(
    "Every so many of the places at once, a condition each: `combinations of 2` is `pairs of`.",
    "ablate combinations of 4 mlp L* measure loss",
  ),
  draws: clause(
    "How often places are drawn; 1 when nothing is said. Each draw is a condition on the axis draw, from 1.",
    "ablate random 4 heads of L* seed 1 draws 20 together measure loss",
  ),
  step: clause(
    "How far apart the numbers of a range are; both ends belong to it. Also a fact of models, and any name.",
    "scale mlp L2 by 0..2 step 0.25 measure loss",
  ),
  by: clause(
    "What is put in, a factor or a vector after an intervention; after a result the axes that divide it, the key that sorts " +
      "a table, or the column that ranks places.",
    "scale heads L2 by 0.5 measure loss\ntable experiment_1 by loss",
  ),
  to: clause("What a site is set to; where a result is saved.", "set logits to logits / 2 measure entropy"),
  into: clause(
    "The texts that the model reads while values of `from` are put in. The experiment runs on them.",
    "patch mlp L2 from clean into corrupt measure kl",
  ),
  top: clause(
    "The first so many: places that another experiment ranks highest, rows of a table, eigenvalues. `top 1..4 … together` " +
      "is the axis count.",
    "ablate top 1..4 heads of scores by induction_score together measure loss\ntable scores top 10 by induction_score",
  ),
  recovery: clause(
    "The share of a difference that a patch brings back, prompt by prompt: 0 where it changes nothing, 1 where the run is as " +
      "good as the unmodified one of `from`. Its baseline is 0; NaN where both runs agree.",
    "patch heads L* from clean into corrupt measure recovery of logit_diff",
  ),
  as: clause(
    "The name of a column or of what a `probe` answers, the classes of `classify`, or what a `probe` takes a field for.",
    "measure mean(nll) as plain",
  ),
  token: clause(
    "The position, in each prompt, of the token that ends the last place where a text occurs. Also a type of parameters.",
    'ablate mlp L1 at token "mother" measure loss',
  ),
  params: clause(
    "The weights over which curvature is taken: `attention`, `mlp`, `layer`, `W_Q`, `W_K`, `W_V` or `W_O` of layers, `embeddings` or `all`.",
    hessian,
  ),
  trace: clause("Asks for the trace of the Hessian. It is an operation as well.", hessian),
  coupling: clause(
    "In `curvature`, asks for the norms of the Hessian's blocks between the heads of W_Q, W_K, W_V or W_O.",
    "experiment heads curvature of loss over params W_V L2 coupling probes 8",
  ),
  gauss_newton: clause(
    "In `curvature`, takes the generalised Gauss–Newton matrix Jᵀ H J in place of the Hessian: H is that of the measure with " +
      "respect to the logits, J the logits' derivative with respect to the weights.",
    "experiment hessian curvature of loss over params W_V L2 gauss_newton top 5",
  ),
  probes: clause("How many random vectors estimate trace, density or coupling.", hessian),
  steps: clause("How many steps of the Lanczos iteration are done at most.", hessian),

  using: clause(
    "The tests that decide; welch_t for `compare` and pearson for `correlate` when nothing is said.",
    "correlate a.gain with a.loss by layer using pearson, bootstrap(10000) seed 1",
  ),
  correct: clause(
    "The correction for several comparisons: holm, bh or bonferroni.",
    "compare a.loss between group one, two, three using welch_t correct bh",
  ),
  expect: clause(
    "What a hypothesis expects of two values.",
    'hypothesis "smaller" expect a.loss < b.loss using t_test',
  ),
  all: clause(
    "`all of`: every one of several expectations, in every group, must be CONFIRMED.",
    'hypothesis "both" expect all of a.loss < 3, b.loss < 3 using t_test',
  ),
  any: clause(
    "`any of`: one of several expectations, or one group, must be CONFIRMED.",
    'hypothesis "one" expect any of a.loss < 3, b.loss < 3 using t_test',
  ),
  equivalent: clause(
    "Expects two values to differ by less than a margin, which two one-sided tests decide.",
    'hypothesis "no effect" expect sweep.impact equivalent to 0 within 0.05 using t_test',
  ),
  within: clause(
    "How large a difference may be to count as none, in the unit of the values.",
    'hypothesis "no effect" expect sweep.impact equivalent to 0 within 0.05 using t_test',
  ),
  then: clause(
    "After `if` and a condition: the value where it holds.",
    "metric clipped = mean(if nll > 5 then 5 else nll)",
  ),
  else: clause(
    "The value where the condition after `if` does not hold. `else not supported`: whatever is decided and not CONFIRMED is NOT SUPPORTED.",
    'hypothesis "smaller" expect a.loss < 3 using t_test else not supported',
  ),
  supported: clause(
    "`else not supported`: whatever is decided and not CONFIRMED is NOT SUPPORTED.",
    'hypothesis "smaller" expect a.loss < 3 using t_test else not supported',
  ),
  alpha: clause(
    "The level below which a p-value decides for a hypothesis; 0.05 when nothing is said.",
    'hypothesis "smaller" expect a.loss < 3 using t_test alpha 0.01',
  ),
  changepoint: clause("The place at which a result changes most.", "find changepoint of a.loss over layer"),
  peak: clause("The place at which a result is largest.", "find peak of a.loss over layer"),
  dip: clause("The value furthest below the line between its neighbours.", "find dip of a.loss over layer"),
  components: clause(
    "How many principal components; 2 when nothing is said.",
    "pca of a.nll over revision components 4",
  ),
  classes: clause(
    "`as classes`: values of a field that are numbers are names of classes, and are not put in order.",
    "probe label from a.x over d_model as classes",
  ),
  folds: clause(
    "Into how many parts the texts of a probe are dealt, each of which is predicted from the others; 5 when nothing is said.",
    "probe label from a.x over d_model folds 10",
  ),
  penalty: clause(
    "The weight of half the squared length of a probe's direction, as 1/C of scikit-learn's LogisticRegression; of the whole square for numbers, as alpha of its Ridge. 1 when nothing is said.",
    "probe label from a.x over d_model penalty 10",
  ),
  power_law: clause("The curve a·x^b: a line through the logarithms of both.", "fit power_law of a.loss over params"),
  linear: clause("The line a + b·x.", "fit linear of a.loss over layer"),
  exponential: clause(
    "The curve a·exp(b·x): a line through the logarithm of the value.",
    "fit exponential of a.loss over layer",
  ),
  logistic: clause(
    "The curve low + height / (1 + exp(−(x − centre) / width)), by nonlinear least squares.",
    "fit logistic of a.loss over step",
  ),
  winner: clause(
    "Says at each place which of several metrics is the lowest or the highest. Equal means are a tie.",
    "table sizes winner highest of attn_norm, mlp_norm by layer",
  ),
  lowest: clause("The metric with the lowest mean wins.", "table sizes winner lowest of attn_norm, mlp_norm by layer"),
  highest: clause(
    "The metric with the highest mean wins.",
    "table sizes winner highest of attn_norm, mlp_norm by layer",
  ),
  context: clause(
    "Shows each row's token inside so many tokens of its text, and keeps prompts apart.",
    "table surprise top 5 by surprise with context 6",
  ),
  across: clause(
    "Makes a column of each level of the axes, beside the rows that `by` names.",
    "table sweep.impact by layer across head",
  ),
  percent: clause("Writes a plain number in percent.", "table sweep.relative as percent by layer"),
  ratio: clause(
    "Marks a plain number as a multiple of something.",
    "table sweep.loss / sweep.loss.baseline as ratio by layer",
  ),
  rank: clause(
    "After `with`: numbers the rows by what they are sorted by, from 1; equal ones share a number. `rank(x over AXIS)` is a function of results.",
    "table sweep by abs(impact) with rank",
  ),
  caption: clause(
    "A text with a table, a plot or a figure: below the title of a table, below a picture, and in LaTeX and Markdown files.",
    'table sweep.impact by layer caption "What each layer is worth."',
  ),
  ci: clause(
    "A bootstrap interval beside each mean: 95% when nothing is said, from 2,000 draws of whole texts.",
    "table mean(tokens.nll over position, prompt) with ci 0.9",
  ),
  against: clause(
    "The value on the horizontal axis of a scatter plot.",
    "plot scatter of sizes.attn_norm against sizes.mlp_norm",
  ),

  values: clause(
    "Writes numbers into the cells of a heatmap and at the ends of bars, and names at the points of a scatter.",
    "plot bar of a.loss over layer values",
  ),
  identity: clause(
    "The line on which both values of a scatter are equal.",
    "plot scatter of a.loss against b.loss identity",
  ),
  sorted: clause("Entries of the axis by their value, the largest first.", "plot bar of a.loss over head sorted"),
  ascending: clause("The smallest value first.", "plot bar of a.loss over head sorted ascending"),
  log: clause("A logarithmic axis, for numbers above 0.", "plot line of a.loss over step log x log y"),
  x: clause(
    "The title of the horizontal axis, after `log` a logarithmic one.",
    'plot line of a.loss over layer x "depth"',
  ),
  y: clause(
    "The title of the vertical axis, after `log` a logarithmic one.",
    'plot line of a.loss over layer y "loss"',
  ),
  title: clause(
    "The title of a plot, in a figure that of its panel.",
    'plot line of a.loss over layer title "Loss over depth"',
  ),
  columns: clause(
    "How many panels of a figure stand side by side.",
    'figure "Loss" columns 1 { plot line of a.loss over layer plot bar of a.loss over layer }',
  ),

  heads: target(
    "Heads at z, before the output projection. A layer alone means each of its heads.",
    "ablate heads L9.H6, L10 measure loss",
  ),
  kv_heads: target("Key-value heads: every query head that reads one.", "ablate kv_heads L2 measure loss"),
  neurons: target("Neurons of the MLP, at mlp_act.", "ablate neurons L3.N0..99 measure loss"),
  experts: target("Experts of a mixture, at expert_out.", "ablate experts L3.E0..7 measure loss"),
  mlp: target("What the MLP adds to the residual stream, mlp_out.", "ablate mlp L* measure loss"),
  attention: target("What attention adds to the residual stream, attn_out.", "ablate attention L* measure loss"),
  layer: target(
    "What a layer adds: attn_out and mlp_out. Also an axis of results, and a type of parameters.",
    "ablate layer L2 measure loss",
  ),

  zero: replacement("Puts 0 in place; the default of `ablate`.", "ablate heads L2 by zero measure loss"),
  mean: replacement(
    "Puts in the average over all prompts and positions of the unmodified model: over the experiment's own texts, or over " +
      "those after `of`. With `per position` it is taken over prompts only, position by position.",
    "ablate heads L2 by mean of others per position measure loss",
  ),
  per: replacement(
    "Averages over prompts only, position by position, which needs prompts of one length.",
    "ablate heads L2 by mean per position measure loss",
  ),
  position: replacement(
    "Averages over prompts only, position by position. Also the axis of positions in results.",
    "ablate heads L2 by mean per position measure loss",
  ),
  resample: replacement(
    "Puts in the values of another prompt, drawn at random among those that are at least as long, aligned from the end.",
    "ablate heads L2 by resample from others seed 3 measure loss",
  ),
  constant: replacement("Puts in a number, or a param.", "ablate neurons L2.N0..3 by constant 0.5 measure loss"),
};
