/** The playground in a browser: mistakes are underlined, and a run's numbers are those of the command line. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, type TestContext } from "node:test";
import { pathToFileURL } from "node:url";
import type { Page } from "puppeteer-core";
import { protocolIn, runFile, temporaryFolder } from "../end-to-end/support.js";
import { root } from "../support/root.js";
import { accessibilityFaults, browserTest, openPage, textsOf, until } from "./chromium.js";

interface SiteScript {
  readonly buildSite: (folder: string) => Promise<{ readonly files: readonly string[] }>;
  readonly serveSite: (folder: string, files: readonly string[], port: number) => Promise<Server>;
}

const folder = mkdtempSync(join(tmpdir(), "atlasc-site-"));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});
const script = (await import(pathToFileURL(join(root, "scripts/site.mjs")).href)) as SiteScript;
let built: ReturnType<SiteScript["buildSite"]> | null = null;

/** Serves the site, which is built once. */
async function servedSite(context: TestContext): Promise<string> {
  const { files } = await (built ??= script.buildSite(join(folder, "site")));
  const server = await script.serveSite(join(folder, "site"), files, 0);
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://localhost:${(server.address() as AddressInfo).port}/`;
}

/** Puts a text in place of what the editor has, as typing does. */
async function write(page: Page, text: string): Promise<void> {
  await page.click(".cm-content");
  await page.keyboard.down("Control");
  await page.keyboard.press("KeyA");
  await page.keyboard.up("Control");
  await page.keyboard.sendCharacter(text);
}

/** Presses Run and waits until the run has ended; returns what the status says. */
async function run(page: Page): Promise<string> {
  await page.click("#run");
  await page.waitForFunction(`!document.getElementById("run").disabled`, { timeout: 120_000 });
  return (await textsOf(page, "#status"))[0] ?? "";
}

const written = `model gpt2 from "@stdlib/models/gpt2-tiny"
prompts p from ["Time heals all wounds, my lady.", "Pride goes before a fall."]
experiment sweep ablate heads L0..2 by zero measure loss
experiment strongest ablate top 2 heads of sweep by loss by zero measure loss
hypothesis "heads matter" expect mean(abs(sweep.loss.impact)) > 0 using t_test
table sweep.loss.impact by layer, head
table strongest.loss.impact by prompt
plot heatmap of sweep.loss.impact over layer, head
`;

browserTest("a mistake is underlined and mended, a run gives the command line's numbers", async (browser, context) => {
  const runs = temporaryFolder(context);
  const address = await servedSite(context);
  const ran = await runFile(protocolIn(runs, written), { runs: join(runs, "runs") });
  const { page, complaints } = await openPage(browser, address);
  await until(page, `document.querySelector(".cm-content .tok-keyword") !== null`);
  assert.match((await textsOf(page, "#examples option"))[0] ?? "", /^docs\/examples\/tutorial-first\.atlas/);

  await write(page, written.replace("measure loss\nexperiment", "measure los\nexperiment"));
  await until(page, `document.querySelector(".cm-lintRange-error")?.textContent === "los"`);
  assert.match((await textsOf(page, "#problems li"))[0] ?? "", /error A\d{4}: .*los/);
  await page.hover(".cm-lintRange-error");
  await until(page, `document.querySelector(".cm-tooltip .cm-diagnosticAction") !== null`);
  assert.match((await textsOf(page, ".cm-tooltip .cm-diagnosticText"))[0] ?? "", /los/);
  await page.click(".cm-tooltip .cm-diagnosticAction");
  await until(page, `document.querySelector("#problems li") === null`);

  assert.match(await run(page), /^finished: \d+ results/);
  const expected = ran.written.tables.map((table) =>
    table.rows.flatMap((row) => row.flatMap(({ value }) => (typeof value === "number" ? [value] : []))),
  );
  const shown = (await page.evaluate(
    `[...document.querySelectorAll(".card.table")].map((t) => [...t.querySelectorAll("td[data-value]")].map((c) => Number(c.dataset.value)))`,
  )) as readonly (readonly number[])[];
  assert.deepEqual(
    shown.map((numbers) => numbers.length),
    expected.map((numbers) => numbers.length),
  );
  assert.ok(expected.flat().length > 20);
  // The kernels of WebAssembly add in another order than those of this machine: differences of 1e-6 were measured.
  const off = expected.flatMap((numbers, t) => numbers.map((number, i) => Math.abs(number - (shown[t]?.[i] ?? NaN))));
  assert.ok(Math.max(...off) <= 1e-5, `off by ${Math.max(...off)}`);

  const [decision] = ran.written.decisions;
  assert.deepEqual(await textsOf(page, ".card.decision .badge"), [decision?.verdict?.label]);
  await until(page, `document.querySelector(".card.figure img").naturalWidth > 100`);
  assert.match(await run(page), /[1-9]\d* reused/);
  assert.deepEqual(complaints, []);
});

