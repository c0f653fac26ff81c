/** Makes a failing random protocol small: what can be left out while it still fails is left out. */
import type { RandomExperiment, RandomProtocol } from "./random-protocols.js";

/** Each list with one of its items left out; nothing for lists of fewer than two. */
function withoutOne<T>(items: readonly T[]): readonly (readonly T[])[] {
  return items.length < 2 ? [] : items.map((_, i) => items.filter((_item, j) => j !== i));
}

function smallerExperiments(experiment: RandomExperiment): readonly RandomExperiment[] {
  const [first, ...others] = experiment.interventions;
  return [
    ...withoutOne(experiment.measures).map((measures) => ({ ...experiment, measures })),
    ...(others.length > 0 && first !== undefined ? [{ ...experiment, interventions: [first] }] : []),
    ...(first === undefined
      ? []
      : withoutOne(first.places).map((places) => ({
          ...experiment,
          interventions: [{ ...first, places }, ...others],
        }))),
  ];
}

/** Every protocol that lacks one part of this one, the largest parts first. */
export function smallerProtocols(protocol: RandomProtocol): readonly RandomProtocol[] {
  const { texts, pairs, experiments } = protocol;
  return [
    ...withoutOne(experiments).map((fewer) => ({ ...protocol, experiments: fewer })),
    ...withoutOne(texts).map((fewer) => ({ ...protocol, texts: fewer })),
    ...withoutOne(pairs).map((fewer) => ({ ...protocol, pairs: fewer })),
    ...experiments.flatMap((experiment, i) =>
      smallerExperiments(experiment).map((smaller) => ({
        ...protocol,
        experiments: experiments.map((other, j) => (i === j ? smaller : other)),
      })),
    ),
  ];
}

/** A protocol that fails and of which nothing can be left out without it failing no more. */
export async function shrinkProtocol(
  protocol: RandomProtocol,
  fails: (protocol: RandomProtocol) => Promise<boolean>,
): Promise<RandomProtocol> {
  for (const smaller of smallerProtocols(protocol)) {
    if (await fails(smaller)) return shrinkProtocol(smaller, fails);
  }
  return protocol;
}
