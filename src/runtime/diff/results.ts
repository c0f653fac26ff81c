/** The values of two runs, one by one, a part of the files at a time. */
import { canonicalJson } from "../../compiler/base/digest.js";
import type { Coordinates } from "../../compiler/ir/result-expression.js";
import type { ResultRow } from "../../compiler/ir/results.js";
import { resultChunks } from "../store/results.js";

/** Where two values differ most. */
export interface LargestDifference {
  /** |left − right|, or that over the larger of both sizes. */
  readonly size: number;
  readonly condition: string;
  readonly axes: Coordinates;
  readonly left: number;
  readonly right: number;
}

/** How the values of one metric of an experiment compare. */
export interface MetricDifference {
  readonly experiment: string;
  readonly metric: string;
  /** Rows that both have. */
  readonly compared: number;
  /** Those whose values are not the same bits; NaN is the same as NaN. */
  readonly differing: number;
  /** Those of them of which exactly one is NaN, or one is infinite: they have no difference. */
  readonly notFinite: number;
  /** Rows whose NaN has another reason. */
  readonly otherReasons: number;
  /** Rows that only one has. */
  readonly onlyLeft: number;
  readonly onlyRight: number;
  /** One of the rows that only one has, as an example; null where there is none. */
  readonly example: { readonly side: "left" | "right"; readonly condition: string; readonly axes: Coordinates } | null;
  readonly absolute: LargestDifference | null;
  readonly relative: LargestDifference | null;
}

type Tally = { -readonly [key in keyof MetricDifference]: MetricDifference[key] };

/** What is kept of a row until its counterpart comes. */
interface Waiting {
  readonly value: number;
  readonly reason: string | null;
}

/**
 * Compares two files of results, row by row. Rows are matched by experiment, metric, condition and coordinates, wherever
 * they stand. Two runs of one protocol have them in the same order, so that no more than a part of each file is held in
 * memory; rows without a counterpart are held until the end. Rejects with StoreFault when a file cannot be read.
 */
export async function compareResults(left: string, right: string): Promise<readonly MetricDifference[]> {
  const tallies = new Map<string, Tally>();
  const waiting = [new Map<string, Waiting>(), new Map<string, Waiting>()] as const;
  const take = (
    rows: readonly ResultRow[],
    own: Map<string, Waiting>,
    others: Map<string, Waiting>,
    isLeft: boolean,
  ): void => {
    for (const row of rows) {
      const key = canonicalJson([row.experiment, row.metric, row.condition, row.axes]);
      const other = others.get(key);
      if (other === undefined) {
        own.set(key, { value: row.value, reason: row.reason });
        continue;
      }
      others.delete(key);
      const mine = { value: row.value, reason: row.reason };
      count(tallyOf(tallies, row.experiment, row.metric), row, isLeft ? mine : other, isLeft ? other : mine);
    }
  };
  const files = [resultChunks(left), resultChunks(right)] as const;
  let [leftEnds, rightEnds] = [false, false];
  while (!leftEnds || !rightEnds) {
    const nextLeft = leftEnds ? null : await files[0].next();
    if (nextLeft?.done === false) take(nextLeft.value, waiting[0], waiting[1], true);
    else leftEnds = true;
    const nextRight = rightEnds ? null : await files[1].next();
    if (nextRight?.done === false) take(nextRight.value, waiting[1], waiting[0], false);
    else rightEnds = true;
  }
  alone(tallies, waiting[0], "left");
  alone(tallies, waiting[1], "right");
  return [...tallies.values()];
}

function tallyOf(tallies: Map<string, Tally>, experiment: string, metric: string): Tally {
  const key = JSON.stringify([experiment, metric]);
  const known = tallies.get(key);
  if (known !== undefined) return known;
  const made: Tally = {
    experiment,
    metric,
    compared: 0,
    differing: 0,
    notFinite: 0,
    otherReasons: 0,
    onlyLeft: 0,
    onlyRight: 0,
    example: null,
    absolute: null,
    relative: null,
  };
  tallies.set(key, made);
  return made;
}

function count(tally: Tally, { condition, axes }: ResultRow, left: Waiting, right: Waiting): void {
  tally.compared += 1;
  if (Object.is(left.value, right.value)) {
    if (left.reason !== right.reason) tally.otherReasons += 1;
    return;
  }
  tally.differing += 1;
  const size = Math.abs(left.value - right.value);
  if (!Number.isFinite(size)) {
    tally.notFinite += 1;
    return;
  }
  const place = { condition, axes, left: left.value, right: right.value };
  if (size > (tally.absolute?.size ?? -1)) tally.absolute = { size, ...place };
  // −0 and 0 differ in a bit, and in nothing that could be divided.
  const scale = Math.max(Math.abs(left.value), Math.abs(right.value));
  const share = scale === 0 ? 0 : size / scale;
  if (share > (tally.relative?.size ?? -1)) tally.relative = { size: share, ...place };
}

function alone(tallies: Map<string, Tally>, waiting: ReadonlyMap<string, Waiting>, side: "left" | "right"): void {
  for (const key of waiting.keys()) {
    const [experiment, metric, condition, axes] = JSON.parse(key) as [string, string, string, Coordinates];
    const tally = tallyOf(tallies, experiment, metric);
    if (side === "left") tally.onlyLeft += 1;
    else tally.onlyRight += 1;
    tally.example ??= { side, condition, axes };
  }
}

/** Whether nothing differs: every row is in both, with the same bits and the same reasons. */
export function isSame({ differing, otherReasons, onlyLeft, onlyRight }: MetricDifference): boolean {
  return differing + otherReasons + onlyLeft + onlyRight === 0;
}
