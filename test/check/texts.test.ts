/**
 * Prompt sets: BOS, files of every kind, and what is wrong with them.
 *
 * Long because what is wrong with one kind of file is read beside what is wrong with the others.
 */
import assert from "node:assert/strict";
import test, { suite } from "node:test";
import { parseCsv } from "../../src/compiler/check/texts/csv.js";
import { tokenLiterals } from "../../src/compiler/check/texts/named-tokens.js";
import { corruptName, type Prompt } from "../../src/compiler/ir/protocol.js";
import { parse } from "../../src/compiler/syntax/parse.js";
import { compileText, encodeWords, fixtureFacts, messagesOf, protocolOf, textsOf, wordTokenizer } from "./compiling.js";

const plain = await fixtureFacts("gpt2-f32");
const withBos = await fixtureFacts("gpt2-f32", { ...wordTokenizer, addsBos: true, digest: "bos" });
const models = { "*": plain, bos: withBos };

const protocol = (declaration: string, model = "gpt2"): string =>
  `model gpt2 from "${model}"\nprompts p from ${declaration}\nmeasure loss`;

const prompts = (
  declaration: string,
  files: Readonly<Record<string, string>> = {},
  model?: string,
): readonly Prompt[] => textsOf(protocolOf(protocol(declaration, model), { models, files }), "p").prompts;

const messages = (declaration: string, files: Readonly<Record<string, string>> = {}): readonly string[] =>
  messagesOf(protocol(declaration), { models, files });

suite("BOS", () => {
  const ids = (declaration: string, model: string): readonly number[] => prompts(declaration, {}, model)[0]?.ids ?? [];

  test("follows the tokenizer, unless the declaration says otherwise, and is never there twice", () => {
    assert.equal(ids('["one two"]', "gpt2").length, 2);
    assert.equal(ids('["one two"]', "bos").length, 3);
    assert.equal(ids('["one two"]', "bos")[0], 0);
    assert.equal(ids('["one two"] bos off', "bos").length, 2);
    assert.equal(ids('["one two"] bos on', "gpt2").length, 3);
  });

  test("makes an empty text possible", () => {
    assert.deepEqual(ids('[""]', "bos"), [0]);
    assert.deepEqual(messages('[""]'), ["A4106 prompt 0 of p has no tokens"]);
  });
});

