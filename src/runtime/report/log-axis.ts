/** Logarithmic axes: whether there is one, from where to where it runs, which ticks it has, and what has no place on it. */
import type { FigureData, FigurePoint } from "./figure-data.js";
import { roundDomain } from "./number-axis.js";

/** Powers of ten within which numbers are written without an exponent. */
const [leastPlain, mostPlain] = [1e-4, 1e6];
/** Ticks of an axis, about. */
const mostTicks = 8;

/** Whether values lie on a logarithmic axis: it was asked for, and there are numbers above 0. */
export function hasLogValues(data: FigureData): boolean {
  return data.options.log.includes("y") && positives(data).length > 0;
}

/** All numbers above 0 that the axis of values shows: values, ends of intervals, lines to compare with. */
function positives({ panels, levels }: FigureData): readonly number[] {
  const values = panels.flatMap(({ points }) => points.flatMap(({ value, low, high }) => [value, low ?? null, high ?? null])); // prettier-ignore
  const all = [...values, ...levels.map((level) => level.value)];
  return all.filter((value) => value !== null).filter((value) => value > 0 && Number.isFinite(value));
}

/** From where to where the axis of values of a figure runs; see {@link hasLogValues}. */
export function logDomainOf(data: FigureData): readonly [number, number] {
  return logDomain(positives(data));
}

/** A domain with round ends around numbers above 0: bars of the least one have some length. */
export function logDomain(numbers: readonly number[]): readonly [number, number] {
  const least = numbers.reduce((a, b) => Math.min(a, b), Infinity);
  const most = numbers.reduce((a, b) => Math.max(a, b), 0);
  if (!(least <= most)) return [1, 10];
  const [from, to] = [least / 1.1, most * 1.1];
  const [power, next] = [10 ** Math.floor(Math.log10(from)), 10 ** Math.floor(Math.log10(to))];
  const low = [5, 2, 1].find((factor) => factor * power <= from * (1 + 1e-9)) ?? 1;
  const high = [1, 2, 5, 10].find((factor) => factor * next >= to * (1 - 1e-9)) ?? 10;
  return [clean(low * power), clean(high * next)];
}

/** Ticks of a logarithmic axis and how their numbers are written, which is alike for all of them. */
export function logTicks([from, to]: readonly [number, number]): {
  readonly values: readonly number[];
  readonly format: string;
} {
  const decades = Math.log10(to / from);
  const values = decades < 0.7 ? linearTicks(from, to) : powerTicks(from, to, decades);
  const isPlain = values.every((value) => value >= leastPlain && value < mostPlain);
  return { values, format: isPlain ? ".6~f" : "~e" };
}

function linearTicks(from: number, to: number): readonly number[] {
  const [low, high] = roundDomain(from, to, 5);
  const step = (to - from) / 5;
  const power = 10 ** Math.floor(Math.log10(step));
  const width = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((one) => one >= step * 0.999) ?? power;
  const count = Math.round((high - low) / width) + 1;
  const all = Array.from({ length: count }, (_, i) => clean(low + i * width));
  return all.filter((value) => value >= from * (1 - 1e-9) && value <= to * (1 + 1e-9));
}

function powerTicks(from: number, to: number, decades: number): readonly number[] {
  const factors = decades > 5 ? [1] : decades > 2.7 ? [1, 3] : [1, 2, 5];
  const every = Math.max(1, Math.ceil(decades / mostTicks));
  const [first, last] = [Math.floor(Math.log10(from)), Math.ceil(Math.log10(to))];
  const powers = Array.from({ length: last - first + 1 }, (_, i) => first + i).filter((power) => power % every === 0);
  const all = powers.flatMap((power) => factors.map((factor) => clean(factor * 10 ** power)));
  return all.filter((value) => value >= from * (1 - 1e-9) && value <= to * (1 + 1e-9));
}

function clean(value: number): number {
  return Number(value.toPrecision(12));
}

/** A point as a logarithmic axis shows it: what is not above 0 has no value, and intervals end at the lower edge. */
export function onLogAxis(point: FigurePoint, floor: number): FigurePoint {
  const { value, low, high } = point;
  const isOff = value !== null && value <= 0;
  const own = isOff ? { ...point, value: null, reason: `${String(value)} is not above 0` } : point;
  if (typeof low !== "number" || typeof high !== "number" || low > 0) return own;
  return isOff || high <= 0 ? { ...own, low: null, high: null } : { ...own, low: floor };
}

/** What a figure of lines or bars says of its logarithmic axis of values; null where there is nothing to say. */
export function logValuesText(data: FigureData): string | null {
  if (!data.options.log.includes("y")) return null;
  const all = data.panels.flatMap(({ points }) => points).filter(({ value }) => value !== null);
  if (all.length === 0) return null;
  if (!hasLogValues(data)) return "linear axis: no value is above 0";
  const off = all.filter(({ value }) => (value ?? 1) <= 0).length;
  const cut = all.filter(({ value, low }) => (value ?? 0) > 0 && typeof low === "number" && low <= 0).length;
  const lines = data.levels.filter(({ value }) => !(value > 0)).map(({ label }) => label);
  const parts = [
    off === 0 ? null : `${off} not above 0 (no place on a logarithmic axis)`,
    cut === 0 ? null : `${cut} intervals reach below 0 (cut at the edge)`,
    lines.length === 0 ? null : `no line for ${lines.join(", ")}: not above 0`,
  ].filter((part) => part !== null);
  return parts.length === 0 ? null : parts.join(" · ");
}
