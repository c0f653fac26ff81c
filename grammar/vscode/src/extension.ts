/** The extension: the language server, and commands that start atlasc. */
import * as vscode from "vscode";
import { createExplanations } from "./explain.js";
import { startServer, type LanguageServer } from "./language-server.js";
import { targetOf, type Target } from "./protocols.js";
import { createRuns } from "./runs.js";

/** What a new protocol is: it runs as it is. */
const firstProtocol = `model gpt2 from "@stdlib/models/gpt2-tiny"

prompts sayings from [
  "Time heals all wounds, my lady, but not this one.",
  "Pride goes before a fall, and folly after it."
]

experiment sweep
  ablate heads L*
  measure loss

table sweep top 5 by abs(impact)
plot heatmap of sweep.impact over layer, head
`;

let server: LanguageServer | null = null;

export async function activate({ extensionUri, subscriptions }: vscode.ExtensionContext): Promise<void> {
  const output = vscode.window.createOutputChannel("Atlas", { log: true });
  const runs = createRuns(extensionUri);
  const explanations = createExplanations();
  const command = (name: string, act: (...words: unknown[]) => Promise<void>): void => {
    subscriptions.push(vscode.commands.registerCommand(`atlasc.${name}`, act));
  };
  /** A command about a protocol: that of a code lens, or the one that is being edited. */
  const about = (name: string, act: (target: Target) => Promise<void>): void => {
    command(name, async (address) => {
      const target = await targetOf(address);
      if (target !== null) await act(target);
      else void vscode.window.showInformationMessage("Open an .atlas file, and save it: this is done with a file.");
    });
  };
  subscriptions.push(output, runs, explanations);
  about("run", runs.run);
  about("explain", explanations.explain);
  about("report", runs.showLastReport);
  command("reportInBrowser", async () => {
    const report = runs.shownReport();
    if (report !== null) await vscode.env.openExternal(vscode.Uri.file(report));
  });
  command("newProtocol", async () => {
    const document = await vscode.workspace.openTextDocument({ language: "atlas", content: firstProtocol });
    await vscode.window.showTextDocument(document);
  });
  command("restart", async () => {
    await server?.restart();
  });
  const restart = (): void => void server?.restart();
  subscriptions.push(
    vscode.workspace.onDidGrantWorkspaceTrust(restart),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("atlasc.path")) restart();
    }),
  );
  server = await startServer(extensionUri, output);
}

export async function deactivate(): Promise<void> {
  await server?.stop();
  server = null;
}
