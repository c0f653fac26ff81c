/** What a `param` may stand for beside numbers: a model's sources and revisions, and the places of an intervention. */
import assert from "node:assert/strict";
import test, { suite } from "node:test";
import { compileText, fixtureFacts } from "./compiling.js";

const models = { "*": await fixtureFacts("gpt2-f32") };
const prompts = 'prompts p from ["the cat sat"]';

type Set = Readonly<Record<string, string>>;

function compiled(text: string, set: Set = {}) {
  const { value, diagnostics } = compileText(`${text}\n${prompts}\n`, { models, set });
  return { protocol: value.protocol, diagnostics };
}

/** Sources and revisions of the models that a protocol runs on, in order. */
function instancesOf(text: string, set: Set = {}): readonly (readonly [string, string | null])[] {
  const { protocol, diagnostics } = compiled(text, set);
  assert.deepEqual(
    diagnostics.filter(({ severity }) => severity === "error"),
    [],
  );
  return (protocol?.models ?? []).map(({ source, revision }) => [source, revision] as const);
}

function codesOf(text: string, set: Set = {}): readonly string[] {
  return compiled(text, set).diagnostics.map(({ code, primary }) => `${code} ${primary?.span.file ?? ""}`);
}

suite("a model's source", () => {
  const text = 'param checkpoint = "acme/one"\nmodel m from checkpoint\nmeasure loss';

  test("is the param's string, and what --set gives, quoted or not", () => {
    assert.deepEqual(instancesOf(text), [["acme/one", null]]);
    for (const given of ["acme/two", '"acme/two"']) {
      assert.deepEqual(instancesOf(text, { checkpoint: given }), [["acme/two", null]]);
    }
    // A path and a name with a hyphen are no arithmetic.
    assert.deepEqual(instancesOf(text, { checkpoint: "acme/a-b-1.4b" }), [["acme/a-b-1.4b", null]]);
  });

  test("a list is the axis model, also where one was written as a string", () => {
    const list = 'param sizes = ["acme/one", "acme/two"]\nmodel m from sizes\nmeasure loss';
    assert.deepEqual(instancesOf(list), [
      ["acme/one", null],
      ["acme/two", null],
    ]);
    assert.deepEqual(instancesOf(text, { checkpoint: '["acme/two", "acme/three"]' }).length, 2);
    for (const given of ['["acme/three"]', "acme/three"]) {
      assert.deepEqual(instancesOf(list, { sizes: given }), [["acme/three", null]]);
    }
    assert.deepEqual(instancesOf(list, { sizes: "acme/a-1, acme/a-2" }), [
      ["acme/a-1", null],
      ["acme/a-2", null],
    ]);
  });

  test("revisions are, too", () => {
    const steps = 'param steps = ["step1", "step2"]\nmodel m from "acme/one" revision steps\nmeasure loss';
    assert.deepEqual(instancesOf(steps), [
      ["acme/one", "step1"],
      ["acme/one", "step2"],
    ]);
  });

  test("what is no string is told where it stands, and nothing follows from it", () => {
    assert.deepEqual(codesOf("param one = 1\nmodel m from one\nmeasure loss"), ["A3004 test.atlas"]);
    assert.deepEqual(codesOf(text, { checkpoint: '["a/b", 2]' }), ["A3004 --set checkpoint"]);
    const { diagnostics } = compiled(text.replace("from checkpoint", "from checkpiont"));
    assert.deepEqual(
      diagnostics.map(({ code, hint }) => [code, hint]),
      [["A2003", "did you mean checkpoint?"]],
    );
  });
});

suite("a place", () => {
  const model = 'model m from "acme/one"\n';

  /** Coordinates of all conditions. */
  const conditionsOf = (text: string, set: Set = {}) => {
    const { protocol, diagnostics } = compiled(`${model}${text}`, set);
    assert.deepEqual(
      diagnostics.filter(({ severity }) => severity === "error"),
      [],
    );
    // The baseline comes first.
    return (protocol?.studies ?? []).flatMap(({ conditions }) =>
      conditions.slice(1).map(({ coordinates }) => coordinates),
    );
  };

  test("of every intervention, and of a site", () => {
    const hero = "param hero = L1.H2\n";
    assert.deepEqual(conditionsOf(`${hero}ablate heads hero measure loss`), [{ layer: 1, head: 2 }]);
    assert.deepEqual(conditionsOf(`${hero}scale heads hero by 0.5 measure loss`), [{ layer: 1, head: 2 }]);
    assert.deepEqual(conditionsOf(`${hero}ablate heads hero, L0.H0 measure loss`, { hero: "L2.H1" }), [
      { layer: 2, head: 1 },
      { layer: 0, head: 0 },
    ]);
    assert.deepEqual(conditionsOf("param deep = [L0, L50%]\nablate mlp deep measure loss"), [
      { layer: 0 },
      { layer: 1 },
    ]);
    assert.deepEqual(conditionsOf(`${hero}experiment e measure norm(head_out[hero] at last) as loudness`), []);
  });

  test("what is none is told", () => {
    assert.deepEqual(codesOf(`${model}param hero = 3\nablate heads hero measure loss`), ["A3004 test.atlas"]);
    assert.deepEqual(codesOf(`${model}param hero = L1\nablate heads horo measure loss`), ["A2003 test.atlas"]);
    assert.deepEqual(codesOf(`${model}param hero = L9.H2\nablate heads hero measure loss`), ["A4201 test.atlas"]);
  });

  test("a range of depths is the layers from one to the other", () => {
    assert.deepEqual(conditionsOf("ablate mlp L0%..50% measure loss"), [{ layer: 0 }, { layer: 1 }]);
    assert.deepEqual(conditionsOf("ablate heads L67%..100%.H0 measure loss"), [{ layer: 2, head: 0 }]);
    assert.deepEqual(codesOf(`${model}ablate mlp L75%..50% measure loss`), ["A3012 test.atlas"]);
    assert.deepEqual(codesOf(`${model}ablate mlp L50%..101% measure loss`), ["A4201 test.atlas"]);
  });
});
