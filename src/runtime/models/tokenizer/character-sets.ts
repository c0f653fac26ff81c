/** Sets of characters, and what the tokenizers' library takes characters for. */
import * as data from "./unicode-data.js";

/** Where a set begins and ends, in turn: [65, 91] is A to Z. */
export type CharacterSet = readonly number[];

/** All code points. */
export const everything: CharacterSet = [0, 0x110000];

/** Reads gaps and lengths in base 36. */
export function setOf(code: string): CharacterSet {
  let position = 0;
  return code.split(" ").map((step) => (position += Number.parseInt(step, 36)));
}

export function complement(set: CharacterSet): CharacterSet {
  const inner = set[0] === 0 ? set.slice(1) : [0, ...set];
  return inner.at(-1) === 0x110000 ? inner.slice(0, -1) : [...inner, 0x110000];
}

/** What is in any of the sets. */
export function union(...sets: readonly CharacterSet[]): CharacterSet {
  const ranges = sets.flatMap((set) => {
    const pairs: (readonly [number, number])[] = [];
    for (let i = 0; i + 1 < set.length; i += 2) pairs.push([set[i] ?? 0, set[i + 1] ?? 0]);
    return pairs;
  });
  ranges.sort(([a], [b]) => a - b);
  const joined: number[] = [];
  for (const [start, end] of ranges) {
    const last = joined.at(-1);
    if (last !== undefined && start <= last) joined[joined.length - 1] = Math.max(last, end);
    else joined.push(start, end);
  }
  return joined;
}

/** What is in both. */
export function intersection(a: CharacterSet, b: CharacterSet): CharacterSet {
  return complement(union(complement(a), complement(b)));
}

/** One bit for each code point. */
export function membership(set: CharacterSet): (point: number) => boolean {
  const bits = new Uint8Array(0x110000 >> 3);
  for (let i = 0; i + 1 < set.length; i += 2) {
    for (let point = set[i] ?? 0; point < (set[i + 1] ?? 0); point++) {
      bits[point >> 3] = (bits[point >> 3] ?? 0) | (1 << (point & 7));
    }
  }
  return (point) => ((bits[point >> 3] ?? 0) & (1 << (point & 7))) !== 0;
}

/** Computes a value once, when it is first asked for. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => (made ??= { value: make() }).value;
}

/** Unicode's White_Space, which Rust and Oniguruma agree on. */
export const whiteSpace: CharacterSet = [
  0x9, 0xe, 0x20, 0x21, 0x85, 0x86, 0xa0, 0xa1, 0x1680, 0x1681, 0x2000, 0x200b, 0x2028, 0x202a, 0x202f, 0x2030, 0x205f,
  0x2060, 0x3000, 0x3001,
];

export const isWhiteSpace = membership(whiteSpace);
export const isRustWord = once(() => membership(setOf(data.rustWordRanges)));
export const isNumeric = once(() => membership(setOf(data.numericRanges)));
export const isPunctuation = once(() => membership(setOf(data.punctuationRanges)));
export const isControl = once(() => membership(setOf(data.controlRanges)));
export const isNonspacing = once(() => membership(setOf(data.nonspacingRanges)));
export const isCombining = once(() => membership(setOf(data.combiningRanges)));

/** Small letters by their capital ones. */
export const lowercase = once((): ReadonlyMap<number, string> => {
  const steps = data.lowercaseRuns.split(" ");
  const letters = new Map(data.lowercaseSeveral);
  for (let i = 0; i < steps.length; i += 4) {
    const [first = 0, count = 0, step = 0, distance = 0] = steps
      .slice(i, i + 4)
      .map((digits) => Number.parseInt(digits, 36));
    for (let n = 0; n < count; n++) letters.set(first + n * step, String.fromCodePoint(first + n * step + distance));
  }
  return letters;
});

/** A general category, one letter or two, by Oniguruma's version of Unicode; null for no category. */
export function categorySet(name: string): CharacterSet | null {
  const short = name.charAt(0).toUpperCase() + name.slice(1).toLowerCase();
  if (short === "Cn") return complement(union(...Object.values(data.categoryRanges).map(setOf), [0xd800, 0xe000]));
  const own = Object.entries(data.categoryRanges).filter(
    ([category]) => category === short || (short.length === 1 && category.startsWith(short)),
  );
  if (own.length === 0) return null;
  const set = union(...own.map(([, code]) => setOf(code)));
  return short === "C" ? union(set, categorySet("Cn") ?? []) : set;
}

/** A script by Oniguruma's version of Unicode; null for those that are not known here. */
export function scriptSet(name: string): CharacterSet | null {
  const found = Object.entries(data.scriptRanges).find(([script]) => script.toLowerCase() === name.toLowerCase());
  return found === undefined ? null : setOf(found[1]);
}

/** `\w` of Oniguruma. */
export const wordSet = once(() => setOf(data.wordRanges));
