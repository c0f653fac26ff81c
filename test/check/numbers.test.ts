/** Numbers that cannot be held as they are written: in float32, into which graphs take them, and in files of prompts. */
import assert from "node:assert/strict";
import test, { suite } from "node:test";
import { parseMemory } from "../../src/cli/options.js";
import { numberFault, numberValue } from "../../src/compiler/syntax/literals.js";
import { compileText, fixtureFacts, messagesOf } from "./compiling.js";

const around = { models: { "*": await fixtureFacts("gpt2-f32") } };
const declarations = 'model gpt2 from "gpt2"\nprompts p from ["the cat sat", "a dog ran off"]\n';
const messages = (text: string): readonly string[] => messagesOf(declarations + text, around);

suite("what a literal means", () => {
  test("thousands are rounded once", () => {
    assert.equal(numberValue("100k"), 100_000);
    assert.equal(numberValue("1.001k"), 1001);
    assert.equal(numberValue("2e-3k"), 2);
  });

  test("numbers without a value of their own", () => {
    const fault = (text: string): ReturnType<typeof numberFault> => numberFault(text, numberValue(text));
    assert.deepEqual(["1e999", "1e308k", "9".repeat(400)].map(fault), ["too large", "too large", "too large"]);
    assert.deepEqual(["1e-400", "0.1e-308"].map(fault), ["too small", "too small"]);
    assert.deepEqual(["9007199254740993", "9007199254740993k", "99999999999999999999"].map(fault), [
      "inexact",
      "inexact",
      "inexact",
    ]);
    const sound = ["0", "0.000", "0e999", "0.1", "1e308", "9007199254740992", "9007199254740994", "1e22", "3k"];
    for (const text of sound) assert.equal(fault(text), null, text);
  });
});

suite("numbers that enter a graph", () => {
  const cannot = (value: string): string => `A3005 ${value} is not a number that float32 can hold`;
  const cases: readonly (readonly [string, string])[] = [
    ["measure loss * 1e39 as x", "1e+39"],
    ["measure loss * -1e39 as x", "-1e+39"],
    ["measure nll > 1e39 as x", "1e+39"],
    ["measure mean(nll where nll < 1e39) as x", "1e+39"],
    ["measure loss / 1e-50 as x", "1e-50"],
    ["measure 1e-40 + loss as x", "1e-40"],
    ["measure loss * (1e30 * 1e30) as x", "1.0000000000000001e+60"],
    ["measure loss * (1e200 * 1e200) as x", "1e200 * 1e200"],
    ["measure loss * (1e-200 * 1e-200) as x", "1e-200 * 1e-200"],
    ["measure loss * 10 ^ 400 as x", "10 ^ 400"],
    ["measure loss * 10 ^ -400 as x", "10 ^ -400"],
    ["metric m(a: scalar = 1e39) = loss * a\nmeasure m", "1e+39"],
    ["metric m(a: scalar = 1) = loss * a\nmeasure m a [1, 1e39]", "1e+39"],
    ["metric m(a: count = 1) = loss * a\nmeasure m a 1e39", "1e+39"],
    ["param x = 1e39\nmeasure loss * x as y", "1e+39"],
    ["param x = 1e39\nscale mlp L1 by x measure loss", "1e+39"],
    ["scale mlp L1 by 1e39 measure loss", "1e+39"],
    ["scale mlp L1 by [0.5, -1e39] measure loss", "-1e+39"],
    ["scale mlp L1 by 1e-50 measure loss", "1e-50"],
    ["ablate mlp L1 by constant 1e39 measure loss", "1e+39"],
    ["ablate mlp L1 by constant -1e-50 measure loss", "-1e-50"],
    ["steer resid_pre L1 by 1e39 * random_direction(seed: 1) measure loss", "1e+39"],
    ["steer resid_pre L1 by 1e39 measure loss", "1e+39"],
    ["set mlp_out[L1] to 1e39 measure loss", "1e+39"],
  ];
  for (const [text, value] of cases) {
    test(text.replaceAll("\n", " "), () => {
      assert.deepEqual(messages(text), [cannot(value)]);
    });
  }

  test("the limit is said, and the number marked", () => {
    const compiled = compileText(`${declarations}measure loss * 1e39 as x`, around);
    const [first] = compiled.diagnostics;
    assert.equal(first?.expected, "at most 3.4028235e38, the largest number of float32, in which models compute");
    const { start = 0, end = 0 } = first.primary?.span ?? {};
    assert.equal(compiled.sources.get("test.atlas")?.slice(start, end), "1e39");
  });

  test("what float32 holds, to both of its ends", () => {
    const text = "measure loss * 3.4028235e38 as a, loss * -3.4e38 as b, loss / 1.1754944e-38 as c, loss * 0 as d";
    assert.deepEqual(messages(text), []);
  });

  test("a negative zero is zero", () => {
    const { value } = compileText(`${declarations}measure loss * -0 as x, loss * (0 * -1) as y`, around);
    const constants = value.protocol?.studies[0]?.measures.flatMap((m) =>
      m.expression.nodes.flatMap((node) => (node.kind === "constant" ? [node.value] : [])),
    );
    assert.deepEqual(constants, [0, 0]);
  });
});

