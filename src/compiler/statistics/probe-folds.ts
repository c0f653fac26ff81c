/** Folds of texts, and exchanges of what is known of them, that keep texts together which belong together. */
import { seededIntegers } from "../base/random.js";

/** How labels are exchanged for a permutation test. */
export type Exchanged = "texts" | "within units" | "units";

type Draw = (bound: number) => number;

/**
 * The fold of every observation, from 0. Units with the same labels are shuffled and dealt out in turn, so that folds have
 * about equal shares of every class.
 * @param units whose observations stay in one fold: equal numbers for the same one.
 * @param labels of the observations; all the same where they are numbers.
 */
export function dealtFolds(
  units: readonly number[],
  labels: readonly number[],
  folds: number,
  seed: number,
): readonly number[] {
  const draw = seededIntegers(seed);
  const alike = new Map<string, number[]>();
  for (const [unit, members] of membersOf(units)) {
    const key = members
      .map((i) => labels[i] ?? 0)
      .sort((a, b) => a - b)
      .join();
    alike.set(key, [...(alike.get(key) ?? []), unit]);
  }
  const foldOf = new Map<number, number>();
  let dealt = 0;
  for (const key of [...alike.keys()].sort()) {
    for (const unit of shuffled(alike.get(key) ?? [], draw)) foldOf.set(unit, dealt++ % folds);
  }
  return units.map((unit) => foldOf.get(unit) ?? 0);
}

/** Observations by unit, in order of appearance. */
export function membersOf(units: readonly number[]): ReadonlyMap<number, readonly number[]> {
  const members = new Map<number, number[]>();
  units.forEach((unit, i) => {
    const own = members.get(unit);
    if (own === undefined) members.set(unit, [i]);
    else own.push(i);
  });
  return members;
}

/** What can be exchanged: labels of texts, those of the texts of each unit, or units where a unit has one label. */
export function exchangeOf(units: readonly number[], labels: readonly number[]): Exchanged {
  const members = [...membersOf(units).values()];
  if (members.every(({ length }) => length === 1)) return "texts";
  const differs = (own: readonly number[]): boolean => own.some((i) => labels[i] !== labels[own[0] ?? 0]);
  return members.some(differs) ? "within units" : "units";
}

/**
 * A function that draws labels for every observation: those of other observations of the same fold, so that folds keep
 * their shares of every class.
 */
export function labelExchange(
  units: readonly number[],
  labels: readonly number[],
  foldOf: readonly number[],
  draw: Draw,
): () => readonly number[] {
  const members = [...membersOf(units).values()];
  const kind = exchangeOf(units, labels);
  if (kind === "units") {
    const byFold = groupsBy(members, (own) => foldOf[own[0] ?? 0] ?? 0);
    return () => exchangedBlocks(byFold, labels, draw);
  }
  const blocks = kind === "texts" ? groupsBy(units.map((_unit, i) => i), (i) => foldOf[i] ?? 0) : members; // prettier-ignore
  return () => {
    const result = [...labels];
    for (const own of blocks) {
      const from = shuffled(own, draw);
      own.forEach((i, at) => (result[i] = labels[from[at] ?? i] ?? 0));
    }
    return result;
  };
}

/** Every unit of a fold gets the label of another one. */
function exchangedBlocks(
  byFold: readonly (readonly (readonly number[])[])[],
  labels: readonly number[],
  draw: Draw,
): readonly number[] {
  const result = [...labels];
  for (const own of byFold) {
    const from = shuffled(own, draw);
    own.forEach((unit, at) => {
      for (const i of unit) result[i] = labels[from[at]?.[0] ?? i] ?? 0;
    });
  }
  return result;
}

function groupsBy<T>(items: readonly T[], key: (item: T) => number): readonly (readonly T[])[] {
  const groups = new Map<number, T[]>();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return [...groups.values()];
}

/** Fisher and Yates. */
function shuffled<T>(items: readonly T[], draw: Draw): readonly T[] {
  const order = [...items];
  for (let i = order.length - 1; i > 0; i--) {
    const j = draw(i + 1);
    [order[i], order[j]] = [order[j] as T, order[i] as T];
  }
  return order;
}
