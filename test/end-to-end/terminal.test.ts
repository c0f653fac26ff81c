/**
 * Everything that a user or a file can put into what is printed, and what a terminal then gets: no order but our colours,
 * nothing that cannot be seen, no line that somebody else wrote.
 */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { command, spelled, spelledModel, randomModel, temporaryFolder, type CommandEnd } from "./support.js";

/** A colour, a window's title, a bell; C1 and DEL; turned reading; what cannot be seen; a line of our own kind. */
const nasty =
  "\u001b[5;35mↈ\u001b]0;t\u0007\u009b2J\u007f\u0085\u202eab\u2066\u200f\u061c\u200b\ufeff\u2028\u{e0041}\nerror[A9999]: forged";
/** How it is shown. */
const shown = "\\u001b[5;35mↈ\\u001b]0;t\\u0007\\u009b2J\\u007f\\u0085\\u202eab";
/** As a string of JSON or of the language. */
const quoted = JSON.stringify(nasty).replace(
  /[\u007f-\uffff]/g,
  (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
);
const inside = quoted.slice(1, -1);
/** A part of a path: everything but a slash is allowed there. */
const part = nasty.replaceAll("/", "");

const model = 'model m from "./model"\n';
const texts = `prompts p from ["${spelled([3, 14, 15, 9, 2, 6])}", "${spelled([27, 18, 28, 18])}"]\n`;
const measured = "experiment e ablate heads L0 measure loss\n";
const sound = `${model}${texts}${measured}table e top 1 by impact\n`;

interface Way {
  readonly files?: Readonly<Record<string, string | Buffer>>;
  /** Settings of the config of the model folder `strange`. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** What happens to the folder after a run of `x.atlas` and before the command. */
  readonly spoil?: (folder: string) => void;
  /** With a model whose folder has the nasty name, too. */
  readonly elsewhere?: boolean;
  readonly args: readonly string[];
  readonly code: number;
  /** What must be seen; by default the whole of it. */
  readonly seen?: string | RegExp;
}

const check = (text: string, more: Partial<Way> = {}): Way => ({
  files: { "x.atlas": text, ...more.files },
  args: ["check", "x.atlas"],
  code: 1,
  ...more,
  ...(more.files === undefined ? {} : { files: { "x.atlas": text, ...more.files } }),
});

const ways: Readonly<Record<string, Way>> = {
  "a protocol that is not there": { args: ["run", part], code: 1 },
  "the folder of a protocol": {
    files: { [`${part}/x.atlas`]: `${model}plto` },
    args: ["check", `${part}/x.atlas`],
    code: 1,
  },
  "a protocol's name, sound": { files: { [`${part}.atlas`]: sound }, args: ["check", `${part}.atlas`], code: 0 },
  "a protocol's name, run": { files: { [`${part}.atlas`]: sound }, args: ["run", `${part}.atlas`], code: 0 },
  "a protocol's name, formatted": {
    files: { [`${part}.atlas`]: 'model   m from "x"' },
    args: ["fmt", "--check", `${part}.atlas`],
    code: 1,
  },
  "a protocol that is no text": {
    files: { [part]: Buffer.from([0xff, 0xfe, 0x80]) },
    args: ["fmt", "--check", part, "nothing"],
    code: 1,
  },
  "a folder of runs": { files: { "x.atlas": sound }, args: ["run", "x.atlas", "--runs", part], code: 0 },
  "a folder of runs that is a file": {
    files: { "x.atlas": sound, [part]: "" },
    args: ["run", "x.atlas", "--runs", part],
    code: 2,
  },
  "a folder of graphs": { files: { "x.atlas": sound }, args: ["graph", "x.atlas", "--out", part], code: 0 },
  "a folder of graphs that is a file": {
    files: { "x.atlas": sound, [part]: "" },
    args: ["graph", "x.atlas", "--out", part],
    code: 2,
  },
  "an unknown command": { args: [part], code: 1 },
  "an unknown option": { args: ["run", `--${part}`, "x.atlas"], code: 1 },
  "a value of an option": { args: ["run", "x.atlas", "--memory", part], code: 1 },
  "a pass": { args: ["run", "x.atlas", `--no-opt=${part}`], code: 1, seen: /Optimisations are/ },
  "a value of a parameter": {
    files: { "x.atlas": `param n = 2\n${sound}` },
    args: ["check", "x.atlas", "--set", `n=${nasty}`],
    code: 1,
    seen: "\\u001b",
  },
  "the name of a parameter": {
    files: { "x.atlas": sound },
    args: ["check", "x.atlas", "--set", `${part}=1`],
    code: 1,
    seen: /name=value|no parameter/,
  },
  "a name for the reference": { args: ["doc", nasty], code: 1 },
  "a model to inspect": { args: ["inspect", `./${part}`], code: 1 },
  "a model of the Hub to inspect": { args: ["inspect", part], code: 1 },
  "a revision": { args: ["inspect", "./model", "--revision", part], code: 1 },
  "a model folder's name, inspected": {
    files: { [`${part}/config.json`]: "{}" },
    args: ["inspect", `./${part}`],
    code: 1,
  },
  "neighbours of a model folder": {
    files: { [`models/${part}1/config.json`]: "{}" },
    args: ["inspect", `./models/${part}2`],
    code: 1,
  },
  "a model's source": check(`model m from "./${inside}"\n${texts}${measured}`),
  "a model's revision": check(`model m from "./model" revision ${quoted}\n${texts}${measured}`),
  "an import": check(`import ${quoted}\n${sound}`),
  "an imported file's own mistake": check(`import "${inside}.atlas"\n${sound}`, {
    files: { [`${part}.atlas`]: "plto" },
  }),
  "a prompt file": check(`${model}prompts p from "${inside}.csv"\n${measured}`),
  "a field that is missing": check(`${model}prompts p from "p.csv" text ${quoted}\n${measured}`, {
    files: { "p.csv": "text\na\n" },
  }),
  "fields that there are": check(`${model}prompts p from "p.jsonl"\n${measured}`, {
    files: { "p.jsonl": `{${quoted}: "a"}` },
  }),
  "a field that no column can have": check(`${model}prompts p from "p.jsonl"\n${measured}`, {
    files: { "p.jsonl": `{"text": "t1 t2 t3", ${quoted}: [1]}` },
    code: 0,
  }),
  "a line that is not JSON": check(`${model}prompts p from "p.jsonl"\n${measured}`, {
    files: { "p.jsonl": nasty.replace("\n", "") },
    seen: "\\u001b",
  }),
  "a prompt that is not a token": check(`${model}${texts}experiment e measure logits[${quoted}] at last as x`),
  "an unknown name in a string": check(`${sound}table e where prompt is ${quoted}`),
  "a name of a saved file": check(`${sound}save e to "${inside}.csv"`),
  "the ending of a saved file": check(`${sound}save e to "a.${inside}"`),
  "a line of source with a mistake": check(`${sound}table e where los > 1 # ${nasty.split("\n")[0] ?? ""}\n`),
  "characters outside of strings": check(`${sound}tabel ${nasty}`, { seen: "\\u001b" }),
  "a bad escape": check(`${model}prompts p from ["\\\u001b[31m \\\u202e"]\n${measured}`, { seen: "\\u001b[31m" }),
  "a type of model": check(`model m from "./strange"\n${texts}${measured}`, { config: { model_type: nasty } }),
  "a setting of a model": check(`model m from "./strange"\n${texts}${measured}`, {
    config: { activation_function: nasty },
  }),
  "a config that is not JSON": check(`model m from "./broken"\n${texts}${measured}`, {
    files: { "broken/config.json": nasty },
    seen: /not valid JSON/,
  }),
  "names of weight files": check(`model m from "./broken"\n${texts}${measured}`, {
    files: {
      "broken/config.json": "{}",
      "broken/model.safetensors.index.json": JSON.stringify({ weight_map: { a: `${part}.safetensors` } }),
    },
  }),
  "names of tensors": check(`model m from "./broken"\n${texts}${measured}`, {
    files: {
      "broken/config.json": "{}",
      "broken/model.safetensors": header({ [nasty]: { dtype: nasty, shape: [], data_offsets: [0, 0] } }),
    },
  }),
  "a token of a tokenizer": {
    files: {
      "model/tokenizer.json": JSON.stringify({
        ...{ version: "1.0", added_tokens: [], normalizer: null, pre_tokenizer: { type: "WhitespaceSplit" } },
        ...{ post_processor: null, decoder: null },
        model: {
          ...{ type: "WordPiece", unk_token: nasty, continuing_subword_prefix: "##", max_input_chars_per_word: 100 },
          vocab: { [nasty]: 0 },
        },
      }),
      "model/tokenizer_config.json": JSON.stringify({ tokenizer_class: "PreTrainedTokenizerFast", bos_token: nasty }),
    },
    args: ["inspect", "./model"],
    code: 0,
  },
  "groups, fields and labels in tables": {
    files: {
      "x.atlas": `${model}prompts p from "p.jsonl" group "g"
experiment e measure loss
table e.loss where group is ${quoted}
table e top 9
plot bar of e.loss over group by "f"
save e to "e.csv"
`.replace(' by "f"', ""),
      "p.jsonl": [1, 2].map((i) => `{"text":"t1 t${i} t3","g":${quoted},${quoted}:"${inside}${i}"}`).join("\n"),
    },
    args: ["run", "x.atlas"],
    code: 0,
    // What is too long for its column is cut.
    seen: "\\u001b[5;35mↈ",
  },
  "prompts as rows": {
    files: {
      "x.atlas": `${model}prompts p from "p.jsonl"\nexperiment e measure loss\ntable e\n`,
      "p.jsonl": [1, 2].map((i) => `{"text":"t1 t${i} t3",${quoted}:${quoted}}`).join("\n"),
    },
    args: ["run", "x.atlas"],
    code: 0,
  },
  "tokens and their context": {
    files: {
      "x.atlas": `model m from "@stdlib/models/gpt2-tiny"
prompts p from [${quoted}]
experiment e measure nll, top_token
table e.nll top 9 by nll with context 9
table e.top_token
`,
    },
    args: ["run", "x.atlas"],
    code: 0,
    seen: "ↈ",
  },
  "an explained protocol": {
    elsewhere: true,
    files: { "x.atlas": sound.replace('"./model"', `["./model", "./${inside}"]`) },
    args: ["explain", "--no-times", "x.atlas"],
    code: 0,
  },
  "a warning": check(`${model}prompts p from "${inside}.jsonl"\n${measured}`, {
    files: { [`${part}.jsonl`]: '{"text": "t1 t2 t3", "layer": 1}' },
    code: 0,
  }),
  "models in a run": {
    elsewhere: true,
    files: {
      "x.atlas": sound.replace('"./model"', `["./model", "./${inside}"]`).replace("table e top 1 by impact", "table e"),
    },
    args: ["run", "x.atlas"],
    code: 0,
    seen: "\\u001b[5;35mↈ",
  },
  "a record that is damaged": {
    files: { "x.atlas": sound },
    args: ["explain", "--no-times", "x.atlas"],
    code: 0,
    spoil: damageRecords,
    seen: "\\u001b[5;35mↈ",
  },
  "a record that a run finds damaged": {
    files: { "x.atlas": sound },
    args: ["run", "x.atlas"],
    code: 2,
    spoil: damageRecords,
    seen: "\\u001b[5;35mↈ",
  },
  "a lock of another machine": {
    files: { "x.atlas": sound },
    args: ["run", "x.atlas"],
    code: 2,
    spoil: (folder) => {
      const lock = JSON.stringify({ processId: 1, host: nasty, started: nasty, since: nasty });
      for (const record of recordsIn(folder)) writeFileSync(join(dirname(record), "writer.x.1.lock"), lock);
    },
  },
};

/** Records of the runs in a folder. */
function recordsIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true })
    .map(String)
    .filter((path) => path.endsWith("record.json"))
    .map((path) => join(folder, path));
}

