/** Corpora: documents, windows, and what is wrong with them. */
import assert from "node:assert/strict";
import test from "node:test";
import type { TokenizedTexts } from "../../src/compiler/ir/protocol.js";
import { encodeWords, fixtureFacts, messagesOf, protocolOf, textsOf, wordTokenizer } from "./compiling.js";

const plain = await fixtureFacts("gpt2-f32");
const withBos = await fixtureFacts("gpt2-f32", { ...wordTokenizer, addsBos: true, digest: "bos" });
const models = { "*": plain, bos: withBos };

const corpus = (declaration: string, files: Readonly<Record<string, string>>, model = "gpt2"): TokenizedTexts =>
  textsOf(protocolOf(`model gpt2 from "${model}"\ncorpus c from ${declaration}\nmeasure loss`, { models, files }), "c");
const faults = (declaration: string, content = "one two three four five six"): readonly string[] =>
  messagesOf(`model gpt2 from "gpt2"\ncorpus c from ${declaration}\nmeasure loss`, {
    models,
    files: { "a.txt": content },
  });
const words = (count: number): string => Array.from({ length: count }, (_, i) => `w${i}`).join(" ");
const ids = (count: number): readonly number[] => encodeWords(words(count));

test("a plain text file is one document, whatever its lines; windows overlap by what the stride leaves", () => {
  const { prompts: windows, documents } = corpus('"a.txt" window 6 stride 4', {
    "a.txt": words(12).replace(" ", "\n\n"),
  });
  assert.deepEqual(
    windows.map((w) => w.ids),
    [ids(12).slice(0, 6), ids(12).slice(4, 10), ids(12).slice(8, 12)],
  );
  assert.deepEqual(
    windows.map((w) => w.numbers.scored),
    [5, 4, 2],
  );
  // Of the 12 words the first is not predicted; it has two letters, and a line break follows.
  const size = { tokens: 11, bytes: words(12).length + 1 - 2, words: 11 };
  assert.deepEqual(documents, [
    { number: null, group: null, fields: {}, ...size, windows: [0, 1, 2], starts: [1, 6, 10] },
  ]);
  for (const { numbers, text } of windows)
    assert.deepEqual([{ ...numbers, scored: 0 }, text], [{ ...size, scored: 0 }, ""]);
});

test("with BOS every window begins with it, and the first token is scored too", () => {
  const { prompts: windows, documents, bos } = corpus('"a.txt" window 5 stride 3', { "a.txt": words(8) }, "bos");
  assert.equal(bos, true);
  assert.deepEqual(
    windows.map((w) => [w.ids, w.numbers.scored]),
    [
      [[0, ...ids(8).slice(0, 4)], 4],
      [[0, ...ids(8).slice(3, 7)], 3],
      [[0, ...ids(8).slice(6, 8)], 1],
    ],
  );
  assert.deepEqual(documents?.[0]?.starts, [0, 4, 7]);
  assert.equal(documents[0].tokens, 8);
  assert.equal(corpus('"a.txt" window 5 bos off', { "a.txt": words(8) }, "bos").bos, false);
});

test("without options: windows as long as the model accepts, one after the other", () => {
  const { prompts: windows } = corpus('"a.txt"', { "a.txt": words(70) });
  assert.deepEqual(
    windows.map((w) => [w.ids.length, w.numbers.scored]),
    [
      [32, 31],
      [32, 31],
      [8, 7],
    ],
  );
});

test("a limit is for each document", () => {
  const files = { "a.txt": words(50), "b.txt": words(7) };
  const { documents, prompts: windows } = corpus('{ long: "a.txt", short: "b.txt" } window 8 limit 10 tokens', files);
  assert.deepEqual(
    documents?.map((d) => [d.group, d.number, d.tokens, d.words, d.windows]),
    [
      ["long", null, 9, 9, [0, 1]],
      ["short", null, 6, 6, [2]],
    ],
  );
  assert.deepEqual(
    windows.map((w) => [w.index, w.group]),
    [
      [0, "long"],
      [1, "long"],
      [2, "short"],
    ],
  );
});

test("several texts of a file or list are documents with a number", () => {
  const files = { "a.jsonl": '{"text":"one two","year":1900}\n{"text":"three four","year":1950}\n' };
  assert.deepEqual(
    corpus('"a.jsonl"', files).documents?.map((d) => [d.group, d.number, d.fields]),
    [
      [null, 0, { year: 1900 }],
      [null, 1, { year: 1950 }],
    ],
  );
  assert.deepEqual(
    corpus('{ a: ["one two"], b: ["three four", "five six"] }', {}).documents?.map((d) => [
      d.group,
      d.number,
      d.fields,
    ]),
    [
      ["a", 0, {}],
      ["b", 0, {}],
      ["b", 1, {}],
    ],
  );
});

test("mistakes", () => {
  const between = "a stride of at most the window of 4 tokens: tokens between windows would be left out";
  assert.deepEqual(faults('"a.txt" window 4 stride 5'), [`A3005 5 is not ${between}`]);
  assert.deepEqual(faults('"a.txt" window 1'), ["A3005 1 is not a window of at least 2 tokens"]);
  assert.deepEqual(faults('"a.txt" stride 0'), ["A3005 0 is not a stride of at least 1 token"]);
  assert.deepEqual(faults('"a.txt" stride 2.5'), ["A3005 2.5 is not a stride of at least 1 token"]);
  assert.deepEqual(faults('"a.txt" limit 1 tokens'), ["A3005 1 is not a limit of at least 2 tokens"]);
  assert.deepEqual(faults('"a.txt" window 33'), ["A4111 c asks for windows of 33 tokens; gpt2 accepts 32"]);
  assert.deepEqual(faults('"a.txt" stride 33'), [`A3005 33 is not ${between.replace("4", "32")}`]);
  assert.deepEqual(faults('"b.txt"'), ["A4101 cannot read b.txt: there is no such file"]);
  assert.deepEqual(faults('"a.txt"', " \n\n"), ["A4103 the prompt set c is empty"]);
  assert.deepEqual(faults('"a.txt"', "one"), [
    "A4110 a text of c has too few tokens (1) for any of them to be predicted",
  ]);
  assert.deepEqual(faults('"a.txt" window 16 stride 1', words(300_000)), [
    "A3009 this corpus makes 4,799,760 tokens in its windows; at most 4,000,000 are possible",
  ]);
});
