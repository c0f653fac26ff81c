/** Axes of real numbers: which levels get a label, and which domain points need. */
import { coordinateNumber } from "../../compiler/ir/coordinate-number.js";
import type { Coordinate } from "../../compiler/ir/protocol.js";
import { textWidth } from "./text-width.js";

/** Levels as numbers in ascending order; null where one is no number, such as a name, or two are the same. */
export function numbersOf(levels: readonly Coordinate[]): readonly number[] | null {
  const numbers = levels.map(coordinateNumber);
  if (levels.length === 0 || !numbers.every((number) => Number.isFinite(number))) return null;
  return new Set(numbers).size < numbers.length ? null : [...numbers].sort((a, b) => a - b);
}

/** A number as a label: as many digits as it has, at most six. */
export function numberLabel(value: number): string {
  const short = Number(value.toPrecision(6));
  const size = Math.abs(short);
  if (size >= 1e6 || (size > 0 && size < 1e-4)) return short.toExponential().replace("e+", "e");
  return String(short);
}

/**
 * The levels that get a tick: all while their labels fit beside each other, otherwise null, and ticks stand at round
 * numbers instead. A label beside each measured place says which places were measured.
 *
 * @param at where a level stands, in pixels.
 */
export function labelledLevels(numbers: readonly number[], at: (value: number) => number): readonly number[] | null {
  let end = -Infinity;
  for (const number of numbers) {
    const half = textWidth(numberLabel(number), 11) / 2;
    if (at(number) - half < end + 4) return null;
    end = at(number) + half;
  }
  return numbers;
}

/** A domain with round ends that holds `least` to `most` with some room; one number gets room around it. */
export function roundDomain(least: number, most: number, parts = 6): readonly [number, number] {
  if (!(least < most)) {
    const room = Math.abs(least) / 2 || 0.5;
    return [least - room, most + room];
  }
  const rough = (most - least) / parts;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((one) => one >= rough * 0.999) ?? power;
  const clean = (value: number): number => Number(value.toPrecision(12));
  return [clean(Math.floor(least / step + 1e-9) * step), clean(Math.ceil(most / step - 1e-9) * step)];
}
