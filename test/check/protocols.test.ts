/**
 * The protocols that the language was designed with check as they stand and can be planned: against models of the sizes that they name,
 * without weights, and against small texts in place of their files.
 */
import assert from "node:assert/strict";
import test from "node:test";
import type { Numerics } from "../../src/compiler/ir/plan.js";
import { planProtocol } from "../../src/compiler/lower/plan.js";
import { parse } from "../../src/compiler/syntax/parse.js";
import { print } from "../../src/compiler/syntax/print.js";
import { protocols } from "../support/trees.js";
import { capabilities, compileText, fixtureFacts } from "./compiling.js";
import { stretched } from "./model-sizes.js";

const pythia = stretched(await fixtureFacts("neox-parallel-f32"), { layers: 32, heads: 32, positions: 2048 });
const gpt2 = stretched(await fixtureFacts("gpt2-f32"), { layers: 12, heads: 12, positions: 1024 });

const sentence = "the committee read the report twice and then it asked the author why she had written so little of it";
const texts = `${sentence}\nthis sentence speaks of itself and of the way in which a sentence like this one is read again\n`;
const jsonLines = (...rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join("");

const files: Readonly<Record<string, string>> = {
  "prompts/recursive.txt": texts,
  "prompts/factual.txt": `${sentence}\nparis is the capital of france and the river that flows through it is called the seine they say\n`,
  "prompts/held-out.txt": texts,
  "prompts/categories.jsonl": jsonLines(
    { prompt: sentence, category: "factual" },
    { prompt: `now ${sentence}`, category: "novel" },
  ),
  "prompts/ioi.jsonl": jsonLines(
    {
      clean: "when mary and john went to the big store in the town john gave a drink to",
      corrupt: "when mary and john went to the big store in the town mary gave a drink to",
      answer: " mary",
      distractor: " john",
    },
    {
      clean: "after tom and anna had a long talk at the old house tom gave a book to",
      corrupt: "after tom and anna had a long talk at the old house anna gave a book to",
      answer: " anna",
      distractor: " tom",
    },
  ),
  "prompts/behaviours.jsonl": jsonLines(
    { prompt: "the list ( one two three", expected: " )", behaviour: "brackets" },
    { prompt: "it rained . then", expected: " the", behaviour: "sentences" },
  ),
  ...Object.fromEntries(
    ["technical", "dialect", "prose", "poetry", "spanish", "abstracts", "tech", "web"].map((name) => [
      `corpora/${name}.txt`,
      `${name} ${texts.repeat(30)}`,
    ]),
  ),
};

/** Models of the protocols by their source; every other one is a GPT-2. */
const models = {
  "*": gpt2,
  ...Object.fromEntries(
    ["70m", "160m", "410m", "1b", "1.4b", "2.8b"].map((size) => [`EleutherAI/pythia-${size}`, pythia]),
  ),
};

const numerics: Numerics = {
  onnxruntime: "1",
  device: "cpu",
  graphOptimization: "basic",
  prepacking: "always",
  tf32: false,
};

test(
  "every protocol of the design checks, and is planned",
  { skip: protocols().length === 0 && "no ../shared here" },
  async (t) => {
    for (const { path, text } of protocols()) {
      await t.test(path, () => {
        const { value, diagnostics } = compileText(text, { models, files });
        const errors = diagnostics
          .filter((d) => d.severity === "error")
          .map((d) => `${d.code} ${d.message} (${text.slice(d.primary?.span.start, d.primary?.span.end)})`);
        assert.deepEqual(errors, []);
        assert.ok(value.protocol !== null);
        const planned = planProtocol(value.protocol, value.models, { memoryBudget: 2 ** 33, numerics, capabilities });
        assert.deepEqual(planned.diagnostics, []);
      });
    }
  },
);

test("and stays what it is when it is laid out", { skip: protocols().length === 0 && "no ../shared here" }, () => {
  for (const file of protocols()) {
    const laidOut = print(parse(file).value, file.text);
    const messages = (text: string): readonly string[] =>
      compileText(text, { models, files }).diagnostics.map((d) => `${d.code} ${d.message}`);
    assert.deepEqual(messages(laidOut), messages(file.text), file.path);
  }
});
