/**
 * Hints are followed: each case is a mistake that somebody made who comes from another tool, what the hint says to write,
 * and what replacing it gives, which is a protocol without errors or an error that is nearer to what was meant.
 */
import assert from "node:assert/strict";
import test from "node:test";
import { openModel } from "../../src/runtime/models/open-model.js";
import { compileText, wordTokenizer } from "../check/compiling.js";

const request = { source: "@stdlib/models/gpt2-tiny", revision: null, baseFolder: ".", span: null };
const { value: opened } = await openModel(request);
assert.ok(opened);
const surroundings = {
  models: { "*": { ...opened.facts, tokenizer: wordTokenizer } },
  files: { "pairs.jsonl": '{"clean": "a b c", "corrupt": "a d c", "answer": " x", "distractor": " y"}' },
};

const head = `model gpt2 from "gpt2"
prompts sayings from ["Time heals all wounds", "Pride goes before a fall"]
`;
const pairs = `model gpt2 from "gpt2"
prompts copying from "pairs.jsonl" clean "clean" corrupt "corrupt" answer "answer" distractor "distractor"
`;

interface Case {
  readonly wrong: string;
  /** What the hint must say; the text that is put in place of `at`. */
  readonly write: string;
  /** What is replaced; by default what the message marks. */
  readonly at?: string;
  /** The code of what is then still wrong; none by default. */
  readonly then?: string;
  /** What stands before; two plain prompts by default. */
  readonly before?: string;
}

const sweep = "experiment e ablate heads L* measure loss\n";

