/** Query heads that share keys and values, stacked along the queries and taken apart again. */
import type { Length } from "./layout.js";

/** A dimension of queries that a Reshape makes, and its length. */
export interface Regrouping {
  readonly at: number;
  readonly length: Length;
}

/**
 * What a Reshape to `lengths` (−1: what is left) makes of [.., heads, pos, ..] or of [.., kv_heads, grouped, ..], where
 * it makes the one of the other and leaves all other dimensions as they are; null for any other Reshape.
 */
export function regroup(before: readonly Length[], lengths: readonly Length[]): Regrouping | null {
  const at = lengths.indexOf(-1);
  if (at < 1 || before.length !== lengths.length) return null;
  const stays = lengths.every((length, i) => i === at || i === at - 1 || (length === before[i] && i !== at));
  const [from, to, queries] = [before[at - 1], lengths[at - 1], before[at]];
  // The first dimension is the row, whose length nobody knows, and which a 0 keeps.
  const others = lengths.every((length, i) => length !== null || i === 0);
  if (!stays || !others || typeof from !== "number" || typeof to !== "number" || to < 1) return null;
  if (queries === "pos" && from % to === 0) return { at, length: `grouped ${from / to}` };
  return queries === `grouped ${to / from}` ? { at, length: "pos" } : null;
}
