/** Folders that somebody damaged or made to do harm: each is refused in a sentence, at once and without much memory. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { renderDiagnostics } from "../../src/compiler/diagnostics/render.js";
import { hasErrors } from "../../src/compiler/diagnostics/staged.js";
import type { Diagnostic } from "../../src/compiler/diagnostics/diagnostic.js";
import { buildModelGraph } from "../../src/compiler/models/family.js";
import { parseModelJson, repeatedKey } from "../../src/runtime/models/model-json.js";
import { codes, copyOfModel, editJson, openIsolated, temporaryFolder } from "./temporary.js";

/** What opening and building a model says, with the sentences as a terminal shows them. */
async function opened(t: TestContext, folder: string): Promise<{ diagnostics: readonly Diagnostic[]; shown: string }> {
  const { value, diagnostics } = await openIsolated(t, folder);
  const all = [...diagnostics, ...(value === null ? [] : buildModelGraph(value.facts).diagnostics)];
  return { diagnostics: all, shown: renderDiagnostics(all, () => "") };
}

type Damage = (folder: string) => void;

/** Replaces text of a file. */
const rewrite =
  (file: string, change: (text: string) => string): Damage =>
  (folder) => {
    writeFileSync(join(folder, file), change(readFileSync(join(folder, file), "utf8")));
  };

const config =
  (changes: Readonly<Record<string, unknown>>): Damage =>
  (folder) => {
    editJson(join(folder, "config.json"), changes);
  };

/** Puts something else in the place of a file. */
const replaced =
  (file: string, make: (path: string) => void): Damage =>
  (folder) => {
    rmSync(join(folder, file), { force: true });
    make(join(folder, file));
  };

const pipe = (path: string): void => {
  assert.equal(spawnSync("mkfifo", [path]).status, 0);
};

const endless = (path: string): void => {
  symlinkSync("/dev/zero", path);
};

const deep = (depth: number): string => `${"[".repeat(depth)}${"]".repeat(depth)}`;

/** Changes the header of the weights, which keep their bytes; `length` is what the file says of the header. */
function header(change: (text: string) => string, length?: bigint): Damage {
  return (folder) => {
    const path = join(folder, "model.safetensors");
    const bytes = readFileSync(path);
    const end = 8 + Number(bytes.readBigUInt64LE(0));
    const text = Buffer.from(change(bytes.subarray(8, end).toString()));
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(length ?? BigInt(text.length));
    writeFileSync(path, Buffer.concat([size, text, bytes.subarray(end)]));
  };
}

/** Changes what a header says of one tensor. */
const tensor = (change: (entry: { dtype: string; shape: number[]; data_offsets: number[] }) => void): Damage =>
  header((text) => {
    const entries = JSON.parse(text) as Record<string, { dtype: string; shape: number[]; data_offsets: number[] }>;
    const entry = entries["transformer.h.1.ln_1.bias"];
    assert.ok(entry !== undefined);
    change(entry);
    return JSON.stringify(entries);
  });