suite("files", () => {
  test("special tokens stand around a text as the tokenizer puts them; `bos` is about those before it", async () => {
    const around = { ...wordTokenizer, addsBos: true, before: [3, 4], after: [5], digest: "around" };
    const facts = await fixtureFacts("gpt2-f32", around);
    const read = (declaration: string): readonly number[] => {
      const text = `model gpt2 from "around"\nprompts p from ${declaration}\nmeasure loss`;
      return textsOf(protocolOf(text, { models: { "*": facts } }), "p").prompts[0]?.ids ?? [];
    };
    const text = encodeWords("one two");
    assert.deepEqual(read('["one two"]'), [3, 4, ...text, 5]);
    assert.deepEqual(read('["one two"] bos off'), [...text, 5]);
    assert.deepEqual(read('["one two"] bos on'), [3, 4, ...text, 5]);
    const faults = messagesOf('model gpt2 from "around"\ncorpus c from "a.txt"\nmeasure loss', {
      models: { "*": facts },
      files: { "a.txt": "one two three" },
    });
    assert.match(faults.join(), /begins with 2 special tokens, and a window has one at most/);
  });

  test("a plain text file has one prompt a line; blank lines are none", () => {
    assert.deepEqual(
      prompts('"a.txt"', { "a.txt": "one two\r\n\r\n  \nthree\n" }).map((p) => p.text),
      ["one two", "three"],
    );
  });

  test("JSON Lines: a field is the text, one may be the group, the rest are columns", () => {
    const files = {
      "a.jsonl": '{"prompt":"one","kind":"x","score":2,"ok":true}\n\n{"prompt":"two","kind":"y","score":null}\n',
    };
    assert.deepEqual(
      prompts('"a.jsonl" text "prompt" group "kind"', files).map((p) => [p.text, p.group, p.fields]),
      [
        ["one", "x", { score: 2, ok: "true" }],
        ["two", "y", {}],
      ],
    );
  });

  test("JSON: an array of texts, or of objects", () => {
    assert.deepEqual(
      prompts('"a.json"', { "a.json": '["one", {"text": "two", "id": 7}]' }).map((p) => [p.text, p.group, p.fields]),
      [
        ["one", null, {}],
        ["two", null, { id: 7 }],
      ],
    );
  });

  test("CSV: quotes, doubled quotes, line breaks in cells", () => {
    const files = { "a.csv": 'text,kind\n"one, ""two""",x\n"three\nfour",y\n' };
    assert.deepEqual(
      prompts('"a.csv"', files).map((p) => [p.text, p.group, p.fields]),
      [
        ['one, "two"', null, { kind: "x" }],
        ["three\nfour", null, { kind: "y" }],
      ],
    );
  });

  test("values separated by tabs: quotes as in CSV, but a quote inside a cell is itself", () => {
    const files = { "a.tsv": 'text\tkind\nhe said "one"\tx\n"three\tfour"\ty\n' };
    assert.deepEqual(
      prompts('"a.tsv"', files).map((p) => [p.text, p.fields]),
      [
        ['he said "one"', { kind: "x" }],
        ["three\tfour", { kind: "y" }],
      ],
    );
  });

  test("endings: .ndjson is .jsonl, rows of parquet come as lines, and anything is plain text that is said to be", () => {
    const line = '{"text":"one"}\n';
    const read = (name: string, more = ""): readonly string[] =>
      prompts(`"${name}"${more}`, { [name]: line }).map((p) => p.text);
    for (const name of ["a.jsonl", "a.NDJSON", "a.parquet"]) assert.deepEqual(read(name), ["one"], name);
    for (const name of ["a.md", "a", "a.jsonl"]) assert.deepEqual(read(name, " as text"), [line.trim()], name);
    const grouped = prompts('{ x: "a.md", y: ["two"] } as text', { "a.md": "one\n" });
    assert.deepEqual(
      grouped.map((p) => [p.group, p.text]),
      [
        ["x", "one"],
        ["y", "two"],
      ],
    );
  });

  test("a nested field is no column, which is said; a clause may name a part of it", () => {
    const files = { "a.jsonl": '{"text":"one","meta":{"set":"x","n":12345678901234567890},"k":1}\n' };
    const warned = 'A8030 lists and objects are no columns of the results: "meta" of a.jsonl (line 1)';
    assert.deepEqual(messages('"a.jsonl"', files), [warned]);
    const [prompt] = prompts('"a.jsonl" group "meta.set"', files);
    assert.deepEqual([prompt?.group, prompt?.fields], ["x", { k: 1 }]);
    // A field that is called like a path comes first.
    const flat = { "a.jsonl": '{"text":"one","meta.set":"y"}\n' };
    assert.deepEqual(prompts('"a.jsonl" group "meta.set"', flat)[0]?.group, "y");
  });

  test("groups of lists and files", () => {
    const found = prompts('{ a: ["one"], b: "b.txt" }', { "b.txt": "two\nthree\n" });
    assert.deepEqual(
      found.map((p) => p.group),
      ["a", "b", "b"],
    );
    assert.deepEqual(
      found.map((p) => p.index),
      [0, 1, 2],
    );
  });

  test("names of fields that every object has by itself are fields like others", () => {
    const files = { "a.jsonl": '{"text":"one","constructor":"x","__proto__":"y"}\n' };
    const [prompt] = prompts('"a.jsonl"', files);
    assert.deepEqual(Object.entries(prompt?.fields ?? {}), [
      ["constructor", "x"],
      ["__proto__", "y"],
    ]);
    assert.deepEqual(messages('"a.jsonl" text "toString"', files), ['A4105 a.jsonl has no field "toString" in line 1']);
  });
});

