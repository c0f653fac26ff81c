/** Entries of what stands in results and around them: columns, units, tests, places, types of parameters. */
import { tokenTable } from "../../../grammar/tokens.js";
import type { fixedColumns } from "../ir/result-type.js";
import { statisticalTests } from "../statistics/table.js";
import { resultFunctions } from "../ir/result-functions.js";
import type { Unit } from "../ir/tensor-type.js";
import type { DocEntry, EntryKind } from "./entry.js";

interface Row {
  readonly form: string;
  readonly meaning: string;
  readonly example?: string;
}

/** Columns that all results have. */
export const columns: Readonly<Record<(typeof fixedColumns)[number], Row>> = {
  experiment: { form: "experiment", meaning: "The experiment; for values of a `let` its name." },
  condition: {
    form: "condition",
    meaning:
      "What was done to the model: `layer 2, head 3`, `intervention`, or `baseline`; `unmodified` where nothing is ever done.",
  },
  metric: { form: "metric", meaning: "The column of the experiment that the row holds a value of." },
  unit: { form: "unit", meaning: "nats, bits, token, label or none." },
  value: {
    form: "EXPERIMENT.METRIC",
    meaning:
      "The number that was measured; NaN is kept. Truth values are 1 and 0, tokens their ids, labels their numbers.",
    example: "table sweep.loss",
  },
  baseline: {
    form: "EXPERIMENT.METRIC.baseline",
    meaning:
      "The value of the unmodified model on the same prompt, at the same place. In a measure, `x of baseline` is x of that model.",
    example: "table sweep.loss.baseline",
  },
  impact: {
    form: "EXPERIMENT.METRIC.impact",
    meaning: "Value − baseline: what the intervention changes, in the unit of the metric.",
    example: "table sweep top 10 by abs(loss.impact)",
  },
  relative: {
    form: "EXPERIMENT.METRIC.relative",
    meaning: "Impact over the absolute value of the baseline; NaN with a reason where that is 0.",
    example: "plot heatmap of sweep.loss.relative over layer, head",
  },
  reason: { form: "reason", meaning: "Why a number is NaN, or has no `relative`." },
  prompt_text: { form: "prompt_text", meaning: "The prompt in words; empty for a corpus and for random tokens." },
  token: { form: "token", meaning: "The token at `position`." },
  value_text: { form: "value_text", meaning: "The token or the label, where the value is one." },
};

const units: Readonly<Record<Unit, Row>> = {
  nats: {
    form: "nats",
    meaning: "Information to base e: nll, logprobs, logarithms, entropies. bits(x) converts to bits.",
  },
  bits: { form: "bits", meaning: "Information to base 2. nats(x) converts to nats." },
  token: { form: "token", meaning: "An id of a token: it can be compared with `is` and can select, and nothing else." },
  label: {
    form: "label",
    meaning:
      "The name of an entry of an axis, such as a group or a model, which argmax and argmin give: it can be compared with `is` and " +
      "`in`, and nothing else. Saved values are numbers of labels in the order of the protocol, with the names beside them.",
  },
  none: {
    form: "none",
    meaning: "A plain number. Equal units cancel in a division; `exp` takes nats and gives a plain number.",
  },
};

const types: Readonly<Record<string, Row>> = {
  layer: { form: "metric NAME(PARAMETER: layer = L*) = …", meaning: "A layer; `L*` sweeps over all of them." },
  count: { form: "metric NAME(PARAMETER: count = 16) = …", meaning: "A whole number that is not negative." },
  scalar: { form: "metric NAME(PARAMETER: scalar = 1) = …", meaning: "A number." },
  token: { form: "metric NAME(PARAMETER: token) = …", meaning: "A token: answer, distractor, or a string." },
};