test("thresholds and factors of results are float64", () => {
  const text = "experiment e measure loss\ntable e where loss < 1e300\nlet x = e.loss * 1e-300\ntable x";
  assert.deepEqual(messages(text), []);
});

test("seeds of a random direction have 32 bits", () => {
  const seeded = (seed: string): readonly string[] => messages(`measure norm(random_direction(seed: ${seed})) as x`);
  assert.deepEqual(seeded("4294967295"), []);
  assert.deepEqual(seeded("4294967296"), ["A3005 4294967296 is not a seed: a whole number below 4294967296"]);
});

test("a parameter that is set", () => {
  const set = (value: string): readonly string[] =>
    messagesOf(`${declarations}param x = 1\nscale mlp L1 by x measure loss`, { ...around, set: { x: value } });
  assert.deepEqual(set("2"), []);
  assert.deepEqual(set("1e999"), ["A1006 1e999 is too large: the largest number is 1.7976931348623157e+308"]);
  assert.deepEqual(set("-1e39"), ["A3005 -1e+39 is not a number that float32 can hold"]);
});

test("--memory takes what is a number of bytes", () => {
  assert.equal(parseMemory("2GB"), 2 ** 31);
  assert.equal(parseMemory("0.5kb"), 512);
  for (const size of ["1e999", "Infinity", "0", "-1", "9999999999GB", "9".repeat(400)]) {
    assert.throws(() => parseMemory(size), /It must be/, size);
  }
});

suite("numbers of prompt files", () => {
  const read = (name: string, content: string): readonly string[] =>
    messagesOf(`model gpt2 from "gpt2"\nprompts p from "${name}"\nmeasure loss`, {
      ...around,
      files: { [name]: content },
    });
  const cases: readonly (readonly [string, string, string])[] = [
    ["p.jsonl", '{"text": "a"}\n{"text": "b", "x": 1e999}', 'line 2: the number 1e999 of "x" is too large'],
    ["p.jsonl", '{"text": "a", "x": -1e999}', 'line 1: the number -1e999 of "x" is too large'],
    ["p.jsonl", '{"text": "a", "x": 1e-400}', 'line 1: the number 1e-400 of "x" is too small'],
    [
      "p.jsonl",
      '{"text": "a", "id": 9007199254740993}',
      'line 1: the number 9007199254740993 of "id" would become 9007199254740992; in quotes it is kept as text',
    ],
    ["p.json", '[{"text": "a"},\n{"text": "b",\n"x": 1e999}]', 'line 3: the number 1e999 of "x" is too large'],
    ["p.json", "[1e999]", "line 1: the number 1e999 is too large"],
  ];
  for (const [name, content, problem] of cases) {
    test(`${name}: ${content.replaceAll("\n", " ")}`, () => {
      const found = read(name, content);
      assert.equal(found.length, 1, found.join("\n"));
      assert.ok(found[0]?.startsWith(`A4102 ${name}, ${problem}`), found[0]);
    });
  }

  test("digits in strings are text", () => {
    assert.deepEqual(read("p.jsonl", '{"text": "1e999 \\" 1e999", "x": "9007199254740993"}'), []);
    assert.deepEqual(read("p.csv", "text,x\na,1e999\nb,9007199254740993"), []);
  });
});
