/** A record that is not what record.schema.json says. `problems` has one sentence per fault. */
export class RecordFault extends Error {
  readonly path: string;
  readonly problems: readonly string[];

  constructor(path: string, problems: readonly string[]) {
    super(`${path} is not a valid record:\n${problems.map((problem) => `  ${problem}`).join("\n")}`);
    this.name = "RecordFault";
    this.path = path;
    this.problems = problems;
  }
}