const cases: readonly Case[] = [
  // Sites and paths of other tools.
  { wrong: "measure hook_z", write: "z[L5]" },
  { wrong: "measure attention", write: "attn_out[L5]" },
  { wrong: "measure blocks.5.attn.hook_z as x", at: "blocks.5.attn.hook_z", write: "z[L5]" },
  { wrong: "measure norm(blocks.2.hook_resid_pre) as x", at: "blocks.2.hook_resid_pre", write: "resid_pre[L2]" },
  { wrong: "measure norm(transformer.h[3].mlp) as x", at: "transformer.h[3].mlp", write: "mlp_out[L3]" },
  { wrong: "measure norm(resid[L3]) as n", write: "resid_post" },
  { wrong: "measure norm(attn[L3]) as n", write: "attn_out" },
  { wrong: "measure norm(mlp[L3]) as n", write: "mlp_out" },
  { wrong: "measure norm(mlp_hidden[L3]) as n", write: "mlp_act" },
  { wrong: "measure norm(hidden_states[L3]) as n", write: "resid_post" },
  { wrong: "measure max(attention_pattern[L2] over key) as n", write: "pattern" },
  { wrong: "measure norm(resid_pos[L3]) as n", write: "resid_post" },
  { wrong: "measure norm(resid_post.L3) as n", at: "resid_post.L3", write: "resid_post[L3]" },
  { wrong: "measure norm(resid_post[3]) as n", at: "3", write: "L3" },
  { wrong: "measure norm(resid_post[layer]) as n", at: "layer", write: "L5" },
  { wrong: "measure max(pattern[L3][H1]) as n", at: "L3][H1", write: "L5.H1" },
  { wrong: "measure max(pattern[L3.1]) as n", at: "L3.1", write: "L3.H1" },
  { wrong: "measure norm(resid_post[L3][-1]) as n", at: "resid_post[L3][-1]", write: "resid_post[L3] at -1" },
  { wrong: "measure norm(resid_post[L3, -1]) as n", at: "resid_post[L3, -1]", write: "resid_post[L3] at -1" },
  { wrong: "measure max(logits[-1]) as n", at: "logits[-1]", write: "logits at -1" },
  { wrong: "measure nll[-1] as n", at: "nll[-1]", write: "nll at -1" },
  {
    wrong: "measure norm(resid_post[L3]) at last as n",
    at: "norm(resid_post[L3]) at last",
    write: "norm(resid_post[L3] at last)",
  },
  // Gradients at what the model computes nothing from.
  { wrong: "measure max(grad(loss, head_out[L3])) as n", at: "head_out[L3]", write: "z[L5]" },
  { wrong: "measure max(grad(loss, logprobs)) as n", at: "logprobs", write: "logits" },
  // Functions and metrics.
  { wrong: "measure mean(nll, pos) as m", at: "mean(nll, pos)", write: "mean(nll over pos)" },
  { wrong: "measure mean(nll, dim=-1) as m", at: "mean(nll, dim=-1)", write: "mean(nll over pos)" },
  { wrong: "measure mean over pos of nll as m", at: "mean over pos of nll", write: "mean(nll over pos)" },
  { wrong: "measure mean(nll, over pos) as m", at: "mean(nll, over pos)", write: "mean(nll over pos)" },
  { wrong: "measure resid_post[L3].norm as n", at: "resid_post[L3].norm", write: "norm(resid_post[L3])" },
  { wrong: "measure nll ** 2 as n", at: "nll ** 2", write: "x ^ 2", then: "A2003" },
  { wrong: "measure ppl", write: "perplexity" },
  { wrong: "measure cross_entropy", write: "loss" },
  { wrong: "measure probability", write: "prob", before: pairs },
  { wrong: "measure logit_difference", write: "logit_diff", before: pairs },
  { wrong: 'measure prob(" Mary") as n', at: 'prob(" Mary")', write: 'exp(logprobs[" Mary"] at last)', before: pairs },
  {
    wrong: 'measure logit_diff(" Mary", " John") as n',
    at: 'logit_diff(" Mary", " John")',
    write: 'logits[" Mary"] at last - logits[" John"] at last',
  },
  { wrong: "measure rank(resid_post[L3]) as n", at: "rank(resid_post[L3])", write: "PR(resid_post[L3])" },
  {
    wrong: "measure entropy(logits at last) as n",
    at: "entropy(logits at last)",
    write: "sum(entr(softmax(logits at last over vocab)) over vocab)",
  },
  { wrong: "metric m(layer) = norm(resid_post[layer])\nmeasure m", at: "measure m", write: "m layer L5" },
  { wrong: "metric m(n: int) = n * loss\nmeasure m n 2", at: "int", write: "count" },
  {
    wrong: "steer resid_post L3 by random_direction(1) measure loss",
    at: "random_direction(1)",
    write: "random_direction(seed: 1)",
  },
  { wrong: 'measure "loss"', at: 'measure "loss"', write: "measure loss" },
  { wrong: "measure loss = l", at: "loss = l", write: "loss as l" },
  { wrong: 'measure loss as "my loss"', at: 'as "my loss"', write: "as my_loss" },
  { wrong: 'experiment "my exp" measure loss', at: 'experiment "my exp"', write: "experiment my_exp" },
  { wrong: "experiment my-exp measure loss", at: "my-exp", write: "my_exp" },
  // Interventions.
  { wrong: "ablate head 2.3 measure loss", write: "heads", then: "A1001" },
  { wrong: "ablate heads 2.3 measure loss", write: "L2.H3" },
  { wrong: "ablate heads L2H1 measure loss", write: "L2.H1" },
  { wrong: "ablate heads L2.1 measure loss", at: "L2.1", write: "L2.H1" },
  { wrong: "ablate L2H1 measure loss", at: "ablate L2H1", write: "ablate heads L2.H1" },
  { wrong: "ablate L2.H1 measure loss", write: "heads L2.H1" },
  { wrong: "ablate L2.N1 measure loss", write: "neurons L2.N1" },
  { wrong: "ablate L2 measure loss", write: "attention L2" },
  { wrong: "ablate layer 2 measure loss", write: "L2" },
  { wrong: "ablate heads L1.H0, H3 measure loss", at: "H3", write: "L1.H3" },
  { wrong: "ablate heads L1..L3 measure loss", at: "L1..L3", write: "L1..3" },
  { wrong: "ablate heads L1-3 measure loss", at: "L1-3", write: "L1..3" },
  { wrong: "ablate heads 1..3 measure loss", at: "1..3", write: "L1..3" },
  { wrong: "ablate heads in L5 measure loss", at: "heads in L5", write: "heads L5" },
  { wrong: "ablate all heads measure loss", at: "ablate all heads", write: "ablate heads L*" },
  { wrong: "ablate heads * measure loss", at: "heads *", write: "heads L*" },
  { wrong: "ablate attn L3 measure loss", write: "attention" },
  { wrong: "ablate resid_post L3 measure loss", at: "ablate resid_post L3", write: "set resid_post[L5] to 0" },
  { wrong: "scale attn L3 by 2 measure loss", write: "attention" },
  { wrong: "scale hook_resid_pre L3 by 2 measure loss", write: "resid_pre" },
  { wrong: "set resid_post L3 to 0 measure loss", at: "set resid_post L3 to 0", write: "set resid_post[L5] to 0" },
  { wrong: "ablate heads L3 to zero measure loss", at: "to zero", write: "by zero" },
  {
    wrong: "ablate heads L3 by mean over pos measure loss",
    at: "by mean over pos",
    write: "by mean per position",
    then: "A4304",
  },
  { wrong: "ablate mlp L3 at pos -1 measure loss", at: "at pos -1", write: "at -1" },
  { wrong: "ablate mlp L3 at position 0 measure loss", at: "at position 0", write: "at 0" },
  {
    wrong: "steer resid_post L3 with random_direction(seed: 1) measure loss",
    at: "steer resid_post L3 with random_direction(seed: 1)",
    write: "steer resid_post L9 by 4 * random_direction(seed: 1)",
    then: "A4201",
  },
  {
    wrong: "ablate every pair of heads L0..1 measure loss",
    at: "ablate every pair of heads L0..1",
    write: "ablate pairs of heads L0..1",
  },
  // Statements about results.
  { wrong: `${sweep}table e where layer == 3`, at: "==", write: "is" },
  { wrong: `${sweep}table e where layer != 3`, at: "layer != 3", write: "not (a is b)", then: "A2013" },
  { wrong: `${sweep}table e where layer is 3 && head is 1`, at: "&&", write: "and" },
  { wrong: `${sweep}table e where head is H1`, at: "H1", write: "1" },
  { wrong: `${sweep}table e sort by impact`, at: "table e sort by impact", write: "table e by impact" },
  { wrong: `${sweep}table e by impact desc`, at: "by impact desc", write: "by -impact" },
  { wrong: `${sweep}table e limit 5 by impact`, at: "limit 5", write: "top 5" },
  { wrong: `${sweep}table e.impact.mean`, at: "e.impact.mean", write: "mean(e.impact)" },
  { wrong: `${sweep}table e.loss.delta`, at: "delta", write: "impact" },
  { wrong: `${sweep}table e.impact pivot layer`, at: "pivot layer", write: "across layer" },
  {
    wrong: `${sweep}table mean(e.impact) over layer`,
    at: "table mean(e.impact) over layer",
    write: "table mean(e.impact over layer)",
  },
  { wrong: `${sweep}table average(e.impact)`, at: "average", write: "mean" },
  {
    wrong: `${sweep}plot e.impact over layer, head`,
    at: "plot e.impact over layer, head",
    write: "plot heatmap of e.impact over layer, head",
  },
  { wrong: `${sweep}table f.loss`, at: "f", write: "e" },
  { wrong: `${sweep}correlate e.loss with regression`, at: "regression", write: "e.loss" },
  // Other languages.
  { wrong: "for layer in L0..5 measure loss", at: "for layer in L0..5", write: "heads L*", then: "A1002" },
  { wrong: 'prompt p from ["a"]\nexperiment e with sayings measure loss', at: "prompt ", write: "prompts" },
];