suite("files with mistakes", () => {
  const cases: readonly (readonly [string, string, string, string])[] = [
    ["missing", '"b.txt"', "", "A4101 cannot read b.txt: there is no such file"],
    ["JSON Lines that are not JSON", '"a.jsonl"', '{"text":"one"}\n{"text":\n', "A4102 a.jsonl, line 2: not JSON: "],
    [
      "a line without fields",
      '"a.jsonl"',
      '{"text":"one"}\n"two"\n',
      "A4102 a.jsonl, line 2: expected an object with fields",
    ],
    [
      "a text that is an object",
      '"a.jsonl"',
      '{"text":{"x":1}}\n',
      'A4102 a.jsonl, line 1: the field "text" is no text',
    ],
    [
      "a group that is a list",
      '"a.jsonl" group "tags"',
      '{"text":"one","tags":["x"]}\n',
      'A4102 a.jsonl, line 1: the field "tags" is neither text nor a number',
    ],
    [
      "a part of a field that is not there",
      '"a.jsonl" text "meta.text"',
      '{"meta":{"set":"x"}}\n',
      'A4105 a.jsonl has no field "meta.text" in line 1',
    ],
    [
      "a field twice in one line",
      '"a.jsonl"',
      '{"text":"one"}\n{"text":"two","\\u0074ext":"three"}\n',
      'A4102 a.jsonl, line 2: an object has the field "\\u0074ext" twice',
    ],
    [
      "half of a surrogate pair",
      '"a.jsonl"',
      '{"text":"a \\ud83d\\ude00"}\n{"text":"b \\ude00\\ud83d"}\n',
      "A4102 a.jsonl, line 2: a text has half of a surrogate pair, which is no character",
    ],
    [
      "an array where lines are",
      '"a.ndjson"',
      '[{"text":"one"}]\n',
      "A4102 a.ndjson, line 1: expected an object with fields; a file that is one JSON array ends in .json",
    ],
    ["an array over lines where lines are", '"a.jsonl"', '[\n{"text":"one"}]\n', "A4102 a.jsonl, line 1: not JSON: "],
    ["a row of parquet without the text", '"a.parquet"', '{"x":1}\n', 'A4105 a.parquet has no field "text" in row 1'],
    ["tabs too many", '"a.tsv"', "text\tkind\na\tb\tc\n", "A4102 a.tsv, line 2: 3 cells where the header has 2"],
    ["an ending that says nothing", '"a.md"', "one\n", "A4126 a.md ends in .md, which does not say what it holds"],
    ["no ending", '"./a"', "one\n", "A4126 ./a has no ending that says what it holds"],
    ["a compressed file", '"a.jsonl.gz"', "", "A4126 a.jsonl.gz is compressed (.gz)"],
    ["a spreadsheet as text", '"a.xlsx" as text', "one", "A4126 a.xlsx is a .xlsx file, which is not read"],
    ["parquet as text", '"a.parquet" as text', "{}", "A4126 a.parquet is a parquet file, which is no text"],
    [
      "`as text` without a file",
      '["one"] as text',
      "",
      "A1004 `as text` has no meaning in texts that are not from a file",
    ],
    [
      "fields of plain text",
      '"a.jsonl" as text group "x"',
      "one\n",
      "A1004 `group` has no meaning in a plain text file",
    ],
    [
      "a line without the text",
      '"a.jsonl"',
      '{"text":"one"}\n{"txt":"two"}\n',
      'A4105 a.jsonl has no field "text" in line 2',
    ],
    ["JSON that is broken off", '"a.json"', '[\n"one",\n', "A4102 a.json, line 2: not JSON: "],
    [
      "JSON that is no array",
      '"a.json"',
      "{}",
      "A4102 a.json, line 1: expected an array of texts or of objects; a file with one object a line ends in .jsonl",
    ],
    ["an item that is no text", '"a.json"', '["one", 5]', "A4102 a.json, item 2: expected an object with fields"],
    [
      "CSV with a cell too many",
      '"a.csv"',
      'text,kind\n"a\nb",x\none,x,y\n',
      "A4102 a.csv, line 4: 3 cells where the header has 2",
    ],
    ["CSV with an open quote", '"a.csv"', 'text\n"one\ntwo\n', "A4102 a.csv, line 2: a quoted cell does not end"],
    ["CSV with a stray quote", '"a.csv"', 'text\none "two"\n', "A4102 a.csv, line 2: a quote inside a cell"],
    [
      "CSV with text behind a quote",
      '"a.csv"',
      'text\n"one" two\n',
      "A4102 a.csv, line 2: text after the closing quote",
    ],
    ["CSV with a column twice", '"a.csv"', "text,text\na,b\n", 'A4102 a.csv, line 1: the header has "text" twice'],
    ["nothing in it", '"a.txt"', "\n\n", "A4103 the prompt set p is empty"],
    ["options for plain text", '"a.txt" text "prompt"', "one\n", "A1004 `text` has no meaning in a plain text file"],
    [
      "half of a pair",
      '"a.jsonl" clean "text"',
      '{"text":"one"}\n',
      "A1004 `clean` has no meaning in prompts without `corrupt`",
    ],
    [
      "the other half",
      '"a.jsonl" corrupt "text"',
      '{"text":"one"}\n',
      "A1004 `corrupt` has no meaning in prompts without `clean`",
    ],
    [
      "a text beside a pair",
      '"a.jsonl" text "text" clean "text" corrupt "text"',
      '{"text":"one"}\n',
      "A1004 `text` has no meaning in prompts with `clean` and `corrupt`",
    ],
    [
      "a distractor of nothing",
      '"a.jsonl" distractor "text"',
      '{"text":"one"}\n',
      "A1004 `distractor` has no meaning in prompts without `answer`",
    ],
    [
      "answers of some",
      '{ a: "a.jsonl", b: ["one"] } answer "text"',
      '{"text":"one"}\n',
      "A1004 `answer` has no meaning in prompts of which some have no fields",
    ],
    [
      "a pair without one",
      '"a.jsonl" clean "a" corrupt "b"',
      '{"a":"one","c":"two"}\n',
      'A4105 a.jsonl has no field "b" in line 1',
    ],
    [
      "an empty answer",
      '"a.jsonl" answer "a"',
      '{"text":"one","a":""}\n',
      "A4109 the answer of prompt 0 of p has no tokens",
    ],
  ];
  for (const [name, declaration, content, expected] of cases) {
    test(name, () => {
      const path = /"(?:\.\/)?(a[\w.]*)"/.exec(declaration)?.[1] ?? "a.txt";
      const [message = "", ...more] = messages(declaration, { [path]: content });
      assert.deepEqual(more, []);
      assert.ok(message.startsWith(expected), message);
    });
  }

  test("a group twice, an empty group", () => {
    assert.deepEqual(messages('{ a: ["one"], a: ["two"], b: [] }'), [
      "A1003 the group a is given twice",
      "A4103 the prompt set p, group b, is empty",
    ]);
  });
});

