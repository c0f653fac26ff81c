/** The language server on standard input and output, which belong to the protocol: nothing else is written there. */
import { createConnection, ProposedFeatures } from "vscode-languageserver/node";
import { serve } from "./server.js";

/** Serves until the editor leaves: then the connection ends the process. */
export function serveStdio(): void {
  serve(createConnection(ProposedFeatures.all, process.stdin, process.stdout));
}
