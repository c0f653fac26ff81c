/** How the complexity fields of `stdlib/prompts/categories.jsonl` are computed. */

/** Words that open a clause. `before`, `after` and `as` are left out: they are prepositions too. */
const openers = new Set(
  (
    "although because how if once since that though unless until what whatever when whenever where wherever whether " +
    "which while who whoever whom whose why"
  ).split(" "),
);

/** Words that open a clause when a comma stands before them. */
const coordinators = new Set(["and", "but", "nor", "or", "so", "yet"]);

/** Words of a text: what stands between spaces. */
export function wordsOf(text: string): readonly string[] {
  return text.split(" ").filter((word) => word !== "");
}

function bare(word: string): string {
  return word.replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, "");
}

/** An estimate of the clauses begun: one, and one more for every word that opens another. */
export function clausesOf(text: string): number {
  const words = wordsOf(text);
  // What opens the first clause of a sentence, `If it rains, …`, announces a second one.
  return words.reduce((clauses, word, i) => {
    const lower = bare(word).toLowerCase();
    const afterComma = words[i - 1]?.endsWith(",") ?? false;
    return clauses + (openers.has(lower) || (afterComma && coordinators.has(lower)) ? 1 : 0);
  }, 1);
}

/** Letters and digits of a word with what is inside it (hyphens, apostrophes), on average, with two decimals. */
export function meanWordLengthOf(text: string): string {
  const lengths = wordsOf(text).map((word) => bare(word).length);
  return (lengths.reduce((sum, length) => sum + length, 0) / lengths.length).toFixed(2);
}
