/** Diagnostics of types and shapes: A3. */
import type { CatalogueEntry } from "./entry.js";

export const typesDiagnostics = {
  A3001: {
    severity: "error",
    title: "operation does not apply",
    message: "{fault}",
    explanation:
      "The operation cannot be applied to values of these types: axes or units do not fit. The message shows both types; reduce an axis, rename one or convert the unit.",
  },
  A3002: {
    severity: "error",
    title: "site lacks the axis",
    message: "{site} has no axis {axis}",
    explanation:
      "A head or neuron was selected of a site that has none. Use one that has the axis: `atlasc doc sites`.",
  },
  A3003: {
    severity: "error",
    title: "site without layer",
    message: "{site} exists in every layer: say which",
    explanation:
      "The site exists in every layer, so that a layer is needed. Write one in brackets, such as resid_post[L3] or resid_post[L*].",
  },
  A3004: {
    severity: "error",
    title: "wrong kind of value",
    message: "expected {expected}, found {found}",
    explanation:
      "Something of another kind can stand here: a layer, a number, a name or a list. Write what the message expects.",
  },
  A3005: {
    severity: "error",
    title: "value out of range",
    message: "{value} is not {expected}",
    explanation:
      "The value is of the right kind, but outside of what is possible here; measures compute in float32, from 1.2e-38 to 3.4e38. Write one within the bounds.",
  },
  A3006: {
    severity: "error",
    title: "sweeps disagree",
    message: "two sweeps of the axis {axis} have different values",
    explanation:
      "Two sweeps along one axis move together, so that they need the same values. Write the same places in both, or `together` in one of them; every two places at once are `ablate pairs of …`.",
  },
  A3007: {
    severity: "error",
    title: "no period",
    message: "the prompts {texts} have no repeated sequence, so `period` is unknown",
    explanation:
      "`period` is the length of a repeated sequence, which only sets with `random tokens N repeat M` have. Use such a set, or give the metric's parameter a value.",
  },
  A3008: {
    severity: "error",
    title: "reduction of a metric",
    message: "{metric} is a metric and takes no `over` or `between`",
    explanation:
      "`over` and `between` belong to operations, and a metric is a finished expression. Reduce its result instead: mean(METRIC over AXIS).",
  },
  A3009: {
    severity: "error",
    title: "too many",
    message: "{what} makes {count} {things}; at most {limit} are possible",
    explanation:
      "What is written multiplies to more than can be planned. Take fewer places, prompts or values, or fewer sweeps in one experiment.",
  },
  A3010: {
    severity: "error",
    title: "nothing measured",
    message: "this experiment measures nothing",
    explanation: "An experiment without `measure` has no result. Add the clause.",
  },
  A3011: {
    severity: "error",
    title: "axis twice",
    message: "{metric} has the axis {axis} twice",
    explanation:
      "The value has an axis already that a swept parameter of the same name would make. Reduce the axis, or sweep by another name.",
  },
  A3012: {
    severity: "error",
    title: "range from large to small",
    message: "the range {range} is empty",
    explanation:
      "Ranges go from the first to the last, both included, so that the first must not be larger. Exchange the two.",
  },
  A3013: {
    severity: "error",
    title: "no answer",
    message: "the prompts {texts} have no {quantity}",
    explanation:
      'The metric needs an answer or a distractor, and the prompts declare none. Add `answer "FIELD"` or `distractor "FIELD"` to `prompts`.',
  },
  A3014: {
    severity: "error",
    title: "not one token",
    message: "{token} is {count} tokens of {model}: only one token selects an entry",
    explanation:
      'Only a text that is exactly one token of the model selects an entry of its vocabulary. A word that continues a text begins with a blank: " Mary".',
  },
  A3015: {
    severity: "error",
    title: "nothing to recover",
    message: "this experiment patches nothing, so there is nothing to recover",
    explanation:
      "`recovery of` compares with the two runs of a patch. Add `patch`, or measure the metric itself and read its impact.",
  },
  A3020: {
    severity: "error",
    title: "nothing in common",
    message: "the two sides have no places in common: {axis} is {left} on the left and {right} on the right",
    explanation:
      "The two sides have no entry of an axis in common, so that every value would be missing. Reduce the axis first, or select one entry on each side.",
  },
  A3021: {
    severity: "error",
    title: "nothing to reduce",
    message: "there is one {axis} for each {owner}, so nothing is reduced over {axis}",
    explanation:
      "Each entry of one axis has a single entry of the other, so that there is nothing to average. Reduce over both axes.",
  },
  A3022: {
    severity: "error",
    title: "`where` does not select here",
    message:
      "here `where` gives NaN where its condition fails: the {operation} over {axis} would be NaN as soon as it fails once",
    explanation:
      "In a measure, `where` chooses entries only as the last word of a reduction's argument, as in mean(x where x > 3 over pos). Anywhere else it guards a value.",
  },
  A3025: {
    severity: "error",
    title: "condition with an axis of its own",
    message: "{value} has the axis {axis}, which {of} lacks: one entry could meet the condition and another fail it",
    explanation:
      "The condition has an axis that the value lacks, so that it is not one answer for each entry. Reduce the condition first, as in max(… over position).",
  },
  A3040: {
    severity: "error",
    title: "no curvature here",
    message: "{problem}",
    explanation:
      "A `curvature` clause takes second derivatives of a smooth number with respect to weights of the unmodified model, on prompts. The message says which of these is missing.",
  },
} as const satisfies Readonly<Record<string, CatalogueEntry>>;
