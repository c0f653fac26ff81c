/** The measurement language: selection, tokens, conditions, units and values of other runs, with the smallest examples. */
import assert from "node:assert/strict";
import test, { suite } from "node:test";
import type { Measure } from "../../src/compiler/ir/protocol.js";
import { typeText } from "../../src/compiler/ir/tensor-type.js";
import { compileText, fixtureFacts, formula, markedText, messagesOf, protocolOf } from "./compiling.js";

const records = (...lines: readonly object[]): string => lines.map((line) => JSON.stringify(line)).join("\n");

// 3 layers, 4 heads, 24 components, 61 tokens; every word is one token.
const around = {
  models: { "*": await fixtureFacts("gpt2-f32") },
  files: {
    "p.jsonl": records({ prompt: "one two three", expected: " four" }, { prompt: "a two c", expected: " d" }),
    "pairs.jsonl": records(
      { good: "John met Mary", bad: "John met John", io: " Mary", s: " John" },
      { good: "Tom saw Ann", bad: "Tom saw Tom", io: " Ann", s: " Tom" },
    ),
  },
};
const head = [
  'model gpt2 from "gpt2"',
  'prompts p from "p.jsonl" text "prompt" answer "expected"',
  'prompts q from ["x y z", "u v w"]',
  'prompts long from ["x y z x", "u v w"]',
  'prompts three from ["x y z", "u v w", "a b c"]',
  'prompts pairs from "pairs.jsonl" clean "good" corrupt "bad" answer "io" distractor "s"',
  "",
].join("\n");

const onP = (clause: string): string => `${head}experiment e with p ${clause}`;
const measuresOf = (text: string): readonly Measure[] => protocolOf(text, around).studies.flatMap((s) => s.measures);
const typed = (expression: string): readonly string[] =>
  measuresOf(onP(`measure ${expression} as x`)).map((m) => `${formula(m)}: ${typeText(m.type)}`);
const messages = (expression: string): readonly string[] => messagesOf(onP(`measure ${expression} as x`), around);
const reasons = (text: string): readonly string[] =>
  measuresOf(text).flatMap((m) => m.expression.nodes.flatMap((n) => (n.kind === "operation" ? (n.reason ?? []) : [])));

suite("likeness", () => {
  test("between the entries of an axis, over the others", () => {
    assert.deepEqual(typed("pearson(pattern[L0] over query, key between head)"), [
      "pearson_between(pattern[0] over=query,key between=head): [pair=6]",
    ]);
    assert.deepEqual(typed("cosine(causal(pattern[L0]) over entry between head)"), [
      "cosine_between(causal(pattern[0]) over=entry between=head): [pair=6]",
    ]);
    assert.deepEqual(typed("pearson(final, embed over d_model)"), ["pearson(final, embed over=d_model): [pos]"]);
  });

  test("needs two tensors or a `between`", () => {
    assert.deepEqual(messages("pearson(final over d_model)"), [
      "A3004 expected 2 arguments to pearson: pearson(x, y over AXIS) or pearson(x over AXIS between AXIS), found 1: pearson(final over d_model)",
    ]);
    assert.deepEqual(messages("norm(final over d_model between pos)"), [
      "A3004 expected norm(…) without `between`, found norm(final over d_model between pos)",
    ]);
    assert.deepEqual(messages("pearson(pattern[L0] over key between query)"), [
      "A3001 pearson: the length of query depends on the text",
    ]);
    assert.deepEqual(messages("pearson(pattern[L0] over key between hed)"), [
      "A3001 pearson: the tensor has no axis hed",
    ]);
  });

  test("by rank is for results", () => {
    const [d] = compileText(onP("measure spearman(final, embed) as x"), around).diagnostics;
    assert.equal(d?.message, "unknown metric or function spearman");
    assert.match(d.hint ?? "", /correlate … with … using spearman/);
  });

  test("marks the axis in which two tensors differ", () => {
    const [d] = compileText(onP("measure pearson(final, embed last 2 over d_model) as x"), around).diagnostics;
    assert.equal(d?.expected, "[«pos», d_model=24]");
    assert.equal(d.found, "[«pos=min(2, n)», d_model=24]");
  });
});

