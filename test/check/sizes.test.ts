/** What is too large is refused by count or by size, before anything is built of it, and what is possible takes linear time. */
import assert from "node:assert/strict";
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after } from "node:test";
import { limits } from "../../src/compiler/check/limits.js";
import { cutWindows, tokensInWindows } from "../../src/compiler/check/texts/windows.js";
import { renderDiagnostics } from "../../src/compiler/diagnostics/render.js";
import { parse } from "../../src/compiler/syntax/parse.js";
import { openModel } from "../../src/runtime/models/open-model.js";
import { readTextFile } from "../../src/runtime/read-text.js";
import { seeded } from "../support/random.js";
import { compileText, fixtureFacts } from "./compiling.js";

const models = { "*": await fixtureFacts("gpt2-f32") };
const head = 'model m from "m"\nprompts p from ["a b c d", "e f g h"]\n';
const folder = mkdtempSync(join(tmpdir(), "atlasc-sizes-"));
after(() => {
  rmSync(folder, { recursive: true });
});

const times = (count: number, line: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => line(i)).join("");

/** Codes and messages of the errors of a protocol, and how many milliseconds of the processor it took to find them. */
function refusals(
  text: string,
  files: Readonly<Record<string, string>> = {},
): { messages: readonly string[]; ms: number } {
  const start = process.cpuUsage();
  const { diagnostics } = compileText(text, { models, files });
  const { user } = process.cpuUsage(start);
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  return { messages: errors.map(({ code, message }) => `${code} ${message}`), ms: user / 1000 };
}

const doubling = (word: string, first: string): string =>
  `${word} a0 = ${first}\n${times(40, (i) => `${word} a${i + 1} = a${i} + a${i}\n`)}`;

/** Protocols, the one thing that is said of them, and how long saying it may take on a busy machine. */
const refused: readonly (readonly [name: string, text: string, says: RegExp])[] = [
  [
    "a file with too many tokens",
    `${head}measure loss\n${times(70_000, () => "table e\n")}${"a ".repeat(70_000)}`,
    /^A3009 this file makes \d+,\d+ tokens/,
  ],
  ["a long file", `${head}measure loss\n# ${"x".repeat(2 ** 20)}`, /^A3009 this file makes [\d,]+ characters/],
  [
    "places × positions × factors",
    `${head}scale neurons L* at 0..3 by [${times(2000, (i) => `${i + 1}, `)}]\nmeasure loss`,
    /^A3009 this sweep makes [\d,]+ conditions/,
  ],
  [
    "ranges in a list",
    `${head}experiment e measure nll\ntable e where position in [${times(2000, () => "0..90000, ")}0]`,
    /^A3009 this list makes [\d,]+ numbers/,
  ],
  [
    "ranges in a sweep",
    `${head}metric s(a: scalar = 1) = a * loss\nmeasure s(a: [${times(200, (i) => `${i * 4000}..${i * 4000 + 3999}, `)}])`,
    /^A3009 this sweep of a makes/,
  ],
  [
    "parameters that double",
    `${head}${doubling("param", "1")}scale mlp L0 by a40 measure loss`,
    /^A3009 .* uses of parameters/,
  ],
  ["metrics that double", `${head}${doubling("metric", "loss")}measure a40`, /^A3009 measuring .* uses of metrics/],
  [
    "results that double",
    `${head}experiment e measure loss\n${doubling("let", "e.loss")}table a40`,
    /^A3009 .* uses of `let`/,
  ],
  [
    "experiments",
    head + times(limits.experiments + 1, (i) => `experiment e${i} measure loss\n`),
    /^A3009 this protocol makes 5,001 experiments/,
  ],
  [
    "models",
    `model m from [${times(40, (i) => `"a${i}", `)}] revision [${times(40, (i) => `"r${i}", `)}]\nprompts p from ["a b"]\nmeasure loss`,
    /^A3009 m makes 1,600 models/,
  ],
  [
    "random prompts",
    'model m from "m"\nprompts p random tokens 2 count 300000\nmeasure loss',
    /^A3009 this set makes 300,000 prompts/,
  ],
  [
    "random tokens",
    'model m from "m"\nprompts p random tokens 1000000000\nmeasure loss',
    /^A3009 this set makes 1,000,000,000 tokens/,
  ],
  [
    "windows",
    `model m from "m"\ncorpus p from ["${"a ".repeat(300_000)}"] window 20 stride 1\nmeasure loss`,
    /^A3009 this corpus makes [\d,]+ tokens in its windows/,
  ],
  ["layers", `${head}ablate heads L0..1000000000 measure loss`, /^A4201/],
  ["positions", `${head}ablate mlp L0 at 0..1000000000 measure loss`, /^A3009/],
];

