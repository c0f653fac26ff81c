/** What was to be shown, and whether it is. */
import { exponentOf, lastExponentOf } from "./figure.js";
import { median, type Comparison, type Contestant, type Limit, type PartResult, type Scaling } from "./results.js";

/** Names of contestants that targets speak of. */
export const exactName = "atlasc, patching each head";
export const doubleBackward = "PyTorch, double backward";

export interface Verdict {
  readonly part: string;
  readonly target: string;
  readonly measured: string;
  readonly met: boolean;
  /** How far the measured number is from the target, in per cent of the target; positive is on the good side. */
  readonly margin: number;
}

/** Median seconds of a contestant's rounds. */
export const workOf = ({ timings }: Contestant): number => median(timings.map(({ work }) => work));
export const wholeOf = ({ timings }: Contestant): number => median(timings.map(({ whole }) => whole));

export const contestantOf = ({ contestants }: Comparison, name: string): Contestant | undefined =>
  contestants.find((contestant) => contestant.name === name);

/** Seconds of the work over those that the arithmetic alone would take at the machine's best rate. */
export const distanceToLimit = (seconds: number, limit: Limit): number => seconds / (limit.flops / limit.rate);

/** A fit of four times of about a second is uncertain by some hundredths. */
const exponentTolerance = 0.05;

const times = (value: number): string => `${value.toFixed(2)}×`;

function atLeast(part: string, target: string, measured: number, bound: number): Verdict {
  return { part, target, measured: times(measured), met: measured >= bound, margin: 100 * (measured / bound - 1) };
}

function atMost(part: string, target: string, measured: number, bound: number, show = times): Verdict {
  return { part, target, measured: show(measured), met: measured <= bound, margin: 100 * (1 - measured / bound) };
}

/** Ratio of another contestant's seconds of work to those of atlasc; null when it was not measured. */
function speedUp(result: Comparison, others: readonly Contestant[]): number | null {
  const own = contestantOf(result, "atlasc");
  if (own === undefined || others.length === 0) return null;
  return Math.min(...others.map(workOf)) / workOf(own);
}

function comparisonVerdicts(result: Comparison): readonly Verdict[] {
  const { part, contestants } = result;
  const named = (start: string): readonly Contestant[] => contestants.filter(({ name }) => name.startsWith(start));
  const faster = (target: string, others: readonly Contestant[], bound: number): readonly Verdict[] => {
    const ratio = speedUp(result, others);
    return ratio === null ? [] : [atLeast(part, target, ratio, bound)];
  };
  const own = contestantOf(result, "atlasc");
  if (own === undefined) return [];
  const nearLimit = (): readonly Verdict[] =>
    result.limit === null
      ? []
      : [atMost(part, "≤ 1.35× the limit of the machine", distanceToLimit(workOf(own), result.limit), 1.35)];
  const memory = (
    peer: Contestant,
    target: string,
    kind: "resident" | "anonymous",
    bound: number,
  ): readonly Verdict[] =>
    own.memory === null || peer.memory === null
      ? []
      : [atMost(part, target, own.memory[kind] / peer.memory[kind], bound)];
  switch (part) {
    case "1a":
      return [
        ...faster("≥ 2.2× the speed of TransformerLens (the faster version)", named("TransformerLens"), 2.2),
        ...faster("≥ 1.2× the speed of PyTorch by hand", named("PyTorch"), 1.2),
        ...nearLimit(),
      ];
    case "1b":
      return [
        ...faster("≥ 8× the speed of TransformerLens (the faster version)", named("TransformerLens"), 8),
        ...faster("≥ 1.2× the speed of PyTorch by hand", named("PyTorch"), 1.2),
        ...nearLimit(),
      ];
    case "2": {
      const optimised = result.plans["atlasc"];
      if (optimised === undefined || result.loopLayerRuns === null) return [];
      return [
        atMost(
          part,
          "layer runs ≤ 78/512 of the naive plan's, and the unmodified run",
          optimised.layerRuns / result.loopLayerRuns,
          allowedLayerRuns,
          (ratio) => `${(512 * ratio).toFixed(1)}/512`,
        ),
        ...faster("≥ 5× the speed of `--no-opt`", named("atlasc --no-opt"), 5),
      ];
    }
    case "4": {
      const peer = contestants.find(({ name }) => name !== "atlasc");
      if (peer === undefined) return [];
      return [
        ...faster("≥ 1.2× the tokens per second of transformers", [peer], 1.2),
        ...memory(peer, "less anonymous memory than transformers", "anonymous", 1),
        ...memory(peer, "less resident memory than transformers", "resident", 1),
      ];
    }
    case "8a":
      return [
        ...faster("≥ 1× the speed of PyTorch by hand", named("PyTorch"), 1),
        ...faster("≥ 1.5× the speed of TransformerLens (the faster version)", named("TransformerLens"), 1.5),
        ...faster("≥ 15× the speed of patching each head", named(exactName), 15),
      ];
    case "8b": {
      const peer = contestantOf(result, doubleBackward);
      if (peer === undefined) return [];
      return [
        ...faster("≥ 1× the speed of double backward in PyTorch", [peer], 1),
        ...memory(peer, "≤ 0.7× its anonymous memory", "anonymous", 0.7),
        ...memory(peer, "≤ 0.7× its resident memory", "resident", 0.7),
      ];
    }
    default:
      return [];
  }
}

/**
 * Of the naive plan of part 2, in which each of 16 × 32 conditions runs 32 layers and so does the unmodified model: 78 of
 * 512 of the first, and all of the second.
 */
const allowedLayerRuns = (78 * 32 + 32) / (512 * 32 + 32);

function scalingVerdicts({ part, series }: Scaling): readonly Verdict[] {
  return series.flatMap(({ size, expected, points }) => {
    const bound = expected + exponentTolerance;
    const target = `exponent ≤ ${expected} in ${size} (+ ${exponentTolerance} of the fit)`;
    const judged = (what: string, exponent: number): Verdict =>
      atMost(part, what, exponent, bound, (value) => value.toFixed(2));
    return [judged(target, exponentOf(points)), judged(`${target}, last doubling`, lastExponentOf(points))];
  });
}

/** How long the commands of part 6 may take, from start to end, by what they begin with. */
const allowedSeconds: Readonly<Record<string, number>> = { "atlasc check": 0.3, "atlasc run": 2 };

export function verdictsOf(result: PartResult): readonly Verdict[] {
  if (result.kind === "comparison") return comparisonVerdicts(result);
  if (result.kind === "scaling") return scalingVerdicts(result);
  if (result.kind === "prepacking" || result.kind === "agreement") return [];
  return result.commands.flatMap(({ command, seconds }) =>
    Object.entries(allowedSeconds)
      .filter(([start]) => command.startsWith(start))
      .map(([, bound]) =>
        atMost(
          result.part,
          `\`${command}\` in < ${bound} s`,
          median(seconds),
          bound,
          (value) => `${value.toFixed(2)} s`,
        ),
      ),
  );
}