function damageRecords(folder: string): void {
  for (const path of recordsIn(folder)) {
    const record = JSON.parse(readFileSync(path, "utf8")) as object;
    writeFileSync(path, JSON.stringify({ ...record, status: nasty, [nasty]: nasty }));
  }
}

/** A safetensors file with this header and nothing else. */
function header(value: object): Buffer {
  const text = Buffer.from(JSON.stringify(value));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text]);
}

function prepare(folder: string, { files, config, elsewhere }: Way): void {
  spelledModel(join(folder, "model"), randomModel);
  if (elsewhere === true) spelledModel(join(folder, part), randomModel);
  if (config !== undefined) {
    spelledModel(join(folder, "strange"), randomModel);
    const own = { model_type: "gpt2", n_layer: 3, n_head: 4, n_embd: 16, vocab_size: 61, n_positions: 32, ...config };
    writeFileSync(join(folder, "strange", "config.json"), JSON.stringify(own));
  }
  for (const [name, text] of Object.entries(files ?? {})) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

/** What our own colours switch on and off. */
const ownColours = /\u001b\[(?:1|22|4|24|3[1-6]|39|90)m/g;
/** What a terminal must not get, line breaks aside. */
const raw = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u{e0000}-\u{e0fff}]/u;

function assertPrintable({ stdout, stderr }: CommandEnd, coloured: boolean): void {
  for (const text of [stdout, stderr]) {
    const plain = coloured ? text.replace(ownColours, "") : text;
    const at = raw.exec(plain)?.index ?? -1;
    assert.equal(at, -1, JSON.stringify(plain.slice(Math.max(0, at - 60), at + 20)));
    assert.ok(!text.includes("\u001b[5;35m"), "a colour that is not ours");
    assert.doesNotMatch(text, /^error\[A9999\]/m, "a line that is not ours");
  }
}

for (const [name, way] of Object.entries(ways)) {
  test(`${name} is shown and does nothing`, async (context) => {
    const folder = temporaryFolder(context);
    prepare(folder, way);
    if (way.spoil !== undefined) {
      assert.equal((await command(["run", "x.atlas"], { cwd: folder })).code, 0);
      way.spoil(folder);
    }
    // Colours are put in by the border itself; that it needs none is seen with tables as well as with any other text.
    const runs = way.args[0] === "run";
    for (const env of runs ? [{}, { FORCE_COLOR: "1" }] : [{ FORCE_COLOR: "1" }]) {
      const end = await command(way.args, { cwd: folder, env });
      assert.equal(end.code, way.code, end.stderr + end.stdout);
      assertPrintable(end, "FORCE_COLOR" in env);
      const { seen = shown } = way;
      const text = (end.stdout + end.stderr).replace(ownColours, "");
      if (typeof seen === "string") assert.ok(text.includes(seen), text);
      else assert.match(text, seen);
    }
  });
}

test("JSON has the text itself, and nothing that a terminal would take for an order", async (context) => {
  const folder = temporaryFolder(context);
  prepare(folder, {
    elsewhere: true,
    files: {
      "sound.atlas": sound.replace('"./model"', `"./${inside}"`),
      "source.atlas": `model m from "./nowhere/${inside}"\n${texts}${measured}`,
    },
    args: [],
    code: 0,
  });
  const cases: readonly (readonly [readonly string[], number])[] = [
    [["check", "sound.atlas", "source.atlas", `${part}/x.atlas`, "--json"], 1],
    [["run", "sound.atlas", "--runs", part, "--json"], 0],
    [["run", "source.atlas", "--json"], 1],
    [["graph", "sound.atlas", "--out", part, "--json"], 0],
    [["inspect", `./${part}`, "--json"], 0],
    [["inspect", `./${part}/nothing`, "--json"], 1],
    [["doc", nasty, "--json"], 1],
  ];
  for (const [args, code] of cases) {
    const end = await command(args, { cwd: folder, env: { FORCE_COLOR: "1" } });
    assert.equal(end.code, code, end.stderr);
    assertPrintable(end, true);
    // The very text comes back, as a part of a message, a path or a name.
    assert.ok(JSON.stringify(JSON.parse(end.stdout)).includes(JSON.stringify(nasty).slice(1, -1)), end.stdout);
  }
});
