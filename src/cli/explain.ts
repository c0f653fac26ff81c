/** `atlasc explain`. */
import { explainPlan } from "../compiler/lower/explain.js";
import { planRun } from "../runtime/plan-run.js";
import { exitCodes } from "./failure.js";
import { engineOptions, type CommonOptions } from "./options.js";
import { readProtocol } from "./source.js";
import { printDiagnostics } from "./terminal.js";

export async function explainCommand(file: string, options: CommonOptions & { json: boolean }): Promise<number> {
  const source = await readProtocol(file);
  if (source === null) return exitCodes.wrongInput;
  const outcome = await planRun(source, {
    overrides: options.set,
    memoryBudget: options.memory,
    engine: engineOptions(options),
  });
  if (outcome.kind === "rejected") {
    printDiagnostics(outcome.diagnostics, outcome.loaded.sources);
    return exitCodes.wrongInput;
  }
  const { protocol, plan, warnings, loaded, digest } = outcome.planned;
  printDiagnostics(warnings, loaded.sources);
  const text = options.json
    ? JSON.stringify({ digest, plan }, null, 2)
    : explainPlan(protocol, plan, (id) => loaded.compiled.value.models.get(id)?.signature);
  process.stdout.write(`${text}\n`);
  return exitCodes.done;
}