suite("entries", () => {
  test("several axes become one", () => {
    assert.deepEqual(typed("flatten(v[L0] over kv_head, d_head)"), [
      "flatten(v[0] over=kv_head,d_head): [pos, entry=24]",
    ]);
    assert.deepEqual(typed("flatten(pattern[L0])"), ["flatten(pattern[0] over=): [entry=4*n*n]"]);
    assert.deepEqual(typed("causal(pattern[L0])"), ["causal(pattern[0]): [head=4, entry=n(n+1)/2]"]);
  });

  test("the largest ones, and where the largest one is", () => {
    assert.deepEqual(typed("top(logits at last, 3 over vocab)"), [
      "top(at(logits index=-1) over=vocab count=3): [rank=3]",
    ]);
    assert.deepEqual(typed("argmax(pattern[L0] over key)"), ["argmax(pattern[0] over=key): [head=4, query]"]);
    assert.deepEqual(messages("top(logits, 0 over vocab)"), ["A3005 0 is not a count of at least 1"]);
    assert.deepEqual(messages("argmax(logits)"), ["A3001 argmax works along one axis"]);
  });

  test("are selected by number on any axis", () => {
    assert.deepEqual(typed("select(pattern[L0], key: 0)"), ["at(pattern[0] index=0 axis=key): [head=4, query]"]);
    assert.deepEqual(typed("select(pattern[L0], head: -1, query: -1)"), [
      "at(select(pattern[0] axis=head index=-1) index=-1 axis=query): [key]",
    ]);
    assert.deepEqual(messages("select(pattern[L0], head: 9)"), ["A3005 9 is not an entry of head, which has 4"]);
    assert.deepEqual(messages("select(pattern[L0], pos: 0)"), ["A3001 select: the tensor has no axis pos"]);
    assert.deepEqual(messages("select(pattern[L0])"), [
      "A3004 expected select(x, AXIS: NUMBER), such as select(pattern[L5], key: 0), found select(pattern[L0])",
    ]);
  });

  test("a reduction without axes takes all of them", () => {
    assert.deepEqual(typed("std(final)"), ["std(final over=): scalar"]);
    assert.deepEqual(typed("max(pattern[L0] over query, key)"), ["max(pattern[0] over=query,key): [head=4]"]);
  });
});

suite("tokens", () => {
  test("of the answer, of the text itself, and written out, select from the vocabulary", () => {
    assert.deepEqual(typed("logits[answer] at last"), ["at(pick(logits, answer axis=vocab) index=-1): scalar"]);
    assert.deepEqual(typed('logprobs[" Mary"]'), ["pick(logprobs, 27 axis=vocab): [pos] in nats"]);
    assert.deepEqual(typed("(let p = softmax(logits at last over vocab) in p[answer])"), [
      "pick(softmax(at(logits index=-1) over=vocab), answer axis=vocab): scalar",
    ]);
  });

  test("that come next: the prediction loses its last position, as nll does", () => {
    const expected = "pick(slice(logits first=0 last=-2), slice(ids first=1 last=-1) axis=vocab): [pos=n-1]";
    assert.deepEqual(typed("logits[target]"), [expected]);
    assert.deepEqual(typed("(logits at 0..-2)[target]"), [expected]);
    assert.deepEqual(typed("nll + logprobs[target]").length, 1);
    assert.deepEqual(messages("(logits at last)[target]"), [
      "A3004 expected a tensor with every position of the text: choose positions after [target], found [vocab=61]",
    ]);
  });

  test("are arguments of metrics", () => {
    const metric = "metric chance(token: token = answer) = softmax(logits at last over vocab)[token]\n";
    const of = (use: string): readonly string[] => measuresOf(`${metric}${onP(`measure ${use}`)}`).map(formula);
    assert.deepEqual(of("chance"), ["pick(softmax(at(logits index=-1) over=vocab), answer axis=vocab)"]);
    assert.deepEqual(of('chance token " Mary"'), ["pick(softmax(at(logits index=-1) over=vocab), 27 axis=vocab)"]);
    assert.deepEqual(messagesOf(`${metric}${onP("measure chance token 3")}`, around), [
      'A3004 expected a token: answer, distractor, target or a string such as " Mary", found the number 3',
    ]);
  });

  test("can be compared, and nothing else", () => {
    assert.deepEqual(typed("argmax(logits at last over vocab) is answer"), [
      "equal(argmax(at(logits index=-1) over=vocab), answer): scalar of truth values",
    ]);
    assert.deepEqual(typed('mean(argmax(logits over vocab) is " Mary")'), [
      "mean(equal(argmax(logits over=vocab), 27) over=): scalar",
    ]);
    assert.deepEqual(messages("answer + 1"), ["A3001 `+` does not apply to tokens"]);
    assert.deepEqual(messages("answer < target"), ["A3001 `<` does not apply to tokens"]);
    assert.deepEqual(messages("mean(target)"), ["A3001 mean does not apply to tokens"]);
    assert.deepEqual(messages("answer is loss"), ["A3001 `is` compares different units: token and nats"]);
  });

  test("must be there, be one, and have a vocabulary to select from", () => {
    assert.deepEqual(messages("distractor"), ["A3013 the prompts p have no distractor"]);
    const compiled = compileText(onP('measure logits["two words"] as x'), around);
    assert.equal(compiled.diagnostics[0]?.message, '"two words" is 2 tokens of gpt2: only one token selects an entry');
    assert.equal(compiled.diagnostics[0].found, '"two" " words"');
    assert.equal(markedText(compiled), '"two words"');
    assert.deepEqual(messages("final[answer]"), [
      "A3004 expected a tensor with the axis vocab, such as logits, found [pos, d_model=24]",
    ]);
    assert.deepEqual(messages("logits[3]"), [
      'A3004 expected a token: answer, distractor, target or a string such as " Mary", found the number 3',
    ]);
  });

  test("name positions: the value of their own prediction, where that is what there is", () => {
    assert.deepEqual(typed('final at token "two"'), ["pick(final, position of two axis=pos): [d_model=24]"]);
    assert.deepEqual(typed('nll at token "two"'), ["pick(nll, subtract(position of two, 1) axis=pos): scalar in nats"]);
    assert.deepEqual(typed('diagonal(pattern[L0], offset: -1) at token "two"'), [
      "pick(diagonal(pattern[0] offset=-1), subtract(position of two, 1) axis=pos): [head=4]",
    ]);
    assert.deepEqual(typed('(final at 0..-2) at token "two"'), [
      "pick(slice(final first=0 last=-2), position of two axis=pos): [d_model=24]",
    ]);
    assert.deepEqual(messages('final at token "one"'), ['A4306 prompt 1 of p has no "one"']);
    assert.deepEqual(messages('(nll last 2) at token "two"'), [
      "A3004 expected every position of the text: write `at token` first, found [pos=min(2, n-1)] in nats",
    ]);
  });
});

