/** atlasc in a shell: standard input as a file, and words that are completed. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { root } from "../support/root.js";
import { temporaryFolder } from "./support.js";

const command = join(root, "dist/bin/atlasc.js");

function atlasc(words: readonly string[], input = "", cwd = root) {
  return spawnSync(process.execPath, [command, ...words], { input, cwd, encoding: "utf8" });
}

const untidy = 'model   gpt2 from "@stdlib/models/gpt2-tiny"\nprompts p from ["a\u00a0b\u200b c"]\nmeasure loss\n';

test("fmt - writes the formatted text and nothing else, every character as it is", () => {
  const { stdout, stderr, status } = atlasc(["fmt", "-"], untidy);
  assert.equal(stdout, untidy.replace("   ", " "));
  assert.equal(stderr, "");
  assert.equal(status, 0);
  assert.equal(atlasc(["fmt", "--check", "-"], untidy).status, 1);
  const broken = atlasc(["fmt", "-"], "model gpt2 from\n");
  assert.equal(broken.stdout, "");
  assert.match(broken.stderr, /A1001[^]*-:1/);
  assert.equal(broken.status, 1);
});

test("check - reads standard input, whose paths start from the folder of the process", (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, "p.txt"), "Time heals all wounds.\n");
  const text = untidy.replace(/prompts.*/, 'prompts p from "p.txt"');
  assert.match(atlasc(["check", "-"], text, folder).stdout, /^-: sound/);
  const wrong = atlasc(["check", "-", "--json"], text.replace("loss", "los"), folder);
  const [{ sound, diagnostics }] = JSON.parse(wrong.stdout) as [{ sound: boolean; diagnostics: { code: string }[] }];
  assert.equal(sound, false);
  assert.equal(diagnostics[0]?.code, "A2001");
  assert.equal(wrong.status, 1);
});

test("a run needs a file: it is kept under its name", () => {
  const { stderr, status } = atlasc(["run", "-"], untidy);
  assert.match(stderr, /A5005[^]*standard input/);
  assert.equal(status, 1);
});

function proposals(...words: readonly string[]): readonly string[] {
  return atlasc(["complete", "--", ...words])
    .stdout.trimEnd()
    .split("\n");
}

test("commands, options and their values are completed", () => {
  const commands = proposals("");
  for (const name of ["run", "check", "doc", "lsp", "completion"]) {
    assert.ok(
      commands.some((line) => line.startsWith(`${name}\t`)),
      name,
    );
  }
  assert.ok(!commands.some((line) => line.startsWith("complete\t")), "what scripts call is no proposal");
  assert.deepEqual(proposals("run", ""), [":protocols"]);
  assert.deepEqual(proposals("check", "one.atlas", ""), [":protocols"]);
  assert.ok(proposals("run", "--").some((line) => line.startsWith("--memory\t")));
  const devices = ["cpu", "cuda", "webgpu", "openvino", "tensorrt-rtx", "webgpu-plugin"].map((word) => `${word}\t`);
  assert.deepEqual(proposals("run", "--device", ""), [...devices, ":none"]);
  assert.deepEqual(proposals("run", "--runs", ""), [":folders"]);
  assert.ok(proposals("run", "--no-opt", "").includes("batch-rows\t"));
  assert.ok(proposals("doc", "").some((line) => line.startsWith("R_V\t")));
  assert.ok(proposals("inspect", "").includes("@stdlib/models/gpt2-tiny\t"));
  assert.deepEqual(proposals("nothing-of-the-kind", ""), [":none"]);
  assert.ok(proposals("--").some((line) => line.startsWith("--version\t")));
  const ofModels = proposals("models", "").map((line) => line.split("\t")[0]);
  assert.deepEqual(ofModels, ["list", "pull", "remove", ":none"]);
  assert.ok(proposals("models", "remove", "--").some((line) => line.startsWith("--dry-run\t")));
  assert.ok(!proposals("models", "pull", "").includes("loss\tMetrics"), "models, and no words of the reference");
});

test("runs are completed by what there is", (t) => {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, "runs", "head-sweep"), { recursive: true });
  const { stdout } = atlasc(["complete", "--", "verify", ""], "", folder);
  assert.equal(stdout, "latest\tthe run that was begun last\nhead-sweep\t\n:folders\n");
});

test("the script for bash offers what atlasc says", (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, "one.atlas"), "");
  writeFileSync(join(folder, "two.txt"), "");
  const asked = (line: string): readonly string[] => {
    // As bash itself divides a line.
    const words = line.split(/ |(?=[@=:])|(?<=[@=:])/);
    const script = [
      `atlasc() { "${process.execPath}" "${command}" "$@"; }`,
      'eval "$(atlasc completion bash)"',
      // Outside of a completion there are no options of one.
      "compopt() { :; }",
      `COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")})`,
      `COMP_CWORD=${words.length - 1}`,
      `COMP_LINE='${line}'`,
      "COMP_WORDBREAKS=$' \\t\\n\"\\'@><=;|&(:'",
      "_atlasc",
      'printf "%s\\n" "${COMPREPLY[@]}"',
    ].join("\n");
    const { stdout, stderr } = spawnSync("bash", ["-c", script], { cwd: folder, encoding: "utf8" });
    assert.equal(stderr, "");
    return stdout.trimEnd().split("\n");
  };
  assert.deepEqual(asked("atlasc expl"), ["explain"]);
  assert.deepEqual(asked("atlasc run "), ["one.atlas"]);
  assert.deepEqual(asked("atlasc doc R_V_c"), ["R_V_centred"]);
  // What is proposed is put behind the `@`, where bash begins the word.
  assert.deepEqual(asked("atlasc inspect @stdlib/models/gp"), ["stdlib/models/gpt2-tiny"]);
  assert.deepEqual(asked("atlasc inspect @"), asked("atlasc inspect @stdlib/"));
  const unknown = atlasc(["completion", "tcsh"]);
  assert.match(unknown.stderr, /there is one for bash, zsh, fish/);
  assert.equal(unknown.status, 1);
});
