/** The command line as its user sees it: what it prints, where, and with which exit code. */
import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { passNames } from "../../src/compiler/passes/names.js";
import { cpuBackend } from "../../src/runtime/engine/backends/cpu.js";
import { readRecord } from "../../src/runtime/store/record.js";
import { readResults } from "../../src/runtime/store/results.js";
import { root } from "../support/root.js";
import {
  command,
  noStories,
  oneThread,
  protocolIn,
  randomModel,
  shared,
  spelled,
  spelledModel,
  startCommand,
  temporaryFolder,
  type CommandEnd,
} from "./support.js";

const commands = ["run", "check", "explain", "judge", "verify", "diff", "log", "inspect", "graph", "doc", "fmt"];

const small = `param width = 4
model m from "./model"
prompts p from "texts/p.txt"
experiment sweep ablate heads L0 measure loss, PR(v[L-1] last width) as spread
table sweep top 2 by abs(loss.impact)
`;

/** A folder with a model, texts and a protocol of eight small rows. */
function project(folder: string): string {
  spelledModel(join(folder, "model"), randomModel);
  mkdirSync(join(folder, "texts"));
  writeFileSync(join(folder, "texts", "p.txt"), `${spelled([3, 14, 15, 9, 2, 6])}\n${spelled([27, 18, 28, 18])}\n`);
  return protocolIn(folder, small, "small.atlas");
}

/** A fault of the user or the machine is a sentence, never a stack trace. */
function assertNoTrace({ stderr, stdout }: CommandEnd): void {
  assert.doesNotMatch(stderr, /^ {4}at |bug in atlasc/m);
  assert.doesNotMatch(stdout, /^ {4}at /m);
}

async function inPairs<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  for (let i = 0; i < items.length; i += 2) await Promise.all(items.slice(i, i + 2).map(act));
}

test("every command explains itself", async () => {
  await inPairs([[], ...commands.map((name) => [name])], async (words) => {
    const end = await command([...words, "--help"]);
    assert.equal(end.code, 0);
    assert.equal(end.stderr, "");
    assert.match(end.stdout, new RegExp(`^Usage: ${["atlasc", ...words].join(" ")} `));
    if (words.length > 0) return;
    for (const name of commands) assert.match(end.stdout, new RegExp(`^  ${name} `, "m"));
    assert.match(end.stdout, /Exit codes: 0 done; 1 the input is wrong; 2 something failed while running; 130 interr/);
  });
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  assert.deepEqual(await command(["--version"]), { code: 0, signal: null, stdout: `${version}\n`, stderr: "" });
});

test("what is not there is refused with the nearest name", async () => {
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [[], /^Usage: atlasc/],
    [["rnu", "x.atlas"], /unknown command 'rnu'\n\(Did you mean run\?\)/],
    [["chekc"], /\(Did you mean check\?\)/],
    [["run", "--mmory", "1GB", "x.atlas"], /unknown option '--mmory'\n\(Did you mean --memory\?\)/],
    [["run"], /missing required argument 'protocol'/],
    [["run", "x.atlas", "--memory", "3XB"], /'3XB' is invalid\. It must be a size such as 512MB or 2GB\./],
    [["run", "x.atlas", "--threads", "0"], /It must be a whole number of at least 1\./],
    [["run", "x.atlas", "--set", "width"], /It must be name=value\./],
    [["run", "x.atlas", "--set", "a=1", "--set", "a=2"], /a is set twice\./],
  ];
  await inPairs(cases, async ([args, message]) => {
    const end = await command(args);
    assert.equal(end.code, 1, args.join(" "));
    assert.match(end.stderr, message);
    assert.equal(end.stdout, "");
    assertNoTrace(end);
  });
});