suite("truth values and units", () => {
  test("are joined with and, or and not, and measured as 1 and 0", () => {
    assert.deepEqual(typed("not (loss > 1) or loss < 0.5 and loss >= 0"), [
      "or(not(greater(mean(nll over=pos), 1)), and(less(mean(nll over=pos), 0.5), greaterEqual(mean(nll over=pos), 0))): scalar of truth values",
    ]);
    assert.deepEqual(messages("loss and loss > 1"), ["A3001 `and` joins truth values"]);
    assert.deepEqual(messages("(loss > 1) + 1"), ["A3001 `+` does not apply to truth values"]);
    assert.deepEqual(messages("loss in 3"), [
      "A3004 expected arithmetic, a comparison with <, >, <=, >= or is, and, or, found `in`",
    ]);
  });

  test("information is converted by name", () => {
    assert.deepEqual(typed("bits(loss)"), ["bits(mean(nll over=pos)): scalar in bits"]);
    assert.deepEqual(typed("nats(bits(loss)) - loss").length, 1);
    assert.deepEqual(messages("bits(loss) - loss"), ["A3001 `-` mixes units: bits and nats"]);
    assert.deepEqual(messages("bits(norm(final))"), ["A3001 bits converts from nats"]);
  });

  test("divergences are in nats, and are of numbers", () => {
    assert.deepEqual(typed("kl(softmax(logits over vocab), exp(logprobs) over vocab)"), [
      "kl(softmax(logits over=vocab), exp(logprobs) over=vocab): [pos] in nats",
    ]);
    assert.deepEqual(messages("kl(logprobs, logprobs over vocab)"), ["A3001 kl is not defined for values in nats"]);
  });

  test("a metric may have the name of a function that names axes", () => {
    const metric = "metric kl_of_logits = kl(exp(logprobs), exp(logprobs) over vocab)\n";
    assert.equal(measuresOf(`${metric}${onP("measure kl_of_logits")}`).length, 1);
  });

  test("words are a quantity, and a random direction is a vector", () => {
    assert.deepEqual(typed("loss * tokens / words"), [
      "divide(multiply(mean(nll over=pos), tokens), words): scalar in nats",
    ]);
    assert.deepEqual(typed("random_direction(seed: 7)"), ["random_direction( size=24 seed=7): [d_model=24]"]);
    assert.deepEqual(messages("random_direction()"), ["A2007 random_direction needs a value for seed"]);
    assert.deepEqual(messages("random_direction(seed: -1)"), ["A3005 -1 is not a whole number that is not negative"]);
  });
});

