/** A model's file is exchanged behind the back of everybody: results are those of the weights that are there. */
import assert from "node:assert/strict";
import { cpSync, readFileSync, renameSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { command, protocolIn, randomModel, spelled, spelledModel, temporaryFolder } from "./support.js";

test("a file that is exchanged with its size and time kept is another model, and the first one again when it is back", async (context) => {
  const folder = temporaryFolder(context);
  spelledModel(join(folder, "model"), randomModel, true);
  protocolIn(folder, `model m from "./model"\nprompts p from ["${spelled([3, 14, 15, 9])}"]\nmeasure loss\n`);
  const weights = join(folder, "model", "model.safetensors");
  const cache = join(folder, "cache");
  const run = async (command_: string, ...args: string[]) =>
    command([command_, "protocol.atlas", ...args], { cwd: folder, env: { XDG_CACHE_HOME: cache } });
  const outcome = async (...args: string[]) => {
    const end = await run("run", "--json", ...args);
    assert.equal(end.code, 0, end.stderr);
    return JSON.parse(end.stdout) as { digest: string; units: { computed: number }; warnings: readonly string[] };
  };
  const first = await outcome();
  assert.equal(first.units.computed, 1);

  // As `cp -p` does: other bytes of the same length, then the time of before.
  const { atime, mtime, size } = statSync(weights);
  const kept = join(folder, "kept");
  cpSync(weights, kept, { preserveTimestamps: true });
  const bytes = readFileSync(weights);
  for (let i = bytes.length - 4000; i < bytes.length; i += 4) bytes.writeFloatLE(0.5 * bytes.readFloatLE(i), i);
  writeFileSync(weights, bytes);
  utimesSync(weights, atime, mtime);
  assert.equal(statSync(weights).size, size);
  // Times that are set through a number of seconds lose some nanoseconds.
  assert.ok(Math.abs(statSync(weights).mtimeMs - mtime.getTime()) < 1);
  const other = await outcome();
  assert.notEqual(other.digest, first.digest);
  assert.equal(other.units.computed, 1);

  renameSync(kept, weights);
  const again = await outcome();
  assert.deepEqual([again.digest, again.units.computed], [first.digest, 0]);

  // What the system does not tell, `--verify-weights` finds out.
  const stored = join(cache, "atlasc", "weight-digests.json");
  writeFileSync(stored, readFileSync(stored, "utf8").replace(/"digest":"[0-9a-f]+"/, `"digest":"${"0".repeat(64)}"`));
  assert.notEqual((await outcome()).digest, first.digest, "what is remembered is believed");
  const told = await run("check", "--verify-weights");
  assert.equal(told.code, 0);
  assert.match(
    told.stderr,
    /warning\[A8018\]: model\.safetensors of \.\/model holds other weights than were hashed before/,
  );
  assert.match(told.stdout, /protocol\.atlas: sound, 1 warning/);
  const verified = await outcome("--verify-weights");
  assert.deepEqual([verified.digest, verified.warnings], [first.digest, []]);
});
