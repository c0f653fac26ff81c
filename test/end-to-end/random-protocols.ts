/**
 * Random protocols over the forms of the language, in a shape that can be taken apart: experiments, the places that each
 * one sweeps over, its measures, and the prompts of its set. Whatever is left out, what stays must keep its numbers.
 */
import type { Random } from "../support/random.js";
import { quoted } from "./support.js";

/** A model to draw protocols for. Layers and heads that the drawn places count in. */
export interface RandomModel {
  readonly source: string;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  /** False where attention and MLP read the same stream, and there is no `resid_mid`. */
  readonly sequential: boolean;
}

/** `ablate heads` `L0.H1, L3` `by zero`: the places can be fewer, and each of those left is the same condition. */
export interface RandomIntervention {
  readonly before: string;
  readonly places: readonly string[];
  readonly after: string;
}

export interface RandomExperiment {
  readonly name: string;
  /**
   * `texts` are prompts of several lengths, `ids` the same number of prompts as token ids; `pairs` have a clean and a corrupted
   * half, equally long in `even`, and so have `continued`, which are records in the protocol with continuations.
   */
  readonly on: "texts" | "ids" | "pairs" | "continued" | "even";
  /** All of them apply; only the first one's places can be left out. */
  readonly interventions: readonly RandomIntervention[];
  readonly measures: readonly string[];
}

/** A protocol: which prompts of the two sets it has, by their numbers in the whole sets, and its experiments. */
export interface RandomProtocol {
  readonly texts: readonly number[];
  readonly pairs: readonly number[];
  readonly experiments: readonly RandomExperiment[];
}

/** A list in another order. */
export function shuffled<T>(random: Random, items: readonly T[]): readonly T[] {
  const left = [...items];
  return items.map(() => left.splice(random.below(left.length), 1)[0] as T);
}

/** Some of a list, at least one, in order. */
export function some<T>(random: Random, items: readonly T[]): readonly T[] {
  const kept = items.filter(() => random.next() < 0.5);
  return kept.length > 0 ? kept : [random.pick(items)];
}

/** True for sets that have a clean and a corrupted half. */
export function arePairs(on: RandomExperiment["on"]): boolean {
  return on === "pairs" || on === "continued";
}

function placesOf(random: Random, model: RandomModel, unit: (layer: number) => string): readonly string[] {
  const layers = shuffled(random, [...Array(model.layers).keys()]).slice(0, 1 + random.below(3));
  return layers.map(unit);
}

