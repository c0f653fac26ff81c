import assert from "node:assert/strict";
import { test } from "node:test";
import { compileText, encodeWords, fixtureFacts, wordTokenizer } from "./compiling.js";

const facts = await fixtureFacts("gpt2-f32", { ...wordTokenizer, size: 200 });

/** What is said about a protocol whose model has rows for fewer ids than its tokenizer knows. */
function said(text: string, rows: number): readonly string[] {
  const config = { ...facts.config, vocab_size: rows };
  const tensors = Object.fromEntries(
    Object.entries(facts.tensors).map(([name, entry]) => [
      name,
      name.endsWith("wte.weight") ? { ...entry, shape: [rows, entry.shape[1] ?? 0] } : entry,
    ]),
  );
  const digest = `${facts.digest} ${rows}`;
  const { diagnostics } = compileText(text, { models: { "*": { ...facts, config, tensors, digest } } });
  return diagnostics.map(({ code, message }) => `${code} ${message}`);
}

const [low = 0, high = 0] = [...encodeWords("small large")].sort((a, b) => a - b);
const [lowWord, highWord] = encodeWords("small")[0] === low ? ["small", "large"] : ["large", "small"];

test("a token that the model has no row for is refused where a text uses it", () => {
  const of = (body: string): string => `model m from "./m"\n${body}\nmeasure loss\n`;
  const sound = `prompts p from ["${lowWord} ${lowWord}"]`;
  // The tokenizer has 200 ids and the model `high` rows: nothing is wrong with a text that stays below.
  assert.deepEqual(said(of(sound), high), []);
  const [prompt, ...more] = said(of(`prompts p from ["${lowWord} ${lowWord}", "${lowWord} ${highWord}"]`), high);
  assert.deepEqual(more, []);
  assert.equal(
    prompt,
    `A4007 the tokenizer of m gives prompt 1 of p the id ${high}; the model has rows for the ids 0 to ${high - 1}`,
  );
  const [window] = said(of(`corpus c from ["${lowWord} ${highWord} ${lowWord}"]`), high);
  assert.match(window ?? "", /^A4007 .* window 0 of c /);
  const [answer] = said(of(`prompts p from [{text: "${lowWord}", right: "${highWord}"}] answer "right"`), high);
  assert.match(answer ?? "", /^A4007 .* prompt 0 of p /);
});

test("a token that is named in an expression must have a row, too", () => {
  const text = `model m from "./m"\nprompts p from ["${lowWord} ${lowWord}"]\nmeasure logits["${highWord}"] at last as x\n`;
  assert.deepEqual(said(text, high + 1), []);
  assert.match(said(text, high).join(), /^A4007 .* gives the token ".*" the id/);
});
