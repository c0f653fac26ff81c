/** `atlasc lsp`. */
import { createConnection, ProposedFeatures } from "vscode-languageserver/node";
import { serve } from "../lsp/server.js";

/** Serves an editor on standard input and output until the editor leaves. */
export function lspCommand(): Promise<never> {
  // The connection ends the process when the editor says so or is gone.
  serve(createConnection(ProposedFeatures.all, process.stdin, process.stdout));
  return new Promise<never>(() => undefined);
}
