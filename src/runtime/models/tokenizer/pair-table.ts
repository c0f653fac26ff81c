/** Merges by the pair they join: a hash table of whole numbers, for vocabularies of hundreds of thousands. */
export interface PairTable {
  /** Adds a pair; a later one takes the place of an earlier. */
  set(left: number, right: number, rank: number, joined: number): void;
  /** Where a pair is; −1 for nowhere. */
  find(left: number, right: number): number;
  rank(at: number): number;
  joined(at: number): number;
}

/** A table for up to `size` pairs. */
export function pairTable(size: number): PairTable {
  let capacity = 16;
  while (capacity < 2 * size) capacity *= 2;
  const lefts = new Int32Array(capacity).fill(-1);
  const rights = new Int32Array(capacity);
  const ranks = new Int32Array(capacity);
  const joins = new Int32Array(capacity);
  /** Where a pair is or belongs. */
  const slot = (left: number, right: number): number => {
    let at = Math.imul(Math.imul(left, 0x9e3779b1) ^ right, 0x85ebca6b);
    at = (at ^ (at >>> 15)) & (capacity - 1);
    while (lefts[at] !== -1 && (lefts[at] !== left || rights[at] !== right)) at = (at + 1) & (capacity - 1);
    return at;
  };
  return {
    set(left, right, rank, joined) {
      const at = slot(left, right);
      lefts[at] = left;
      rights[at] = right;
      ranks[at] = rank;
      joins[at] = joined;
    },
    find(left, right) {
      const at = slot(left, right);
      return lefts[at] === -1 ? -1 : at;
    },
    rank: (at) => ranks[at] ?? 0,
    joined: (at) => joins[at] ?? 0,
  };
}
