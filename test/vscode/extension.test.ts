/** The extension as a program: it is put in one file, starts beside a made-up editor, finds atlasc and runs it. */
import assert from "node:assert/strict";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import test from "node:test";
import { findAtlasc, type Surroundings } from "../../grammar/vscode/src/find-atlasc.js";
import { lastReport } from "../../grammar/vscode/src/last-report.js";
import { readOutcome } from "../../grammar/vscode/src/outcome.js";
import { pageText, readMessage } from "../../grammar/vscode/src/panel-state.js";
import { readProgress, startRun, type Progress } from "../../grammar/vscode/src/run-process.js";
import { startEditor } from "../lsp/editor.js";
import { temporaryFolder } from "../runtime/processes.js";
import { root } from "../support/root.js";

const bundles = (await import(new URL(`file://${root}/scripts/vscode-bundles.mjs`).href)) as {
  readonly bundleExtension: (root: string, file: string, outside: readonly string[]) => unknown;
  readonly bundleServer: (root: string, file: string) => unknown;
};

/** Stands for whatever of the editor nobody looks at: it can be called, made, read and put away. */
function anything(): unknown {
  return new Proxy(Object, {
    get: (made, name) => {
      if (name === "prototype") return Reflect.get(made, name) as unknown;
      return name === "then" || name === Symbol.toPrimitive ? undefined : anything();
    },
    apply: () => anything(),
    construct: () => ({ dispose: () => undefined }),
  });
}

test("it starts a language server and registers its commands", async (t) => {
  const file = join(temporaryFolder(t), "extension.cjs");
  bundles.bundleExtension(root, file, ["vscode-languageclient"]);
  const registered: string[] = [];
  const started: { readonly server: unknown; readonly client: unknown }[] = [];
  const editor: Record<string, unknown> = {
    commands: { registerCommand: (name: string) => (registered.push(name), { dispose: () => undefined }) },
    window: new Proxy({}, { get: () => () => anything() }),
    languages: { createLanguageStatusItem: () => ({ dispose: () => undefined }) },
    LanguageStatusSeverity: { Information: 0, Error: 2 },
    Uri: { joinPath: (base: { fsPath: string }, ...parts: string[]) => ({ fsPath: join(base.fsPath, ...parts) }) },
    EventEmitter: class {
      readonly event = null;
    },
    workspace: {
      isTrusted: true,
      workspaceFolders: undefined,
      getConfiguration: () => ({ get: (_name: string, usual: unknown) => usual }),
      registerTextDocumentContentProvider: () => ({ dispose: () => undefined }),
      onDidGrantWorkspaceTrust: () => ({ dispose: () => undefined }),
      onDidChangeConfiguration: () => ({ dispose: () => undefined }),
    },
  };
  const client = {
    TransportKind: { stdio: 0 },
    LanguageClient: class {
      readonly initializeResult = { serverInfo: { version: "0.1.0" } };
      constructor(_id: string, _name: string, server: unknown, options: unknown) {
        started.push({ server, client: options });
      }
      start(): Promise<void> {
        return Promise.resolve();
      }
      dispose(): Promise<void> {
        return Promise.resolve();
      }
    },
  };
  const require = createRequire(import.meta.url);
  const load = (name: string): unknown =>
    name === "vscode" ? editor : name === "vscode-languageclient/node" ? client : (require(name) as unknown);
  const loaded = { exports: {} as { activate: (context: unknown) => Promise<void>; deactivate: () => Promise<void> } };
  const text = readFileSync(file, "utf8");
  // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call -- a module of its own require
  new Function("require", "module", "exports", text)(load, loaded, loaded.exports);

  const path = process.env["PATH"];
  process.env["PATH"] = "";
  t.after(() => (process.env["PATH"] = path));
  const subscriptions: unknown[] = [];
  await loaded.exports.activate({ extensionUri: { fsPath: "/extension" }, subscriptions });
  const { contributes } = JSON.parse(readFileSync(join(root, "grammar/vscode/package.json"), "utf8")) as {
    contributes: { commands: { command: string }[] };
  };
  assert.deepEqual(registered.sort(), contributes.commands.map(({ command }) => command).sort());
  const [only = assert.fail(), ...more] = started;
  assert.deepEqual(more, []);
  assert.deepEqual(only.server, { module: join("/extension", "server", "server.mjs"), transport: 0 });
  assert.deepEqual((only.client as { initializationOptions: unknown }).initializationOptions, { commands: true });
  await loaded.exports.deactivate();
});

const surroundings: Surroundings = {
  setting: "",
  folders: ["/work"],
  path: "/usr/bin:relative:/opt/bin",
  platform: "linux",
  exists: () => false,
};
const only = (file: string) => (name: string) => name === file;

test("atlasc is that of the setting, of the folder, of the PATH, in this order", () => {
  const local = "/work/node_modules/.bin/atlasc";
  assert.equal(findAtlasc(surroundings), null);
  assert.deepEqual(findAtlasc({ ...surroundings, exists: only(local) }), {
    command: local,
    args: [],
    from: "node_modules",
  });
  assert.deepEqual(findAtlasc({ ...surroundings, exists: only("/opt/bin/atlasc") }), {
    command: "/opt/bin/atlasc",
    args: [],
    from: "PATH",
  });
  assert.deepEqual(findAtlasc({ ...surroundings, setting: "dist/atlasc.js", exists: () => true }), {
    command: "node",
    args: ["/work/dist/atlasc.js"],
    from: "atlasc.path",
  });
  assert.deepEqual(findAtlasc({ ...surroundings, setting: "/nowhere", exists: only(local) }), {
    problem: "atlasc.path is /nowhere, and there is no such file",
  });
  // A PATH may begin in the folder that is open, whose programs nobody meant.
  assert.equal(findAtlasc({ ...surroundings, exists: only("relative/atlasc") }), null);
});

