/** What was to be shown, and what each machine showed: the summary of the reports. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { PartResult } from "./results.js";
import { verdictsOf } from "./targets.js";

/** What the summary says of a machine, kept beside its report. */
export interface MachineFacts {
  readonly name: string;
  /** Of its report, without an ending. */
  readonly file: string;
  readonly verdicts: readonly {
    readonly part: string;
    readonly target: string;
    readonly measured: string;
    readonly met: boolean;
  }[];
}

export function factsOf(name: string, file: string, results: readonly PartResult[]): MachineFacts {
  const verdicts = results
    .flatMap(verdictsOf)
    .map(({ part, target, measured, met }) => ({ part, target, measured, met }));
  return { name, file, verdicts };
}

/** The facts of all machines that were measured, from the files in a folder. */
export function knownFacts(folder: string): readonly MachineFacts[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .sort()
    .map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as MachineFacts);
}

/** docs/performance.md: a row for each target, a column for each machine. */
export function summaryText(machines: readonly MachineFacts[]): string {
  const keys = new Map<string, readonly [part: string, target: string]>();
  for (const { verdicts } of machines) {
    for (const { part, target } of verdicts) keys.set(`${part} ${target}`, [part, target]);
  }
  const cell = ({ verdicts }: MachineFacts, part: string, target: string): string => {
    const found = verdicts.find((verdict) => verdict.part === part && verdict.target === target);
    if (found === undefined) return "–";
    return found.met ? found.measured : `**${found.measured}**`;
  };
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const rows = [...keys.values()]
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([part, target]) => line([part, target, ...machines.map((machine) => cell(machine, part, target))]));
  const head = machines.map(({ name, file }) => `[${name}](performance/${file}.md)`);
  return `# Performance

How fast atlasc is, on each machine where it was measured, compared with the usual ways of getting the same numbers and with
the limit of the machine. \`npm run bench\` measures a machine and writes this file ([how](../bench/README.md)); the
reports have the times, the memory and how it is measured. Bold: the target is missed. A dash: not measured, or before the
target was set.

${[line(["part", "target", ...head]), line(["---", "---", ...machines.map(() => "--:")]), ...rows].join("\n")}
`;
}