browserTest("completion, hover and formatting answer; what is too much is refused", async (browser, context) => {
  const { page, complaints } = await openPage(browser, await servedSite(context));
  await until(page, `document.querySelector(".cm-content .name-class") !== null`);
  await page.hover(".cm-content .name-class");
  await until(page, `/6 layers, 4 heads/.test(document.querySelector(".cm-tooltip-hover")?.textContent ?? "")`);

  const head = `model gpt2   from "@stdlib/models/gpt2-tiny"\nprompts p from ["Time heals all wounds."]\n`;
  await write(page, `${head}experiment e ablate heads L0 by zero measure entro`);
  await page.keyboard.type("p");
  await until(page, `/^entropy/.test(document.querySelector(".cm-tooltip-autocomplete li")?.textContent ?? "")`);
  // A list that has only just opened takes no Enter, which may have been meant for the text.
  await new Promise((resolve) => setTimeout(resolve, 300));
  await page.keyboard.press("Enter");
  await until(page, `document.querySelector(".cm-content").textContent.endsWith("entropy")`);
  await page.click("#format");
  await until(page, `/^model gpt2 from/.test(document.querySelector(".cm-content").textContent)`);

  const texts = JSON.stringify(Array.from({ length: 300 }, (_, i) => `${"time heals ".repeat(20)} ${i}`));
  await write(page, `${head.replace(/\[.*\]/, texts)}experiment e ablate heads L* by zero measure loss\n`);
  assert.equal(await run(page), "This is too much for a page.");
  assert.match((await textsOf(page, "#results"))[0] ?? "", /^This run is about [\d.,]+ \w+.*at most/);

  assert.deepEqual(await accessibilityFaults(page), []);
  await page.setViewport({ width: 390, height: 844 });
  // Long lines scroll in the editor, and the page does not.
  assert.equal(await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"), 0);
  assert.deepEqual(complaints, []);
});

browserTest("every example of the page is sound there", async (browser, context) => {
  const { page, complaints } = await openPage(browser, await servedSite(context));
  const faults = (await page.evaluate(`(async () => {
    const { examples } = await (await fetch("files.json")).json();
    const worker = new Worker("worker.js", { type: "module" });
    const ask = (number, path, text) => new Promise((resolve) => {
      worker.addEventListener("message", function told({ data }) {
        if (data.number !== number) return;
        worker.removeEventListener("message", told);
        resolve(data);
      });
      worker.postMessage({ number, question: "analyse", asked: { path, text } });
    });
    const faults = [];
    for (const [i, { path }] of examples.entries()) {
      const { answer, problem } = await ask(i, path, await (await fetch("files/" + path)).text());
      const errors = (answer?.problems ?? []).filter(({ severity }) => severity === "error").map(({ message }) => message);
      if (problem || errors.length > 0) faults.push(path + ": " + (problem ?? errors.join("; ")));
    }
    worker.terminate();
    return examples.length > 40 ? faults : ["there are only " + examples.length];
  })()`)) as readonly string[];
  assert.deepEqual(faults, []);
  assert.deepEqual(complaints, []);
  // The manifest names the version whose bits the package has.
  const { version } = JSON.parse(readFileSync(join(root, "node_modules/onnxruntime-node/package.json"), "utf8")) as {
    readonly version: string;
  };
  const manifest = (await page.evaluate(`fetch("files.json").then((r) => r.json())`)) as {
    readonly onnxruntime: string;
  };
  assert.equal(manifest.onnxruntime, version);
});
