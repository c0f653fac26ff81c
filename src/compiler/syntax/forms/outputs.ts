/** Forms of what is done with results: decisions, tables, plots, files. */
import type { Form } from "./form.js";

export const decisionForms: readonly Form[] = [
  {
    name: "compare",
    group: "Statements",
    lines: ["compare VALUE between AXIS [LEVEL, …] [by AXIS, …] [using TEST, …] [correct METHOD]"],
    meaning: "Tests whether levels of an axis differ, each pair of them; all levels where none is named.",
    example: "compare baseline.R_V between prompts recursive, factual using welch_t, cohens_d",
    outline: "compare VALUE between prompts ONE, OTHER",
    rules: ["compareStatement", "levelList", "byAxes", "axisList", "usingClause", "correctClause"],
  },
  {
    name: "correlate",
    group: "Statements",
    lines: [
      "correlate VALUE with VALUE|AXIS [by AXIS, …] [using TEST, …] [correct METHOD]",
      "correlate VALUE between AXIS, … [by AXIS, …] [using TEST, …] [correct METHOD]",
    ],
    meaning:
      "Correlates two results over the axes that they share, a result with an axis of numbers (a trend), or the levels of " +
      "axes with each other (a matrix).",
    example: "correlate gains.entropy with abs(gains.gain - 1) by model using pearson",
    outline: "correlate ONE with OTHER",
    rules: ["correlateStatement", "byAxes", "axisList", "usingClause", "correctClause"],
  },
  {
    name: "hypothesis",
    group: "Statements",
    lines: [
      'hypothesis "TEXT" expect [QUANTITY] EXPECTED, … [by AXIS, …] [using TEST, …] [alpha N] [else not supported]',
    ],
    meaning:
      "States before the run what is expected and which test decides. It ends CONFIRMED, PARTIAL, NOT SIGNIFICANT, REJECTED " +
      "or UNDECIDED; with `else not supported`, whatever is decided and not CONFIRMED is NOT SUPPORTED.",
    example: 'hypothesis "smaller than one" expect gains.gain < 1 using t_test alpha 0.05',
    outline: 'hypothesis "text" expect ONE < OTHER',
    rules: ["hypothesisStatement", "expectation", "byAxes", "axisList", "usingClause"],
  },
  {
    name: "find",
    group: "Statements",
    lines: ["find changepoint|peak|dip of VALUE over AXIS [by AXIS, …]"],
    meaning:
      "Looks along an axis: for the largest value, for the value furthest below the line between its neighbours, or for the " +
      "place where the values change.",
    example: "find peak of heads.coupling over layer",
    rules: ["findStatement", "byAxes", "axisList"],
  },
  {
    name: "pca",
    group: "Statements",
    lines: ["pca of VALUE over AXIS [components N]"],
    meaning:
      "Principal components of a result: the levels of the axis are the observations, all other places the features.",
    example: "pca of tokens.nll over revision components 4",
    rules: ["pcaStatement"],
  },
  {
    name: "probe",
    group: "Statements",
    lines: [
      "probe FIELD_OF_TEXTS from VALUE over AXIS, … [by AXIS, …] [as classes] [folds N] [together FIELD_OF_TEXTS] " +
        "[penalty N] [seed N] [using TEST, …] [as NAME]",
    ],
    meaning:
      "A linear probe: how well a field of the texts can be read off from the values along the axes, on folds that the probe " +
      "has not seen. Logistic regression for classes, ridge regression for numbers.",
    example: "probe register from stream.x over d_model by layer as registers",
    rules: ["probeStatement", "probeOption", "byAxes", "axisList", "usingClause"],
  },
  {
    name: "fit",
    group: "Statements",
    lines: ["fit power_law|linear|exponential|logistic of VALUE over AXIS [by AXIS, …]"],
    meaning:
      "Fits a curve by least squares along an axis of numbers: its coefficients, their errors, and how well it fits.",
    example: "fit power_law of sizes.loss over params",
    rules: ["fitStatement", "byAxes", "axisList"],
  },
  {
    name: "classify",
    group: "Statements",
    lines: ["classify VALUE as CLASS, …"],
    meaning: "Sorts values into named classes: each belongs to the first whose bound is above it.",
    example: "classify map.perplexity as easy < 30, hard",
    rules: ["classifyStatement"],
  },
];

