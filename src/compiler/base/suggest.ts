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
 * The valid names nearest to an unknown one, nearest first, at most three. A wrong suggestion costs trust, so a name is
 * near only when few of its letters differ: one of four or five, two of six to eight, three of more, counted in the shorter
 * of the two. In words of up to three letters a letter may be missing, too many or out of order, and the last of three may
 * be another one: `R_W` is meant as `R_V`, `svd` is not as `std`.
 */
export function nearestNames(unknown: string, valid: Iterable<string>): readonly string[] {
  return [...new Set(valid)]
    .map((name) => ({ name, distance: editDistance(unknown, name) }))
    .filter(({ name, distance }) => distance <= mostDifferences(unknown, name))
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, 3)
    .map((c) => c.name);
}

function mostDifferences(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  if (length <= 3) {
    const beginsAlike = length === 3 && a.slice(0, 2).toLowerCase() === b.slice(0, 2).toLowerCase();
    return a.length !== b.length || lettersOf(a) === lettersOf(b) || beginsAlike ? 1 : 0;
  }
  return length <= 5 ? 1 : length <= 8 ? 2 : 3;
}

/** The letters of a word in the order of the alphabet, without capitals. */
function lettersOf(word: string): string {
  return Array.from(word.toLowerCase()).sort().join("");
}
