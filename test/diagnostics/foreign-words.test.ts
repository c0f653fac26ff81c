/** The words of other tools: every pointer leads to something that is there, and every formula compiles. */
import assert from "node:assert/strict";
import test from "node:test";
import { wordsWithRole } from "../../grammar/tokens.js";
import {
  foreignPath,
  foreignSites,
  foreignStatements,
  foreignTargets,
  foreignValues,
} from "../../src/compiler/base/foreign-words.js";
import { isQuantity } from "../../src/compiler/check/names/functions.js";
import { functions } from "../../src/compiler/operations/written.js";
import { targetWords } from "../../src/compiler/ir/targets.js";
import { isSite } from "../../src/compiler/models/sites.js";
import { compileText, fixtureFacts, standardLibrary } from "../check/compiling.js";

const surroundings = {
  models: { "*": await fixtureFacts("gpt2-f32") },
  files: { "pairs.jsonl": '{"text": "a b c d", "answer": " x", "distractor": " y"}' },
};
const before = `model m from "m"
prompts asked from "pairs.jsonl" answer "answer" distractor "distractor" continuation "answer"
prompts probe random tokens 8 repeat 2
`;
const metrics = new Set(
  standardLibrary.flatMap(({ text }) => [...text.matchAll(/^metric (\w+)/gm)].map(([, name = ""]) => name)),
);

test("sites and parts that other names point to are there, and the names are not", () => {
  for (const [word, site] of foreignSites) {
    assert.ok(isSite(site), site);
    assert.ok(!isSite(word), word);
  }
  for (const [word, target] of foreignTargets) {
    assert.ok((targetWords as readonly string[]).includes(target), target);
    assert.ok(!(targetWords as readonly string[]).includes(word), word);
  }
});

test("no word of the language is treated as a foreign one", () => {
  const reserved = new Set(wordsWithRole("statement", "axis", "operator"));
  for (const word of [...foreignStatements.keys(), ...foreignValues.keys()]) {
    assert.ok(!reserved.has(word) || foreignStatements.has(word), word);
  }
  for (const word of foreignValues.keys()) {
    assert.ok(!functions.has(word) && !metrics.has(word) && !isQuantity(word), word);
  }
});

const formulas = [...new Set([...foreignValues.values()].flatMap(({ write }) => (write === null ? [] : [write])))];
for (const write of formulas) {
  test(`what a hint says to write compiles: ${write}`, () => {
    const set = /induction|prev_token/.test(write) ? "probe" : "asked";
    // `x` and `y` are two tensors with positions, one of whose axes is AXIS.
    const measure = write
      .replace(/\bAXIS\b/g, "d_model")
      .replace(/\bx\b/g, "(resid_post[L0])")
      .replace(/\by\b/g, "(resid_post[L1])");
    const { diagnostics } = compileText(`${before}experiment e with ${set} measure ${measure} as column`, surroundings);
    const errors = diagnostics.filter(({ severity }) => severity === "error");
    assert.deepEqual(
      errors.map(({ message }) => message),
      [],
      measure,
    );
  });
}

test("paths of TransformerLens and transformers are sites", () => {
  const written = (text: string): string | undefined => foreignPath(text)?.write;
  assert.equal(written("blocks.5.attn.hook_z"), "z[L5]");
  assert.equal(written("blocks.11.hook_resid_post + 1"), "resid_post[L11]");
  assert.equal(written("blocks.0.mlp.hook_post"), "mlp_act[L0]");
  assert.equal(written("transformer.h[3].mlp.output"), "mlp_out[L3]");
  assert.equal(written("model.layers[2].self_attn"), "attn_out[L2]");
  assert.equal(written("blocks.5"), "resid_post[L5]");
  assert.equal(written("sweep.loss.impact"), undefined);
  assert.equal(written("blocks.5.unknown_thing"), undefined);
});
