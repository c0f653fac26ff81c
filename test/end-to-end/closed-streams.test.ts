/** Readers of our output that go away, and output that cannot be written: neither loses a run nor changes what it says. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { command, commandLine, protocolIn, startCommand, temporaryFolder, type RunningCommand } from "./support.js";

const sound = `model gpt2 from "@stdlib/models/gpt2-tiny"
prompts p from ["Time heals all wounds, my lady, but not this one."]
experiment onlookers ablate heads L1 measure pattern_entropy layer L2..3
table onlookers.impact
`;
const wrong = sound.replace("pattern_entropy", "patern_entropy");

/** Closes our end of pipes before the command writes anything, so that its first line meets a closed one. */
function deaf(running: RunningCommand, streams: readonly ("stdout" | "stderr")[]): RunningCommand {
  for (const stream of streams) running.process[stream]?.destroy();
  return running;
}

const reports = (folder: string): number =>
  // `latest` leads to the same ones again.
  readdirSync(folder, { recursive: true }).filter((path) => /^(?!.*\blatest\b).*report\.html$/.test(String(path)))
    .length;

for (const closed of [["stdout"], ["stderr"], ["stdout", "stderr"]] as const) {
  test(`a run whose ${closed.join(" and ")} is closed goes on to its end`, async (context) => {
    const folder = temporaryFolder(context);
    protocolIn(folder, sound);
    // The protocol has a warning, which is printed to standard error before anything is computed.
    const end = await deaf(startCommand(["run", "protocol.atlas"], { cwd: folder }), closed).ended;
    assert.deepEqual([end.code, end.signal], [0, null], end.stderr);
    assert.equal(reports(folder), 1);
    if (!closed.some((stream) => stream === "stdout")) assert.match(end.stdout, /1 unit computed/);
  });
}

test("a closed pipe changes no verdict", async (context) => {
  const folder = temporaryFolder(context);
  protocolIn(folder, sound, "sound.atlas");
  protocolIn(folder, wrong, "wrong.atlas");
  const cases = [
    [["check", "sound.atlas"], 0],
    [["check", "sound.atlas", "wrong.atlas"], 1],
    [["check", "--json", "wrong.atlas", "sound.atlas"], 1],
    [["run", "wrong.atlas"], 1],
    [["explain", "--no-times", "sound.atlas"], 0],
    [["doc"], 0],
    [["doc", "patern_entropy"], 1],
    [["--help"], 0],
    [["rnu"], 1],
  ] as const;
  for (const [args, code] of cases) {
    const end = await deaf(startCommand(args, { cwd: folder }), ["stdout", "stderr"]).ended;
    assert.deepEqual([args, end.code, end.signal], [args, code, null]);
  }
});

test(
  "results that a full disk does not take are a fault, and the run is kept",
  { skip: existsSync("/dev/full") ? false : "this system has no /dev/full" },
  async (context) => {
    const folder = temporaryFolder(context);
    protocolIn(folder, sound);
    const full = openSync("/dev/full", "w");
    context.after(() => {
      closeSync(full);
    });
    const run = (args: readonly string[], where: "stdout" | "stderr"): Promise<readonly [number | null, string]> =>
      new Promise((resolve) => {
        const stdio = where === "stdout" ? (["ignore", full, "pipe"] as const) : (["ignore", "pipe", full] as const);
        const child = spawn(process.execPath, commandLine(args), { cwd: folder, stdio: [...stdio] });
        let other = "";
        child.stdout?.setEncoding("utf8").on("data", (text: string) => (other += text));
        child.stderr?.setEncoding("utf8").on("data", (text: string) => (other += text));
        child.once("close", (code) => {
          resolve([code, other]);
        });
      });
    for (const args of [["run", "protocol.atlas"], ["check", "--json", "protocol.atlas"], ["doc"], ["--help"]]) {
      const [code, stderr] = await run(args, "stdout");
      assert.equal(code, 2, args.join(" "));
      assert.match(stderr, /^atlasc: cannot write to standard output: the disk is full$/m);
    }
    assert.equal(reports(folder), 1);
    // What is said beside the results is no result: without it the run is what it was.
    assert.deepEqual((await run(["check", "protocol.atlas"], "stderr"))[0], 0);
  },
);

test("a fault that no command expected is our bug and no wrong input", async (context) => {
  const folder = temporaryFolder(context);
  const thrower = join(folder, "thrower.mjs");
  protocolIn(folder, 'setTimeout(() => { throw new Error("unheard of") }, 50);\n', "thrower.mjs");
  const end = await command(["explain", protocolIn(folder, sound)], { env: { NODE_OPTIONS: `--import ${thrower}` } });
  assert.equal(end.code, 2);
  assert.match(end.stderr, /^atlasc: this is a bug in atlasc, please report it\nError: unheard of\n/m);
});
