/** Devices and options that are not for this machine: one sentence, the right exit code, and no record that claims them. */
import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test, type TestContext } from "node:test";
import { oneThread, command, protocolIn, randomModel, spelled, spelledModel, temporaryFolder } from "./support.js";
import { backendNamed } from "../../src/runtime/engine/backends/index.js";
import { sentenceOf } from "../../src/runtime/engine/runtimes/c-device.js";
import { readRecord } from "../../src/runtime/store/record.js";

function protocol(context: TestContext): { readonly path: string; readonly folder: string } {
  const folder = temporaryFolder(context);
  spelledModel(join(folder, "model"), randomModel);
  const text = `model m from "./model"\nprompts p from ["${spelled([3, 14, 15, 9])}"]\nexperiment e measure loss\n`;
  return { path: protocolIn(folder, text), folder };
}

test("options that the device does not have are refused before anything is recorded", async (context) => {
  const { path, folder } = protocol(context);
  const refused: readonly (readonly [readonly string[], string])[] = [
    [["--tf32"], "error: option '--tf32' is not for cpu. It has no TF32; CUDA has."],
    [
      ["--compute", "bf16"],
      "error: option '--compute <type>' argument 'bf16' is not for cpu. It computes products in f32.",
    ],
    [
      ["--backend", "openvino", "--compute", "f16"],
      "error: option '--compute <type>' argument 'f16' is not for openvino. It computes products in f32 or bf16.",
    ],
  ];
  for (const [options, sentence] of refused) {
    for (const name of ["run", "explain"]) {
      const end = await command([name, path, ...options], { cwd: folder });
      assert.deepEqual([end.code, end.stdout, end.stderr.split("\n")[0]], [1, "", sentence]);
    }
  }
  assert.ok(!existsSync(join(folder, "runs")));
});

test("an engine that has no TF32 does not start with it", async () => {
  const start = async (name: string): Promise<unknown> => backendNamed(name)?.start({ ...oneThread(), tf32: true });
  await assert.rejects(start("cpu"), /cpu has no TF32/);
  await assert.rejects(start("webgpu"), /webgpu has no TF32/);
});

test("a plugin that does not load is named, with where to get it", async (context) => {
  if (process.platform !== "linux") {
    context.skip("the library has another name");
    return;
  }
  const { path, folder } = protocol(context);
  const plugins = join(folder, "plugins");
  mkdirSync(plugins);
  const library = join(plugins, "libonnxruntime_providers_openvino_plugin.so");
  writeFileSync(library, "no library");
  const runs = join(folder, "runs");
  const environment = { ATLASC_PLUGINS: plugins };
  const end = await command(["run", path, "--backend", "openvino", "--runs", runs], { env: environment });
  assert.equal(end.code, 2);
  assert.match(end.stderr, /^atlasc: OpenVINO's plugin does not load: .*\("Other engines" in the README.*\)$/m);
  assert.ok(end.stderr.includes(library));
  const record = await readRecord(join(runs, "latest", "record.json"));
  assert.deepEqual([record?.status, existsSync(join(runs, "latest", "results.parquet"))], ["failed", false]);
});

test("what onnxruntime says is told without the place in its source", () => {
  const said =
    "/onnxruntime_src/onnxruntime/core/providers/webgpu/webgpu_context.cc:100 onnxruntime::webgpu::WebGpuContext::" +
    "Initialize(const onnxruntime::webgpu::WebGpuContextConfig&)::<lambda()> adapter_result.status == " +
    "wgpu::RequestAdapterStatus::Success was false. Failed to get a WebGPU adapter: No supported adapters\n";
  assert.equal(sentenceOf(new Error(said)), "Failed to get a WebGPU adapter: No supported adapters");
  assert.equal(
    sentenceOf(new Error("Failed to load library /a.cc: it was false. No")),
    "Failed to load library /a.cc: it was false. No",
  );
});

test("doctor does not advise an installation where a variable has a wrong word", async () => {
  const end = await command(["doctor"], { env: { ATLASC_RUNTIME: "other" } });
  assert.match(end.stdout, /^look {2}onnxruntime +does not load: ATLASC_RUNTIME is "other".*: unset ATLASC_RUNTIME$/m);
});

// It ended with exit code 0 and not a word, as it did with too many files open.
test("a command whose own files cannot be loaded says so, and does not end as if it had done its work", (context) => {
  const alone = join(temporaryFolder(context), "main.mjs");
  copyFileSync(fileURLToPath(new URL("../../src/cli/main.js", import.meta.url)), alone);
  const ran = spawnSync(process.execPath, [alone, "--version"], { encoding: "utf8" });
  assert.deepEqual([ran.status, ran.stdout], [2, ""]);
  assert.match(ran.stderr, /^atlasc: cannot load its own files: /);
});
