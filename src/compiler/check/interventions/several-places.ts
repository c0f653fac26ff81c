/** `pairs of heads L0..1` and `random 4 heads of L*`: several places as one point of a sweep. */
import { seededIntegers } from "../../base/random.js";
import { placeLabel } from "../../ir/place-axes.js";
import { placeNames, type TargetWord } from "../../ir/targets.js";
import type { Selection, Together } from "../../syntax/ast.js";
import { reportError, tooMany, wrongKind } from "../faults.js";
import { limits } from "../limits.js";
import type { InterventionContext, PlacePoint } from "./context.js";

type Combinations = Extract<Selection, { kind: "combinations" }>;
type Random = Extract<Selection, { kind: "random" }>;

/** The axes of a combination's places, in their order. */
const ordinals = ["first", "second", "third", "fourth", "fifth", "sixth"] as const;

/** How many choices of `size` there are among `count`: the binomial coefficient, in float64. */
function choices(count: number, size: number): number {
  let all = 1;
  for (let i = 0; i < Math.min(size, count - size); i++) all = (all * (count - i)) / (i + 1);
  return size > count ? 0 : Math.round(all);
}

/**
 * Every unordered choice of so many places, in the order in which these are named: one point each, with the axes `first`,
 * `second`, …, whose coordinates are places (`L0.H1`) or, where a place is a layer, layers. Null after an error.
 */
export function combinedPlaces(
  cx: InterventionContext,
  { word, size, span }: Combinations,
  target: TargetWord,
  places: readonly PlacePoint[],
  together: Together | null,
): readonly PlacePoint[] | null {
  if (!(Number.isInteger(size) && size >= 1 && size <= ordinals.length)) {
    const expected = `a whole number of places from 1 to ${ordinals.length}`;
    const hint = `every two at once are \`combinations of 2\`; more than ${ordinals.length} are drawn, as in \`random 8 ${placeNames[target].several} of L* draws 20 together\``;
    reportError(cx, "A3005", span, { value: size, expected }, { hint });
    return null;
  }
  const odd = together?.over.find(({ text }) => text !== "position");
  if (together !== null && (odd !== undefined || together.over.length === 0)) {
    const expected = "`together over position`, or no `together`";
    const hint = "the places of one combination go together as they are";
    reportError(cx, "A3004", together.span, { expected, found: cx.sourceOf(together.span) }, { hint });
    return null;
  }
  const several = placeNames[target].several;
  // Places of an assumed model are all one.
  if (places.length < size && !cx.model.assumed) {
    const hint = `name at least ${size} of the ${several}`;
    const expected = `at least ${size} ${several} to choose from`;
    reportError(cx, "A3004", span, { expected, found: `${places.length}` }, { hint });
    return null;
  }
  const count = choices(places.length, size);
  if (count > limits.conditions) {
    const hint = `there are ${places.length.toLocaleString("en")} ${several}: name fewer, such as those of one layer, or draw some with \`random ${size} ${several} of …\``;
    tooMany(cx, span, "conditions", count, size === 2 ? "every pair" : `${word} of ${size} places`, "conditions", hint);
    return null;
  }
  const chosen = cx.model.assumed ? [places.slice(0, 1)] : combinationsOf(places, size);
  return chosen.map((own) => ({
    coordinates: Object.fromEntries(
      ordinals.slice(0, size).map((axis, i) => [axis, placeLabel((own[i] ?? own[0])?.coordinates ?? {})]),
    ),
    spots: own.flatMap(({ spots }) => spots),
  }));
}

/** Every choice of `size` items, those with earlier items first. */
function combinationsOf<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  if (size === 0) return [[]];
  return items.flatMap((item, i) => combinationsOf(items.slice(i + 1), size - 1).map((rest) => [item, ...rest]));
}

/**
 * So many places at a time, drawn without replacement and each draw independent of the others: one point a draw on the
 * axis `draw`, from 1. What is drawn depends on the seed, the order of the places and how many are drawn; more draws
 * leave the first ones as they are. Null after an error.
 */
export function drawnPlaces(
  cx: InterventionContext,
  selection: Random,
  target: TargetWord,
  places: readonly PlacePoint[],
  together: Together | null,
): readonly PlacePoint[] | null {
  const { count, seed, draws, span } = selection;
  const { several } = placeNames[target];
  const whole = (value: number, least: number, most: number): boolean =>
    Number.isInteger(value) && value >= least && value <= most;
  if (together === null || together.over.length > 0) {
    const hint = "the places of one draw are changed at once, and each draw is a condition";
    const found = together === null ? "`random` without it" : cx.sourceOf(together.span);
    reportError(cx, "A3004", together?.span ?? span, { expected: "`together` with `random`", found }, { hint });
    return null;
  }
  if (!whole(count.value, 1, Infinity)) {
    reportError(cx, "A3005", count.span, { value: count.text, expected: "a count of at least 1" });
    return null;
  }
  if (count.value > places.length && !cx.model.assumed) {
    const expected = `at most ${places.length} ${several}, as many as there are to draw from`;
    wrongKind(cx, count.span, expected, count.text);
    return null;
  }
  if (seed !== null && !whole(seed.value, 0, 2 ** 32 - 1)) {
    const expected = "a seed: a whole number below 4294967296";
    reportError(cx, "A3005", seed.span, { value: seed.text, expected });
    return null;
  }
  if (draws !== null && !whole(draws.value, 1, Infinity)) {
    reportError(cx, "A3005", draws.span, { value: draws.text, expected: "at least one draw" });
    return null;
  }
  const times = draws?.value ?? 1;
  if (times > 1 && count.value === places.length && !cx.model.assumed) {
    const expected = `fewer than the ${places.length} ${several} that there are, or a single draw`;
    const hint = "every draw would be the same: all of them";
    reportError(cx, "A3004", count.span, { expected, found: `${count.text} in each of ${times} draws` }, { hint });
    return null;
  }
  if (times > limits.conditions) {
    tooMany(cx, draws?.span ?? span, "conditions", times, "this many draws", "conditions", "draw fewer times");
    return null;
  }
  const writes = times * count.value;
  if (writes > limits.rows) {
    const hint = "draw fewer places, or fewer times";
    tooMany(cx, span, "rows", writes, "this many draws", "places to change", hint);
    return null;
  }
  const next = seededIntegers(seed?.value ?? 0);
  return Array.from({ length: times }, (_, i) => {
    const drawn = drawFrom(places, Math.min(count.value, places.length), next);
    return {
      coordinates: { draw: i + 1 },
      spots: drawn.flatMap(({ spots }) => spots),
      drawn: drawn.map(({ coordinates }) => placeText(placeLabel(coordinates))).join(" "),
    };
  });
}

/** A layer as a place: `L3`; what is a place already as it is. */
function placeText(label: number | string): string {
  return typeof label === "number" ? `L${label}` : label;
}

/** `count` different items, each choice as likely as any other, in the order in which they were given. */
function drawFrom<T>(items: readonly T[], count: number, next: (bound: number) => number): readonly T[] {
  const left = items.map((_, i) => i);
  const drawn = Array.from({ length: count }, () => left.splice(next(left.length), 1)[0] ?? 0);
  return drawn.sort((a, b) => a - b).flatMap((i) => items.slice(i, i + 1));
}