/** What is done to gpt2-f32, the code that says so, and its sentence. */
const damages: Readonly<Record<string, readonly [Damage, string, RegExp]>> = {
  "a thousand million layers": [config({ n_layer: 1e9 }), "A4003", /n_layer = 1000000000/],
  "more neurons than numbers": [config({ n_inner: 2 ** 40 }), "A4003", /n_inner/],
  "a vocabulary of 2^60": [config({ vocab_size: 2 ** 60 }), "A4003", /vocab_size/],
  "a width of 2^31": [config({ n_embd: 2 ** 31, n_head: 1 }), "A4003", /n_embd/],
  "no heads": [config({ n_head: 0 }), "A4003", /n_head = 0/],
  "fewer layers than none": [config({ n_layer: -1 }), "A4003", /n_layer = -1/],
  "a model type with orders for the terminal": [config({ model_type: "\u001b[2Jgpt2\u009b" }), "A4001", /\\u001b\[2J/],
  "a model type that every object has": [config({ model_type: "constructor" }), "A4001", /constructor/],
  "a model type that is an object": [config({ model_type: { a: 1 } }), "A4003", /model_type/],
  "a config nested 10,000 deep": [
    rewrite("config.json", (text) => text.replace("{", `{"deep": ${deep(10_000)},`)),
    "A4012",
    /nested more than 100 levels/,
  ],
  "NaN of Python": [rewrite("config.json", (text) => text.replace("{", '{"x": NaN,')), "A4012", /NaN, which Python/],
  "Infinity of Python": [
    rewrite("config.json", (text) => text.replace("{", '{"x": [1, -Infinity],')),
    "A4012",
    /-Infinity, which Python/,
  ],
  "a byte order mark": [rewrite("config.json", (text) => `\uFEFF${text}`), "A4012", /byte order mark/],
  "a key twice": [rewrite("config.json", (text) => text.replace("{", '{"n_head": 2,')), "A4012", /"n_head" twice/],
  "a config that is Latin-1": [
    replaced("config.json", (path) => {
      writeFileSync(path, Buffer.from([0x7b, 0xe9, 0x7d]));
    }),
    "A4019",
    /not UTF-8/,
  ],
  "a pipe as config": [replaced("config.json", pipe), "A4019", /no regular file/],
  "a device as config": [replaced("config.json", endless), "A4019", /no regular file/],
  "a folder as config": [replaced("config.json", mkdirSync), "A4019", /it is a folder/],
  "a pipe as weights": [replaced("model.safetensors", pipe), "A4014", /no regular file/],
  "a device as weights": [replaced("model.safetensors", endless), "A4014", /no regular file/],
  "a folder as weights": [replaced("model.safetensors", mkdirSync), "A4014", /it is a folder/],
  "a pipe as tokenizer": [replaced("tokenizer.json", pipe), "A4019", /tokenizer\.json .* no regular file/],
  "a device as index": [
    (folder) => {
      rmSync(join(folder, "model.safetensors"));
      endless(join(folder, "model.safetensors.index.json"));
    },
    "A4019",
    /no regular file/,
  ],
  "an adapter beside the weights": [
    (folder) => {
      writeFileSync(join(folder, "adapter_config.json"), "{}");
    },
    "A4021",
    /adapter_config\.json/,
  ],
  "a header of 2^62 bytes": [header((text) => text, 2n ** 62n), "A4014", /claims a header/],
  "a header of no bytes": [header((text) => text, 0n), "A4014", /header of 0 bytes/],
  "a header shorter than it is": [header((text) => text, 20n), "A4014", /not a JSON object/],
  "a header nested 10,000 deep": [header(() => `{"a": ${deep(10_000)}}`), "A4014", /100 levels/],
  "a header with a tensor twice": [
    header((text) =>
      text.replace(
        "{",
        '{"lm_head.weight":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"lm_head.weight":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},',
      ),
    ),
    "A4014",
    /names lm_head\.weight twice/,
  ],
  "offsets that overlap": [
    tensor((entry) => {
      entry.data_offsets = [0, 96];
    }),
    "A4014",
    /overlaps|gap/,
  ],
  "offsets the wrong way round": [tensor((entry) => entry.data_offsets.reverse()), "A4014", /wrong way round/],
  "offsets beyond all numbers": [
    tensor((entry) => {
      entry.data_offsets = [2 ** 60, 2 ** 60 + 96];
    }),
    "A4014",
    /offsets/,
  ],
  "negative offsets": [
    tensor((entry) => {
      entry.data_offsets = [-96, 0];
    }),
    "A4014",
    /offsets/,
  ],
  "a shape that overflows": [
    tensor((entry) => {
      entry.shape = [2 ** 40, 2 ** 40];
    }),
    "A4014",
    /has 96 bytes/,
  ],
  "an unknown type": [
    tensor((entry) => {
      entry.dtype = "toString";
    }),
    "A4014",
    /unknown type "toString"/,
  ],
};

for (const [name, [damage, code, sentence]] of Object.entries(damages)) {
  test(name, async (t) => {
    const folder = copyOfModel(t, "gpt2-f32");
    damage(folder);
    const before = process.memoryUsage().rss;
    const begun = performance.now();
    const { diagnostics, shown } = await opened(t, folder);
    assert.ok(hasErrors(diagnostics));
    assert.equal(codes(diagnostics)[0], code, shown);
    assert.match(shown, sentence);
    // Nothing that a terminal would take for an order, and nothing of the size that was asked for.
    assert.doesNotMatch(shown, /[\u001b\u009b]/);
    assert.ok(performance.now() - begun < 20_000);
    assert.ok(process.memoryUsage().rss - before < 400 * 2 ** 20);
  });
}

test("a head of 2^31 dimensions", async (t) => {
  const folder = copyOfModel(t, "llama-bias-f16");
  editJson(join(folder, "config.json"), { head_dim: 2 ** 31 });
  const { diagnostics } = await opened(t, folder);
  assert.equal(codes(diagnostics)[0], "A4003");
});

test("a socket as config", async (t) => {
  const folder = copyOfModel(t, "gpt2-f32");
  const path = join(folder, "config.json");
  rmSync(path);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(path, resolve));
  t.after(() => server.close());
  assert.deepEqual(codes((await opened(t, folder)).diagnostics), ["A4019"]);
});

