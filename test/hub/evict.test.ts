/** `run --evict`: a sweep over revisions of the Hub with one of them at a time on the disk. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after } from "node:test";
import { openModel } from "../../src/runtime/models/open-model.js";
import { diskReading } from "../../src/runtime/load.js";
import { cachedRepositories } from "../../src/runtime/hub/cached-repositories.js";
import { createDownload } from "../../src/runtime/hub/download-models.js";
import { hubEviction } from "../../src/runtime/hub/evict.js";
import { runEvicting } from "../../src/runtime/run-evicting.js";
import { readResults } from "../../src/runtime/store/results.js";
import { startHub } from "../support/hub-server.js";
import { oneThread } from "../end-to-end/support.js";
import { files, settingsFor } from "./support.js";

const changed = (shift: number): Buffer => {
  const bytes = Buffer.from(files["model.safetensors"] ?? []);
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ shift;
  return bytes;
};
const revisions = {
  main: files,
  step1: { ...files, "model.safetensors": changed(1) },
  step2: { ...files, "model.safetensors": changed(2) },
};

const text = `
  model m from "org/tiny" revision ["step1", "step2", "step3", "main"]
  prompts p from ["Time heals all wounds, my lady."]
  experiment plain measure loss
  experiment bent curvature of loss over params W_V L0 trace probes 1 seed 1`;

test("each revision is downloaded, run and removed before the next; the results are those of all", async () => {
  const home = mkdtempSync(join(tmpdir(), "atlasc-evict-"));
  const hub = await startHub({ repositories: { "org/tiny": { revisions } } });
  after(async () => {
    await hub.close();
    rmSync(home, { recursive: true, force: true });
  });
  const cache = join(home, "hub");
  const settings = settingsFor(hub.endpoint, cache);
  const environment = { home, variables: { HF_HUB_CACHE: cache } };
  const said: string[] = [];
  const say = (sentence: string): void => void said.push(sentence);
  const download = createDownload({ say, progress: () => undefined }, settings);
  /** How many revisions lie on the disk whenever a model is opened. */
  const together: number[] = [];
  const reading: typeof diskReading = {
    ...diskReading,
    async model(request, options) {
      const failed = (await options.download?.model(request)) ?? null;
      together.push(cachedRepositories(cache).flatMap((repository) => repository.revisions).length);
      return failed === null ? openModel(request, environment, options) : { value: null, diagnostics: [failed] };
    },
  };
  const outcome = await runEvicting(
    { path: join(home, "p.atlas"), text },
    { overrides: new Map(), memoryBudget: 2 ** 30, engine: oneThread(), runs: join(home, "runs"), download, reading },
    {},
    { ...hubEviction(settings), say },
  );
  await download.end();
  assert.ok(outcome.kind === "ran", JSON.stringify(outcome));
  const rows = await readResults(outcome.folder.results);
  for (const metric of ["loss", "trace"]) {
    const values = new Map(
      rows.filter((row) => row.metric === metric).map(({ axes, value }) => [axes["revision"], value]),
    );
    for (const revision of ["step1", "step2", "main"]) assert.ok(Number.isFinite(values.get(revision)), revision);
    // The one that the Hub lacks has no value, and keeps no other one from its turn.
    assert.ok(Number.isNaN(values.get("step3") ?? NaN));
  }
  assert.deepEqual(new Set(together.filter((count) => count > 0)), new Set([1]));
  assert.deepEqual(
    cachedRepositories(cache).flatMap((repository) => repository.revisions),
    [],
  );
  assert.equal(said.filter((sentence) => sentence.startsWith("removed")).length, 3);
  assert.ok(readdirSync(join(home, "runs", ".units")).length > 0);
});
