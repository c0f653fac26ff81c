/** The language server: the folder's atlasc, or the one that came with the extension. */
import * as vscode from "vscode";
import { LanguageClient, TransportKind, type ServerOptions } from "vscode-languageclient/node";
import { atlascOf } from "./protocols.js";

const documentSelector = [
  { scheme: "file", language: "atlas" },
  { scheme: "untitled", language: "atlas" },
];

export interface LanguageServer {
  readonly restart: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Starts the server, and says in the status of the language which one it is. */
export async function startServer(extension: vscode.Uri, output: vscode.LogOutputChannel): Promise<LanguageServer> {
  const bundled = vscode.Uri.joinPath(extension, "server", "server.mjs").fsPath;
  const status = vscode.languages.createLanguageStatusItem("atlasc.server", documentSelector);
  status.name = "atlasc";
  status.command = { command: "atlasc.restart", title: "Restart" };
  let client: LanguageClient | null = null;

  async function start(): Promise<void> {
    const found = atlascOf(null);
    if (found !== null && "problem" in found) void vscode.window.showWarningMessage(`${found.problem}.`);
    const launch = found === null || "problem" in found ? null : found;
    const server: ServerOptions =
      launch === null
        ? { module: bundled, transport: TransportKind.stdio }
        : { command: launch.command, args: [...launch.args, "lsp"], transport: TransportKind.stdio };
    // The lenses' commands are those of this extension.
    client = new LanguageClient("atlasc", "Atlas", server, {
      documentSelector,
      initializationOptions: { commands: true },
      outputChannel: output,
    });
    const from = launch === null ? "the extension's own" : `from ${launch.from}`;
    status.busy = true;
    try {
      await client.start();
      status.text = `atlasc ${client.initializeResult?.serverInfo?.version ?? ""}`.trim();
      status.detail = from;
      status.severity = vscode.LanguageStatusSeverity.Information;
    } catch (error) {
      status.text = "atlasc does not answer";
      status.detail = from;
      status.severity = vscode.LanguageStatusSeverity.Error;
      output.error(`The language server (${from}) could not be started: ${String(error)}`);
    } finally {
      status.busy = false;
    }
  }

  async function stop(): Promise<void> {
    const stopped = client;
    client = null;
    // One that never came up, or is gone already, cannot be stopped.
    await stopped?.dispose().catch(() => undefined);
  }

  await start();
  return {
    restart: async () => {
      await stop();
      await start();
    },
    stop: async () => {
      await stop();
      status.dispose();
    },
  };
}
