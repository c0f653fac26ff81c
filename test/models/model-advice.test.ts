/** What is said of a model that is not where a protocol says, or not of a kind that can be opened. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after } from "node:test";
import { openModel } from "../../src/runtime/models/open-model.js";

const folder = mkdtempSync(join(tmpdir(), "atlasc-advice-"));
after(() => {
  rmSync(folder, { recursive: true });
});
const environment = { home: folder, variables: {} };

async function advice(source: string, revision: string | null = null): Promise<string> {
  const { diagnostics } = await openModel({ source, revision, baseFolder: folder, span: null }, environment);
  const [first] = diagnostics;
  return `${first?.code ?? ""} ${first?.message ?? ""}: ${first?.hint ?? ""}`;
}

function make(path: string, content = ""): void {
  mkdirSync(join(folder, path, ".."), { recursive: true });
  writeFileSync(join(folder, path), content);
}

test("models of the package are listed, in the form in which they are written", async () => {
  assert.match(
    await advice("@stdlib/models/gpt2"),
    /^A4010 .*: there is @stdlib\/models\/gpt2-tiny, @stdlib\/models\/llama-tiny/,
  );
  // The hint is followed.
  const { value } = await openModel(
    { source: "@stdlib/models/gpt2-tiny", revision: null, baseFolder: folder, span: null },
    environment,
  );
  assert.ok(value);
});

test("a folder without a point in front is told apart from a model of the Hub", async () => {
  make("mine/model/config.json", "{}");
  assert.match(await advice("mine/model"), /^A4016 .*: .*"\.\/mine\/model"/);
  assert.match(await advice("./mine/model"), /^A4013 /);
});

test("names of TransformerLens are those of the Hub", async () => {
  assert.match(await advice("gpt2-small"), /: the Hub calls it gpt2: write "gpt2"/);
  assert.match(await advice("pythia-70m"), /write "EleutherAI\/pythia-70m"/);
  assert.match(await advice("org/name", "v1"), /`atlasc models pull org\/name --revision v1`/);
});

test("exports and other formats are called what they are", async () => {
  make("export/model.onnx");
  make("nested/config.json", "{}");
  make("nested/onnx/model.onnx");
  make("torch/config.json", "{}");
  make("torch/pytorch_model.bin");
  make("quantised/model.gguf");
  make("several-exports/one.onnx");
  make("several-exports/two.onnx");
  assert.match(await advice("x.onnx"), /^A4022 x.onnx .* there is no such file/);
  for (const source of ["export/model.onnx", "./export/model.onnx", "./export", "./nested"]) {
    assert.match(await advice(source), /^A4022 model.onnx .* it is empty/);
  }
  assert.match(await advice("./several-exports"), /^A4011 .*several ONNX models: name one of them/);
  assert.match(await advice("./torch"), /^A4013 .*save_pretrained/);
  assert.match(await advice("./quantised"), /^A4024 model.gguf of .*too short/);
});

test("a folder of models names them", async () => {
  make("several/one/config.json", "{}");
  make("several/two/config.json", "{}");
  assert.match(await advice("./several"), /^A4011 .*: there are models in it: one, two/);
  assert.match(await advice("./severel"), /^A4010 .*: there is several/);
});