/** Interventions that only look at the prompt itself, at `other` and at `calm`, and at its other half in pairs. */
function intervention(random: Random, model: RandomModel, on: RandomExperiment["on"]): RandomIntervention {
  const layer = (l: number): string => `L${l}`;
  // The first head is left for another intervention.
  const head = (l: number): string => `L${l}.H${1 + random.below(model.heads - 1)}`;
  // A prompt of one token has no more positions than that.
  const positions = random.pick(["", "", " at last", " at 0", on === "texts" || on === "ids" ? "" : " at -3..-1"]);
  const together = random.pick(["", "", " together"]);
  // Prompts with continuations do not lie beside others.
  const drawn = on === "continued" ? " by mean" : " by resample from other seed 3";
  const by = random.pick(["", " by zero", " by mean of other", " by constant 0.25", drawn]);
  const stream = random.pick(["resid_pre", "resid_post", ...(model.sequential ? ["resid_mid"] : [])]);
  const l = 1 + random.below(model.layers - 1);
  const fixed = (before: string): RandomIntervention => ({ before, places: [], after: "" });
  const swept = (before: string, unit: (l: number) => string, after: string): RandomIntervention => ({
    before,
    // What is changed together is one condition: nothing of it can be left out.
    ...(/ together\b/.test(after)
      ? { places: [], before: `${before} ${placesOf(random, model, unit).join(", ")}` }
      : { places: placesOf(random, model, unit) }),
    after,
  });
  const forms: readonly (() => RandomIntervention)[] = [
    () => swept("ablate heads", head, `${positions}${together}${by}`),
    () => swept("ablate heads", layer, `${positions}${by}`),
    () => fixed(`ablate ${random.pick(["pairs", "triples"])} of ${random.pick(["heads", "mlp"])} L*${by}`),
    () => fixed(`ablate pairs of heads L${l}.H1..${model.heads - 1}, L0.H1${positions}${by}`),
    () => fixed(`ablate random 2 heads of L* seed ${random.below(9)} draws 3${positions} together${by}`),
    () => swept("ablate heads", layer, `${positions} together over head${by}`),
    () => swept("scale mlp", layer, `${positions} by 0..1.5 step 0.5`),
    () => swept("ablate mlp", layer, `${positions}${together}${by}`),
    () => swept("ablate attention", layer, `${positions}${by}`),
    () => swept("ablate layer", layer, `${positions}${by}`),
    () => swept("ablate kv_heads", (at) => `L${at}.H${random.below(model.kvHeads)}`, `${positions}${by}`),
    () => swept("ablate neurons", (at) => `L${at}.N${random.below(60)}`, `${positions}${by}`),
    () => swept(`scale ${random.pick(["heads", "scores", "q"])}`, head, `${positions} by [0.5, 2]`),
    () =>
      swept(`scale ${random.pick(["mlp", stream])}`, layer, `${positions}${together} by ${random.pick([0.5, -1, 3])}`),
    () =>
      swept(
        `steer ${stream}`,
        layer,
        `${positions} by 2 * (mean(resid_post[L1] of other) - mean(resid_post[L1] of calm))`,
      ),
    () => fixed(`steer mlp L${l}${positions} by -0.5 * mlp_out[L${l - 1}]`),
    () => fixed(`steer ${stream} L${l}${positions} by random_direction(seed: ${random.below(9)})`),
    () => fixed(`set resid_post[L${l}]${positions} to without(resid_post[L${l}], random_direction(seed: 4))`),
    () => fixed(`set resid_post[L${l}]${positions} to resid_post[L${l}] / (norm(resid_post[L${l}] over d_model) / 3)`),
    () => fixed(`set resid_post[L${l}]${positions} to if resid_post[L${l}] > 1 then 1 else resid_post[L${l}]`),
    () =>
      fixed(
        `steer resid_post L${l}${positions} by mean(z[L${l}] where z[L${l}] > 0 over head, d_head) * resid_pre[L${l}]`,
      ),
    () => fixed(`set z[L${l}.H0]${positions} to z[L${l}.H1]`),
    () => fixed(`set mlp_act[L${l}]${positions} to mean(mlp_act[L${l}] of other)`),
  ];
  const patches: readonly (() => RandomIntervention)[] = [
    () => swept(`patch ${random.pick([stream, "mlp", "attention"])}`, layer, " at -3..-1 from clean into corrupt"),
    () => swept(`patch ${random.pick(["heads", "q"])}`, head, " at last from clean into corrupt"),
    () => swept("patch heads", layer, " at -3..-1 together over position from clean into corrupt"),
    () => swept("patch v", (at) => `L${at}.H${random.below(model.kvHeads)}`, " at -2..-1 from clean into corrupt"),
  ];
  const reached = random.pick(["", " at last", " at -3..-1", " together over layer", " at *"]);
  const paths: readonly (() => RandomIntervention)[] = [
    () =>
      swept(
        "patch heads",
        head,
        ` to ${random.pick(["", "q of ", "v of "])}heads L5.H1${reached} from clean into corrupt`,
      ),
    () => swept("patch mlp", layer, ` to logits${reached} from clean into corrupt`),
    () => swept("patch layer", layer, ` to mlp L5${reached} from clean into corrupt`),
    () => fixed(`patch heads L0..1 to k of kv_heads L${l}..5${reached} from clean into corrupt`),
  ].map((form) => () => withPath(form(), model));
  if (on === "even") return random.pick([...paths, ...paths, ...patches])();
  return random.pick(arePairs(on) ? [...patches, ...patches, ...patches, ...forms.slice(0, 14)] : forms)();
}

