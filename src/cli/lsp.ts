/** `atlasc lsp`. */
import { serveStdio } from "../lsp/stdio.js";

/** Serves an editor; the process ends with the connection. */
export function lspCommand(): Promise<never> {
  serveStdio();
  return new Promise<never>(() => undefined);
}