test("fields keep their own names: which are taken depends on the experiment", () => {
  const files = { "a.jsonl": '{"text":"one","head":3,"prompt":"x"}\n' };
  assert.deepEqual(prompts('"a.jsonl"', files)[0]?.fields, { head: 3, prompt: "x" });
});

test("CSV rows know the lines on which they begin", () => {
  assert.deepEqual(parseCsv('a,b\r\n\r\n"x\ny",2\n3,4'), [
    { line: 1, cells: ["a", "b"] },
    { line: 3, cells: ["x\ny", "2"] },
    { line: 5, cells: ["3", "4"] },
  ]);
  assert.deepEqual(parseCsv(""), []);
  assert.deepEqual(parseCsv('""\n'), [{ line: 1, cells: [""] }]);
});

suite("pairs and answers", () => {
  const line = '{"c":"the cat sat","x":"the dog sat","yes":" on","no":" off","kind":"pets"}\n';
  const more = '{"c":"it rained","x":"it snowed hard","yes":" here","no":" there","kind":"weather"}\n';
  const declaration = '"a.jsonl" clean "c" corrupt "x" answer "yes" distractor "no" group "kind"';
  const pairs = protocolOf(
    `model gpt2 from "gpt2"\nprompts p from ${declaration}\n` +
      "patch resid_pre L0 at last from clean into corrupt measure loss",
    { models, files: { "a.jsonl": line + more } },
  );
  const [id] = encodeWords("on");

  test("a set of pairs is two sets in one order, with the same columns and answers", () => {
    const clean = textsOf(pairs, "p");
    const corrupt = textsOf(pairs, corruptName("p"));
    assert.deepEqual(
      clean.prompts.map((p) => [p.index, p.text, p.fields]),
      [
        [0, "the cat sat", { yes: " on", no: " off" }],
        [1, "it rained", { yes: " here", no: " there" }],
      ],
    );
    assert.deepEqual(
      corrupt.prompts.map((p) => [p.index, p.text]),
      [
        [0, "the dog sat"],
        [1, "it snowed hard"],
      ],
    );
    assert.deepEqual(
      corrupt.prompts.map((p) => p.fields),
      clean.prompts.map((p) => p.fields),
    );
    for (const { prompts } of [clean, corrupt]) {
      assert.deepEqual(prompts[0]?.numbers, {
        tokens: 2,
        bytes: 11,
        words: 3,
        answer: id,
        distractor: encodeWords("off")[0],
      });
    }
  });

  test("CSV and JSON have parts too, and texts that are no pairs have answers", () => {
    const files = { "a.csv": 'q,a\nthe cat sat, on\n"it rained", here\n', "a.json": '[{"q":"the cat sat","a":" on"}]' };
    for (const name of ["a.csv", "a.json"]) {
      const [prompt] = prompts(`"${name}" text "q" answer "a"`, files);
      assert.deepEqual([prompt?.text, prompt?.fields, prompt?.numbers.answer], ["the cat sat", { a: " on" }, id]);
      assert.equal(prompt?.numbers.distractor, undefined);
    }
  });

  test("answers of several tokens, and answers that begin like their distractors: a warning for each", () => {
    const content = '{"text":"one","a":" two three","d":" two four"}\n{"text":"one","a":" five","d":" six"}\n';
    assert.deepEqual(messages('"a.jsonl" answer "a" distractor "d"', { "a.jsonl": content }), [
      'A8011 2 of 4 answers of p are longer than one token of gpt2: only the first one counts, such as " two" of " two three"',
      "A8012 answer and distractor of 1 of 2 prompts of p begin with the same token of gpt2: their difference is 0",
    ]);
  });
});