/** Only what is computed before the last layer has a path to it. */
function withPath(made: RandomIntervention, { layers }: RandomModel): RandomIntervention {
  const last = new RegExp(`^L${layers - 1}(?!\\d)`);
  const places = made.places.map((place) => place.replace(last, "L0"));
  return { ...made, places: [...new Set(places)] };
}

/** Measures of one experiment, each with a column of its own. */
function measures(
  random: Random,
  model: RandomModel,
  { on, patched }: { on: RandomExperiment["on"]; patched: boolean },
) {
  const l = random.below(model.layers);
  const later = `L${1 + random.below(model.layers - 1)}`;
  const forms = [
    "loss",
    "nll",
    "perplexity",
    "entropy",
    "top_prob",
    "top_token",
    "kl",
    "bits_per_byte",
    "R_V early L0 late L-1 window 5",
    `self_attention layer L${l}`,
    `pattern_entropy layer L${l}`,
    `pattern_entropy_normalised layer L${l}`,
    `prev_token layer L${l}`,
    `first_token layer L${l}`,
    `coupling layer [L0, L${model.layers - 1}]`,
    `coupling_full layer L${l}`,
    `logit_lens layer [L${l}]`,
    `resid_norm layer L${l}`,
    `resid_cosine layer ${later}`,
    `gain layer ${later}`,
    `attn_pr layer L${l} window 4`,
    `mlp_pr layer L${l}`,
    `head_norm layer L${l}`,
    `head_rank layer L${l}`,
    "sum(nll at 1..3 over pos) as early",
    "norm(final at last) as size",
    "max(logits at last) as largest",
    "sum(logits at last) as all_logits",
    `std(mlp_act[L${l}] at last) as spread`,
    `top(mlp_act[L${l}] at last, 3) as most`,
    `norm(resid_post[L${l}] at last - mean(resid_post[L${l}] of other)) as away`,
    `norm(final at last - (final at last of baseline)) as moved`,
    `cosine(final at last, final at last of baseline over d_model) as turned`,
    "max(kl(exp(logprobs of baseline), exp(logprobs) over vocab) over pos) as divergence",
    `dot(resid_post[L${l}], random_direction(seed: 2) over d_model) as along`,
    "max(unembed(resid_post[L0] at last) over vocab) as seen_early",
    "mean(if nll > 4 then 4 else nll) as clipped",
    `mean(if pattern[L${l}] > 0.3 then 1 else 0 over query, key) as sharp`,
    `if norm(resid_post[L${l}] at last) > 5 then nll at 900 else 0 as mostly_0`,
    "mean(nll where nll > 3) as of_the_large",
    `count(mlp_act[L${l}] at last where mlp_act[L${l}] at last > 0) as active`,
    `std(mlp_act[L${l}] where mlp_act[L${l}] > 0 over pos, neuron) as spread_of_the_active`,
    "argmax(nll where nll < 4 over pos) as hardest_of_the_easy",
    "top_tokens k 3",
    "top_probs k 3",
    `argtop(mlp_act[L${l}] at last, 3 over neuron) as busiest`,
    `singular_values(resid_post[L${l}] over pos, d_model) as sigma`,
    `eigenvalues(gram(z[L${l}] at last over head)) as lambda`,
    `effective_rank(resid_post[L${l}]) as dimensions`,
    `stable_rank(resid_post[L${l}]) as stable`,
  ];
  const answers = ["logit_diff", "prob", "rank", "accuracy", `direct_logit_attribution layer L${l}`, "logit_lens_diff"];
  const continued = [
    "continuation_logprob",
    "continuation_loss",
    "continuation_rank",
    "nll at continuation as later",
    "continuation_logprob - (continuation_logprob of baseline) as gained",
  ];
  const recovered = ["recovery of logit_diff", "recovery of loss as loss_back"];
  const own =
    arePairs(on) || on === "even"
      ? [
          ...answers,
          ...(patched ? recovered : []),
          ...forms.slice(0, 8),
          ...(on === "continued"
            ? [...continued, ...(patched ? ["recovery of continuation_loss as regained"] : [])]
            : []),
        ]
      : forms;
  return shuffled(random, own).slice(0, 2 + random.below(4));
}

