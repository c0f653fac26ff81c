/** A text that is parsed with what is remembered of the one before gives what it gives when nothing is remembered. */
import assert from "node:assert/strict";
import test from "node:test";
import { parse } from "../../src/compiler/syntax/parse.js";
import { createParseMemory } from "../../src/compiler/syntax/parse-memory.js";
import { mutate, texts } from "../support/mutations.js";
import { seeded } from "../support/random.js";

const path = "test.atlas";
const files = 8;
const keys = 15;

const example = `model gpt2 from "@stdlib/models/gpt2-tiny"
prompts a from ["one"]

## Of the last token.
metric loudness = norm(resid_post)

experiment sweep
  ablate heads L0..3.H*
  measure loss, loudness

table sweep
`;

test("statements that have not changed are the same objects, and those that moved say where they are now", () => {
  const memory = createParseMemory();
  const before = parse({ path, text: example }, memory).value.statements;
  const longer = example.replace("measure loss,", "measure loss, kl,");
  const { statements } = parse({ path, text: longer }, memory).value;
  assert.deepEqual(
    statements.map((statement, i) => statement === before[i]),
    [true, true, true, false, false],
  );
  assert.equal(statements.at(-1)?.span.start, longer.indexOf("table"));
});

test("documentation belongs to a statement although it stands outside of it", () => {
  const memory = createParseMemory();
  parse({ path, text: example }, memory);
  const other = example.replace("Of the last", "Of every");
  const [metric] = parse({ path, text: other }, memory).value.statements.filter(({ kind }) => kind === "metric");
  assert.deepEqual(metric?.kind === "metric" && metric.documentation, ["Of every token."]);
});

test(`${files} texts under ${keys} changes each`, () => {
  for (let seed = 0; seed < files; seed++) {
    const random = seeded(seed);
    const memory = createParseMemory();
    let text = `${random.pick(texts)}\n${random.pick(texts)}`;
    for (let key = 0; key < keys; key++) {
      // Now and then all is well again, as it is in an editor.
      text = random.below(3) === 0 ? `${random.pick(texts)}\n${random.pick(texts)}` : mutate(text, random);
      assert.deepEqual(parse({ path, text }, memory), parse({ path, text }), `seed ${seed}, change ${key}\n${text}`);
    }
  }
});
