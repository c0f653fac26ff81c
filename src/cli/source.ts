/** From a file named on the command line to a plan; what is wrong with it is told here. */
import type { SourceFile } from "../compiler/base/span.js";
import { diagnostic } from "../compiler/diagnostics/create.js";
import type { Diagnostic } from "../compiler/diagnostics/diagnostic.js";
import { fileLimits } from "../compiler/base/file-limits.js";
import { readStandardInput, readTextFile } from "../runtime/read-text.js";
import { planRun, type Planned, type PlanOutcome } from "../runtime/plan-run.js";
import { planSettings, type CommonOptions } from "./options.js";
import { output } from "./screen.js";
import { printDiagnostics, rejectionJson } from "./terminal.js";

/** How standard input is named on the command line. */
export const standardInput = "-";

/** A protocol named on the command line, or why it cannot be read. What standard input names lies in the folder of the process. */
export async function readProtocol(path: string): Promise<SourceFile | Diagnostic> {
  const most = fileLimits.protocolBytes;
  const fact = await (path === standardInput ? readStandardInput(most) : readTextFile(path, most));
  if ("text" in fact) return { path, text: fact.text };
  const { problem, advice } = fact;
  return diagnostic("A5005", null, { path, problem }, advice === undefined ? {} : { hint: advice });
}

export function isSource(read: SourceFile | Diagnostic): read is SourceFile {
  return "text" in read;
}

/** Prints why an input is rejected: as JSON to standard output when that was asked for, else to standard error. */
export function printRejection(
  diagnostics: readonly Diagnostic[],
  sources: ReadonlyMap<string, string>,
  json: boolean,
): void {
  if (json) output.json(rejectionJson(diagnostics, sources));
  else printDiagnostics(diagnostics, sources);
}

/** Plans a protocol with the options of the command line. */
export function planSource(source: SourceFile, options: CommonOptions): Promise<PlanOutcome> {
  return planRun(source, planSettings(options));
}

/** The plan of a file; null when it is rejected, which has been printed. Warnings are printed too. */
export async function planFile(file: string, options: CommonOptions & { json: boolean }): Promise<Planned | null> {
  const source = await readProtocol(file);
  if (!isSource(source)) {
    printRejection([source], new Map(), options.json);
    return null;
  }
  const outcome = await planSource(source, options);
  if (outcome.kind === "rejected") {
    printRejection(outcome.diagnostics, outcome.loaded.sources, options.json);
    return null;
  }
  printDiagnostics(outcome.planned.warnings, outcome.planned.loaded.sources);
  return outcome.planned;
}
