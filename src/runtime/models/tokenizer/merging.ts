/** Merging symbols pair by pair, the earliest merge first. */
import type { PairTable } from "./pair-table.js";

/** A piece in symbols: ids, and how many bytes each stands for. */
export interface Symbols {
  readonly ids: number[];
  readonly lengths: number[];
}

/**
 * Merges until no pair of neighbours has a merge: always the pair of the least rank, and of equal ones the first.
 *
 * @source Hugging Face tokenizers 0.23, models/bpe/word.rs: `merge_all`, with its queue
 */
export function merged({ ids, lengths }: Symbols, merges: PairTable): Symbols {
  const size = ids.length;
  if (size < 2) return { ids, lengths };
  const queue = mergeQueue();
  const before = Int32Array.from({ length: size }, (_, i) => i - 1);
  const behind = Int32Array.from({ length: size }, (_, i) => i + 1);
  const offer = (at: number, following: number): void => {
    const pair = merges.find(ids[at] ?? 0, ids[following] ?? 0);
    if (pair >= 0) queue.push(merges.rank(pair), at, merges.joined(pair));
  };
  for (let i = 0; i + 1 < size; i++) offer(i, i + 1);
  while (queue.pop()) {
    const { position, joined } = queue.top;
    if (lengths[position] === 0) continue;
    const right = behind[position] ?? size;
    if (right >= size) continue;
    // The pair may be gone since it was offered.
    const pair = merges.find(ids[position] ?? 0, ids[right] ?? 0);
    if (pair < 0 || merges.joined(pair) !== joined) continue;
    ids[position] = joined;
    lengths[position] = (lengths[position] ?? 0) + (lengths[right] ?? 0);
    lengths[right] = 0;
    const following = behind[right] ?? size;
    behind[position] = following;
    if (following < size) before[following] = position;
    const previous = before[position] ?? -1;
    if (previous >= 0) offer(previous, position);
    if (following < size) offer(position, following);
  }
  const kept = lengths.map((length) => length !== 0);
  return { ids: ids.filter((_, i) => kept[i]), lengths: lengths.filter((_, i) => kept[i]) };
}

interface MergeQueue {
  push(rank: number, position: number, joined: number): void;
  /** Takes the least entry to `top`; false when there is none. */
  pop(): boolean;
  readonly top: { position: number; joined: number };
}

/** A heap by rank and then by position. */
function mergeQueue(): MergeQueue {
  const ranks: number[] = [];
  const positions: number[] = [];
  const joins: number[] = [];
  const top = { position: 0, joined: 0 };
  const less = (a: number, b: number): boolean => {
    const difference = (ranks[a] ?? 0) - (ranks[b] ?? 0);
    return difference < 0 || (difference === 0 && (positions[a] ?? 0) < (positions[b] ?? 0));
  };
  const exchange = (a: number, b: number): void => {
    for (const column of [ranks, positions, joins]) {
      const value = column[a] ?? 0;
      column[a] = column[b] ?? 0;
      column[b] = value;
    }
  };
  return {
    top,
    push(rank, position, joined) {
      let at = ranks.length;
      ranks.push(rank);
      positions.push(position);
      joins.push(joined);
      for (let parent = (at - 1) >> 1; at > 0 && less(at, parent); parent = (at - 1) >> 1) {
        exchange(at, parent);
        at = parent;
      }
    },
    pop() {
      const last = ranks.length - 1;
      if (last < 0) return false;
      exchange(0, last);
      ranks.pop();
      top.position = positions.pop() ?? 0;
      top.joined = joins.pop() ?? 0;
      for (let at = 0; ;) {
        let least = 2 * at + 1;
        if (least >= last) break;
        if (least + 1 < last && less(least + 1, least)) least++;
        if (!less(least, at)) break;
        exchange(least, at);
        at = least;
      }
      return true;
    },
  };
}
