/** Peaks and dips of a series. */
import { undecided, type Undecided } from "./outcome.js";
import type { Sample } from "./samples.js";

export interface Extremum {
  readonly kind: "extremum";
  /** Place in the series, from 0. */
  readonly place: number;
  readonly value: number;
  /** What the line between the neighbours on both sides gives at that place; at an end the one neighbour's value. */
  readonly expected: number;
  /** value − expected. */
  readonly deviation: number;
  /** True at the first and the last place of the series. */
  readonly atEnd: boolean;
}

/** The largest value of a series; the first of several equal ones. @param x coordinates, ascending. */
export function peak(x: Sample, y: Sample): Extremum | Undecided {
  if (y.length < 2)
    return undecided(`a peak needs at least two values, and there ${y.length === 1 ? "is 1" : "are 0"}`);
  const fault = faultOf(x, y);
  if (fault !== null) return undecided(fault);
  if (y.every((value) => value === y[0])) return undecided("all values are equal");
  return extremumAt(x, y, y.indexOf(y.reduce((most, value) => Math.max(most, value), -Infinity)));
}

/**
 * The value furthest below the line between its two neighbours; the first of several equal ones. Not the smallest value:
 * a series that only rises has that at its beginning, and it does not dip there.
 * @param x coordinates, ascending; they need not be evenly spaced.
 */
export function dip(x: Sample, y: Sample): Extremum | Undecided {
  if (y.length < 3)
    return undecided(`a dip needs at least three values, and there ${y.length === 1 ? "is 1" : `are ${y.length}`}`);
  const fault = faultOf(x, y);
  if (fault !== null) return undecided(fault);
  let deepest: Extremum | null = null;
  for (let place = 1; place < y.length - 1; place++) {
    const here = extremumAt(x, y, place);
    if (here.deviation < (deepest?.deviation ?? 0)) deepest = here;
  }
  return deepest ?? undecided("no value lies below the line between its neighbours");
}

function faultOf(x: Sample, y: Sample): string | null {
  return [...x, ...y].every(Number.isFinite) ? null : "a value is not finite";
}

function extremumAt(x: Sample, y: Sample, place: number): Extremum {
  const at = (values: Sample, i: number): number => values[i] ?? Number.NaN;
  const value = at(y, place);
  const atEnd = place === 0 || place === y.length - 1;
  const [left, here, right] = [at(x, place - 1), at(x, place), at(x, place + 1)];
  const [before, after] = [at(y, place - 1), at(y, place + 1)];
  const between = before + ((after - before) * (here - left)) / (right - left);
  const expected = atEnd ? (place === 0 ? after : before) : between;
  return { kind: "extremum", place, value, expected, deviation: value - expected, atEnd };
}