/** An experiment for each name. */
export function randomExperiments(random: Random, model: RandomModel, count: number): readonly RandomExperiment[] {
  return Array.from({ length: count }, (_, i): RandomExperiment => {
    const chosen = random.next();
    const on =
      chosen < 0.35
        ? random.pick(["pairs", "continued"] as const)
        : chosen < 0.55
          ? "even"
          : random.pick(["texts", "texts", "ids"] as const);
    const first = intervention(random, model, on);
    const patched = first.before.startsWith("patch");
    // Another one changes something else, or another head of the same site and reads one that may be changed.
    const heads = /^(ablate|scale) heads L\d+\.H/.test(`${first.before} ${first.places.join(", ")}`);
    const l = random.below(model.layers);
    const second: readonly RandomIntervention[] =
      random.next() > 0.4
        ? []
        : heads
          ? [{ before: `set z[L${l}.H0] to z[L${l}.H${1 + random.below(model.heads - 1)}]`, places: [], after: "" }]
          : /mlp|layer/.test(first.before)
            ? []
            : [{ before: `scale mlp L${l} together`, places: [], after: " by 0.5" }];
    const none = random.next() < 0.1;
    return {
      name: `e${i}`,
      on,
      interventions: none ? [] : [first, ...second],
      measures: measures(random, model, { on, patched: patched && !none }),
    };
  });
}

/** Fewer places of the first intervention. */
export function fewerConditions(random: Random, experiment: RandomExperiment): RandomExperiment {
  const [first, ...others] = experiment.interventions;
  if (first === undefined || first.places.length === 0) return experiment;
  return { ...experiment, interventions: [{ ...first, places: some(random, first.places) }, ...others] };
}

/** What the whole sets hold. */
export interface RandomTexts {
  readonly texts: readonly string[];
  /** Records of the pairs as they would stand in a file; `texts` has as many ids as texts. */
  readonly ids: readonly (readonly number[])[];
  readonly records: readonly string[];
  readonly other: readonly string[];
  readonly calm: readonly string[];
}

/** The protocol in the language, its statements in the order that `order` makes of them. */
export function protocolText(
  model: RandomModel,
  sets: RandomTexts,
  { texts, pairs, experiments }: RandomProtocol,
  pairsFile: string,
  evenFile: string,
  order: (statements: readonly string[]) => readonly string[] = (statements) => statements,
): string {
  const list = (items: readonly string[]): string => `[${items.map(quoted).join(", ")}]`;
  const statements = [
    `model m from ${quoted(model.source)}`,
    `prompts texts from ${list(texts.map((i) => sets.texts[i] ?? ""))}`,
    `prompts ids from [${texts.map((i) => `[${(sets.ids[i] ?? []).join(", ")}]`).join(", ")}]`,
    `prompts continued from [${pairs.map((i) => sets.records[i] ?? "").join(", ")}] continuation "answer"`,
    `prompts other from ${list(sets.other)}`,
    `prompts calm from ${list(sets.calm)}`,
    `prompts pairs from ${quoted(pairsFile)} clean "clean" corrupt "corrupt" answer "answer" distractor "distractor"`,
    `prompts even from ${quoted(evenFile)} clean "clean" corrupt "corrupt" answer "answer" distractor "distractor"`,
    "metric without(x: [*, d_model], d: [d_model]) = x - dot(x, d over d_model) * d / norm(d over d_model)^2",
    ...experiments.map(experimentText),
  ];
  return `${order(statements).join("\n\n")}\n`;
}

function experimentText({ name, on, interventions, measures: measured }: RandomExperiment): string {
  const clauses = interventions.map(
    ({ before, places, after }) => `  ${before}${places.length > 0 ? ` ${places.join(", ")}` : ""}${after}`,
  );
  return [`experiment ${name}`, "  on m", `  with ${on}`, ...clauses, `  measure ${measured.join(", ")}`].join("\n");
}
