/** Published values as data, and facts of models. */
import assert from "node:assert/strict";
import test, { suite } from "node:test";
import type { Protocol } from "../../src/compiler/ir/protocol.js";
import { fixtureFacts, messagesOf, protocolOf } from "./compiling.js";

const around = { models: { "*": await fixtureFacts("gpt2-f32") } };
const head = `model gpt2 from "gpt2"
prompts texts from ["the cat sat on the mat", "it rained all day long"]
experiment gains measure gain layer [L1], loss
`;
const paper = `reference "Pythia-6.9B" gain 0.80 norm "LayerNorm" source "a paper"
reference "Llama-2-7B" gain 1.25 norm "RMSNorm" params 6.7e9
`;

const messages = (text: string): readonly string[] => messagesOf(head + text, around);
const published = (text: string): Pick<Protocol, "results" | "references"> => protocolOf(head + text, around);

suite("reference", () => {
  test("publishes numbers as values, texts and facts of models as columns, along the axis `model`", () => {
    const { results, references } = published(paper);
    assert.deepEqual(references, [
      { metric: "gain", value: 0.8, axes: { model: "Pythia-6.9B", norm: "LayerNorm", source: "a paper" } },
      { metric: "gain", value: 1.25, axes: { model: "Llama-2-7B", norm: "RMSNorm", params: 6.7e9 } },
    ]);
    const type = results.find(({ experiment }) => experiment === "references");
    assert.deepEqual(
      [
        type?.axes.map(({ name }) => name),
        type?.columns.map(({ name }) => name),
        type?.metrics.map(({ name }) => name),
      ],
      [["model"], ["norm", "source", "params"], ["gain"]],
    );
  });

  test("says where a value is with the name of an axis", () => {
    const { references } = published(`reference "GPT-2" layer 5 share -0.5`);
    assert.deepEqual(references, [{ metric: "share", value: -0.5, axes: { model: "GPT-2", layer: 5 } }]);
    assert.deepEqual(messages(`reference "a" layer 5 share 1\nreference "b" share 1`), [
      "A3004 expected share by layer, model, as in the reference before, found share by model",
    ]);
  });

  test("is read like what was measured, and takes the unit of what it is compared with", () => {
    const of = `where model is "Pythia-6.9B"`;
    assert.deepEqual(
      messages(`${paper}table references\nlet gap = gains.gain - (references.gain ${of})\ntable gap`),
      [],
    );
    assert.deepEqual(
      messages(
        `reference "ours" loss 3.2\nhypothesis "as before" expect gains.loss equivalent to references.loss within 0.1 using t_test`,
      ),
      [],
    );
    assert.deepEqual(messages(`${paper}hypothesis "h" expect references.gain < 1 using t_test`), [
      "A3004 expected a value of an experiment such as sweep.impact on one side at least, found references.gain < 1",
    ]);
    assert.deepEqual(messages(`${paper}table references where model is "Pythia"`), [
      "A2020 the axis model of references has no Pythia",
    ]);
  });

  test("says something, once, under a name that is free", () => {
    assert.deepEqual(messages(`reference "a" norm "LayerNorm"`), [
      "A3004 expected a published number such as `gain 0.80`, found none",
    ]);
    assert.deepEqual(messages(`reference "a" gain 1 gain 2`), ["A1003 the field gain is given twice"]);
    assert.deepEqual(messages(`reference "a" gain 1\nreference "a" gain 2`), [
      "A1003 the reference “a” at this place is given twice",
    ]);
    assert.deepEqual(messages(`reference "a" impact 1`), [
      "A2019 the field impact cannot have the name of a column that all results have",
    ]);
    assert.deepEqual(messages(`${paper}let references = gains.gain`), [
      "A2019 the result references cannot have the name of what `reference` statements publish",
    ]);
  });
});

suite("facts", () => {
  const two = (facts: string): string => `model sizes from ["a/small", "b/large"] ${facts}
prompts texts from ["the cat sat on the mat"]
experiment e measure loss
`;

  test("are columns of results, a value for all sources or one for each", () => {
    const { results, studies } = protocolOf(two(`facts { lab: ["ours", "theirs"], tokens: 40 }`), around);
    assert.deepEqual(
      studies.map(({ facts }) => [facts["lab"], facts["tokens"], facts["layers"], facts["norm"]]),
      [
        ["ours", 40, 3, "LayerNorm"],
        ["theirs", 40, 3, "LayerNorm"],
      ],
    );
    assert.deepEqual(
      results[0]?.columns.map(({ name }) => name),
      ["params", "layers", "norm", "lab", "tokens"],
    );
  });

  test("have names that mean nothing else, and as many values as there are sources", () => {
    const found = (facts: string): readonly string[] => messagesOf(two(`facts { ${facts} }`), around);
    assert.deepEqual(found("params: 3"), [
      "A2019 the fact params cannot have the name of a fact that the model itself states",
    ]);
    assert.deepEqual(found("layer: 3"), ["A2019 the fact layer cannot have the name of an axis"]);
    assert.deepEqual(found("lab: 1, lab: 2"), ["A1003 the fact lab is given twice"]);
    assert.deepEqual(found(`lab: ["a", "b", "c"]`), [
      "A3004 expected a list with a value for each source (2), found 3",
    ]);
  });
});
