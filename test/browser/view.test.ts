/** `atlasc view` in a browser and over the wire: the runs of a folder, what goes on, and nothing else of the machine. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { createProgressFile } from "../../src/runtime/store/progress-file.js";
import { lockRunFolder } from "../../src/runtime/store/run-folder.js";
import { startViewServer } from "../../src/runtime/view/server.js";
import { command, protocolIn, runFile, startCommand, temporaryFolder, type Ran } from "../end-to-end/support.js";
import { accessibilityFaults, browserTest, cutOff, openPage, textsOf, until } from "./chromium.js";

const text = `## Does a head <matter>?
model gpt2 from "@stdlib/models/gpt2-tiny"
prompts p from ["Time heals all wounds, my lady.", "Pride goes before a fall."]
experiment sweep ablate heads L0 by zero measure loss
hypothesis "heads matter" expect mean(abs(sweep.impact)) > 0 using t_test
table sweep.impact by head
`;

async function served(context: TestContext): Promise<{ address: string; runs: string; ran: Ran }> {
  const runs = join(temporaryFolder(context), "runs");
  const ran = await runFile(protocolIn(temporaryFolder(context), text, "tiny.atlas"), { runs });
  const server = await startViewServer(runs, 0);
  context.after(() => server.close());
  return { address: server.address, runs, ran };
}

/** Status, headers and body of an answer to a request that a browser would not send. */
function answer(
  address: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  method = "GET",
): Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: string }> {
  const { hostname, port, host } = new URL(address);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, method, headers: { host, ...headers } }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => (body += part));
      response.on("end", () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
      });
    });
    sent.on("error", reject);
    sent.end();
  });
}

browserTest(
  "the page lists runs with question, verdict and status, and leads to the report",
  async (browser, context) => {
    const { address } = await served(context);
    const { page, complaints } = await openPage(browser, address);
    assert.deepEqual(await textsOf(page, ".run h2"), ["tiny finished"]);
    assert.deepEqual(await textsOf(page, ".run .asks"), ["Does a head <matter>?"]);
    assert.match((await textsOf(page, ".run li")).join(), /heads matter$/);
    assert.deepEqual(await accessibilityFaults(page), []);
    await Promise.all([page.waitForNavigation(), page.click(".run h2 a")]);
    assert.deepEqual(await textsOf(page, ".question"), ["Does a head <matter>?"]);
    await page.click("[data-do=csv]");
    await until(page, "kept.saved !== null");
    assert.deepEqual(complaints, []);
  },
);

browserTest("a run that goes on shows how far it is, and its end, without reloading", async (browser, context) => {
  const { address, runs, ran } = await served(context);
  const { page, complaints } = await openPage(browser, address, { width: 360, height: 740 });
  const record = readFileSync(ran.folder.record, "utf8");
  const lock = await lockRunFolder(ran.folder);
  writeFileSync(ran.folder.record, record.replace(/"status": "finished"/, '"status": "running"'));
  const progress = createProgressFile(ran.folder.folder);
  progress.note({ done: 3, total: 12, reused: 0, secondsElapsed: 5, secondsLeft: 15, phase: null });
  await until(page, 'document.querySelector(".run progress")?.value === 3');
  assert.match((await textsOf(page, ".run .facts-line"))[0] ?? "", /^3 of 12 units, about 15 s left$/);
  const last = { done: 12, total: 12, reused: 0, secondsElapsed: 20, secondsLeft: null };
  progress.note({ ...last, phase: "drawing figures" });
  await until(page, 'document.querySelector(".run .facts-line").textContent === "12 of 12 units, drawing figures"');
  assert.deepEqual(await textsOf(page, ".run h2 .badge"), ["running"]);
  assert.deepEqual(await cutOff(page), []);
  await progress.end();
  writeFileSync(ran.folder.record, record);
  await lock.release();
  await until(page, 'document.querySelector(".run h2 .badge").textContent === "finished"');
  assert.deepEqual(await textsOf(page, ".run progress"), []);
  await runFile(protocolIn(temporaryFolder(context), text.replace("L0", "L1"), "other.atlas"), { runs });
  await until(
    page,
    '[...document.querySelectorAll(".run h2 .badge")].map((e) => e.textContent).join() === "finished,finished"',
  );
  assert.deepEqual(await textsOf(page, ".run h2"), ["other finished", "tiny finished"], "the last one first");
  assert.deepEqual(complaints, []);
});

test("only this machine's own address is answered, and only to show", async (context) => {
  const { address } = await served(context);
  assert.equal((await answer(address, "/")).status, 200);
  for (const host of ["evil.example", "evil.example:80", "127.0.0.1", "127.0.0.1:1"]) {
    assert.equal((await answer(address, "/", { host })).status, 421, `Host: ${host}`);
  }
  assert.equal((await answer(address, "/", { host: `localhost:${new URL(address).port}` })).status, 200);
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
    assert.equal((await answer(address, "/", {}, method)).status, 405, method);
  }
  const cross = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" };
  assert.equal((await answer(address, "/", cross)).status, 403);
  const { headers } = await answer(address, "/");
  assert.match(String(headers["content-security-policy"]), /^default-src 'none'/);
  assert.equal(headers["x-content-type-options"], "nosniff");
});

test("no path and no link leads out of the folder, and nothing hidden is served", async (context) => {
  const { address, runs, ran } = await served(context);
  const own = ran.folder.folder.slice(runs.length + 1);
  writeFileSync(join(runs, "..", "secret.json"), "{}");
  mkdirSync(join(runs, "tiny", "linked"));
  symlinkSync(join(runs, "..", "secret.json"), join(runs, "tiny", "linked", "secret.json"));
  writeFileSync(join(ran.folder.folder, "program.sh"), "exit\n");
  assert.equal((await answer(address, `/run/${own}/report.html`)).status, 200);
  assert.match(
    String((await answer(address, `/run/${own}/report.html`)).headers["content-security-policy"]),
    /^sandbox allow-scripts/,
  );
  for (const path of [
    "../secret.json", "..%2fsecret.json", "%2e%2e/secret.json", "tiny/../../secret.json", "..%5csecret.json",
    "tiny/linked/secret.json", "tiny/latest/report.html", "/etc/passwd", "%2fetc%2fpasswd", `${own}/%00report.html`,
    `${own}/program.sh`, `${own}/outputs`, ".units", `${own}/%`, `${own}/record.json%00.html`, "",
  ]) assert.equal((await answer(address, `/run/${path}`)).status, 404, path); // prettier-ignore
});

test("an interrupt ends the server well, and a folder that is not there is an error", async (context) => {
  const folder = temporaryFolder(context);
  const missing = await command(["view", join(folder, "nowhere")]);
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /A5011/);
  const running = startCommand(["view", folder, "--port", "0"]);
  await new Promise<void>((resolve) => {
    running.process.stdout?.on("data", (part: string) => {
      if (part.includes("Ctrl-C")) resolve();
    });
  });
  running.process.kill("SIGINT");
  const { code, stdout } = await running.ended;
  assert.equal(code, 0);
  assert.match(stdout, /^Runs of .*: http:\/\/127\.0\.0\.1:\d+\/\n/);
});
