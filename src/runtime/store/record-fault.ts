/** What to do about a record that is not valid. */
export const recordAdvice =
  "Nothing was overwritten. Mend it, or move it away to have a new one; what was computed is kept beside it.";

/** A record that is not what record.schema.json says. `problems` has one sentence per fault. */
export class RecordFault extends Error {
  readonly path: string;
  readonly problems: readonly string[];

  constructor(path: string, problems: readonly string[]) {
    const listed = problems.map((problem) => `  ${problem}`).join("\n");
    super(`${path} is not a valid record:\n${listed}\n${recordAdvice}`);
    this.name = "RecordFault";
    this.path = path;
    this.problems = problems;
  }
}