test("wrong inputs: one sentence each, with the place in the protocol", async (context) => {
  const folder = temporaryFolder(context);
  project(folder);
  const model = (name: string, change: (place: string) => void): void => {
    const place = join(folder, name);
    spelledModel(place, randomModel, true);
    change(place);
  };
  const config = JSON.parse(readFileSync(join(randomModel, "config.json"), "utf8")) as object;
  const write = (name: string, text: string) => (place: string) => {
    writeFileSync(join(place, name), text);
  };
  model("broken-config", write("config.json", '{"model_type": '));
  model("mamba", write("config.json", JSON.stringify({ ...config, model_type: "mamba" })));
  model("truncated", (place) => {
    writeFileSync(join(place, "model.safetensors"), readFileSync(join(place, "model.safetensors")).subarray(0, 50_000));
  });
  model("no-tokenizer-model", write("tokenizer.json", "{}"));
  model("other-tokenizer", (place) => {
    for (const name of ["tokenizer.json", "tokenizer_config.json"]) {
      cpSync(join(root, "stdlib", "models", "gpt2-tiny", name), join(place, name));
    }
  });
  mkdirSync(join(folder, "empty"));
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ["nowhere", 'model m from "./nowhere"', /A4010\]: there is no folder \S+nowhere/],
    ["empty", 'model m from "./empty"', /A4011\]: .* has no config\.json/],
    ["json", 'model m from "./broken-config"', /A4012\]: config\.json of \S+ is not valid JSON/],
    ["mamba", 'model m from "./mamba"', /A4001\]: \S+ is a mamba model, which atlasc cannot build; it builds gpt2/],
    ["cut", 'model m from "./truncated"', /A4014\]: .* it ends after 50000 bytes, inside tensor/],
    ["tok", 'model m from "./no-tokenizer-model"', /A4018\]: the tokenizer of \S+ cannot be used/],
    ["fit", 'model m from "./other-tokenizer"', /A4007\]: the tokenizer of \S+ gives .* the id \d+/],
    [
      "hub",
      'model m from "nobody/nothing"',
      /A4016\]: .*\n(.*\n)*hint: `atlasc run` downloads it, .* `atlasc models pull nobody\/nothing`/,
    ],
    ["text", 'model m from "./model"\nprompts q from "texts/q.txt"', /A4101\]: cannot read texts\/q\.txt: there is no/],
    ["deep", 'model m from "./model"\nablate heads L7 measure loss', /A4201\]/],
    ["long", `model m from "./model"\nprompts r random tokens 40`, /A4104\]: .* has 41 tokens; m accepts 32/],
  ];
  const files = cases.map(([name, text]) => {
    const rest = `\nprompts p from "texts/p.txt"\nexperiment e on m with p ablate heads L0 measure loss\n`;
    return protocolIn(folder, text + rest, `${name}.atlas`);
  });
  writeFileSync(join(folder, "bytes.atlas"), Buffer.from([0x23, 0xff, 0xfe, 0x0a]));
  const all = [...files, join(folder, "bytes.atlas"), join(folder, "absent.atlas"), folder];
  const end = await command(["check", ...all]);
  assert.equal(end.code, 1);
  assertNoTrace(end);
  for (const [name, , message] of cases) {
    assert.match(end.stderr, message, name);
    assert.match(end.stdout, new RegExp(`${name}\\.atlas: \\d+ errors?$`, "m"));
    assert.match(end.stderr, new RegExp(`--> \\S+${name}\\.atlas:\\d+:\\d+\n`));
  }
  assert.match(end.stderr, /A5005\]: cannot read \S+bytes\.atlas: it is not UTF-8 text/);
  assert.match(end.stderr, /A5005\]: cannot read \S+absent\.atlas: there is no such file/);
  assert.match(end.stderr, /A5005\]: cannot read \S+: it is a folder/);

  const json = await command(["check", "--json", join(folder, "small.atlas"), ...all]);
  assert.equal(json.code, 1);
  assert.equal(json.stderr, "");
  const checked = JSON.parse(json.stdout) as { file: string; sound: boolean; diagnostics: Record<string, unknown>[] }[];
  assert.equal(checked.length, all.length + 1);
  assert.deepEqual(checked[0], { file: join(folder, "small.atlas"), sound: true, diagnostics: [] });
  for (const { sound, diagnostics } of checked.slice(1)) {
    assert.equal(sound, false);
    assert.deepEqual(Object.keys(diagnostics[0] ?? {}).slice(0, 4), ["code", "severity", "message", "primary"]);
  }

  const rejected = await command(["run", join(folder, "mamba.atlas"), "--runs", join(folder, "runs"), "--json"]);
  assert.equal(rejected.code, 1);
  const outcome = JSON.parse(rejected.stdout) as { status: string; diagnostics: { code: string }[] };
  assert.deepEqual([outcome.status, outcome.diagnostics.map((d) => d.code)], ["rejected", ["A4001"]]);
  assert.ok(!existsSync(join(folder, "runs")), "a rejected protocol leaves nothing behind");
});

test("a folder that cannot be written is a fault of the machine", async (context) => {
  const folder = temporaryFolder(context);
  const path = project(folder);
  writeFileSync(join(folder, "file"), "");
  await inPairs(
    [
      ["run", path, "--runs", join(folder, "file")],
      ["graph", path, "--out", join(folder, "file", "graphs")],
    ],
    async (args) => {
      const end = await command(args);
      assert.equal(end.code, 2);
      assert.match(end.stderr, /^atlasc: cannot .*: a part of the path is a file, not a folder\n$/);
      assert.equal(end.stdout, "");
    },
  );
});