export const outputForms: readonly Form[] = [
  {
    name: "table",
    group: "Statements",
    lines: [
      "table SHOWN, … [top N] [where CONDITION] [by AXIS|VALUE, …] [across AXIS, …] [with context N] [with rank] " +
        '[with ci [off|N] [TEST]] [caption "TEXT"]',
      "table EXPERIMENT winner lowest|highest of METRIC, … [where CONDITION] [by AXIS, …]",
    ],
    meaning:
      "Shows results as a table. Axes after `by` are its rows, those after `across` its columns, and a value after `by` sorts " +
      "it. `with ci` puts an interval beside each mean.",
    example: "table sweep top 10 by abs(loss.impact)",
    rules: ["tableStatement", "tableBody", "tableOption", "nameList", "axisList", "intervalClause"],
  },
  {
    name: "plot",
    group: "Statements",
    lines: [
      "plot heatmap|line|bar|histogram|box|scatter|density|text of VALUE, … [against VALUE] [over AXIS, …] [by AXIS, …] " +
        "[with ci [off|N] [TEST]] [text VALUE] [values] [identity] [sorted [ascending]] [log x] [log y] " +
        '[title "TEXT"] [x "TEXT"] [y "TEXT"] [caption "TEXT"]',
    ],
    meaning:
      "Shows results as a figure; axes that are not named are averaged. Each kind has an entry: atlasc doc plots.",
    example: "plot heatmap of sweep.loss.impact over layer, head",
    rules: ["plotStatement", "plotKind", "byAxes", "axisList", "intervalClause", "plotOption"],
  },
  {
    name: "figure",
    group: "Statements",
    lines: [`figure "TITLE" [columns N] [caption "TEXT"] '{' PLOT … '}'`],
    meaning:
      "Shows several plots as one picture, its panels named by letters. A panel's `title` stands beside its letter.",
    example:
      'figure "Two views" {\n  plot heatmap of sweep.impact over layer, head\n  plot line of sweep.impact over layer\n}',
    outline: 'figure "title" { plot line of VALUE over AXIS }',
    rules: ["figureStatement"],
  },
  {
    name: "save",
    group: "Statements",
    lines: [
      'save RESULT to "FILE"',
      "save SHOWN, … [top N] [where CONDITION] [by AXIS|VALUE, …] [across AXIS, …] [with context N] [with rank] " +
        '[with ci [off|N] [TEST]] [caption "TEXT"] to "FILE"',
      'save EXPERIMENT winner lowest|highest of METRIC, … [where CONDITION] [by AXIS, …] to "FILE"',
    ],
    meaning:
      "Writes results to a file: csv, jsonl, json or parquet by its ending have every value as measured; tex and md have the " +
      "table that `table` shows, with the same clauses. safetensors has the eigenvectors of a `curvature` with `top`.",
    example: 'save sweep to "sweep.csv"',
    outline: 'save NAME to "file.csv"',
    rules: ["saveStatement", "tableBody", "tableOption", "nameList", "axisList", "intervalClause"],
  },
];

export const plotForms: readonly Form[] = [
  {
    name: "heatmap",
    group: "Plots",
    lines: ["plot heatmap of VALUE, … over AXIS, AXIS [by AXIS, …] [text VALUE] [values]"],
    meaning:
      "A grid of colours over two axes, rows first: from blue to red around 0 where values lie on both sides of it. `by` makes " +
      "panels, and so do several values; all other axes are averaged. `text` writes a value, such as a token, into the cells.",
    example: "plot heatmap of sweep.loss.impact over layer, head",
    rules: [],
  },
  {
    name: "line",
    group: "Plots",
    lines: ["plot line of VALUE, … over AXIS [by AXIS, …] [with ci [off|N] [TEST]] [log x] [log y]"],
    meaning:
      "A line along one axis. `by` makes lines or panels, and so do several values; all other axes are averaged. `with ci` " +
      "draws a band around it.",
    example: "plot line of sweep.loss.impact over layer by head",
    rules: [],
  },
  {
    name: "bar",
    group: "Plots",
    lines: [
      "plot bar of VALUE, … over AXIS [by AXIS, …] [with ci [off|N] [TEST]] [values] [sorted [ascending]] [log y]",
    ],
    meaning:
      "A bar for each entry of one axis. `by` makes series or panels; all other axes are averaged. `with ci` draws error bars, " +
      "which means over documents have by themselves.",
    example: "plot bar of sweep.loss.impact over layer by group",
    rules: [],
  },
  {
    name: "histogram",
    group: "Plots",
    lines: ["plot histogram of VALUE, … [by AXIS [, AXIS]]"],
    meaning: "How many values lie where. Nothing is averaged: each value counts. `by` divides them by one or two axes.",
    example: "plot histogram of tokens.nll by group",
    rules: [],
  },
  {
    name: "density",
    group: "Plots",
    lines: ["plot density of VALUE, … [by AXIS [, AXIS]]"],
    meaning:
      "A smoothed histogram. Nothing is averaged: each value counts. In `curvature`, `density` asks for the density of " +
      "eigenvalues.",
    example: "plot density of tokens.nll by group",
    rules: [],
  },
  {
    name: "box",
    group: "Plots",
    lines: ["plot box of VALUE, … [by AXIS [, AXIS]] [sorted [ascending]] [log y]"],
    meaning:
      "Median, quartiles and outliers. Nothing is averaged: each value counts. `by` divides them by one or two axes.",
    example: "plot box of sizes.mlp_norm by layer, group",
    rules: [],
  },
  {
    name: "scatter",
    group: "Plots",
    lines: ["plot scatter of VALUE against VALUE [by AXIS [, AXIS]] [values] [identity] [log x] [log y]"],
    meaning:
      "A point for each place that two values share, with the line of least squares: the first value upwards, the other to " +
      "the right. Nothing is averaged.",
    example: "plot scatter of sizes.attn_norm against sizes.mlp_norm by layer",
    rules: [],
  },
  {
    name: "text",
    group: "Plots",
    lines: ["plot text of VALUE, … [by AXIS, …]"],
    meaning:
      "Texts with a colour behind each token, such as its loss. `by` and several values stand side by side; each prompt is a " +
      "text of its own, and all other axes are averaged. In a heatmap `text` names what stands in the cells; in `prompts` " +
      "the field of a file that holds the text, `text` when nothing is said.",
    example: "plot text of tokens.nll by model",
    rules: [],
  },
];
