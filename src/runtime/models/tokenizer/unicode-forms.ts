/**
 * Unicode's normal forms, with what each character of the result stands for.
 *
 * The characters that have a decomposition and the classes of marks are those that the library knows; a runtime of a later
 * version of Unicode knows more. What a character decomposes to and what two compose to never changes, and is asked of
 * the runtime.
 *
 * @source Unicode Standard Annex #15; the order of changes is that of Rust's unicode-normalization-alignments 0.1
 */
import { changed, type AlignedText, type Changes } from "./aligned-text.js";
import { membership, once, setOf } from "./character-sets.js";
import { canonicalRanges, combiningClasses, compatibleRanges } from "./unicode-data.js";

export type NormalForm = "NFC" | "NFD" | "NFKC" | "NFKD";

const isCanonical = once(() => membership(setOf(canonicalRanges)));
const isCompatible = once(() => membership(setOf(compatibleRanges)));

/** Combining classes in order; only their order matters. */
const classOf = once(() => {
  const classes = new Map<number, number>();
  for (const [i, code] of combiningClasses.entries()) {
    const set = setOf(code);
    for (let at = 0; at + 1 < set.length; at += 2) {
      for (let point = set[at] ?? 0; point < (set[at + 1] ?? 0); point++) classes.set(point, i + 1);
    }
  }
  return classes;
});

/** Below, no character changes or combines in the form. */
const firstThatMatters: Readonly<Record<NormalForm, number>> = { NFC: 0x300, NFD: 0xc0, NFKC: 0xa0, NFKD: 0xa0 };

/** Puts a text into a normal form. */
export function normalForm(aligned: AlignedText, form: NormalForm): AlignedText {
  const { text } = aligned;
  const first = firstThatMatters[form];
  let matters = false;
  for (let i = 0; i < text.length && !matters; i++) matters = text.charCodeAt(i) >= first;
  if (!matters) return aligned;
  const decomposed = decomposition(text, form.includes("K") ? "NFKD" : "NFD");
  return changed(aligned, form.endsWith("C") ? composition(decomposed) : decomposed);
}

function decomposition(text: string, form: "NFD" | "NFKD"): Changes {
  const decomposes = form === "NFD" ? isCanonical() : isCompatible();
  const classes = classOf();
  const points: number[] = [];
  const changes: number[] = [];
  /** Where the marks begin that are not in order yet. */
  let marks = 0;
  const sortMarks = (): void => {
    if (points.length - marks > 1) {
      const run = points.slice(marks).map((point, i) => ({ point, change: changes[marks + i] ?? 0 }));
      run.sort((a, b) => (classes.get(a.point) ?? 0) - (classes.get(b.point) ?? 0));
      for (const [i, { point, change }] of run.entries()) {
        points[marks + i] = point;
        changes[marks + i] = change;
      }
    }
    marks = points.length;
  };
  const push = (point: number, change: number): void => {
    const starter = !classes.has(point);
    if (starter) sortMarks();
    points.push(point);
    changes.push(change);
    if (starter) marks = points.length;
  };
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    if (point < 0xa0 || !decomposes(point)) {
      push(point, 0);
      continue;
    }
    let change = 0;
    for (const part of character.normalize(form)) {
      push(part.codePointAt(0) ?? 0, change);
      change = 1;
    }
  }
  sortMarks();
  return { points, changes };
}

/** The one character that two compose to; null where they do not. */
function composed(first: number, second: number): number | null {
  // Hangul is computed by the runtime too; everything else composes with a mark or a vowel sign.
  if (second < 0x300) return null;
  const joined = (String.fromCodePoint(first) + String.fromCodePoint(second)).normalize("NFC");
  const point = joined.codePointAt(0) ?? 0;
  if (joined.length !== (point > 0xffff ? 2 : 1) || !isCanonical()(point)) return null;
  return point;
}

function composition({ points, changes }: Changes): Changes {
  const classes = classOf();
  const made: Changes = { points: [], changes: [] };
  /** The starter that marks may join, and the marks after it that did not. */
  let starter: { point: number; change: number } | null = null;
  let waiting: { readonly point: number; readonly change: number }[] = [];
  let lastClass: number | null = null;
  const write = (point: number, change: number): void => {
    made.points.push(point);
    made.changes.push(change);
  };
  const flush = (): void => {
    if (starter !== null) write(starter.point, starter.change);
    for (const { point, change } of waiting) write(point, change);
    waiting = [];
    lastClass = null;
  };
  for (const [i, point] of points.entries()) {
    const change = changes[i] ?? 0;
    const own = classes.get(point) ?? 0;
    if (starter === null) {
      if (own === 0) starter = { point, change };
      else write(point, change);
      continue;
    }
    const blocked = lastClass !== null && lastClass >= own;
    const joined = blocked ? null : composed(starter.point, point);
    if (joined !== null) {
      starter = { point: joined, change: starter.change + change - 1 };
    } else if (own === 0) {
      flush();
      starter = { point, change };
    } else {
      waiting.push({ point, change });
      lastClass = own;
    }
  }
  flush();
  return made;
}
