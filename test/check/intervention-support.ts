/** Prompts, pairs and models on which interventions are tried, and what they become there. */
import assert from "node:assert/strict";
import type { Study } from "../../src/compiler/ir/protocol.js";
import { conditionText } from "./condition-text.js";
import { fixtureFacts, messagesOf, protocolOf } from "./compiling.js";

const pairs = [
  { clean: "when mary met john he gave mary", corrupt: "when anna met john he gave anna", answer: " x", other: " y" },
  { clean: "so mary and john left mary", corrupt: "so anna and john left anna", answer: " x", other: " y" },
];
// 3 layers, 4 heads, 96 neurons; and grouped queries: 2 layers, 6 heads, 2 key-value heads.
export const around = {
  models: {
    "*": await fixtureFacts("gpt2-f32"),
    llama: await fixtureFacts("llama-tied-f32"),
    neox: await fixtureFacts("neox-parallel-f32"),
  },
  files: {
    "pairs.jsonl": pairs.map((pair) => `${JSON.stringify(pair)}\n`).join(""),
    "story.txt": "it rained all day and nobody came\n",
  },
};

export const declarations = `
model gpt2 from "gpt2"
prompts p from ["the cat sat", "a dog ran off"]
prompts q from ["the dog sat", "a cat ran off"]
prompts longer from ["and so the dog sat", "and then a cat ran off"]
prompts short from ["it rained", "it snowed"]
prompts three from ["a", "b", "c"]
prompts pairs from "pairs.jsonl" clean "clean" corrupt "corrupt" answer "answer" distractor "other"
corpus story from "story.txt" window 4
`;

/** Studies of a protocol with these declarations. */
export const studiesOf = (text: string): readonly Study[] => protocolOf(declarations + text, around).studies;
/** Every condition of the last study but the baseline. */
export const conditions = (text: string): readonly string[] => {
  const study = studiesOf(text).at(-1);
  const [baseline, ...changed] = study?.conditions ?? [];
  assert.deepEqual(baseline, { coordinates: {}, writes: [] });
  return changed.map(conditionText);
};
/** {@link conditions} of clauses on the two prompts of `p`. */
export const withP = (clauses: string): readonly string[] => conditions(`experiment e with p ${clauses} measure loss`);
/** What there is to say about a protocol. */
export const messages = (text: string): readonly string[] => messagesOf(declarations + text, around);
/** {@link messages} about clauses on the two prompts of `p`. */
export const refused = (clauses: string): readonly string[] => messages(`experiment e with p ${clauses} measure loss`);
