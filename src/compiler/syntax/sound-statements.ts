/** What of a file can be used although something else in it cannot be read. */
import type { FileSyntax, Statement } from "./ast.js";

/** What can be checked of a file: all of it, or the statements without errors. */
export function soundStatements(file: FileSyntax): readonly Statement[] {
  return file.recovered?.sound ?? file.statements;
}
