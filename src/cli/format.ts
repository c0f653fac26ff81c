/** `atlasc fmt`. */
import { diagnostic } from "../compiler/diagnostics/create.js";
import type { Diagnostic } from "../compiler/diagnostics/diagnostic.js";
import { parse } from "../compiler/syntax/parse.js";
import { print } from "../compiler/syntax/print.js";
import { replaceFile } from "../runtime/store/atomic.js";
import { exitCodes } from "./exit-codes.js";
import { output } from "./screen.js";
import { isSource, readProtocol, standardInput } from "./source.js";
import { printDiagnostics } from "./terminal.js";

/** Formats files in place; what is wrong with one does not keep the others from being formatted. */
export async function formatCommand(files: readonly string[], options: { check: boolean }): Promise<number> {
  let exitCode: number = exitCodes.done;
  for (const file of files) exitCode = Math.max(exitCode, await formatFile(file, options.check));
  return exitCode;
}

async function formatFile(file: string, onlyCheck: boolean): Promise<number> {
  const source = await readProtocol(file);
  if (!isSource(source)) {
    printDiagnostics([source], new Map());
    return exitCodes.wrongInput;
  }
  const parsed = parse(source);
  if (!parsed.value.complete) {
    // A file with syntax errors is left as it is: what could not be read could be lost.
    printDiagnostics(parsed.diagnostics, new Map([[file, source.text]]));
    return exitCodes.wrongInput;
  }
  const formatted = print(parsed.value, source.text);
  if (file === standardInput && !onlyCheck) {
    output.verbatim(formatted);
    return exitCodes.done;
  }
  if (formatted === source.text) return exitCodes.done;
  if (onlyCheck) {
    output.line(`${file} is not formatted`);
    return exitCodes.wrongInput;
  }
  const problem = await replaceFile(file, formatted);
  if (problem !== null) {
    printDiagnostics([notWritten(file, problem)], new Map());
    return exitCodes.fault;
  }
  output.line(`${file} formatted`);
  return exitCodes.done;
}

function notWritten(path: string, problem: string): Diagnostic {
  return diagnostic("A5006", null, { path, problem }, { hint: "the file is as it was" });
}
