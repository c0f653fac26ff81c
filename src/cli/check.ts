/** `atlasc check`. */
import { toJson } from "../compiler/diagnostics/render.js";
import type { Diagnostic } from "../compiler/diagnostics/diagnostic.js";
import { planRun } from "../runtime/plan-run.js";
import { exitCodes } from "./failure.js";
import { engineOptions, type CommonOptions } from "./options.js";
import { readProtocol } from "./source.js";
import { printDiagnostics } from "./terminal.js";

export async function checkCommand(
  files: readonly string[],
  options: CommonOptions & { json: boolean },
): Promise<number> {
  let sound = true;
  const collected: unknown[] = [];
  for (const file of files) {
    const source = await readProtocol(file);
    if (source === null) {
      sound = false;
      continue;
    }
    const outcome = await planRun(source, {
      overrides: options.set,
      memoryBudget: options.memory,
      engine: engineOptions(options),
    });
    const rejected = outcome.kind === "rejected";
    const diagnostics: readonly Diagnostic[] = rejected ? outcome.diagnostics : outcome.planned.warnings;
    const { sources } = rejected ? outcome.loaded : outcome.planned.loaded;
    if (rejected) sound = false;
    if (options.json) collected.push(...diagnostics.map((d) => toJson(d, (path) => sources.get(path))));
    else {
      printDiagnostics(diagnostics, sources);
      const errors = diagnostics.filter((d) => d.severity === "error").length;
      const warnings = diagnostics.length - errors;
      process.stdout.write(
        `${file}: ${rejected ? counted(errors, "error") : "sound"}${warnings === 0 ? "" : `, ${counted(warnings, "warning")}`}\n`,
      );
    }
  }
  if (options.json) process.stdout.write(`${JSON.stringify(collected, null, 2)}\n`);
  return sound ? exitCodes.done : exitCodes.wrongInput;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
