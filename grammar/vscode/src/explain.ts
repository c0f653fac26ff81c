/** `atlasc explain` as a document that can be read and searched. */
import { spawn } from "node:child_process";
import { basename } from "node:path";
import * as vscode from "vscode";
import { neededAtlasc, type Target } from "./protocols.js";

const scheme = "atlasc-explain";

export interface Explanations {
  readonly explain: (target: Target) => Promise<void>;
  readonly dispose: () => void;
}

export function createExplanations(): Explanations {
  const texts = new Map<string, string>();
  const changed = new vscode.EventEmitter<vscode.Uri>();
  const provider = vscode.workspace.registerTextDocumentContentProvider(scheme, {
    onDidChange: changed.event,
    provideTextDocumentContent: (uri) => texts.get(uri.toString()) ?? "",
  });
  return {
    async explain(target) {
      const launch = await neededAtlasc(target.folder);
      if (launch === null) return;
      const args = [...launch.args, "explain", target.name, "--runs", target.runs, ...target.runArguments];
      const text = await vscode.window.withProgress(
        { location: vscode.ProgressLocation.Notification, title: `Explaining ${target.name}`, cancellable: true },
        (_, cancelled) => printed(launch.command, args, target.folder, cancelled),
      );
      if (text === null) return;
      const uri = vscode.Uri.from({
        scheme,
        path: `/${basename(target.name)} explained.txt`,
        query: target.uri.toString(),
      });
      texts.set(uri.toString(), text);
      changed.fire(uri);
      const document = await vscode.workspace.openTextDocument(uri);
      await vscode.window.showTextDocument(document, { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true });
    },
    dispose: () => {
      provider.dispose();
      changed.dispose();
    },
  };
}

/** What a program prints, errors first; null when it was cancelled. */
function printed(
  command: string,
  args: readonly string[],
  folder: string,
  cancelled: vscode.CancellationToken,
): Promise<string | null> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: folder, env: { ...process.env, NO_COLOR: "1" }, windowsHide: true });
    let [output, errors] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
    const listening = cancelled.onCancellationRequested(() => child.kill());
    const end = (text: string): void => {
      listening.dispose();
      resolve(cancelled.isCancellationRequested ? null : text);
    };
    child.once("error", ({ message }) => {
      end(message);
    });
    child.once("close", () => {
      end(errors + output);
    });
  });
}