/** Axes of sites and results that have a name of the language. */
const axes: Readonly<Record<string, Row>> = {
  model: {
    form: "on MODEL, …",
    meaning: "The models of an experiment, or the list of sources that one is declared with.",
  },
  revision: { form: 'revision ["…", …]', meaning: "The revisions of a model." },
  dtype: { form: "dtype [f32, bf16]", meaning: "The types that weights are rounded to." },
  prompts: { form: "with PROMPTS, …", meaning: "The prompt sets of an experiment." },
  group: { form: "group is NAME", meaning: "The groups of a prompt set or corpus." },
  prompt: { form: "prompt", meaning: "The prompts of a set, numbered from 0. Tables average over it." },
  document: { form: "document", meaning: "The texts of a corpus, numbered from 0." },
  layer: { form: "layer in L1..2", meaning: "Layers, of what is changed or of what is measured." },
  head: { form: "head in [0, 2]", meaning: "Query heads of a layer." },
  kv_head: {
    form: "kv_head",
    meaning: "Key-value heads of a layer; as many as heads outside grouped-query attention.",
  },
  expert: { form: "expert", meaning: "Experts of a mixture's layer." },
  neuron: { form: "neuron", meaning: "Neurons of a layer's MLP." },
  position: {
    form: "position in 1..5",
    meaning: "Positions of the text in results; in expressions the axis is called pos.",
  },
  pos: {
    form: "mean(x over pos)",
    meaning: "Positions of the text in expressions; in results the axis is called position.",
  },
  query: { form: "mean(x over query)", meaning: "Positions that attend, in scores and patterns." },
  key: { form: "sum(x over key)", meaning: "Positions that are attended to, in scores and patterns." },
  d_model: { form: "norm(x over d_model)", meaning: "Entries of a vector of the residual stream." },
  d_head: { form: "norm(x over d_head)", meaning: "Entries of a vector of a head." },
  vocab: { form: "argmax(x over vocab)", meaning: "Tokens of the vocabulary." },
  factor: { form: "scale … by [0.5, 2]", meaning: "The factors of `scale`." },
  count: { form: "ablate top 1..4 … together", meaning: "How many of the first places are changed." },
  rank: { form: "top(x, 3 over neuron)", meaning: "The entries of `top`, the largest first." },
  pair: { form: "cosine(x over d_head between head)", meaning: "Unordered pairs of entries, which `between` makes." },
  entry: { form: "flatten(x over kv_head, d_head)", meaning: "The entries of `flatten` and `causal`." },
};

const places: Readonly<Record<string, Row>> = {
  L5: {
    form: "L5, L-1",
    meaning: "A layer, counted from 0, or with - from the end.",
    example: "ablate mlp L-1 measure loss",
  },
  "L*": {
    form: "L*, L5.H*",
    meaning: "Every layer, or every head or neuron of it.",
    example: "ablate heads L* measure loss",
  },
  "L15..30": {
    form: "L15..30, L-3..-1",
    meaning: "Layers from the first to the last, both included.",
    example: "ablate mlp L2..4 measure loss",
  },
  "L87.5%": {
    form: "L87.5%, L50%..75%",
    meaning:
      "The layer whose index over the number of layers is nearest to the fraction, so that models of different depth can be " +
      "compared: L28 of 32 layers. Of two with `..` all layers from the first to the last.",
    example: "ablate mlp L50% measure loss",
  },
  "L5.H3": {
    form: "L5.H3, L9..10.H0..3, L*.H-1",
    meaning: "A head of a layer, or several. After kv_heads and on the sites k and v a key-value head.",
    example: "ablate heads L3.H1, L4 measure loss",
  },
  "L3.N7": {
    form: "L3.N7, L3.N0..99",
    meaning: "A neuron of a layer's MLP, or several.",
    example: "ablate neurons L3.N0..15 measure loss",
  },
};

/** Columns of results, units, types of parameters, tests, places, and functions that only results have. */
export function resultEntries(): readonly DocEntry[] {
  const entries = (kind: EntryKind, group: string, rows: Readonly<Record<string, Row>>): readonly DocEntry[] =>
    Object.entries(rows).map(([name, { form, meaning, example }]) => ({
      kind,
      group,
      name,
      file: null,
      form,
      sentences: meaning,
      parameters: [],
      facts: example === undefined ? [] : [{ name: "example", text: example }],
      definition: null,
    }));
  const tests = statisticalTests.map(({ name, ...test }) => {
    const form = test.draws ? `${name}(10000) seed 1` : name;
    const meaning = `${test.meaning} In ${test.in.join(", ")}.`;
    return [name, { form, meaning }] as const;
  });
  const own = resultFunctions.filter(({ shared }) => !shared).map((row) => [row.name, row] as const);
  return [
    ...entries("place", "Places", places),
    ...entries("axis", "Axes", axes),
    ...entries("column", "Columns of results", columns),
    ...entries("unit", "Units", units),
    ...entries("type", "Types of parameters", types),
    ...entries("test", "Tests", Object.fromEntries(tests)),
    // The others are those of `measure`, and have their entries there.
    ...entries("function", "Functions of results", Object.fromEntries(own)),
  ];
}

const isPlace = new RegExp(`^${tokenTable.PlaceLiteral.pattern.source}$`);

/** The entries of places that a place such as `L9..10.H0..3` is made like: its layers, then its heads, neurons or experts. */
export function placesLike(place: string): readonly string[] {
  if (!isPlace.test(place)) return [];
  const read = /^L(?<layers>[\d.*%-]+?)(?:\.(?<unit>[HNE]).+)?$/.exec(place)?.groups;
  if (read === undefined) return [];
  const { layers = "", unit } = read;
  const ofLayers = layers === "*" ? "L*" : layers.endsWith("%") ? "L87.5%" : layers.includes("..") ? "L15..30" : "L5";
  return unit === undefined ? [ofLayers] : [ofLayers, unit === "H" ? "L5.H3" : unit === "N" ? "L3.N7" : "L5.E3"];
}
