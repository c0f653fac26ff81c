/** Which protocol a command is about, and what of the editor's settings it runs with. */
import { existsSync } from "node:fs";
import { dirname, isAbsolute, relative, resolve } from "node:path";
import * as vscode from "vscode";
import { findAtlasc, type Launch, type Misnamed } from "./find-atlasc.js";

export interface Target {
  readonly uri: vscode.Uri;
  /** The file as it is named to atlasc, from `folder`. */
  readonly name: string;
  /** Where atlasc is started: the folder that is open, or that of the file. */
  readonly folder: string;
  /** The folder of runs, absolute. */
  readonly runs: string;
  readonly runArguments: readonly string[];
}

/** The document of an address, as code lenses give it, or the one that is being edited; saved. Null when there is none. */
export async function targetOf(address: unknown): Promise<Target | null> {
  const uri =
    typeof address === "string"
      ? vscode.Uri.parse(address, true)
      : address instanceof vscode.Uri
        ? address
        : vscode.window.activeTextEditor?.document.uri;
  if (uri === undefined) return null;
  const document = await vscode.workspace.openTextDocument(uri);
  if (document.languageId !== "atlas") return null;
  const saved = document.isUntitled || document.isDirty ? await vscode.workspace.save(uri) : uri;
  if (saved?.scheme !== "file") return null;
  const file = saved.fsPath;
  const folder = vscode.workspace.getWorkspaceFolder(saved)?.uri.fsPath ?? dirname(file);
  const near = relative(folder, file);
  const settings = vscode.workspace.getConfiguration("atlasc", saved);
  const name = isAbsolute(near) || /^(?:\.\.|-)/.test(near) ? file : near;
  return {
    uri: saved,
    name,
    folder,
    runs: resolve(folder, settings.get("runs", "runs")),
    runArguments: settings.get<readonly string[]>("runArguments", []),
  };
}

/** The atlasc of a folder. In a folder that is not trusted nothing of it is started. */
export function atlascOf(folder: string | null): Launch | Misnamed | null {
  if (!vscode.workspace.isTrusted) return null;
  const open = vscode.workspace.workspaceFolders?.map(({ uri }) => uri.fsPath) ?? [];
  return findAtlasc({
    setting: vscode.workspace.getConfiguration("atlasc").get("path", "").trim(),
    folders: folder === null ? open : [folder, ...open.filter((other) => other !== folder)],
    path: process.env["PATH"] ?? "",
    platform: process.platform,
    exists: existsSync,
  });
}

/** The atlasc that runs something; where there is none, says how to get one. */
export async function neededAtlasc(folder: string): Promise<Launch | null> {
  if (!vscode.workspace.isTrusted) {
    void vscode.window.showWarningMessage("Running starts programs of this folder, and the folder is not trusted.");
    return null;
  }
  const found = atlascOf(folder);
  if (found !== null && !("problem" in found)) return found;
  const why =
    found === null
      ? "Running needs atlasc itself, and there is none in this folder or on the PATH."
      : `${found.problem}.`;
  const [install, settings] = ["Install in a Terminal", "Open Settings"];
  const chosen = await vscode.window.showErrorMessage(
    `${why} "npm install atlasc" installs it in this folder; the setting atlasc.path says where else it is.`,
    install,
    settings,
  );
  if (chosen === install) {
    const terminal = vscode.window.createTerminal({ name: "atlasc", cwd: folder });
    terminal.show();
    // Written there, and for the user to start.
    terminal.sendText("npm install atlasc", false);
  } else if (chosen === settings) {
    await vscode.commands.executeCommand("workbench.action.openSettings", "atlasc.path");
  }
  return null;
}