/** An atlasc that does what a script says. */
function pretend(folder: string, script: string): string {
  const file = join(folder, "atlasc");
  writeFileSync(file, `#!${process.execPath}\n${script}`);
  chmodSync(file, 0o755);
  return file;
}

test("a run tells how far it is, and what it printed", async (t) => {
  const folder = temporaryFolder(t);
  const command = pretend(
    folder,
    `process.stderr.write("1/4 units, 25%, 3 s left\\nwarning: odd\\n4/4 units, 100%, done\\n");
     console.log(JSON.stringify({ status: "finished", report: process.argv.slice(2).join(" ") }));`,
  );
  const seen: Progress[] = [];
  const { ended } = startRun({ command, args: [], from: "PATH" }, ["run", "a b.atlas"], folder, (p) => seen.push(p));
  const { exitCode, stdout, messages } = await ended;
  assert.equal(exitCode, 0);
  assert.deepEqual(seen, [
    { done: 1, total: 4, left: "3 s left" },
    { done: 4, total: 4, left: "done" },
  ]);
  assert.deepEqual(messages, ["warning: odd"]);
  assert.deepEqual(readOutcome(stdout), { kind: "ran", status: "finished", report: "run a b.atlas" });
});

test("a run is asked to stop, and killed when it is asked again", async (t) => {
  const folder = temporaryFolder(t);
  const command = pretend(
    folder,
    `process.on("SIGINT", () => console.error("asked"));
     process.stderr.write("0/1 units, 0%, estimating\\n");
     setInterval(() => undefined, 1000);`,
  );
  let begun = (): void => undefined;
  const begins = new Promise<void>((resolve) => (begun = resolve));
  const run = startRun({ command, args: [], from: "PATH" }, [], folder, begun);
  await begins;
  run.stop();
  run.stop();
  assert.equal((await run.ended).exitCode, null);
  const missing = startRun({ command: join(folder, "nothing"), args: [], from: "PATH" }, [], folder, begun);
  assert.match((await missing.ended).messages.join(), /ENOENT/);
});

test("the outcome of a protocol that is wrong has its places; what is no outcome is none", () => {
  const primary = { file: "/w/a.atlas", from: { line: 3, column: 7 } };
  const diagnostic = { severity: "error", code: "A2001", message: "unknown", primary, expected: null, hint: "try R_V" };
  assert.deepEqual(readOutcome(JSON.stringify({ status: "rejected", diagnostics: [diagnostic, null] })), {
    kind: "rejected",
    problems: [
      {
        severity: "error",
        code: "A2001",
        message: "unknown",
        details: ["hint: try R_V"],
        place: { file: "/w/a.atlas", line: 3, column: 7 },
      },
      { severity: "", code: "", message: "", details: [], place: null },
    ],
  });
  assert.deepEqual(readOutcome('{"status":"failed","faults":[{"unit":null,"message":"no disk"}]}'), {
    kind: "failed",
    messages: ["no disk"],
  });
  for (const text of ["", "{", "null", "[]", '{"status":1}']) assert.equal(readOutcome(text), null);
  assert.equal(readProgress("1/2 units"), null);
});

test("the panel's page holds no data, runs its own script alone, and hears only what it knows", () => {
  const page = pageText({ nonce: "abc", cspSource: "https://panel", script: "s.js", style: "s.css" });
  assert.match(page, /default-src 'none'; style-src https:\/\/panel; script-src 'nonce-abc'/);
  assert.equal([...page.matchAll(/<script/g)].length, 1);
  // Whatever is shown is text: the script never reads anything as HTML.
  const script = readFileSync(join(root, "grammar/vscode/media/panel.js"), "utf8");
  assert.doesNotMatch(script, /innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function/);
  assert.deepEqual(readMessage({ kind: "show", index: 2 }), { kind: "show", index: 2 });
  for (const odd of [null, 1, {}, { kind: "show" }, { kind: "delete" }]) assert.equal(readMessage(odd), null);
});

test("the last report is found by the link, and where there is none by the file beside it", (t) => {
  const folder = temporaryFolder(t);
  assert.equal(lastReport(folder, "sub/head sweep.atlas"), null);
  const run = join(folder, "head-sweep", "0123456789ab");
  mkdirSync(run, { recursive: true });
  writeFileSync(join(run, "report.html"), "");
  writeFileSync(join(folder, "head-sweep", "latest.txt"), "0123456789ab\n");
  assert.equal(lastReport(folder, "sub/head sweep.atlas"), join(run, "report.html"));
});

test("the server in the extension answers without an atlasc, with the library beside it", async (t) => {
  const folder = mkdtempSync(join(temporaryFolder(t), "server-"));
  const file = join(folder, "server.mjs");
  bundles.bundleServer(root, file);
  writeFileSync(join(folder, "package.json"), '{"name":"atlasc","version":"0.1.0","type":"module"}');
  for (const part of ["", "models/gpt2-tiny"]) {
    cpSync(join(root, "stdlib", part), join(folder, "stdlib", part), {
      recursive: true,
      filter: (path) => part !== "" || !/stdlib[\\/](?:models|prompts)/.test(path),
    });
  }
  const editor = await startEditor(t, {}, [file, "--stdio"]);
  const uri = "untitled:protocol.atlas";
  const text =
    'model gpt2 from "@stdlib/models/gpt2-tiny"\nprompts p from ["Time heals."]\nablate heads L0..11 measure loss\n';
  await editor.tell("textDocument/didOpen", { textDocument: { uri, languageId: "atlas", version: 1, text } });
  assert.deepEqual(
    (await editor.diagnostics(uri)).map(({ code }) => code),
    ["A4201"],
  );
});
