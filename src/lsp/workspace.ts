/** The workspace of an editor: its folders, the protocols in them, and the addresses of files. */
import { dirname } from "node:path";
import { pathToFileURL } from "node:url";
import type { Connection, InitializeParams, TextDocuments } from "vscode-languageserver";
import type { TextDocument } from "vscode-languageserver-textdocument";
import { filePath } from "../runtime/load.js";
import { pathOf } from "./asking.js";
import { createProtocols, type Protocols } from "./protocols.js";

export interface Workspace {
  readonly protocols: Protocols;
  /** The address of a file: that of the document where it is open. */
  readonly uriOf: (file: string) => string;
  /** Takes the folders of an editor that begins; afterwards it may add and remove some. */
  readonly begin: (params: InitializeParams) => void;
  /** Whether the editor tells of folders that it adds and removes. */
  readonly follow: (connection: Connection) => void;
}

export function createWorkspace(documents: TextDocuments<TextDocument>): Workspace {
  const folders = new Set<string>();
  let hasFolders = false;
  // Where the editor shows no folder, those of its documents are looked at.
  const ofDocuments = (): readonly string[] =>
    documents.all().flatMap(({ uri }) => (uri.startsWith("file:") ? [dirname(pathOf(uri))] : []));
  const add = (uri: string): void => {
    if (uri.startsWith("file:")) folders.add(pathOf(uri));
  };
  return {
    protocols: createProtocols({
      folders: () => (folders.size > 0 ? [...folders] : ofDocuments()),
      open: () => documents.all().map((document) => ({ path: pathOf(document.uri), text: document.getText() })),
    }),
    uriOf: (file) => documents.all().find(({ uri }) => pathOf(uri) === file)?.uri ?? pathToFileURL(filePath(file)).href,
    begin({ workspaceFolders, capabilities }) {
      hasFolders = capabilities.workspace?.workspaceFolders === true;
      for (const { uri } of workspaceFolders ?? []) add(uri);
    },
    follow(connection) {
      if (!hasFolders) return;
      connection.workspace.onDidChangeWorkspaceFolders(({ added, removed }) => {
        for (const { uri } of removed) folders.delete(pathOf(uri));
        for (const { uri } of added) add(uri);
      });
    },
  };
}
