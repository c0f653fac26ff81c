/** `at last`, `at -8..-1`, `at token "Mary"` of an intervention: which positions it changes, and the axis of a sweep. */
import { addBehind } from "../../diagnostics/create.js";
import type { Coordinates, PositionSelection, Prompt, TokenizedTexts } from "../../ir/protocol.js";
import type { Positions } from "../../syntax/ast.js";
import { reportError, tooMany, wrongKind } from "../faults.js";
import { limits } from "../limits.js";
import { rangeValues } from "../ranges.js";
import { checkOneLength } from "../texts/pairs.js";
import type { InterventionContext } from "./context.js";

/** One choice of positions: null selects all of them. */
export interface SweptPositions {
  readonly coordinates: Coordinates;
  readonly selection: PositionSelection | null;
}

const everywhere: readonly SweptPositions[] = [{ coordinates: {}, selection: null }];

/**
 * What a clause's `at` selects. A range is a sweep over the axis `position`, with coordinates as they are written (−8 …
 * −1); with `together` it is one selection. Every prompt must have the positions: an intervention that silently changed
 * only some of them would look like a weak one. Null after an error.
 */
export function checkPositions(
  cx: InterventionContext,
  positions: Positions | null,
  together: boolean,
): readonly SweptPositions[] | null {
  if (positions === null) return everywhere;
  const { at, span } = positions;
  if (cx.texts?.documents != null) {
    reportError(cx, "A4308", span, { what: "`at`", texts: cx.texts.name });
    return null;
  }
  if (at.kind === "token") return tokenPositions(cx, at.text, positions);
  if (at.kind === "continuation") {
    const hint =
      "without `at` an intervention acts on every token of prompt and continuation, with `at` on the prompt's";
    const parameters = { expected: "positions of the prompt", found: "`at continuation`" };
    reportError(cx, "A3004", span, parameters, { hint });
    return null;
  }
  if (at.kind === "all") return together ? everywhere : eachPosition(cx, positions);
  const first = at.kind === "last" ? -1 : at.kind === "index" ? at.index : at.first;
  const last = at.kind === "range" ? at.last : first;
  if (!Number.isInteger(first) || !Number.isInteger(last)) {
    wrongKind(cx, span, "positions: whole numbers", cx.sourceOf(span));
    return null;
  }
  if (first < 0 === last < 0 && first > last) {
    reportError(cx, "A3012", span, { range: `${first}..${last}` }, { hint: "write the smaller number first" });
    return null;
  }
  const sweeps = at.kind === "range" && !together;
  if (at.kind === "range" && at.step !== null && !sweeps) {
    const hint = "leave `together` out to change each of them in turn, or `step` to change all between";
    const found = cx.sourceOf(span);
    reportError(cx, "A3004", span, { expected: "positions next to one another with `together`", found }, { hint });
    return null;
  }
  if (sweeps && first < 0 !== last < 0) {
    const expected = "positions counted from one end, or `together` after the range";
    const fixes = [addBehind(span, " together")];
    wrongKind(cx, span, expected, `${first}..${last}, as many as each text has`, { fixes });
    return null;
  }
  const swept = sweeps ? positionsOf(cx, { ...at, span }) : [];
  if (swept === null || !allHave(cx, first, last, positions)) return null;
  return sweeps
    ? swept.map((position) => onePosition(cx, position))
    : [{ coordinates: {}, selection: rangeIn(cx, first, last) }];
}

/** The numbers of a range that is swept over; null after an error. */
function positionsOf(cx: InterventionContext, range: Parameters<typeof rangeValues>[1]): readonly number[] | null {
  if (range.step !== null && !Number.isInteger(range.step)) {
    wrongKind(cx, range.span, "a whole number of positions as the step", String(range.step));
    return null;
  }
  const hint = "name fewer positions";
  const of = { limit: "conditions", most: limits.conditions, what: "this range", things: "conditions", hint } as const;
  return rangeValues(cx, range, of);
}

function onePosition(cx: InterventionContext, position: number): SweptPositions {
  return { coordinates: { position }, selection: rangeIn(cx, position, position) };
}