for (const [name, text, says] of refused) {
  test(`refused once, by count: ${name}`, () => {
    const { messages, ms } = refusals(text);
    assert.equal(messages.length, 1, messages.slice(0, 5).join("\n"));
    assert.match(messages[0] ?? "", says);
    assert.ok(ms < 5_000, `${ms} ms`);
  });
}

test("a chain of results is checked once, and its depth is limited", () => {
  const chain = (count: number): string =>
    `${head}experiment e measure loss\nlet a0 = e.loss\n${times(count, (i) => `let a${i + 1} = a${i} + 1\n`)}`;
  assert.deepEqual(refusals(`${chain(200)}table a200`).messages, []);
  const { messages } = refusals(`${chain(2000)}table a2000`);
  assert.deepEqual(messages, ["A1005 this is nested more than 600 deep"]);
});

test("fields are counted while a file is read", () => {
  const record = (i: number): string =>
    JSON.stringify({ text: "a b", ...Object.fromEntries(Array.from({ length: 500 }, (_, f) => [`f${f}`, i])) });
  const text = 'model m from "m"\nprompts p from "x.jsonl"\nmeasure loss';
  const { messages } = refusals(text, { "x.jsonl": times(2100, (i) => `${record(i)}\n`) });
  assert.equal(messages.length, 1);
  assert.match(messages[0] ?? "", /^A4102 x\.jsonl, line \d+: the records have more than 1,000,000 values/);
  const csv = `text,${times(499, (i) => `f${i},`)}last\n${times(2100, () => `a b,${"1,".repeat(499)}1\n`)}`;
  assert.match(refusals(text.replace("jsonl", "csv"), { "x.csv": csv }).messages[0] ?? "", /^A4102 x\.csv, line \d+/);
});

test("a file of prompts has no more than can be held", () => {
  const { messages } = refusals('model m from "m"\nprompts p from "x.txt"\nmeasure loss', {
    "x.txt": "a b\n".repeat(200_001),
  });
  assert.deepEqual(messages, ["A3009 this set makes 200,001 prompts; at most 200,000 are possible"]);
});

test("a chain of imports is read once, file by file", () => {
  const files = Object.fromEntries(
    Array.from({ length: 12 }, (_, i) => [
      `f${i}.atlas`,
      `${i < 11 ? `import "f${i + 1}"\n` : ""}metric m${i} = loss\n`,
    ]),
  );
  assert.deepEqual(refusals(`import "f0"\n${head}measure m11`, files).messages, []);
});

test("the tokens in windows are counted as they are cut", () => {
  const random = seeded(7);
  for (let i = 0; i < 300; i++) {
    const [tokens, window, bos] = [random.below(60), 2 + random.below(12), random.next() < 0.5];
    const stride = 1 + random.below(window);
    const cut = cutWindows(tokens, window, stride, bos).reduce((sum, { begin, end }) => sum + end - begin, 0);
    assert.equal(tokensInWindows(tokens, window, stride, bos), cut, `${tokens} ${window} ${stride} ${bos}`);
  }
});

