/** Diagnostics of plans and runs: A5. */
import type { CatalogueEntry } from "./entry.js";

export const runsDiagnostics = {
  A5001: {
    severity: "error",
    title: "not yet available",
    message: "{what} is not yet available in this build of atlasc",
    explanation:
      "The form belongs to the language, but this version does not run it. The reference says which forms these are.",
  },
  A5002: {
    severity: "error",
    title: "nothing to run",
    message: "the protocol has no experiment",
    explanation: "The file only declares things. Add an experiment; a file of declarations is made to be imported.",
  },
  A5003: {
    severity: "error",
    title: "unwritable output",
    message: "cannot save to {path}: {problem}",
    explanation:
      'Files are saved inside the folder of the run, under a name that every file system can hold. Write one such as "sweep.csv".',
  },
  A5004: {
    severity: "error",
    title: "memory budget too small",
    message: "one row of {positions} tokens needs about {needed}, more than the budget of {budget}",
    explanation: "Even a single prompt needs more memory than is allowed. Raise `--memory`, or shorten the prompts.",
  },
  A5020: {
    severity: "error",
    title: "memory budget too small for a curvature",
    message: "the vectors of the curvature of {experiment} need about {needed}, more than the budget of {budget}",
    explanation:
      "Every Lanczos step keeps a vector as long as there are weights in the block, in float64. Ask for fewer `steps`, name a smaller part of the model, or raise `--memory`.",
  },
  A5005: {
    severity: "error",
    title: "protocol missing",
    message: "cannot read {path}: {problem}",
    explanation: "The protocol cannot be read. Look at its path.",
  },
  A5006: {
    severity: "error",
    title: "file not written",
    message: "cannot write {path}: {problem}",
    explanation:
      "The file cannot be written; what was there before is unchanged. Look at permissions and at the space on the disk.",
  },
  A5007: {
    severity: "error",
    title: "files in each other's way",
    message: "{path} cannot be saved beside {other}: {problem}",
    explanation:
      "Two saved files would be one on some file systems, or one would be the folder of the other. Rename one.",
  },
  A5011: {
    severity: "error",
    title: "run missing",
    message: "no run at {run}: {problem}",
    explanation:
      "A run is named by its folder, by `latest`, by the name of its protocol (its last run is meant), or by the first digits of its digest, as `atlasc log` lists them. `--runs` says where runs are looked up.",
  },
  A5012: {
    severity: "error",
    title: "judgement refused",
    message: "this judgement is not written down: {problem}",
    explanation:
      "A judgement says what a person made of results: it needs results, a verdict in words, and a name. Nothing was written.",
  },
  A5013: {
    severity: "error",
    title: "run cannot be drawn again",
    message: "this run cannot be drawn without computing: {problem}",
    explanation:
      "`atlasc report` makes tables, figures and the report from finished units alone. It needs the models and texts of the run, the same version of atlasc, and every unit in the store. Nothing was written.",
  },
} as const satisfies Readonly<Record<string, CatalogueEntry>>;