test("run: paths, output in a pipe, parameters, JSON", async (context) => {
  const folder = temporaryFolder(context);
  project(folder);
  const elsewhere = join(folder, "elsewhere");
  mkdirSync(elsewhere);
  // The model and the texts lie beside the protocol, the runs where the user is.
  const first = await command(["run", "../small.atlas"], { cwd: elsewhere });
  assert.equal(first.code, 0, first.stderr);
  assert.equal(first.stderr, "", "a short run in a pipe is quiet");
  assert.doesNotMatch(first.stdout, /[\u0000-\u0009\u000b-\u001f\u007f]/);
  assert.match(first.stdout, /^\.\.\/small\.atlas {2}finished\n/);
  assert.match(first.stdout, /^report {3}runs\/small\/[0-9a-f]{12}\/report\.html$/m);
  assert.match(first.stdout, /\n\d units? computed \(10 rows\), 0 reused in \d+\.\d s\.\n$/);
  const [digest = ""] = readdirSync(join(elsewhere, "runs", "small"));
  const place = join(elsewhere, "runs", "small", digest);
  assert.deepEqual(readdirSync(place).sort(), ["history", "record.json", "report.html", "results.parquet"]);
  assert.equal((await readResults(join(place, "results.parquet"))).length, 2 * 2 * 5);

  const set = await command(["run", "small.atlas", "--set", "width=2", "--json"], { cwd: folder });
  assert.equal(set.code, 0, set.stderr);
  const outcome = JSON.parse(set.stdout) as Record<string, unknown>;
  assert.equal(outcome["status"], "finished");
  assert.deepEqual(Object.keys(outcome["units"] as object).sort(), [
    "computed",
    "failed",
    "left",
    "reused",
    "skipped",
    "total",
  ]);
  const record = await readRecord(join(folder, String(outcome["record"])));
  assert.deepEqual([record?.parameters, record?.overrides], [{ width: 2 }, { width: "2" }]);
  assert.notEqual(record?.protocol.digest.slice(0, 12), digest);

  const misspelt = await command(["run", "small.atlas", "--set", "widht=2"], { cwd: folder });
  assert.equal(misspelt.code, 1);
  assert.match(misspelt.stderr, /A2016\]: the protocol has no parameter widht\n(.*\n)*.*width/);
  assertNoTrace(misspelt);

  const coloured = await command(["run", "small.atlas", "--set", "width=2"], {
    cwd: folder,
    env: { FORCE_COLOR: "1" },
  });
  assert.equal(coloured.code, 0);
  assert.ok(coloured.stdout.includes("\u001b["));
  assert.match(coloured.stdout, /Nothing to compute: all \d units were finished before\.\n$/);
});

test("explain and graph: what would run, and graphs that onnxruntime opens", async (context) => {
  const folder = temporaryFolder(context);
  const path = project(folder);
  const text = await command(["explain", path]);
  assert.deepEqual([text.code, text.stderr], [0, ""]);
  assert.match(text.stdout, /^sweep on m with p\n/);
  assert.match(text.stdout, / {2}conditions 4 conditions and the unmodified model, each on 2 prompts\n/);
  assert.match(text.stdout, / {2}gates {6}z\[0\]\n/);
  assert.match(text.stdout, / {2}layer runs {11}30 of 30\n/);
  for (const name of passNames) assert.match(text.stdout, new RegExp(`^ {2}${name} {2,}\\S`, "m"));
  assert.match(
    text.stdout,
    /^ {2}times are about, at \S+ [GMT]FLOP\/s of matrix products, measured just now with \d+ /m,
  );
  assert.match(text.stdout, /^ {2}time {17}about \d+\.\d+ s$/m);
  assert.doesNotMatch(text.stdout, /last run/);
  const json = await command(["explain", path, "--json", "--set", "width=3"]);
  const explained = JSON.parse(json.stdout) as {
    digest: string;
    plan: { cost: { rows: number; layerRuns: number }; graphs: unknown[] };
    passes: { name: string; does: string; applied: boolean; saved: { layerRuns: number } }[];
    planned: { layerRuns: number };
    lastRun: null;
  };
  assert.deepEqual(Object.keys(explained), ["digest", "plan", "naive", "passes", "planned", "times", "lastRun"]);
  assert.equal(explained.plan.cost.rows, 10);
  assert.deepEqual(
    explained.passes.map(({ name }) => name),
    passNames,
  );
  assert.equal(explained.planned.layerRuns, explained.plan.cost.layerRuns);
  assert.equal(explained.lastRun, null);

  const out = join(folder, "graphs");
  const written = await command(["graph", path, "--out", out, "--json"]);
  assert.equal(written.code, 0, written.stderr);
  interface Written {
    readonly path: string;
    readonly model: string;
    readonly externalData: string;
    readonly gates: readonly string[];
    readonly inputs: readonly string[];
    readonly outputs: readonly string[];
  }
  const graphs = JSON.parse(written.stdout) as readonly Written[];
  assert.equal(graphs.length, 1);
  const weights = graphs.map(({ externalData: folder }) => ({ digest: "written", name: "model.safetensors", folder }));
  const engine = await cpuBackend.start(oneThread(), { weights });
  try {
    for (const graph of graphs) {
      assert.deepEqual([graph.model, graph.gates], ["m", ["z[0]"]]);
      const { path: id } = graph;
      const opened = await engine.open({ id, bytes: readFileSync(id), weights, prepacked: false });
      assert.deepEqual(opened.inputs.map((input) => input.name).sort(), [...graph.inputs].sort());
      assert.deepEqual(opened.outputs.map((output) => output.name).sort(), [...graph.outputs].sort());
    }
  } finally {
    await engine.stop();
  }

  // `atlasc explain x.atlas --json | head`: the reader goes away.
  const running = startCommand(["explain", path, "--json"]);
  running.process.stdout?.destroy();
  const end = await running.ended;
  assert.deepEqual([end.code, end.stderr], [0, ""]);
});