test("names that every object has are tensors and fields like any other", async (t) => {
  const folder = copyOfModel(t, "gpt2-f32");
  header((text) => {
    const empty = '{"dtype":"F32","shape":[0],"data_offsets":[0,0]}';
    return text.replace("{", `{"constructor":${empty},"__proto__":${empty},"toString":${empty},`);
  })(folder);
  rewrite("config.json", (text) => text.replace("{", '{"__proto__": {"n_head": 2}, "constructor": 1, "toString": 2,'))(
    folder,
  );
  const { diagnostics, shown } = await opened(t, folder);
  assert.deepEqual(codes(diagnostics), ["A8031", "A8032"], shown);
  for (const { message } of diagnostics) assert.match(message, /(?=.*__proto__)(?=.*constructor)(?=.*toString)/);
});

test("the index and the files must say one thing", async (t) => {
  const file = "model.safetensors.index.json";
  const shard = "model-00001-of-00005.safetensors";
  const folder = copyOfModel(t, "llama-tied-f32");
  const { weight_map: map } = JSON.parse(readFileSync(join(folder, file), "utf8")) as {
    weight_map: Record<string, string>;
  };
  const said = async (weightMap: unknown): Promise<string> => {
    editJson(join(folder, file), { weight_map: weightMap });
    const { diagnostics, shown } = await opened(t, folder);
    return `${codes(diagnostics).join()} ${shown}`;
  };
  assert.match(await said({ ...map, "model.extra.weight": shard }), /^A4021 .*model\.extra\.weight is in model-00001/s);
  assert.match(await said(Object.fromEntries([["__proto__", shard]])), /^A4021 .*__proto__ is in model-00001/s);
  assert.match(await said({ ...map, a: "constructor" }), /^A4015 /);
  assert.match(await said([shard]), /^A4012 /);
  // Unsorted, but sound.
  assert.equal((await said(Object.fromEntries(Object.entries(map).reverse()))).trim(), "");
  renameSync(join(folder, shard), join(folder, "x"));
  writeFileSync(join(folder, shard), readFileSync(join(folder, "model-00003-of-00005.safetensors")));
  assert.match(await said(map), /^A4021.* is in model-00001-of-00005\.safetensors and in model-00003/s);
});

test("a reference of the cache that is a path is no revision", async (t) => {
  const cache = temporaryFolder(t);
  const repository = join(cache, "models--someone--model");
  mkdirSync(join(repository, "refs"), { recursive: true });
  mkdirSync(join(repository, "snapshots"));
  renameSync(copyOfModel(t, "gpt2-f32"), join(cache, "elsewhere"));
  for (const reference of ["../../elsewhere", "../../../x", "/etc", "a\u0000b", ".."]) {
    writeFileSync(join(repository, "refs", "main"), reference);
    const { value, diagnostics } = await openIsolated(t, "someone/model", null, { HF_HUB_CACHE: cache });
    assert.equal(value, null);
    assert.deepEqual(codes(diagnostics), ["A4017"]);
    assert.match(diagnostics[0]?.hint ?? "", /damaged or incomplete/);
  }
});

test("a string of millions of escapes does not fill the stack", () => {
  const long = JSON.stringify("\n".repeat(4e6));
  assert.equal(repeatedKey(`{"a": ${long}, "b": {"c\\\\": 1, "c\\\\": 2}}`), "c\\");
  const parsed = parseModelJson(`{"a": ${long}, "b": [NaN]}`);
  assert.match(parsed.ok ? "" : parsed.reason, /it holds NaN/);
});

test("keys twice are found at any depth, and strings are not keys", () => {
  assert.equal(repeatedKey('{"a": {"b": 1, "b": 2}}'), "b");
  assert.equal(repeatedKey('{"a": [{"b": 1}, {"b": 2}], "b": "a: {\\"b\\": 1}", "c": "b"}'), null);
  assert.equal(repeatedKey('{"a": 1, "\\u0061": 2}'), "a");
});
