/** `atlasc fmt`. */
import { writeFile } from "node:fs/promises";
import { parse } from "../compiler/syntax/parse.js";
import { print } from "../compiler/syntax/print.js";
import { exitCodes } from "./failure.js";
import { isSource, readProtocol } from "./source.js";
import { printDiagnostics } from "./terminal.js";

export async function formatCommand(files: readonly string[], options: { check: boolean }): Promise<number> {
  let sound = true;
  for (const file of files) {
    const source = await readProtocol(file);
    if (!isSource(source)) {
      printDiagnostics([source], new Map());
      sound = false;
      continue;
    }
    const parsed = parse(source);
    if (!parsed.value.complete) {
      // A file with syntax errors is left as it is: what could not be read could be lost.
      printDiagnostics(parsed.diagnostics, new Map([[file, source.text]]));
      sound = false;
      continue;
    }
    const formatted = print(parsed.value, source.text);
    if (formatted === source.text) continue;
    if (options.check) {
      sound = false;
      process.stdout.write(`${file} is not formatted\n`);
    } else {
      await writeFile(file, formatted);
      process.stdout.write(`${file} formatted\n`);
    }
  }
  return sound ? exitCodes.done : exitCodes.wrongInput;
}
