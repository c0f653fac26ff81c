/** An editor that talks to the language server as a child process, over its standard input and output. */
import { spawn } from "node:child_process";
import type { TestContext } from "node:test";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { StreamMessageReader, StreamMessageWriter, createMessageConnection } from "vscode-languageserver/node";
import { root } from "../support/root.js";

export interface Editor {
  readonly ask: <T>(method: string, params: unknown) => Promise<T>;
  readonly tell: (method: string, params: unknown) => Promise<void>;
  /** The next diagnostics of a document, or the last ones if there were some since they were asked for. */
  readonly diagnostics: (uri: string) => Promise<readonly Shown[]>;
  /** The server's exit code, once it has ended. */
  readonly ended: Promise<number | null>;
}

export interface Shown {
  readonly code: string;
  readonly message: string;
  readonly range: {
    readonly start: { readonly line: number; readonly character: number };
    readonly end: { readonly line: number; readonly character: number };
  };
}

const own = [join(root, "dist/bin/atlasc.js"), "lsp", "--stdio"];

/** Starts a server, atlasc unless another one is given, and greets it, with a folder or none. It is ended with the test. */
export async function startEditor(
  context: TestContext,
  initializationOptions: unknown = {},
  words: readonly string[] = own,
  folder: string | null = null,
): Promise<Editor> {
  const server = spawn(process.execPath, words, {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = new Promise<number | null>((resolve) => server.on("close", resolve));
  context.after(() => server.kill("SIGKILL"));
  const connection = createMessageConnection(
    new StreamMessageReader(server.stdout),
    new StreamMessageWriter(server.stdin),
  );
  const waiting = new Map<string, (shown: readonly Shown[]) => void>();
  const last = new Map<string, readonly Shown[]>();
  connection.onNotification("textDocument/publishDiagnostics", (params: { uri: string; diagnostics: Shown[] }) => {
    const waits = waiting.get(params.uri);
    waiting.delete(params.uri);
    if (waits === undefined) last.set(params.uri, params.diagnostics);
    else waits(params.diagnostics);
  });
  connection.listen();
  await connection.sendRequest("initialize", {
    processId: process.pid,
    rootUri: null,
    workspaceFolders: folder === null ? null : [{ uri: pathToFileURL(folder).href, name: "workspace" }],
    capabilities: {},
    initializationOptions,
  });
  await connection.sendNotification("initialized", {});
  return {
    ask: (method, params) => connection.sendRequest(method, params),
    tell: (method, params) => connection.sendNotification(method, params),
    diagnostics: (uri) => {
      const known = last.get(uri);
      last.delete(uri);
      return known === undefined ? new Promise((resolve) => waiting.set(uri, resolve)) : Promise.resolve(known);
    },
    ended,
  };
}
