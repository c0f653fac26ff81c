/** Protocols with a syntax error: the error is said, everything else is checked, and nobody is blamed for its consequences. */
import assert from "node:assert/strict";
import test, { suite } from "node:test";
import { compileText, fixtureFacts, messagesOf } from "./compiling.js";

const around = {
  models: { "*": await fixtureFacts("gpt2-f32"), llama: await fixtureFacts("llama-tied-f32") },
  files: {
    "pairs.jsonl": '{"clean": "the cat sat", "corrupt": "the dog sat", "answer": " down"}\n',
    "broken.atlas": 'metric half = loss /\nmetric whole = loss\nprompts q from ["it rained"]\n',
  },
};
const head = 'model gpt2 from "gpt2"\nprompts p from ["the cat sat", "a dog ran off"]\n';

/** Codes and messages of a text that does not parse. */
const messages = (text: string): readonly string[] => {
  const { value, diagnostics } = compileText(text, around);
  assert.equal(value.protocol, null);
  return diagnostics.map((d) => `${d.code} ${d.message}`);
};

test("one error does not hide the others", () => {
  const text = `${head}
experiment sweep
  ablate hedas L*
  measure loss

experiment other
  ablate heads L9
  measure R_W, nll

let gap = mean(sweep.impact
table sweep top 3 by abs(impact)
table gap
table swep
tabel sweep
save nothing to "nothing.csv"
metric own = norm(finale)
metric of_others(layer: leyer = L0) = loss
measure lss`;
  assert.deepEqual(messages(text), [
    "A1001 expected `heads`, `kv_heads`, `neurons`, `experts`, `mlp`, `attention` or another word, found `hedas`",
    "A1001 expected `,` or `)`, found the next statement `table`",
    "A1002 no statement starts with `tabel`",
    "A2003 unknown name finale",
    "A2008 unknown parameter type leyer",
    "A4201 L9 is beyond gpt2, which has 3 layers (the last is L2)",
    "A2001 unknown metric R_W",
    "A2001 unknown metric lss",
    "A2011 unknown experiment swep",
    "A2011 unknown experiment nothing",
  ]);
});

suite("what a broken statement declares is known, and nothing follows from what it lacks", () => {
  const uses = `
experiment e
  on gpt2 with p
  ablate heads L0
  measure m window w, loss
let l = e.loss.impact
table l
table e top 3 by abs(loss.impact)
plot line of e.m over head
save e to "e.csv"
experiment chosen
  on gpt2 with p
  ablate top 1 heads of e by loss.impact
  measure loss
`;
  const declarations: Readonly<Record<string, string>> = {
    model: 'model gpt2 from "gpt2"',
    prompts: 'prompts p from ["the cat sat"]',
    param: "param w = 2",
    metric: "metric m(window: count = 1) = mean(nll last window)",
  };
  const whole = Object.values(declarations).join("\n") + uses;

  test("the whole text is sound", () => {
    assert.deepEqual(messagesOf(whole, around), []);
  });

  const breaks: readonly (readonly [string, string, string])[] = [
    ["a model without its source", 'model gpt2 from "gpt2"', "model gpt2 from"],
    ["a model without `from`", 'model gpt2 from "gpt2"', 'model gpt2 "gpt2"'],
    ["a model without its name", 'model gpt2 from "gpt2"', 'model from "gpt2"'],
    ["a misspelt `model`", 'model gpt2 from "gpt2"', 'modle gpt2 from "gpt2"'],
    ["no word `model`", 'model gpt2 from "gpt2"', 'gpt2 from "gpt2"'],
    ["a model with an option twice", 'model gpt2 from "gpt2"', 'model gpt2 from "gpt2" dtype f32 dtype f32'],
    ["a string without its end", 'model gpt2 from "gpt2"', 'model gpt2 from "gpt2'],
    ["an escape that does not exist", 'model gpt2 from "gpt2"', 'model gpt2 from "g\\p"'],
    ["a list without its end", 'prompts p from ["the cat sat"]', 'prompts p from ["the cat sat"'],
    ["texts without `from`", 'prompts p from ["the cat sat"]', 'prompts p ["the cat sat"]'],
    ["a parameter without a value", "param w = 2", "param w ="],
    ["a parameter that is too large", "param w = 2", "param w = 1e999"],
    ["a parameter that is no number", "param w = 2", "param w = 0x10"],
    ["a character that is none", "param w = 2", "param w = 2;"],
    ["a metric without `=`", "metric m(window: count = 1) =", "metric m(window: count = 1)"],
    ["a metric with half a formula", "mean(nll last window)", "mean(nll last window"],
    ["no word `metric`", "metric m(window", "m(window"],
    ["an experiment with a misspelt word", "  ablate heads L0\n", "  ablate hedas L0\n"],
    ["an experiment with a misspelt clause", "  ablate heads L0\n", "  abalte heads L0\n"],
    ["an experiment without its name", "experiment e\n", "experiment\n"],
    ["a misspelt `experiment`", "experiment e\n", "experimnt e\n"],
    ["no word `experiment`", "experiment e\n", "e\n"],
    ["an experiment with a comma too much", "measure m window w, loss", "measure m window w, loss,"],
    ["a word too much in the middle", "measure m window w, loss", "measure m window w save, loss"],
    ["a result with half a value", "let l = e.loss.impact", "let l = e.loss. +"],
    ["no word `let`", "let l = e.loss.impact", "l = e.loss.impact"],
    ["a result that reads on", "let l = e.loss.impact", "let l = e.loss."],
    ["a table", "table l\n", "table l topp 3\n"],
    ["an unknown statement", "table l\n", "tabel l\n"],
  ];
  for (const [name, from, to] of breaks) {
    test(name, () => {
      const text = whole.replace(from, () => to);
      assert.notEqual(text, whole);
      const found = messages(text);
      assert.equal(found.length, 1, found.join("\n"));
      assert.match(found[0] ?? "", /^A[01]/);
    });
  }

  test("but what else is wrong is said", () => {
    for (const [name, from, to] of breaks) {
      const found = messages(
        `${whole.replace(from, () => to)}experiment x on gpt2 with p measure norm(resid_pots[L0]) as y`,
      );
      assert.ok(found.includes("A2004 unknown site resid_pots"), `${name}: ${found.join("\n")}`);
    }
  });
});

