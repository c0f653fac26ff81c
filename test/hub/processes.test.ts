/** The commands against a Hub on this machine: what a run downloads, a process that is killed, two at once. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { packageRoot } from "../../src/runtime/models/places.js";
import {
  commitOf,
  sha256,
  startHub,
  type Fault,
  type HubServer,
  type HubServerOptions,
} from "../support/hub-server.js";
import { files, needed, tiny, treeOf } from "./support.js";

const atlasc = join(packageRoot(), "dist", "bin", "atlasc.js");
const weights = files["model.safetensors"] ?? Buffer.alloc(0);
const folder = mkdtempSync(join(tmpdir(), "atlasc-hub-processes-"));
const servers: HubServer[] = [];
after(async () => {
  for (const server of servers) await server.close();
  rmSync(folder, { recursive: true, force: true });
});

let homes = 0;

interface Setting {
  readonly hub: HubServer;
  readonly home: string;
  readonly environment: Readonly<Record<string, string>>;
}

async function createSetting(options: Partial<HubServerOptions> = {}): Promise<Setting> {
  const hub = await startHub({ repositories: tiny, ...options });
  servers.push(hub);
  const home = join(folder, `home-${(homes += 1)}`);
  mkdirSync(home);
  const environment = { HF_HOME: join(home, "hf"), HF_ENDPOINT: hub.endpoint, XDG_CACHE_HOME: join(home, "cache") };
  return { hub, home, environment };
}

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function start(
  { home, environment }: Setting,
  words: readonly string[],
  more: Readonly<Record<string, string>> = {},
): { readonly kill: () => void; readonly ended: Promise<Ended> } {
  const { HOME: _, HF_TOKEN: __, ...own } = process.env;
  const child = spawn(process.execPath, [atlasc, ...words], {
    cwd: home,
    env: { ...own, NO_COLOR: "1", ...environment, ...more },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [out, err] = ["", ""];
  child.stdout.on("data", (text: Buffer) => (out += text.toString()));
  child.stderr.on("data", (text: Buffer) => (err += text.toString()));
  const ended = new Promise<Ended>((resolve) => child.on("close", (code) => resolve({ code, out, err })));
  return { kill: () => child.kill("SIGKILL"), ended };
}

const run = (setting: Setting, words: readonly string[], more?: Readonly<Record<string, string>>): Promise<Ended> =>
  start(setting, words, more).ended;

const repositoryOf = ({ home }: Setting): string => join(home, "hf", "hub", "models--org--tiny");
const snapshotOf = (setting: Setting, revision = "main"): string =>
  join(repositoryOf(setting), "snapshots", commitOf("org/tiny", revision));

function assertWhole(setting: Setting): void {
  for (const name of needed) assert.deepEqual(readFileSync(join(snapshotOf(setting), name)), files[name], name);
  const left = Object.keys(treeOf(repositoryOf(setting))).filter((path) => path.endsWith("incomplete"));
  assert.deepEqual(left, []);
}

const protocol = 'model tiny from "org/tiny"\nprompts p from ["It was a fine evening."]\nmeasure loss\n';

test("check says what is missing, run downloads it, and then everything works without the network", async () => {
  const setting = await createSetting();
  writeFileSync(join(setting.home, "a.atlas"), protocol);
  const checked = await run(setting, ["check", "a.atlas"]);
  assert.equal(checked.code, 1);
  assert.match(checked.err, /error\[A4016\]: org\/tiny is a model of the Hugging Face Hub that is not on this machine/);
  assert.match(checked.err, /atlasc models pull org\/tiny/);
  assert.equal(setting.hub.asked.length, 0);

  const first = await run(setting, ["run", "a.atlas"]);
  assert.equal(first.code, 0, first.err);
  assert.match(first.err, /^downloading org\/tiny: 4 files, 1\.52 MB, to /);
  assertWhole(setting);

  const asked = setting.hub.asked.length;
  for (const offline of [{}, { HF_HUB_OFFLINE: "1" }]) {
    const again = await run(setting, ["run", "a.atlas"], offline);
    assert.equal(again.code, 0, again.err);
  }
  assert.equal(setting.hub.asked.length, asked);
  assert.equal((await run(setting, ["check", "a.atlas"])).code, 0);
});

test("every revision that is missing is named at once, and offline nothing is asked", async () => {
  const setting = await createSetting();
  writeFileSync(
    join(setting.home, "a.atlas"),
    protocol.replace('"org/tiny"', '"org/tiny" revision ["main", "step1", "step2"]'),
  );
  const offline = await run(setting, ["run", "a.atlas"], { HF_HUB_OFFLINE: "1" });
  assert.equal(offline.code, 1);
  assert.match(offline.err, /A4016/);
  assert.equal(setting.hub.asked.length, 0);
  const { code, err } = await run(setting, ["run", "a.atlas"]);
  // The revision that is there has run.
  assert.equal(code, 2);
  for (const revision of ["step1", "step2"])
    assert.match(err, new RegExp(`A8037\\]: org/tiny has no revision ${revision}`));
  assert.match(err, /take it out of the list/);
  assertWhole(setting);
});

test("a model that is only PyTorch's own format is refused in a sentence", async () => {
  const { "model.safetensors": _, ...others } = files;
  const setting = await createSetting({ repositories: { "org/tiny": { revisions: { main: others } } } });
  const { code, err } = await run(setting, ["models", "pull", "org/tiny"]);
  assert.equal(code, 1);
  assert.match(err, /A4032\]: org\/tiny cannot be opened: org\/tiny has its weights only in PyTorch's own format/);
  assert.equal(setting.hub.sent(), 0);
});

test("a process that is killed in the middle leaves a part, with which the next one goes on", async () => {
  const slow: Fault = { kind: "slow", bytes: 100_000, milliseconds: 100 };
  let isSlow = true;
  const setting = await createSetting({ fault: ({ host }) => (host === "cdn" && isSlow ? slow : null) });
  const killed = start(setting, ["models", "pull", "org/tiny"]);
  const part = join(repositoryOf(setting), "blobs", `${sha256(weights)}.atlasc.incomplete`);
  const received = (): number => statSync(part, { throwIfNoEntry: false })?.size ?? 0;
  for (let i = 0; i < 600 && received() < 500_000; i++) await pause(20);
  killed.kill();
  await killed.ended;
  const before = received();
  assert.ok(before >= 500_000 && before < weights.length, String(before));
  const offline = await run(setting, ["inspect", "org/tiny"]);
  assert.match(offline.err, /A40/);

  isSlow = false;
  const { code, err } = await run(setting, ["models", "pull", "org/tiny"]);
  assert.equal(code, 0, err);
  assertWhole(setting);
  const ranges = setting.hub.asked.filter(({ host }) => host === "cdn").map(({ range }) => range);
  assert.deepEqual(ranges, [null, `bytes=${before}-`]);
});

test("two processes at once download it once", async () => {
  const slow: Fault = { kind: "slow", bytes: 300_000, milliseconds: 200 };
  const setting = await createSetting({ fault: ({ host }) => (host === "cdn" ? slow : null) });
  const both = await Promise.all([0, 1].map(() => run(setting, ["models", "pull", "org/tiny"])));
  assert.deepEqual(
    both.map(({ code }) => code),
    [0, 0],
    both.map(({ err }) => err).join("\n"),
  );
  assertWhole(setting);
  assert.equal(setting.hub.asked.filter(({ host }) => host === "cdn").length, 1);
});

test("models lists what is there, pulls what can be had of several revisions, and removes what nobody else has", async () => {
  const step = { ...files, "model.safetensors": Buffer.from(weights).fill(0, weights.length - 4) };
  const setting = await createSetting({ repositories: { "org/tiny": { revisions: { main: files, step1: step } } } });
  const empty = await run(setting, ["models"]);
  assert.match(empty.out, /^0 repositories, 0 MB in /);
  const revisions = ["main", "step7", "step1"].flatMap((name) => ["--revision", name]);
  const pulled = await run(setting, ["models", "pull", "org/tiny", ...revisions]);
  assert.equal(pulled.code, 1);
  assert.match(pulled.err, /org\/tiny has no revision step7/);
  const listed = await run(setting, ["models"]);
  assert.match(listed.out, /2\.98 MB {2}org\/tiny\n/);
  assert.match(listed.out, /1\.52 MB {2}step1 \(/);

  const words = ["models", "remove", "org/tiny", "--revision", "step1"];
  assert.match((await run(setting, [...words, "--dry-run"])).out, /^would free 1\.46 MB: 1 revision of org\/tiny\n/);
  assert.match((await run(setting, words)).out, /^freed 1\.46 MB/);
  assertWhole(setting);
  assert.equal((await run(setting, words)).code, 1);
  assert.equal((await run(setting, ["models", "remove", "org/tiny"])).code, 0);
  assert.match((await run(setting, ["models"])).out, /^0 repositories/);
  assert.match((await run(setting, ["models", "remove", "../../x"])).err, /is not in/);
});

test("doctor shows what this machine has", async () => {
  const setting = await createSetting();
  const { out } = await run(setting, ["doctor"], { HF_TOKEN: "hf_secret" });
  assert.match(out, /^ok {4}Node +\d+\.\d+\.\d+, /m);
  assert.match(out, /^ok {4}provider cpu +loads$/m);
  assert.match(out, /^ok {4}Hub +http:\/\/127\.0\.0\.1:\d+, with a token$/m);
  assert.ok(!out.includes("hf_secret"));
});
