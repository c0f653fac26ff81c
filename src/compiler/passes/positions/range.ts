/** Ranges of positions, and which of them the readers of a value ask for. */

/** The first or the last `count` positions of a text; all of them where it is shorter. */
export interface PositionRange {
  readonly side: "first" | "last";
  readonly count: number;
}

/** Positions that are needed along one dimension of a value (or, of a list of lengths, in one entry). */
export interface Part {
  readonly dimension: number;
  readonly range: PositionRange;
}

/** What the readers of a value need together: everything, or a part of it. */
export type Demand = "all" | Part;

/** The least demand that covers both; `undefined` is that of a value which nothing has asked for yet. */
export function mergeDemands(one: Demand | undefined, other: Demand | undefined): Demand | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  if (one === "all" || other === "all") return "all";
  if (one.dimension !== other.dimension || one.range.side !== other.range.side) return "all";
  return one.range.count >= other.range.count ? one : other;
}

/** True when both are the same positions of the same dimension. */
export function samePart(one: Part | undefined, other: Part): boolean {
  if (one?.dimension !== other.dimension) return false;
  return one.range.side === other.range.side && one.range.count === other.range.count;
}

/**
 * Never fewer than two positions: onnxruntime multiplies a matrix of a single row by other code, so that the last bit
 * would depend on whether a text is alone in its batch.
 */
const fewest = 2;

/**
 * The range that covers the entries [start, end) of an axis, negative bounds counting from the end and null being the
 * end; null where that needs a bound from both ends. A Slice by the same bounds takes the same entries out of the range
 * as out of the whole axis, also where the text is too short for it.
 */
export function rangeOfSlice(start: number, end: number | null): PositionRange | null {
  if (start < 0 && (end === null || end < 0)) return { side: "last", count: Math.max(fewest, -start) };
  return start >= 0 && end !== null && end >= 0 ? { side: "first", count: Math.max(fewest, end) } : null;
}