const errorsOf = (text: string): ReturnType<typeof compileText>["diagnostics"] =>
  compileText(text, surroundings).diagnostics.filter(({ severity }) => severity === "error");

for (const { wrong, write, at, then, before = head } of cases) {
  test(`${wrong.split("\n").at(-1) ?? ""} → ${write}`, () => {
    const text = before + wrong;
    const errors = errorsOf(text);
    const said = errors.map(({ hint, message, expected }) => `${hint ?? ""} ${message} ${expected ?? ""}`);
    const saying = errors.find((_, i) => said[i]?.includes(write) === true);
    assert.ok(saying, `no hint says ${write}:\n${said.join("\n")}`);
    const { start, end } = saying.primary?.span ?? { start: 0, end: 0 };
    const place = at ?? text.slice(start, end);
    // A metric's use follows its `measure`.
    const put = place.startsWith("measure ") && !write.startsWith("measure ") ? `measure ${write}` : write;
    const spaced = place.endsWith(" ") ? `${put} ` : put;
    const index = text.lastIndexOf(place);
    assert.ok(index >= before.length, `${place} is not in the text`);
    const fixed = text.slice(0, index) + spaced + text.slice(index + place.length);
    const left = errorsOf(fixed).map(({ code, message, hint }) => `${code} ${message} (${hint ?? ""})`);
    if (then === undefined) assert.deepEqual(left, [], fixed);
    else assert.ok(left.length > 0 && left.every((line) => line.startsWith(then)), `${fixed}\n${left.join("\n")}`);
  });
}