suite("other runs", () => {
  test("give a value prompt by prompt; what follows `of` belongs to them", () => {
    assert.deepEqual(typed("nll - (nll of q)"), ["subtract(nll, (nll of q)): [pos=n-1] in nats"]);
    assert.deepEqual(typed("final of q at last"), ["(at(final index=-1) of q): [d_model=24]"]);
    assert.deepEqual(typed("loss of baseline"), ["(mean(nll over=pos) of p): scalar in nats"]);
    assert.deepEqual(typed("mean(final of q over pos)"), ["mean((final of q) over=pos): [d_model=24]"]);
  });

  test("or their average over prompts and positions", () => {
    const expected = ["mean(final of q): [d_model=24]"];
    assert.deepEqual(typed("mean(final of q)"), expected);
    assert.deepEqual(typed("mean(final of q over prompt)"), expected);
    assert.deepEqual(typed("mean(final of three at last)"), ["mean(at(final index=-1) of three): [d_model=24]"]);
    assert.deepEqual(messages("mean(pattern[L0] of q)"), [
      "A3001 mean over prompts: the length of query differs from prompt to prompt",
    ]);
  });

  test("in which quantities and places are their own", () => {
    const text = `${head}experiment e with pairs measure logits[answer] of corrupt at last as x`;
    assert.deepEqual(measuresOf(text).map(formula), [
      "(at(pick(logits, answer axis=vocab) index=-1) of pairs (corrupt))",
    ]);
    assert.deepEqual(messages("logits[answer] of q"), ["A3013 the prompts q have no answer"]);
    assert.deepEqual(messages('final of q at token "two"'), ['A4306 prompt 0 of q has no "two"']);
  });

  test("must be known, one at a time, and pair with the experiment's own", () => {
    assert.deepEqual(messages("final of nowhere"), ["A2010 unknown prompt set nowhere"]);
    assert.deepEqual(messages("final of clean"), ["A2010 unknown prompt set clean"]);
    assert.deepEqual(messages("(loss of baseline) of q"), [
      "A3004 expected an expression of one run, found `of` inside `of`",
    ]);
    assert.deepEqual(messages("(loss > 1) of q"), [
      "A3004 expected numbers of the other run, which are compared outside: (x of TEXTS) > 0, found scalar of truth values",
    ]);
    assert.equal(messages("loss of three")[0]?.slice(0, 5), "A4303");
    assert.equal(messages("nll of long")[0]?.slice(0, 5), "A4304");
    assert.deepEqual(typed("nll last 2 of long"), ["(last(nll count=2) of long): [pos=min(2, n-1)] in nats"]);
  });

  test("`baseline` is no name for prompts", () => {
    const text = 'model gpt2 from "gpt2"\nprompts baseline from ["x"]\nmeasure loss';
    assert.equal(messagesOf(text, around)[0]?.slice(0, 5), "A2019");
  });
});

suite("recovery", () => {
  const patched = (measure: string): string =>
    `${head}experiment e patch heads L0.H0 from clean into corrupt ${measure}`;

  test("is what the patch brings back of the difference between the two runs", () => {
    const measures = measuresOf(patched("measure recovery of loss"));
    assert.deepEqual(measures.map((m) => m.metric), ["recovery"]); // prettier-ignore
    const [loss, corrupt, clean] = ["mean(nll over=pos)", "(mean(nll over=pos) of pairs (corrupt))", "(mean(nll over=pos) of pairs)"]; // prettier-ignore
    assert.deepEqual(measures.map(formula), [`divide(subtract(${loss}, ${corrupt}), subtract(${clean}, ${corrupt}))`]);
    assert.deepEqual(measures.map((m) => m.type.unit), ["none"]); // prettier-ignore
    assert.ok(
      reasons(patched("measure recovery of loss")).includes("nothing to recover: the clean and the corrupt run agree"),
    );
  });

  test("of two metrics needs names", () => {
    assert.deepEqual(
      measuresOf(patched("measure recovery of loss, recovery of perplexity as other")).map((m) => m.metric),
      ["recovery", "other"],
    );
    assert.deepEqual(messagesOf(patched("measure recovery of loss, recovery of perplexity"), around), [
      "A2002 the column recovery is declared twice",
    ]);
  });

  test("needs a patch", () => {
    assert.deepEqual(messagesOf(onP("ablate heads L0 measure recovery of loss"), around), [
      "A3015 this experiment patches nothing, so there is nothing to recover",
    ]);
  });
});
