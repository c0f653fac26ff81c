/**
 * Optimal string alignment distance (Damerau–Levenshtein with adjacent transpositions), case folded.
 * @source Boytsov, "Indexing methods for approximate dictionary searching", 2011, §2.
 */
export function editDistance(a: string, b: string): number {
  const x = a.toLowerCase();
  const y = b.toLowerCase();
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: y.length + 1 }, (_, j) => j);
  for (let i = 1; i <= x.length; i++) {
    const current = [i];
    for (let j = 1; j <= y.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (x[i - 1] === y[j - 1] ? 0 : 1);
      let best = Math.min(substitution, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1);
      if (i > 1 && j > 1 && x[i - 1] === y[j - 2] && x[i - 2] === y[j - 1]) {
        best = Math.min(best, (beforePrevious[j - 2] ?? 0) + 1);
      }
      current.push(best);
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[y.length] ?? 0;
}

/**
 * The valid names nearest to an unknown one, nearest first, at most three. A name counts as near when its distance is
 * at most max(1, ⌊length / 3⌋); a single candidate gets no special treatment, because a wrong suggestion costs trust.
 */
export function nearestNames(unknown: string, valid: Iterable<string>): readonly string[] {
  const limit = Math.max(1, Math.floor(unknown.length / 3));
  return [...new Set(valid)]
    .map((name) => ({ name, distance: editDistance(unknown, name) }))
    .filter((c) => c.distance <= limit)
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, 3)
    .map((c) => c.name);
}
