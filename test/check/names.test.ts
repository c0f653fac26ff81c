/** Names: nothing that is unknown is ignored, and one run says everything that is wrong. */
import assert from "node:assert/strict";
import test, { suite } from "node:test";
import { compileText, fixtureFacts, markedText, messagesOf, protocolOf } from "./compiling.js";

const around = {
  models: { "*": await fixtureFacts("gpt2-f32") },
  files: {
    "shared.atlas": 'param width = 3\nmetric size = norm(final last width)\nprompts q from ["one two"]\n',
    "broken.atlas": "metric size = norm(finale)\n",
    "loop.atlas": 'import "loop"\nmetric looped = loss\n',
  },
};
const head = 'model gpt2 from "gpt2"\nprompts p from ["the cat sat"]\n';
const messages = (text: string, set: Readonly<Record<string, string>> = {}): readonly string[] =>
  messagesOf(head + text, { ...around, set });

test("several mistakes are said in one run, each once", () => {
  const text = `
    experiment a ablate heads L9, L0.H7 measure R_W window 3, norm(resid_pots[L0]) as x, loss layer L1
    experiment b on gpt3 measure loss
    table swep.impact
    save a to "a.xls"`;
  assert.deepEqual(messages(text), [
    "A4201 L9 is beyond gpt2, which has 3 layers (the last is L2)",
    "A4202 L0.H7 is beyond gpt2, which has 4 heads per layer (the last is H3)",
    "A2001 unknown metric R_W",
    "A2004 unknown site resid_pots",
    "A2005 loss has no parameter layer",
    "A2009 unknown model gpt3",
    "A2011 unknown experiment swep",
    "A5003 cannot save to a.xls: the ending .xls is unknown",
  ]);
});

test("a mistake in a metric is said once, however many experiments measure it", () => {
  const text = "metric m = norm(finale)\nexperiment a measure m\nexperiment b measure m, m as again";
  assert.deepEqual(messages(text), ["A2003 unknown name finale"]);
});

test("a model that does not open does not hide what else is wrong", () => {
  const found = messagesOf('model m from "x"\nprompts p from ["a"]\nmeasure R_W, norm(resid_post)  as y', {
    models: {},
  });
  assert.deepEqual(found, ["A2001 unknown metric R_W", "A3003 resid_post exists in every layer: say which"]);
});

suite("definitions that nothing uses are checked", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["metric m = norm(finale)", "A2003 unknown name finale"],
    ["metric m = norm(resid_pots[L0])", "A2004 unknown site resid_pots"],
    ["metric m = nrom(final)", "A2001 unknown metric or function nrom"],
    ["metric m(l: leyer = L0) = loss", "A2008 unknown parameter type leyer"],
    ["metric m(l: layer = L0, l: count = 2) = loss", "A1003 the parameter l is given twice"],
    ["metric m = PR(z: final)", "A2005 PR has no parameter z"],
    ["metric m = n\nmetric n = m", "A2006 m is defined by itself: m → n → m"],
    ["param a = b", "A2003 unknown name b"],
  ];
  for (const [text, expected] of cases) {
    test(expected, () => {
      assert.deepEqual(messages(`${text}\nmeasure loss`), [expected]);
    });
  }
});

suite("names that mean something already", () => {
  test("cannot be metrics or parameters: one of the two would be ignored", () => {
    assert.deepEqual(messages("metric nll = 1\nmeasure loss"), ["A2019 the metric nll cannot have the name of a site"]);
    assert.deepEqual(messages("metric mean(x: [a]) = sum(x)\nmeasure loss"), [
      "A2019 the metric mean cannot have the name of a function",
    ]);
    assert.deepEqual(messages("param loss = 2\nmeasure loss"), [
      "A2019 the parameter loss cannot have the name of a metric of the standard library",
    ]);
    assert.deepEqual(messages("param z = 2\nmeasure loss"), ["A2019 the parameter z cannot have the name of a site"]);
  });

  test("a standard metric may be replaced, with a warning", () => {
    assert.deepEqual(messages("metric loss = sum(nll over pos)\nmeasure loss"), [
      "A8001 loss replaces the metric of the same name of the standard library",
    ]);
  });

  test("unnamed experiments keep out of the way of named ones", () => {
    const { studies } = protocolOf(`${head}measure loss\nexperiment experiment_1 measure entropy`, around);
    assert.deepEqual(
      studies.map((s) => s.experiment),
      ["experiment_2", "experiment_1"],
    );
  });

  test("models whose sources end in the same word stay two", () => {
    const text = 'model m from ["a/base", "b/base"]\nprompts p from ["one two"]\nmeasure loss';
    const { models } = protocolOf(text, around);
    assert.deepEqual(
      models.map((m) => [m.id, m.coordinates["model"]]),
      [
        ["m a/base", "a/base"],
        ["m b/base", "b/base"],
      ],
    );
  });
});

suite("imports", () => {
  test("bring declarations", () => {
    const { parameters } = protocolOf(`import "shared"\n${head}experiment e with q measure size`, around);
    assert.deepEqual(parameters, { width: 3 });
  });

  test("are followed once", () => {
    assert.deepEqual(messages('import "loop"\nmeasure looped'), []);
  });

  test("are checked where they are written", () => {
    const compiled = compileText(`import "broken"\n${head}measure loss`, around);
    assert.deepEqual(
      compiled.diagnostics.map((d) => [d.primary?.span.file, d.message]),
      [["broken.atlas", "unknown name finale"]],
    );
    assert.equal(markedText(compiled), "finale");
  });

  test("of what is not there are refused", () => {
    assert.deepEqual(messages('import "nothing"\nimport "@stdlib/nothing"\nmeasure loss'), [
      "A2018 cannot import nothing: there is no such file",
      "A2018 cannot import @stdlib/nothing: the standard library has @stdlib/attention, @stdlib/attribution, @stdlib/circuits, @stdlib/geometry, @stdlib/language-modelling",
    ]);
  });
});

suite("--set", () => {
  const text = "param w = 2\nmeasure R_V early L0 late L2 window w";

  test("replaces a value, and the protocol keeps it", () => {
    const { parameters, studies } = protocolOf(head + text, { ...around, set: { w: "3" } });
    assert.deepEqual(parameters, { w: 3 });
    assert.equal(studies.length, 1);
  });

  test("also one of an imported file", () => {
    const protocol = protocolOf(`import "shared"\n${head}experiment e with q measure size`, {
      ...around,
      set: { width: "2" },
    });
    assert.deepEqual(protocol.parameters, { width: 2 });
  });

  test("is refused for what is not declared, and for what is no single value", () => {
    assert.deepEqual(messages(text, { windw: "3" }), ["A2016 the protocol has no parameter windw"]);
    assert.equal(messages(text, { w: "2 table x" })[0], "A3004 expected one value, found 2 table x");
    assert.match(messages(text, { w: "" })[0] ?? "", /^A1001/);
    assert.match(messages(text, { w: '"three' })[0] ?? "", /^A0002/);
  });

  test("is checked like what is written, and pointed at", () => {
    const compiled = compileText(head + text, { ...around, set: { w: "L1" } });
    assert.equal(
      compiled.diagnostics[0]?.message,
      "expected a count: a whole number that is not negative, found layer L1",
    );
  });
});
