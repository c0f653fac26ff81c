import { readTextFile } from "../runtime/load.js";
import type { SourceFile } from "../compiler/base/span.js";
import { diagnostic } from "../compiler/diagnostics/create.js";
import { printDiagnostics } from "./terminal.js";

/** Reads a protocol named on the command line; prints why and returns null when that fails. */
export async function readProtocol(path: string): Promise<SourceFile | null> {
  const fact = await readTextFile(path);
  if ("text" in fact) return { path, text: fact.text };
  printDiagnostics([diagnostic("A5005", null, { path, problem: fact.problem })], new Map());
  return null;
}
