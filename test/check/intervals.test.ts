/** `with ci …`: what it asks for, and what is wrong with it, at the place that is wrong. */
import assert from "node:assert/strict";
import test from "node:test";
import type { IntervalRequest } from "../../src/compiler/ir/protocol.js";
import { checkCarets } from "../support/carets.js";
import { compileText, fixtureFacts, protocolOf } from "./compiling.js";

const around = { models: { "*": await fixtureFacts("gpt2-f32") } };
const head = `model gpt2 from "gpt2"
prompts short from ["the cat sat on the mat", "it rained all day long"]
experiment plain measure gain layer [L1, L2], loss
experiment tokens measure nll, argmax(logits over vocab) as guess
`;

const wrong: readonly (readonly [what: string, text: string])[] = [
  [
    "a level in percent",
    `table plain.loss with ci 95
#                        ^^ A3005: 95 is not a level between 0 and 1, such as 0.95`,
  ],
  [
    "a level of 0",
    `plot bar of plain.gain over layer with ci 0
#                                         ^ A3005: 0 is not a level between 0 and 1, such as 0.95`,
  ],
  [
    "a level of 1",
    `plot line of plain.gain over layer with ci 1
#                                          ^ A3005: 1 is not a level between 0 and 1, such as 0.95`,
  ],
  [
    "a heatmap",
    `plot heatmap of plain.gain over layer, prompt with ci
#                                             ^^^^^^^ A1004: \`with ci\` has no meaning in \`plot heatmap\``,
  ],
  [
    "a box plot",
    `plot box of plain.gain by layer with ci 0.9
#                               ^^^^^^^^^^^ A1004: \`with ci\` has no meaning in \`plot box\``,
  ],
  [
    "a table of winners",
    `table plain winner lowest of loss, gain by prompt with ci
#                                                 ^^^^^^^ A1004: \`with ci\` has no meaning in \`table … winner\``,
  ],
  [
    "tokens in their text",
    `table tokens.nll with context 4 with ci
#                               ^^^^^^^ A1004: \`with ci\` has no meaning in a table \`with context\``,
  ],
  [
    "ids of tokens",
    `table tokens.guess with ci
#                  ^^^^^^^ A3001: \`with ci\` does not apply to tokens`,
  ],
  [
    "another way to draw",
    `table plain.loss with ci permutation(999)
#                        ^^^^^^^^^^^ A2001: unknown interval permutation`,
  ],
  [
    "too few draws",
    `table plain.loss with ci bootstrap(20)
#                                  ^^ A3005: 20 is not a whole number of at least 100`,
  ],
  [
    "half a seed",
    `table plain.loss with ci bootstrap(1000) seed 0.5
#                                             ^^^ A3005: 0.5 is not a whole number of at least 0`,
  ],
  [
    "draws of nothing",
    `table plain.loss with ci off bootstrap(1000)
#                            ^^^^^^^^^^^^^^^ A1004: bootstrap has no meaning in \`with ci off\``,
  ],
  [
    "the clause twice",
    `table plain.loss with ci with ci 0.9
#                        ^^^^^^^^^^^ A1003: \`with ci\` is given twice`,
  ],
];

for (const [what, text] of wrong) {
  test(`${what} is an error at its place`, () => {
    const path = "test.atlas";
    const { diagnostics } = compileText(head + text, around);
    assert.deepEqual(checkCarets({ path, text: head + text }, diagnostics), []);
  });
}

function requestOf(statement: string): IntervalRequest | null {
  const [output] = protocolOf(head + statement, around).outputs;
  assert.ok(output?.kind === "table" || output?.kind === "plot");
  return output.ci;
}

test("an interval is of 95% from 2,000 draws with seed 0 unless something else is written", () => {
  const usual = { when: "asked", level: 0.95, count: 2000, seed: 0 };
  assert.deepEqual(requestOf("table plain.loss with ci"), usual);
  assert.deepEqual(requestOf("table plain with ci"), usual);
  assert.deepEqual(requestOf("plot line of plain.gain over layer with ci 0.9"), { ...usual, level: 0.9 });
  const drawn = requestOf("plot bar of plain.gain over layer by prompt with ci 0.5 bootstrap(10000) seed 3");
  assert.deepEqual(drawn, { when: "asked", level: 0.5, count: 10_000, seed: 3 });
  assert.deepEqual(requestOf("table plain.loss with ci bootstrap seed 3"), { ...usual, seed: 3 });
});

test("means over documents have one unasked, in tables and bars; `with ci off` takes it away", () => {
  const unasked = { when: "documents", level: 0.95, count: 2000, seed: 0 };
  assert.deepEqual(requestOf("table plain.loss"), unasked);
  assert.deepEqual(requestOf("plot bar of plain.gain over layer"), unasked);
  for (const statement of [
    "table plain.loss with ci off",
    "plot bar of plain.gain over layer with ci off",
    "plot line of plain.gain over layer",
    "plot heatmap of plain.gain over layer, prompt",
    "table tokens.nll with context 4",
  ]) {
    assert.equal(requestOf(statement), null, statement);
  }
});

test("an experiment without a name may follow a table and a plot", () => {
  const text = `${head}table plain.loss
with short measure loss as again
plot bar of plain.gain over layer
with short measure loss as once_more`;
  const { value, diagnostics } = compileText(text, around);
  assert.deepEqual(diagnostics, []);
  assert.equal(value.protocol?.studies.length, 4);
});