test("large files are refused by their size, without being read", async () => {
  const path = join(folder, "sparse.txt");
  const file = openSync(path, "w");
  ftruncateSync(file, 2 ** 30);
  closeSync(file);
  const before = process.memoryUsage.rss();
  assert.deepEqual(await readTextFile(path), {
    problem: "it has 1 GB, and at most 64 MB are read",
    advice: "take a part of it, or divide it into several files",
  });
  assert.deepEqual(await readTextFile(path, limits.protocolBytes), {
    problem: "it has 1 GB, and at most 1 MB are read",
    advice: "divide it into several protocols",
  });
  assert.ok(process.memoryUsage.rss() - before < 2 ** 28);
});

test("the JSON files of a model are refused by their size", async () => {
  const file = openSync(join(folder, "config.json"), "w");
  ftruncateSync(file, 2 ** 30);
  closeSync(file);
  const { diagnostics } = await openModel({ source: folder, revision: null, baseFolder: ".", span: null });
  assert.match(
    diagnostics.find(({ code }) => code === "A4019")?.message ?? "",
    /config\.json .* it has 1 GB, and at most 256 MB/,
  );
});

test("a matrix that is too large to take apart is refused for the longest text", () => {
  const measured = (rows: string) => refusals(`${head}measure singular_values(${rows} over ${over}) as s`).messages;
  const over = "entry, other";
  const pairs = "flatten(pattern[L0] over head, query, key)";
  const outer = `${pairs} * rename(${pairs}, entry: other)`;
  assert.deepEqual(measured(outer), []);
  const long = `model m from "m"\nprompts p from ["${times(30, (i) => `w${i % 10} `).trim()}"]\n`;
  const { messages } = refusals(`${long}measure singular_values(${outer} over ${over}) as s`);
  assert.match(messages[0] ?? "", /^A3009 the matrix of singular_values makes [\d,]+ entries; at most 1,048,576/);
});

test("a file that is not UTF-8 is told what it is", async () => {
  const read = async (bytes: Buffer): Promise<string> => {
    const path = join(folder, "text.txt");
    writeFileSync(path, bytes);
    const fact = await readTextFile(path);
    return "text" in fact ? fact.text : `${fact.problem}: ${fact.advice ?? ""}`;
  };
  assert.match(await read(Buffer.from("\ufeffhello there", "utf16le")), /^it is UTF-16, not UTF-8: .*iconv -f UTF-16/);
  assert.match(await read(Buffer.from("hello there, you", "utf16le")), /^it is no text, or not UTF-8/);
  assert.match(
    await read(Buffer.from("one\ntwo\ncaf\xe9\n", "latin1")),
    /^it is not UTF-8 text \(line 3, byte 13\): .*WINDOWS-1252/,
  );
  assert.equal(await read(Buffer.from("caf\u00e9\n")), "caf\u00e9\n");
});

test("thousands of diagnostics about one long line are rendered in linear time", () => {
  const text = `${head}experiment e measure ${times(4000, (i) => `foo${i}, `)}loss`;
  const { diagnostics } = compileText(text, { models });
  const start = process.cpuUsage();
  const rendered = renderDiagnostics(diagnostics, () => text);
  assert.ok(process.cpuUsage(start).user < 4e6);
  assert.ok(rendered.includes("unknown metric foo3999"));
  assert.ok(/\| +\^{7}\n/.test(rendered));
});

test("a thousand lines are parsed and checked quickly when everything is warm", () => {
  const text =
    head +
    times(
      250,
      (i) => `experiment e${i}\n  ablate heads L${i % 2}\n  measure loss, entropy\nplot line of e${i}.loss over head\n`,
    );
  for (let i = 0; i < 3; i++) refusals(text);
  const best = Math.min(...Array.from({ length: 5 }, (_, i) => refusals(`${text}# ${i}\n`).ms));
  assert.ok(parse({ path: "t", text }).value.complete);
  // 100 ms on a machine that does nothing else.
  assert.ok(best < 1_000, `${best} ms`);
});
