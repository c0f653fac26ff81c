/** `probe`: the field is one of the texts, the axes are those of the value, and options are numbers that make sense. */
import assert from "node:assert/strict";
import test from "node:test";
import { compileText, fixtureFacts, messagesOf, protocolOf } from "./compiling.js";

const around = { models: { "*": await fixtureFacts("gpt2-f32") } };
const head = `model gpt2 from "gpt2"
prompts moods from [
  {text: "the cat sat", mood: "calm", item: 1, only: "x"},
  {text: "the cat ran", mood: "wild", item: 1, only: "x"}
]
experiment acts with moods measure resid_post[L*] at last as x, mean(loss) as plain
`;
const messages = (text: string): readonly string[] => messagesOf(head + text, around);

test("a probe is kept with what is not said filled in", () => {
  const { decisions } = protocolOf(`${head}probe mood from acts.x over d_model by layer`, around);
  const [only] = decisions;
  assert.ok(only?.kind === "probe");
  const { text, field, over, by, classes, folds, together, penalty, seed, tests } = only;
  assert.equal(text, "probe mood from acts.x over d_model by layer");
  assert.deepEqual(
    { field, over, by, classes, folds, together, penalty, seed, tests },
    {
      field: "mood",
      over: ["d_model"],
      by: ["layer"],
      classes: false,
      folds: 5,
      together: null,
      penalty: 1,
      seed: 0,
      tests: [],
    },
  );
});

test("its options may come in any order, and each once", () => {
  const sound = "probe mood from acts.x over d_model, layer seed 3 penalty 0.5 together item as classes folds 2";
  assert.deepEqual(messages(`${sound} using permutation(100) seed 1`), []);
  assert.deepEqual(messages("probe mood from acts.x over d_model folds 2 folds 3"), ["A1003 `folds` is given twice"]);
});

test("the field is one of the texts, with two values at least", () => {
  assert.deepEqual(messages("probe moods from acts.x over d_model"), ["A2013 acts has no axis moods"]);
  assert.deepEqual(messages("probe layer from acts.x over d_model"), [
    "A3004 expected a field of the texts (fields are mood, item, only), found layer, which no text decides",
  ]);
  assert.deepEqual(messages("probe only from acts.x over d_model"), [
    "A3004 expected a field with two values or more to tell apart, found only with x",
  ]);
  assert.deepEqual(messages("probe mood from acts.x over d_model together layer"), [
    "A3004 expected a field of the texts (fields are mood, item, only), found layer, which no text decides",
  ]);
  const { diagnostics } = compileText(`${head}probe mod from acts.x over d_model`, around);
  assert.deepEqual(
    diagnostics.map(({ hint }) => hint),
    ["did you mean mood?"],
  );
});

test("features and groups are axes of the value, which has one for each text", () => {
  assert.deepEqual(messages("probe mood from acts.x over head"), ["A2013 acts has no axis head"]);
  assert.deepEqual(messages("probe mood from acts.x over d_model by d_model"), [
    "A1003 the axis d_model is given twice",
  ]);
  assert.deepEqual(messages("probe mood from acts.x over prompt"), [
    "A3004 expected an axis of the features or of separate probes, found prompt, which tells texts apart",
  ]);
  assert.deepEqual(messages("probe mood from mean(acts.x over prompt) over d_model"), [
    "A3004 expected a value of each text, which a probe learns from, found values over layer, d_model",
  ]);
  assert.deepEqual(messages("probe mood from 3 over d_model"), [
    "A3004 expected a value of an experiment such as sweep.impact, found 3",
  ]);
});

test("numbers of options make sense", () => {
  const options = (text: string): readonly string[] => messages(`probe mood from acts.x over d_model ${text}`);
  assert.deepEqual(options("folds 1"), ["A3005 1 is not a whole number of at least 2"]);
  assert.deepEqual(options("penalty 0"), ["A3005 0 is not a penalty above 0"]);
  assert.deepEqual(options("seed 0.5"), ["A3005 0.5 is not a whole number of at least 0"]);
  assert.deepEqual(options("using t_test"), ["A1004 t_test has no meaning in `probe`"]);
});

test("an unfinished probe is told how it is written", () => {
  const { diagnostics } = compileText(`${head}probe mood over d_model`, around);
  assert.match(diagnostics[0]?.hint ?? "", /^the statement is `probe FIELD_OF_TEXTS from VALUE over AXIS/);
});

test("what a named probe answers is a result like any other", () => {
  const named = "probe mood from acts.x over d_model by layer as moods";
  const { results } = protocolOf(`${head}${named}\ntable moods.right by layer`, around);
  const type = results.find(({ experiment }) => experiment === "moods");
  assert.deepEqual(type?.metrics, [
    { name: "right", unit: "none", element: "real", axes: ["prompt", "layer"], normalised: false },
    { name: "chance", unit: "none", element: "real", axes: ["prompt", "layer"], normalised: false },
  ]);
  assert.deepEqual(
    type.columns.map(({ name }) => name),
    ["mood", "item", "only"],
  );
  // Wherever it stands, and whatever reads it.
  for (const reader of [
    "let gain = moods.right - moods.chance",
    'hypothesis "better" expect moods.right > moods.chance by layer using wilcoxon',
    "compare moods.right between layer",
    "plot line of moods.right over layer",
    "probe mood from moods.right over layer as again",
  ])
    assert.deepEqual(messages(`${named}\n${reader}`), [], reader);
  assert.deepEqual(messages(`table moods.right by layer\n${named}`), []);
  assert.deepEqual(messages(`${named}\nplot line of moods.right over d_model`), ["A2013 moods has no axis d_model"]);
  assert.deepEqual(messages(`${named}\ntable moods.accuracy`), ["A2012 moods has no column accuracy"]);
  assert.deepEqual(messages(`${named}\n${named}`), ["A2002 the result moods is declared twice"]);
  assert.deepEqual(messages(`${named}\nlet moods = 1`), ["A2002 the result moods is declared twice"]);
});

test("a probe reads no probe behind it", () => {
  const named = "probe mood from acts.x over d_model by layer as moods";
  assert.deepEqual(messages(`probe mood from moods.right over layer\n${named}`), []);
  assert.deepEqual(messages(`probe mood from moods.right over layer as again\n${named}`), [
    "A2011 unknown experiment moods",
  ]);
});

test("one mistake in a named probe is said once", () => {
  assert.deepEqual(messages("probe mod from acts.x over d_model as moods\ntable moods.right"), [
    "A2013 acts has no axis mod",
  ]);
  const { diagnostics } = compileText(`${head}probe mood from acts.x over as moods\ntable moods.right`, around);
  assert.deepEqual(
    diagnostics.map(({ code }) => code),
    ["A1001"],
  );
});