/** Places are counted in the prompt, which more tokens may stand behind. */
function rangeIn({ texts }: InterventionContext, first: number, last: number): PositionSelection {
  const hidden = texts?.continuation ?? 0;
  const place = (index: number): number => (index < 0 ? index - hidden : index);
  return { kind: "range", first: place(first), last: place(last) };
}

/** `at *`: every position in turn, counted from 0. All prompts must have the same ones. */
function eachPosition(cx: InterventionContext, { span }: Positions): readonly SweptPositions[] | null {
  const lengths = (cx.texts?.prompts ?? []).map(({ ids }) => ids.length - (cx.texts?.continuation ?? 0));
  const shortest = lengths.reduce((least, length) => Math.min(least, length), Infinity);
  const texts = cx.texts;
  const hint = `\`at -${shortest}..-1\` are the positions that all of them have, counted from the end; \`at * together\` changes all at once`;
  const common = `-${shortest}..-1`;
  const fixes = [
    addBehind(span, " together"),
    { title: `change to \`at ${common}\``, edits: [{ span, replacement: common }] },
  ];
  if (texts !== null && !checkOneLength(cx, texts, texts, span, hint, fixes)) return null;
  // Nothing is known of texts that could not be read.
  const count = lengths.length === 0 ? 1 : shortest;
  if (count > limits.conditions) {
    tooMany(cx, span, "conditions", count, "every position", "conditions", "name fewer positions");
    return null;
  }
  return Array.from({ length: count }, (_, i) => onePosition(cx, i));
}

/** Reports the first prompt that lacks one of the positions. */
function allHave(cx: InterventionContext, first: number, last: number, { span }: Positions): boolean {
  for (const { index, ids, text } of cx.texts?.prompts ?? []) {
    const length = ids.length - (cx.texts?.continuation ?? 0);
    const ends = [first, last].map((end) => (end < 0 ? length + end : end));
    const outside = ends.findIndex((end) => end < 0 || end >= length);
    const [start = 0, end = 0] = ends;
    if (outside < 0 && start <= end) continue;
    const position = outside < 0 ? `${first}..${last}` : outside === 0 ? first : last;
    const details = { ...shown(text), hint: "shorten the range, or leave the prompt out" };
    reportError(cx, "A4305", span, { index, texts: cx.runsOn, tokens: length, position }, details);
    return false;
  }
  return true;
}

/** `at token "Mary"`: a position of its own for every prompt. */
function tokenPositions(cx: InterventionContext, token: string, { span }: Positions): readonly SweptPositions[] | null {
  const positions: number[] = [];
  for (const { index, numbers, text } of cx.texts?.prompts ?? []) {
    const position = numbers[`position of ${token}`];
    if (position === undefined) {
      const parameters = { index, texts: cx.runsOn, token: JSON.stringify(token) };
      reportError(cx, "A4306", span, parameters, shown(text));
      return null;
    }
    positions.push(position);
  }
  return [{ coordinates: {}, selection: { kind: "each", positions } }];
}

function shown(text: string): { readonly found?: string } {
  return text === "" ? {} : { found: text.length > 100 ? `${text.slice(0, 100)}…` : text };
}

/** First and last position that a selection has in a prompt, counted from 0; null selects all. */
function boundsIn(
  selection: PositionSelection | null,
  index: number,
  prompt: Pick<Prompt, "ids">,
): { readonly first: number; readonly last: number } {
  const { length } = prompt.ids;
  if (selection === null) return { first: 0, last: length - 1 };
  if (selection.kind === "each") {
    const position = selection.positions[index] ?? 0;
    return { first: position, last: position };
  }
  const from = (end: number): number => (end < 0 ? length + end : end);
  return { first: from(selection.first), last: from(selection.last) };
}

/** True when two selections have a position in common in some prompt. */
export function selectionsMeet(
  a: PositionSelection | null,
  b: PositionSelection | null,
  texts: TokenizedTexts | null,
): boolean {
  if (a === null || b === null) return true;
  return (texts?.prompts ?? []).some((prompt, index) => {
    const one = boundsIn(a, index, prompt);
    const other = boundsIn(b, index, prompt);
    return one.first <= other.last && other.first <= one.last;
  });
}