suite("what is in doubt", () => {
  test("a standard metric that a broken statement may replace", () => {
    const text = `${head}metric loss(window: count = 1) = mean(nll last window\nmeasure loss window 2`;
    assert.deepEqual(messages(text), ["A1001 expected `,` or `)`, found the next clause `measure`"]);
  });

  test("which model or prompts an experiment means, where one cannot be read", () => {
    const text = `${head}model llama from\nprompts other from\nmeasure norm(resid_post[L2]) as x, R_W`;
    assert.deepEqual(messages(text).slice(2), ["A2001 unknown metric R_W"]);
  });

  test("nothing of another kind", () => {
    const wrong = "experiment f ablate heads L9 measure loss";
    const found = "A4201 L9 is beyond gpt2, which has 3 layers (the last is L2)";
    const broken = ['prompts q from ["a b"', "param w = ", "metric m( = loss", "let a = ", "table e topp 3", "tabel e"];
    for (const statement of broken) {
      assert.deepEqual(messages(`${head}${statement}\n${wrong}`).slice(1), [found], statement);
    }
  });

  test("clauses below a broken experiment, which may be its own or another one's", () => {
    const wrong = "A4201 L9 is beyond gpt2, which has 3 layers (the last is L2)";
    const follows = (broken: string): readonly string[] =>
      messages(`${head}${broken}\nablate heads L9\nmeasure loss`).slice(1);
    assert.deepEqual(follows("experiment e\n  ablate hedas L1\n  measure loss"), [wrong]);
    assert.deepEqual(follows("ablate hedas L1\nmeasure loss\n"), [wrong]);
    assert.deepEqual(follows("table e topp 3"), [wrong]);
    assert.deepEqual(follows("experiment e\nablate hedas L1"), []);
    assert.deepEqual(follows("correlate (e.x\nwith p"), []);
  });

  test("the halves of pairs that cannot be read", () => {
    const text = `model gpt2 from "gpt2"
prompts pairs from "pairs.jsonl" clean "clean" corrupt "corrupt" answr "answer"
experiment e
  patch heads L0 from clean into corrupt
  measure recovery of prob`;
    const found = messages(text);
    assert.equal(found.length, 1, found.join("\n"));
  });

  test("the numbers of experiments without a name", () => {
    const text = `${head}ablate heads L0 measure lss,

ablate heads L1
  measure loss
table experiment_2 where layer is L1
table experiment_2 where layer is L2
table experiment_1`;
    assert.deepEqual(messages(text).slice(1), ["A2020 the axis layer of experiment_2 has no 2"]);
  });

  test("a statement that is nested too deeply is left out, and the others are checked", () => {
    const text = `${head}let a = ${"(".repeat(500)}1${")".repeat(500)}\nexperiment e measure lss\ntable a\ntable b`;
    assert.deepEqual(messages(text), [
      "A1005 this is nested more than 32 deep",
      "A2001 unknown metric lss",
      "A2011 unknown experiment b",
    ]);
  });

  test("an imported file with errors: its sound statements count", () => {
    const text = `import "broken"\nmodel gpt2 from "gpt2"\nexperiment e with q measure half, whole, hlf`;
    assert.deepEqual(messages(text).slice(1), ["A2001 unknown metric hlf"]);
  });

  test("an import that is not there: what it might declare is not missed", () => {
    const text = `import "nowhere"\n${head}experiment e measure of_nowhere, norm(finale) as x`;
    const found = messagesOf(text, around);
    assert.deepEqual(found, ["A2018 cannot import nowhere: there is no such file"]);
  });

  test("a parameter that --set gives and the text does not", () => {
    const { diagnostics } = compileText(`${head}param w = \nmeasure loss`, { ...around, set: { w: "3", v: "4" } });
    assert.deepEqual(
      diagnostics.slice(1).map((d) => `${d.code} ${d.message}`),
      ["A2016 the protocol has no parameter v"],
    );
  });
});
