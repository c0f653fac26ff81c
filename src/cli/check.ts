/** `atlasc check`. */
import { depthSentences, type DepthPlace } from "../compiler/models/depths.js";
import type { Diagnostic } from "../compiler/diagnostics/diagnostic.js";
import { exitCodes } from "./exit-codes.js";
import type { CommonOptions } from "./options.js";
import { output } from "./screen.js";
import { isSource, planSource, readProtocol } from "./source.js";
import { counted } from "../compiler/base/counted.js";
import { diagnosticsJson, printDiagnostics } from "./terminal.js";

interface Checked {
  readonly sound: boolean;
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: ReadonlyMap<string, string>;
  /** Which layer each percentage of depth became, as far as that is known. */
  readonly depths: readonly DepthPlace[];
}

async function checkFile(file: string, options: CommonOptions): Promise<Checked> {
  const source = await readProtocol(file);
  if (!isSource(source)) return { sound: false, diagnostics: [source], sources: new Map(), depths: [] };
  const outcome = await planSource(source, options);
  const { sources, compiled } = outcome.kind === "rejected" ? outcome.loaded : outcome.planned.loaded;
  const { depths } = compiled.value;
  return outcome.kind === "rejected"
    ? { sound: false, diagnostics: outcome.diagnostics, sources, depths }
    : { sound: true, diagnostics: outcome.planned.warnings, sources, depths };
}

export async function checkCommand(
  files: readonly string[],
  options: CommonOptions & { json: boolean },
): Promise<number> {
  let allSound = true;
  const collected: unknown[] = [];
  for (const file of files) {
    const { sound, diagnostics, sources, depths } = await checkFile(file, options);
    allSound &&= sound;
    if (options.json) {
      collected.push({
        file,
        sound,
        diagnostics: diagnosticsJson(diagnostics, sources),
        ...(depths.length === 0 ? {} : { depths }),
      });
      continue;
    }
    printDiagnostics(diagnostics, sources);
    const errors = diagnostics.filter((d) => d.severity === "error").length;
    const warnings = diagnostics.length - errors;
    const verdict = sound ? "sound" : counted(errors, "error");
    for (const sentence of depthSentences(depths)) output.line(`${file}: ${sentence}`);
    output.line(`${file}: ${verdict}${warnings === 0 ? "" : `, ${counted(warnings, "warning")}`}`);
  }
  if (options.json) output.json(collected);
  return allSound ? exitCodes.done : exitCodes.wrongInput;
}
