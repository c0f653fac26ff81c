/** Lines that two texts do not share. */

export interface LineChange {
  readonly kind: "removed" | "added";
  /** Number of the line in its own text, from 1. */
  readonly line: number;
  readonly text: string;
}

/** Products of lines beyond which no longest common subsequence is looked for: a table of them takes memory. */
const mostCells = 4e6;

/**
 * What has to be taken out of `left` and put into it to get `right`, in the order of the texts: by their longest common
 * subsequence of lines, between the lines at both ends that are the same anyway.
 *
 * @source Wagner, Fischer, "The string-to-string correction problem", JACM 1974.
 */
export function lineChanges(left: string, right: string): readonly LineChange[] {
  const [a, b] = [left, right].map((text) => text.split("\n")) as [string[], string[]];
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  const [x, y] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  return steps(x, y).map(({ kind, line, text }) => ({ kind, line: line + start + 1, text }));
}

/** The changes of two lists of lines, with lines from 0. */
function steps(x: readonly string[], y: readonly string[]): readonly LineChange[] {
  const removed = (line: number): LineChange => ({ kind: "removed", line, text: x[line] ?? "" });
  const added = (line: number): LineChange => ({ kind: "added", line, text: y[line] ?? "" });
  if (x.length * y.length > mostCells) return [...x.map((_, i) => removed(i)), ...y.map((_, j) => added(j))];
  const width = y.length + 1;
  /** Length of the longest common subsequence of x from i and y from j. */
  const common = new Uint32Array((x.length + 1) * width);
  const at = (i: number, j: number): number => common[i * width + j] ?? 0;
  for (let i = x.length - 1; i >= 0; i -= 1) {
    for (let j = y.length - 1; j >= 0; j -= 1) {
      common[i * width + j] = x[i] === y[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const changes: LineChange[] = [];
  let [i, j] = [0, 0];
  while (i < x.length || j < y.length) {
    if (i < x.length && j < y.length && x[i] === y[j]) [i, j] = [i + 1, j + 1];
    else if (j === y.length || (i < x.length && at(i + 1, j) >= at(i, j + 1))) changes.push(removed(i++));
    else changes.push(added(j++));
  }
  return changes;
}
