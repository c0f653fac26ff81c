/** The clauses of an experiment as texts, for sentences about it. */
import { tokenize } from "../../../grammar/tokens.js";
import { isClauseWord } from "./regions.js";

/** The clauses that stand one behind the other in a sound text, each on one line. */
export function clauseTexts(text: string): readonly string[] {
  const { tokens } = tokenize(text);
  const starts = tokens.filter((token, i) => {
    // After `.` and before `:` the word is a name.
    const isName = tokens[i - 1]?.image === "." || tokens[i + 1]?.image === ":";
    return isClauseWord(token) && !isName;
  });
  return starts.map(({ startOffset }, i) =>
    oneLine(text.slice(startOffset, starts[i + 1]?.startOffset ?? text.length)),
  );
}

/** Without comments and line breaks. */
function oneLine(clause: string): string {
  const { tokens } = tokenize(clause);
  return tokens
    .map((token, i) => {
      const end = (tokens[i - 1]?.startOffset ?? 0) + (tokens[i - 1]?.image.length ?? 0);
      return (i > 0 && end < token.startOffset ? " " : "") + token.image;
    })
    .join("");
}
