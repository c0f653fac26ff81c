/** Diagnostics of names: A2. */
import type { CatalogueEntry } from "./entry.js";

export const namesDiagnostics = {
  A2001: {
    severity: "error",
    title: "unknown metric or function",
    message: "unknown {kind} {name}",
    explanation:
      "No metric, function or test has this name. `atlasc doc` lists them; a metric of another file has to be imported.",
  },
  A2002: {
    severity: "error",
    title: "declared twice",
    message: "the {kind} {name} is declared twice",
    explanation:
      "Two declarations of one kind have the same name, perhaps one of them in an imported file. Rename one.",
  },
  A2003: {
    severity: "error",
    title: "unknown name",
    message: "unknown name {name}",
    explanation: "Nothing that can stand here has this name. Declare it, or correct the spelling.",
  },
  A2004: {
    severity: "error",
    title: "unknown site",
    message: "unknown site {name}",
    explanation:
      "The models have no site of this name. `atlasc doc sites` lists all of them, `atlasc inspect MODEL` those of a model.",
  },
  A2005: {
    severity: "error",
    title: "unknown parameter",
    message: "{metric} has no parameter {name}",
    explanation: "The metric does not declare a parameter of this name. `atlasc doc METRIC` shows its parameters.",
  },
  A2006: {
    severity: "error",
    title: "defined by itself",
    message: "{name} is defined by itself: {path}",
    explanation:
      "A metric or parameter needs itself to be computed, perhaps by way of others. Define one of them without the others.",
  },
  A2007: {
    severity: "error",
    title: "missing argument",
    message: "{metric} needs a value for {name}",
    explanation: "A parameter without a default must be given. Write a value behind its name.",
  },
  A2008: {
    severity: "error",
    title: "unknown type",
    message: "unknown parameter type {name}",
    explanation:
      "Parameters are of type layer, count, scalar or token, or are tensors such as `[pos, *]`. Write one of these.",
  },
  A2009: {
    severity: "error",
    title: "unknown model",
    message: "unknown model {name}",
    explanation: "No `model` statement declares this name. Declare it, or name another in `on`.",
  },
  A2010: {
    severity: "error",
    title: "unknown prompt set",
    message: "unknown prompt set {name}",
    explanation: "No `prompts` or `corpus` statement declares this name. Declare it, or import the file that does.",
  },
  A2011: {
    severity: "error",
    title: "unknown experiment",
    message: "unknown experiment {name}",
    explanation:
      "No experiment and no `let` has this name. Unnamed experiments are called experiment_1, experiment_2 and so on.",
  },
  A2012: {
    severity: "error",
    title: "unknown column",
    message: "{experiment} has no column {name}",
    explanation:
      "The experiment does not measure this, or has no such column. Columns are value, and with an intervention baseline, impact and relative.",
  },
  A2013: {
    severity: "error",
    title: "unknown axis",
    message: "{experiment} has no axis {name}",
    explanation:
      "The experiment's results have no axis of this name. Axes come from what is swept and from what measures keep.",
  },
  A2014: {
    severity: "error",
    title: "which model",
    message: "this experiment does not say which model it runs on",
    explanation: "The file declares no model, or several of them. Declare one, or name those that are meant with `on`.",
  },
  A2015: {
    severity: "error",
    title: "which prompts",
    message: "this experiment does not say which prompts it runs with",
    explanation:
      "The file declares no texts, or several sets of them. Declare some, or name those that are meant with `with`.",
  },
  A2016: {
    severity: "error",
    title: "unknown protocol parameter",
    message: "the protocol has no parameter {name}",
    explanation: "`--set` replaces the value of a `param` of the protocol, and there is none of this name.",
  },
  A2017: {
    severity: "error",
    title: "ambiguous column",
    message: "{experiment} measures several metrics: say which {column}",
    explanation:
      "The metric's name may be left out when an experiment measures one thing. Write EXPERIMENT.METRIC.COLUMN.",
  },
  A2018: {
    severity: "error",
    title: "unknown import",
    message: "cannot import {path}: {problem}",
    explanation:
      "The imported file cannot be read. Its path is relative to the file that names it and may leave out .atlas.",
  },
  A2019: {
    severity: "error",
    title: "name is taken",
    message: "the {kind} {name} cannot have the name of {what}",
    explanation:
      "A name may not be that of something the language has, such as a site or a function. Choose another one.",
  },
  A2020: {
    severity: "error",
    title: "unknown coordinate",
    message: "the axis {axis} of {experiment} has no {value}",
    explanation:
      "The axis has no entry of this name or number, so that nothing would be selected. Write one that it has.",
  },
  A2021: {
    severity: "error",
    title: "import in a circle",
    message: "{file} imports itself: {path}",
    explanation:
      "A file imports itself, perhaps by way of others. Leave the import out: declarations of one file see one another.",
  },
} as const satisfies Readonly<Record<string, CatalogueEntry>>;