suite("words and named tokens", () => {
  const named = (text: string, model = "gpt2"): Prompt["numbers"] => {
    const around = { models };
    const protocolText = `model gpt2 from "${model}"\nprompts p from [${text}]\nablate mlp L0 at token "cat" measure loss`;
    return textsOf(protocolOf(protocolText, around), "p").prompts[0]?.numbers ?? {};
  };

  test("words are runs of what is not white space", () => {
    assert.equal(named('"the  cat\\nsat, didn\'t it?"').words, 5);
  });

  test("the position of a token that the protocol names: the last one that ends so, BOS counted", () => {
    assert.equal(named('"the cat sat"')["position of cat"], 1);
    assert.equal(named('"the cat sat"', "bos")["position of cat"], 2);
    assert.equal(named('"cat and cats sat"')["position of cat"], 2);
  });

  test("strings of experiments and metrics are encoded for each model, and only those", () => {
    const text = 'model gpt2 from "gpt2"\nprompts p from ["one"]\nmeasure logits[" two"] at last as x';
    const { value } = compileText(text, { models });
    assert.equal(value.models.size, 1);
    const scope = { experiments: new Map([["e", parse({ path: "", text }).value.statements[2]]]) };
    const literals = tokenLiterals({ metrics: new Map(), params: new Map(), ...scope } as never);
    assert.deepEqual(literals, { positions: [], values: [" two"] });
  });
});
