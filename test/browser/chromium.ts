/** A headless Chromium for tests of what people see, where the machine has one. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { launch, type Browser, type Page } from "puppeteer-core";
import { root } from "../support/root.js";

const places = [
  process.env.CHROMIUM ?? "",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];

const found = places.find((place) => place !== "" && existsSync(place)) ?? null;

/** A test in a browser; it is skipped, with the reason, on a machine without one. */
export function browserTest(name: string, body: (browser: Browser, context: TestContext) => Promise<void>): void {
  const skip = found === null ? "there is no Chromium (CHROMIUM=path names one)" : false;
  test(name, { skip, timeout: 180_000 }, async (context) => {
    const browser = await launch({
      executablePath: found ?? "",
      args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
    });
    try {
      await body(browser, context);
    } finally {
      await browser.close();
    }
  });
}

/** What a page said wrong while it was open: messages of its console, and errors nobody caught. */
export interface OpenedPage {
  readonly page: Page;
  readonly complaints: readonly string[];
  /** Milliseconds until the page had loaded. */
  readonly milliseconds: number;
}

/** A page of this size in light or dark, at an address. What it copies and saves is kept where {@link kept} finds it. */
export async function openPage(
  browser: Browser,
  address: string,
  { width = 1280, height = 900, scheme = "light" }: { width?: number; height?: number; scheme?: "light" | "dark" } = {},
): Promise<OpenedPage> {
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (["error", "warn"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("requestfailed", (request) => complaints.push(`${request.url().slice(0, 80)} could not be loaded`));
  await page.setViewport({ width, height });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  await page.evaluateOnNewDocument(`
    window.kept = { copied: null, saved: null };
    Object.defineProperty(navigator, "clipboard", { value: { writeText: (text) => { kept.copied = text; return Promise.resolve(); } } });
    const make = URL.createObjectURL;
    URL.createObjectURL = (blob) => { kept.saved = blob; return make.call(URL, blob); };
  `);
  const started = Date.now();
  await page.goto(address, { waitUntil: "load" });
  return { page, complaints, milliseconds: Date.now() - started };
}

/** The text that the page saved last, and the one that it copied last. */
export async function kept(page: Page): Promise<{ readonly saved: string | null; readonly copied: string | null }> {
  const text = "(async () => ({ copied: kept.copied, saved: kept.saved && await kept.saved.text() }))()";
  return (await page.evaluate(text)) as { saved: string | null; copied: string | null };
}

/** The texts of all elements that a selector names. */
export async function textsOf(page: Page, selector: string): Promise<readonly string[]> {
  const code = `[...document.querySelectorAll(${JSON.stringify(selector)})].map((e) => e.textContent.trim())`;
  return (await page.evaluate(code)) as readonly string[];
}

/** Waits until an expression of the page is true. */
export async function until(page: Page, condition: string): Promise<void> {
  await page.waitForFunction(condition, { timeout: 20_000 });
}

/** Serious and critical faults that axe-core finds, and landmarks that share a name: `rule: element`. */
export async function accessibilityFaults(page: Page): Promise<readonly string[]> {
  await page.evaluate(readFileSync(join(root, "node_modules", "axe-core", "axe.min.js"), "utf8"));
  const code = `axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) =>
    violations.filter(({ id, impact }) => impact === "serious" || impact === "critical" || id === "landmark-unique")
      .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => id + ": " + html.slice(0, 160) + " " + failureSummary.slice(0, 200))))`;
  return (await page.evaluate(code)) as readonly string[];
}

/** Elements that reach beyond the page's right edge and do not scroll by themselves. */
export async function cutOff(page: Page): Promise<readonly string[]> {
  const code = `[...document.querySelectorAll("body *")]
    .filter((e) => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1 && !e.closest(".table-scroll, .paper"))
    .map((e) => e.tagName + "." + e.className)
    .concat(document.documentElement.scrollWidth > document.documentElement.clientWidth ? ["the page scrolls sideways"] : [])`;
  return (await page.evaluate(code)) as readonly string[];
}