/** Where there is nothing to write yet, the hint says so and names what people do instead. */
const withoutWay: readonly (readonly [wrong: string, code: string, says: RegExp])[] = [
  ["measure median(nll) as m", "A2001", /taken of results.*median\(e\.loss over prompt\)/],
  ["measure percentile(nll) as m", "A2001", /no order statistic.*results have.*plot box/],
  [`${sweep}let r = pearson(e.loss, e.impact)`, "A2001", /correlate A with B using pearson.*plot scatter/],
  [`${sweep}let r = nanmedian(e.loss)`, "A2001", /a NaN makes the result NaN/],
  [`${sweep}let r = percentile(e.loss, 90)`, "A2001", /quantile\(x, 0\.9 over AXIS\)/],
  [`${sweep}let r = argsort(e.loss)`, "A2001", /rank\(x over AXIS\)/],
  [`${sweep}let r = idxmax(e.loss)`, "A2001", /argmax\(x over AXIS\)/],
  [`${sweep}let r = nunique(e.loss)`, "A2001", /count\(x is 3 over AXIS\)/],
  [`${sweep}let r = len(e.loss)`, "A2001", /count\(x over AXIS\)/],
  [`${sweep}let r = any(e.loss > 3)`, "A2001", /count\(CONDITION over AXIS\) > 0/],
  [`${sweep}let r = all(e.loss > 3)`, "A2001", /mean\(CONDITION over AXIS\) >= 1/],
  [`${sweep}let r = floor(e.loss)`, "A2001", /there are abs, exp, .*median, quantile, argmax, argmin, rank/],
  ["experiment e measure loss\ntable e by group", "A2012", /in no groups.*braces.*group "FIELD"/],
  ["experiment e measure loss\nplot bar of e.loss over group", "A2013", /in no groups/],
  [
    "experiment e measure loss, entropy\nplot scatter of e.loss against e.entropy with regression",
    "A3010",
    /begins an experiment here/,
  ],
  [
    "experiment e measure loss, entropy\nplot scatter of e.loss against e.entropy with regression",
    "A2010",
    /its line of least squares by itself/,
  ],
  ["experiment e with regression measure loss", "A2010", /takes prompt sets and corpora: the file has sayings/],
  ["measure norm(W_O[L3]) as n", "A2004", /only the unembedding/],
  ["measure gelu(nll) as n", "A2001", /mlp_pre before its activation/],
  [
    "measure cosine(z[L0..1] at last, z[L0..2] at last over d_head) as a",
    "A3006",
    /same values in both.*parameter of a metric/,
  ],
  [
    "ablate attention L*\nablate mlp L0..2\nmeasure loss",
    "A3006",
    /same places in both.*together.*pairs of heads.*experiment for each place/,
  ],
  ["steer resid_post L0..2 by z[L0..1.H0]\nmeasure loss", "A3006", /same values in both/],
  ["measure loss if layer is 3", "A1001", /begins a value/],
  ["measure if loss > 3 then loss as x", "A1001", /both branches/],
  ["measure if loss > 3 loss else 0 as x", "A1001", /if x > 3 then x else 0/],
  ["measure if loss > 3 then 1 elif loss > 2 then 3 else 0 as x", "A1001", /write `else if`/],
  ["measure 1 + if loss > 3 then 1 else 0 as x", "A1001", /in parentheses/],
  ["experiment e measure loss\ntable if e.loss > 3 then 1 else 0", "A1001", /in parentheses/],
  ["measure where(loss > 3, 1, 0) as x", "A1001", /if x > 3 then x else 0/],
  ["measure if loss > 3 then top_token else 0 as x", "A3001", /beside a token/],
  [
    "experiment e measure loss\nlet x = if layer is 1 then 1 else 0\ntable x",
    "A3004",
    /one of the two values has the axis/,
  ],
  ["measure mean(nll where nll over pos) as x", "A3001", /compare: x > 0/],
  ["measure mean((nll where nll > 3) * 2) as x", "A3022", /last word of the argument/],
  ["measure softmax(nll where nll > 3 over pos) as x", "A3022", /guard its result, softmax\(VALUE over pos\) where/],
  ["measure log_softmax(nll where nll > 3) as x", "A3022", /takes all entries along pos/],
  ["measure count(nll) as x", "A3001", /count\(x > 0 over pos\)/],
  ["measure eigenvalues(resid_post[L3]) as x", "A3001", /gram/],
  ["measure svd(resid_post[L3]) as x", "A2001", /singular_values\(x over pos, d_model\)/],
  ["measure loss when layer is 3", "A1001", /results are selected with `where`/],
  ["measure loss accuracy", "A1001", /parameter of `loss`: measures are separated by commas/],
  ["ablate heads L3 by noise measure loss", "A1001", /no noise yet/],
  ["ablate pairs of neurons L* measure loss", "A3009", /those of one layer, or draw some with `random 2 neurons of/],
  ["ablate quadruples of heads L0 measure loss", "A1001", /`ablate combinations of 4 heads L0\.\.1`/],
  ["ablate random 1..3 heads of L0 together measure loss", "A1001", /`ablate random 1 heads of L\* together`/],
  ["ablate combinations of 0 heads L0 measure loss", "A3005", /`combinations of 2`; more than 6 are drawn/],
  ["ablate combinations of 2.5 heads L0 measure loss", "A3005", /every two at once/],
  ["patch heads L0 to q heads L1 from sayings into sayings measure loss", "A1001", /`to q of heads L1`/],
  ["ablate random 2 heads of L0 seed -1 together measure loss", "A1001", /whole number from 0 to 4294967295/],
  ["prompts drawn random tokens 5 seed -1\non drawn measure loss", "A1001", /whole number from 0 to 4294967295/],
  ["param a = 0.5\nscale mlp L0 by 0..1 step a measure loss", "A1001", /params are not allowed there: `0\.\.1 step/],
  ["prompts none from [[]] chat\non none measure loss", "A4120", /one message of a conversation/],
  ['prompts half from [{clean: "a b"}]\non half measure loss', "A4120", /`corrupt` is missing/],
  ["scale mlp L0 by 0.1..0.35 measure loss", "A3004", /0\.1\.\.0\.35 step 0\.0625$/],
  ["measure mean(nll where pos > 3 over pos) as x", "A2003", /chosen with `at`, as in `nll at 3\.\.-1`/],
  ["measure mean(pattern[L1.H0] where key > 3) as x", "A2003", /select\(x, query: -1, key: 0\).*causal\(x\)/],
  ["ablate heads L0 together over position measure loss", "A3004", /an axis where `at` names several/],
  ["ablate random 4 heads of L0 draws 3 together measure loss", "A3004", /every draw would be the same/],
  [`${sweep}let h = if e.loss > 3 then "high" else "low"`, "A3004", /`classify VALUE as low < 1, high`/],
  [`${sweep}let h = mean(e.loss where loss > 3)`, "A2011", /did you mean e\.loss/],
  [`${sweep}figure "x" { }`, "A1001", /at least one plot/],
  [`${sweep}figure "x" { plot line of e.loss over layer table e }`, "A1001", /plots only/],
  [`${sweep}plot scatter of e.loss against layer`, "A3004", /`plot line of VALUE over layer`/],
  ["path patch heads L0 to heads L1 from sayings into sayings measure loss", "A1002", /`patch heads L0 to heads L3/],
  ["ablate heads random 5 measure loss", "A1001", /places are drawn by.*ablate random 4 heads of L\*/],
];

for (const [wrong, code, says] of withoutWay) {
  test(`${wrong.split("\n").at(-1) ?? ""} is told what is possible (${code})`, () => {
    const hints = errorsOf(head + wrong).map((error) => `${error.code} ${error.hint ?? ""}`);
    assert.ok(
      hints.some((hint) => hint.startsWith(code) && says.test(hint)),
      hints.join("\n"),
    );
  });
}

test("a word that stands too late is not taken for a slip of itself", () => {
  for (const wrong of [
    "ablate random 2 heads of L* together draws 3 measure loss",
    "ablate heads L0 measure loss\ntable experiment_1 by layer as percent",
  ]) {
    const [error] = compileText(head + wrong, surroundings).diagnostics;
    assert.ok(error !== undefined, wrong);
    assert.doesNotMatch(error.hint ?? "", /did you mean `?(?:draws|as)\b/, wrong);
    assert.deepEqual(error.fixes, [], wrong);
  }
});

