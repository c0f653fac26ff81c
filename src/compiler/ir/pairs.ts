/** The axis `pair`: every unordered pair of an axis's entries, in the order (0,1), (0,2), …, (1,2), … */

/**
 * The pair at `index` of `count` pairs, as `0-1`. With h entries there are h(h − 1)/2 pairs, of which those that begin
 * with the first entry are the first h − 1.
 */
export function pairName(index: number, count: number): string {
  const entries = Math.round((1 + Math.sqrt(1 + 8 * count)) / 2);
  let first = 0;
  let rest = index;
  while (rest >= entries - 1 - first) {
    rest -= entries - 1 - first;
    first++;
  }
  return `${first}-${first + 1 + rest}`;
}
