/** Where names of points stand so that none covers another name or a point. */
import { textWidth } from "./text-width.js";

/** A point in pixels from the upper left corner, with what it is called. */
export interface NamedPoint {
  readonly x: number;
  readonly y: number;
  readonly text: string;
}

/** A name at its place: the left end and the middle of its line, in pixels. */
export interface PlacedLabel {
  readonly x: number;
  readonly y: number;
  readonly text: string;
}

/** The area that labels must stay in, in pixels. */
export interface LabelRoom {
  readonly width: number;
  readonly height: number;
  readonly fontSize: number;
}

interface Rectangle {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Radius of a point, and of the free room around it. */
const radius = 5;

/**
 * Labels beside their points, the first ones first: right, left, above, below or at a corner, wherever is room. A label
 * without room anywhere is left out.
 *
 * @param others points without names that labels cover only where no other place is free.
 */
export function placeLabels(
  points: readonly NamedPoint[],
  { width, height, fontSize }: LabelRoom,
  others: readonly { readonly x: number; readonly y: number }[] = [],
): readonly PlacedLabel[] {
  const marks = points.map(({ x, y }) => around(x, y, radius - 1));
  const crowd = others.map(({ x, y }) => around(x, y, radius - 1));
  const taken: Rectangle[] = [];
  const placed: PlacedLabel[] = [];
  for (const { x, y, text } of points) {
    const w = textWidth(text, fontSize);
    const h = fontSize + 2;
    const near = radius + 2;
    const candidates: readonly (readonly [number, number])[] = [
      [x + near, y],
      [x - near - w, y],
      [x - w / 2, y - near - h / 2],
      [x - w / 2, y + near + h / 2],
      [x + near, y - near - 2],
      [x + near, y + near + 2],
      [x - near - w, y - near - 2],
      [x - near - w, y + near + 2],
    ];
    const box = ([left, middle]: readonly [number, number]): Rectangle => ({
      left,
      right: left + w,
      top: middle - h / 2,
      bottom: middle + h / 2,
    });
    const isFree = (candidate: readonly [number, number], covered: readonly Rectangle[]): boolean => {
      const own = box(candidate);
      const isInside = own.left >= 0 && own.right <= width && own.top >= 0 && own.bottom <= height;
      return isInside && !covered.some((other) => overlaps(own, other));
    };
    const free =
      candidates.find((candidate) => isFree(candidate, [...taken, ...marks, ...crowd])) ??
      candidates.find((candidate) => isFree(candidate, [...taken, ...marks]));
    if (free === undefined) continue;
    taken.push(box(free));
    placed.push({ x: free[0], y: free[1], text });
  }
  return placed;
}

function around(x: number, y: number, reach: number): Rectangle {
  return { left: x - reach, right: x + reach, top: y - reach, bottom: y + reach };
}

function overlaps(a: Rectangle, b: Rectangle): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}