const inspected = [
  { name: "a random GPT-2", source: randomModel, skip: false, heads: /heads {6}4: H0\.\.3$/m },
  {
    name: "stories260K",
    source: join(shared, "models", "stories260K"),
    skip: noStories,
    heads: /heads {6}8: H0\.\.7, 4 kv heads$/m,
  },
  {
    name: "gpt2-tiny",
    source: "@stdlib/models/gpt2-tiny",
    skip: existsSync(join(root, "stdlib", "models", "gpt2-tiny", "model.safetensors"))
      ? false
      : "it has no weights yet",
    heads: /heads {6}\d+: H0\.\.\d+$/m,
  },
];

for (const { name, source, skip, heads } of inspected) {
  test(`inspect ${name}: sites and identities`, { skip }, async () => {
    const end = await command(["inspect", source, "--threads", "1"]);
    assert.deepEqual([end.code, end.stderr], [0, ""]);
    assert.match(end.stdout, heads);
    assert.match(end.stdout, /^ {2}nll {12}\[pos=n-1\] in nats/m);
    assert.match(
      end.stdout,
      /^ {2}holds {2}attn_out = Σ_h head_out \+ b_O .* largest difference \S+ at attn_out\[\d\]$/m,
    );
    assert.match(end.stdout, /^ {2}holds {2}logits = W_U · final /m);
    assert.doesNotMatch(end.stdout, /FAILS/);
    const json = await command(["inspect", source, "--threads", "1", "--json"]);
    const parsed = JSON.parse(json.stdout) as { identities: { ok: boolean }[] };
    assert.deepEqual(Object.keys(parsed).sort(), [
      "digest",
      "folder",
      "identities",
      "signature",
      "sites",
      "source",
      "tokenizer",
    ]);
    assert.ok(parsed.identities.length > 10 && parsed.identities.every((identity) => identity.ok));
  });
}

test("inspect and fmt: what is wrong, in JSON too", async (context) => {
  const folder = temporaryFolder(context);
  const missing = await command(["inspect", "./nowhere", "--json"], { cwd: folder });
  assert.equal(missing.code, 1);
  const rejection = JSON.parse(missing.stdout) as { status: string; diagnostics: { code: string }[] };
  assert.deepEqual([rejection.status, rejection.diagnostics[0]?.code], ["rejected", "A4010"]);

  const loose = protocolIn(folder, "ablate   heads L0\n  measure loss\n", "loose.atlas");
  const broken = protocolIn(folder, "model m frm\n", "broken.atlas");
  const looked = await command(["fmt", "--check", loose, broken, join(folder, "absent.atlas")]);
  assert.equal(looked.code, 1);
  assert.match(looked.stdout, /loose\.atlas is not formatted\n/);
  assert.match(looked.stderr, /A1001/);
  assert.match(looked.stderr, /A5005/);
  const formatted = await command(["fmt", loose]);
  assert.equal(formatted.code, 0);
  const again = await command(["fmt", "--check", loose]);
  assert.deepEqual([again.code, again.stdout, again.stderr], [0, "", ""]);
});
