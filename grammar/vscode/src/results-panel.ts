/** The panel beside a protocol: progress while it runs, then the report, or what is wrong. */
import { randomBytes } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { basename } from "node:path";
import * as vscode from "vscode";
import { pageText, readMessage, type PageMessage, type PanelState } from "./panel-state.js";

export const viewType = "atlasc.results";

export interface ResultsPanel {
  readonly show: (state: PanelState) => void;
  /** Shows a report in place of our page. */
  readonly showReport: (file: string) => Promise<void>;
  /** The report that is shown; null for none. */
  readonly report: () => string | null;
  readonly isActive: () => boolean;
  readonly reveal: () => void;
}

/** Larger reports are for a browser. */
const mostReportBytes = 2 ** 26;

/** The editor colours some elements of pages, which a report brings colours for. */
const neutral = "<style>code, kbd { background: none; color: inherit }</style>";

/** Opens a panel beside the text. `onMessage` hears our own page only, and not the report. */
export function openPanel(
  extension: vscode.Uri,
  protocol: string,
  on: { readonly message: (message: PageMessage) => void; readonly close: () => void },
): ResultsPanel {
  const media = vscode.Uri.joinPath(extension, "media");
  const panel = vscode.window.createWebviewPanel(
    viewType,
    `Results: ${basename(protocol)}`,
    { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true },
    { enableScripts: true, localResourceRoots: [media] },
  );
  panel.iconPath = vscode.Uri.joinPath(extension, "icons", "atlas.png");
  const { webview } = panel;
  let state: PanelState | null = null;
  let report: string | null = null;
  let isPage = false;
  panel.onDidDispose(on.close);
  webview.onDidReceiveMessage((value: unknown) => {
    const message = isPage ? readMessage(value) : null;
    if (message === null) return;
    // A page that was hidden begins anew, and asks for what it showed.
    if (message.kind === "ready") void webview.postMessage(state);
    else on.message(message);
  });
  return {
    show: (next) => {
      state = next;
      report = null;
      if (!isPage) {
        isPage = true;
        const address = (name: string): string => webview.asWebviewUri(vscode.Uri.joinPath(media, name)).toString();
        const nonce = randomBytes(16).toString("hex");
        const [script, style] = [address("panel.js"), address("panel.css")];
        webview.html = pageText({ nonce, cspSource: webview.cspSource, script, style });
      }
      void webview.postMessage(state);
    },
    async showReport(file) {
      const { size } = await stat(file);
      if (size > mostReportBytes) {
        await vscode.env.openExternal(vscode.Uri.file(file));
        return;
      }
      // The report brings a policy of its own, which allows its own scripts and no request.
      const text = await readFile(file, "utf8");
      isPage = false;
      report = file;
      webview.html = text.replace("<style>", () => `${neutral}<style>`);
    },
    report: () => report,
    isActive: () => panel.active,
    reveal: () => {
      panel.reveal(undefined, true);
    },
  };
}
