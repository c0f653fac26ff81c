/** How numbers are written for people. Exact values are in the results table; these are for reading. */

/** A number with four significant digits; NaN and infinities by name. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (value === 0) return "0";
  const magnitude = Math.abs(value);
  if (magnitude >= 1e6 || magnitude < 1e-4) return value.toExponential(3);
  if (Number.isInteger(value)) return String(value);
  return value.toFixed(decimalsFor(magnitude));
}

/** How the numbers of one column are written. `signed` writes a plus sign, for differences whose direction matters. */
export interface NumberNotation {
  readonly decimals: number;
  readonly exponential: boolean;
  readonly signed: boolean;
}

/**
 * The notation of a column, in which its numbers can be compared by eye: with as many decimals as give four significant
 * digits of the largest and two of the smallest, or, where those would be more than seven, all with an exponent.
 */
export function notationOf(values: Iterable<number>, signed: boolean): NumberNotation {
  let largest = 0;
  let smallest = Infinity;
  let whole = true;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    largest = Math.max(largest, Math.abs(value));
    if (value !== 0) smallest = Math.min(smallest, Math.abs(value));
    whole &&= Number.isInteger(value);
  }
  const needed = largest < 1e6 && whole ? 0 : decimalsFor(largest);
  // A value that would be rounded to nothing would read as zero.
  const vanishes = smallest < 0.5 * 10 ** -needed;
  const decimals = vanishes ? 1 - Math.floor(Math.log10(smallest)) : needed;
  const exponential = largest >= 1e6 || (largest > 0 && largest < 1e-4) || decimals > mostDecimals;
  return { decimals, exponential, signed };
}

/** A number in a notation; NaN and infinities by name. */
export function formatIn(value: number, { decimals, exponential, signed }: NumberNotation): string {
  if (!Number.isFinite(value)) return String(value);
  if (value === 0) return "0";
  return (signed && value > 0 ? "+" : "") + (exponential ? value.toExponential(3) : value.toFixed(decimals));
}

/** The numbers of one column, all in the {@link notationOf} them. */
export function formatColumn(values: readonly number[], signed: boolean): readonly string[] {
  const notation = notationOf(values, signed);
  return values.map((value) => formatIn(value, notation));
}

/**
 * Numbers in few characters: three digits of the largest, two of what that would round to 0, and the notation of a column
 * where all are tiny.
 */
export function shortNumbers(values: readonly number[]): readonly string[] {
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (largest === 0 || largest < 0.01 || !Number.isFinite(largest)) return formatColumn(values, false);
  if (largest < 1e5 && values.every((value) => Number.isInteger(value))) return values.map(String);
  const decimals = Math.max(0, Math.min(3, 2 - Math.floor(Math.log10(largest))));
  return values.map((value) => {
    const isSmall = value !== 0 && Math.abs(value) < 0.5 * 10 ** -decimals;
    return isSmall || largest >= 1e5 ? inDigits(value, isSmall ? 2 : 3) : value.toFixed(decimals);
  });
}

function inDigits(value: number, digits: number): string {
  const short = Number(value.toPrecision(digits));
  const magnitude = Math.abs(short);
  return magnitude >= 1e5 || (magnitude > 0 && magnitude < 1e-4) ? short.toExponential().replace("e+", "e") : String(short); // prettier-ignore
}

/** A duration in seconds as `0.8 s`, `42 s`, `3 min 05 s` or `2 h 10 min`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${String(whole % 60).padStart(2, "0")} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}

const mostDecimals = 7;

function decimalsFor(magnitude: number): number {
  if (magnitude === 0) return 0;
  return Math.min(mostDecimals, Math.max(2, 3 - Math.floor(Math.log10(magnitude))));
}