test("in a set of ids an answer that is a number is an id", () => {
  const answers = (answer: string): readonly string[] =>
    compileText(
      `model gpt2 from "gpt2"\nprompts ids from [{text: [4, 1], answer: ${answer}}]\nmeasure prob`,
      surroundings,
    ).diagnostics.map(({ code, message }) => `${code} ${message}`);
  assert.deepEqual(answers("7"), []);
  assert.match(answers("-1")[0] ?? "", /^A4120 .*is -1, which is no token id/);
  assert.match(answers("1.5")[0] ?? "", /^A4120 .*is 1\.5, which is no token id/);
});

test("the way out of two sweeps of one axis is a parameter", () => {
  const text = `${head}metric pair(other: layer = L0..2) = cosine(z[L1] at last, z[other] at last over d_head)\nmeasure pair\n`;
  assert.deepEqual(errorsOf(text), []);
});

test("the ways out of two interventions that share an axis", () => {
  for (const second of ["mlp L*", "mlp L0..2 together"]) {
    assert.deepEqual(errorsOf(`${head}experiment e ablate attention L*\nablate ${second}\nmeasure loss`), []);
  }
});

test("words that are merely near are not suggested", () => {
  for (const word of ["svd", "quantile", "median", "tanh", "rank2d", "mein", "foo"]) {
    const [error] = errorsOf(`${head}measure ${word}(nll) as m`);
    assert.doesNotMatch(error?.hint ?? "", /did you mean (?:std|max|min|rank|cosine)\b/, word);
  }
});
