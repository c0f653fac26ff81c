/** Prompts as records and ids in the protocol, continuations, conversations: numbers that are known from elsewhere. */
import assert from "node:assert/strict";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { ResultRow } from "../../src/compiler/ir/results.js";
import { loadProtocol } from "../../src/runtime/load.js";
import { readFixture, type TrainedFixture } from "../models/fixture.js";
import { root } from "../support/root.js";
import { rowsBothWays } from "./both-ways.js";
import { protocolIn, rowsOf, runFile, runOnRandomModel, temporaryFolder } from "./support.js";

const tiny = join(root, "stdlib/models/gpt2-tiny");

/** Values of one metric under a condition, by prompt. */
function valuesOf(rows: readonly ResultRow[], experiment: string, metric: string): readonly number[] {
  return rows.filter((row) => row.experiment === experiment && row.metric === metric).map((row) => row.value);
}

function close(actual: readonly number[], expected: readonly number[], tolerance: number): void {
  assert.equal(actual.length, expected.length);
  actual.forEach((value, i) => {
    assert.ok(Math.abs(value - (expected[i] ?? Number.NaN)) <= tolerance, `${i}: ${value}, not ${expected[i]}`);
  });
}

test("records in the protocol are those of a file, and need no clauses for their standard fields", async (t) => {
  const folder = temporaryFolder(t);
  const records = [
    { clean: "Ann and Bob met. Ann saw", corrupt: "Ann and Bob met. Bob saw", answer: " Bob", n: 2, odd: false },
    { clean: "Tim and Sam met. Tim saw", corrupt: "Tim and Sam met. Sam saw", answer: " Sam", n: -0.5, odd: true },
  ];
  writeFileSync(join(folder, "pairs.jsonl"), records.map((record) => JSON.stringify(record)).join("\n"));
  const rows = await rowsBothWays(
    t,
    `prompts inline from [${records.map((record) => JSON.stringify(record)).join(", ")}]
     prompts file from "pairs.jsonl"
     prompts said from "pairs.jsonl" clean "clean" corrupt "corrupt" answer "answer"
     experiment a with inline patch heads L1 at -2..-1 from clean into corrupt measure recovery of prob, loss
     experiment b with file patch heads L1 at -2..-1 from clean into corrupt measure recovery of prob, loss
     experiment c with said patch heads L1 at -2..-1 from clean into corrupt measure recovery of prob, loss`,
    folder,
  );
  const of = (name: string): readonly unknown[] =>
    rows.filter(({ experiment }) => experiment === name).map((row) => ({ ...row, experiment: "" }));
  assert.ok(of("a").length > 30);
  assert.deepEqual(of("a"), of("b"));
  assert.deepEqual(of("b"), of("c"));
  assert.deepEqual(rows[0]?.axes["odd"], "false");
  assert.deepEqual(rows[0].axes["n"], 2);
});

test("token ids are read as they are, and a model without a tokenizer runs on them", async (t) => {
  const fixture = readFixture<TrainedFixture>("gpt2-tiny");
  assert.ok(fixture !== null);
  const folder = temporaryFolder(t);
  cpSync(tiny, join(folder, "toy"), { recursive: true });
  for (const file of ["tokenizer.json", "tokenizer_config.json"]) rmSync(join(folder, "toy", file));
  const path = protocolIn(
    folder,
    `model toy from "./toy"
     prompts known from ${JSON.stringify(fixture.ids)}
     prompts answered from [{text: [5, 6, 7], answer: 8, distractor: [9]}, {text: [7, 6], answer: [8], distractor: 9}]
     experiment a with known measure nll, top_token
     experiment b with answered ablate heads L0.H1 at token "#6" measure logit_diff, prob
     save a to "a.csv"
     table a`,
  );
  const ran = await runFile(path, { runs: join(folder, "runs") });
  const rows = await rowsOf(ran);
  // The same as transformers' loss of these ids, up to float32.
  close(valuesOf(rows, "a", "nll"), fixture.nll.flat(), 1e-4);
  assert.equal(valuesOf(rows, "b", "prob").length, 4);
  const saved = readFileSync(join(ran.folder.outputs, "a.csv"), "utf8");
  assert.match(saved, /,#\d+,top_token,token,|top_token,token,\d+,#\d+/);
  const record = JSON.parse(readFileSync(ran.folder.record, "utf8")) as {
    readonly texts: readonly { readonly name: string; readonly input?: string; readonly bos: boolean }[];
  };
  assert.deepEqual(
    record.texts.map(({ name, input, bos }) => [name, input, bos]),
    [
      ["known", "ids", false],
      ["answered", "ids", false],
    ],
  );
});

test("a continuation's log-probability is the sum of transformers' token losses", async (t) => {
  const fixture = readFixture<TrainedFixture>("gpt2-tiny");
  assert.ok(fixture !== null);
  // Of each text the last tokens are its continuation: 1, 2 and 3 of them, so that the set is read in parts.
  const lengths = [1, 3, 2];
  const records = fixture.ids.map((ids, i) => {
    const end = ids.length - (lengths[i] ?? 1);
    return JSON.stringify({ text: ids.slice(0, end), next: ids.slice(end) });
  });
  const rows = await rowsBothWays(
    t,
    `prompts p from [${records.join(", ")}] continuation "next"
     prompts prompts_alone from [${fixture.ids.map((ids, i) => JSON.stringify(ids.slice(0, ids.length - (lengths[i] ?? 1)))).join(", ")}]
     experiment whole with p
       measure continuation_logprob, continuation_loss, loss, nll at continuation as each, top_token
     experiment alone with prompts_alone measure loss, top_token`,
  );
  const expected = fixture.nll.map((nll, i) => nll.slice(nll.length - (lengths[i] ?? 1)));
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  // Sums of up to three float32 losses of order 10.
  close(
    valuesOf(rows, "whole", "continuation_logprob"),
    expected.map((nll) => -sum(nll)),
    1e-4,
  );
  close(
    valuesOf(rows, "whole", "continuation_loss"),
    expected.map((nll) => sum(nll) / nll.length),
    1e-4,
  );
  close(valuesOf(rows, "whole", "each"), expected.flat(), 1e-4);
  // What is measured of the prompt is what it is without a continuation; other lengths of batches, other last bits.
  close(valuesOf(rows, "whole", "loss"), valuesOf(rows, "alone", "loss"), 1e-5);
  assert.deepEqual(valuesOf(rows, "whole", "top_token"), valuesOf(rows, "alone", "top_token"));
});

test("a continuation's accuracy and rank are those of its tokens among the logits of the whole text", async (t) => {
  const prompt = [40, 12, 300, 40];
  const vocab = 1024;
  // The logits of a text do not depend on what is a continuation in it: what follows is chosen among them.
  const likely = await rowsBothWays(
    t,
    `prompts p from [${JSON.stringify(prompt)}]
     experiment e with p measure argtop(logits at last, 2 over vocab) as next`,
  );
  const [first, second] = valuesOf(likely, "e", "next");
  assert.ok(first !== undefined && second !== undefined);
  const continuations = [[first], [second], [first, 7], [second, 9]];
  const wholes = continuations.map((next) => [...prompt, ...next]);
  const records = continuations.map((next) => JSON.stringify({ text: prompt, next }));
  const rows = await rowsBothWays(
    t,
    `prompts p from [${records.join(", ")}] continuation "next"
     prompts wholes from ${JSON.stringify(wholes)}
     experiment asked with p measure continuation_accuracy, continuation_rank
     experiment read with wholes measure logits`,
  );
  const logits = valuesOf(rows, "read", "logits");
  let start = 0;
  const ranks = wholes.map((ids) => {
    const own = logits.slice(start, (start += ids.length * vocab));
    return ids.slice(prompt.length).map((id, i) => {
      const at = (prompt.length + i - 1) * vocab;
      const row = own.slice(at, at + vocab);
      return row.filter((value) => value > (row[id] ?? NaN)).length;
    });
  });
  assert.equal(start, logits.length);
  assert.deepEqual(
    ranks.map(([rank]) => rank),
    [0, 1, 0, 1],
  );
  assert.deepEqual(
    valuesOf(rows, "asked", "continuation_rank"),
    ranks.map((own) => Math.max(...own)),
  );
  assert.deepEqual(
    valuesOf(rows, "asked", "continuation_accuracy"),
    ranks.map((own) => (own.every((rank) => rank === 0) ? 1 : 0)),
  );
});

test("interventions count positions in the prompt, and without `at` act on the continuation, too", async (t) => {
  const [prompt, next] = [
    [40, 12, 300, 7, 9, 500],
    [8, 44],
  ];
  const rows = await rowsBothWays(
    t,
    `prompts p from [{text: ${JSON.stringify(prompt)}, next: ${JSON.stringify(next)}}] continuation "next"
     prompts whole from [${JSON.stringify([...prompt, ...next])}]
     experiment a with p ablate heads L1.H0, L2 at last measure -continuation_logprob as x, loss, prev_token layer L3
     experiment b with whole ablate heads L1.H0, L2 at -3 measure sum(nll at -2..-1 over pos) as x, mean(nll at 0..-3 over pos) as loss, prev_token layer L3
     experiment c with p ablate heads L1.H0, L2 measure -continuation_logprob as x
     experiment d with whole ablate heads L1.H0, L2 measure sum(nll at -2..-1 over pos) as x
     experiment e with p steer resid_post L2 at -3..-2 together by random_direction(seed: 3) measure -continuation_logprob as x
     experiment f with whole steer resid_post L2 at -5..-4 together by random_direction(seed: 3) measure sum(nll at -2..-1 over pos) as x`,
  );
  // The same rows of the same model: what differs is where the last bits of a sum are rounded.
  for (const [one, other] of [
    ["a", "b"],
    ["c", "d"],
    ["e", "f"],
  ] as const) {
    close(valuesOf(rows, one, "x"), valuesOf(rows, other, "x"), 1e-5);
  }
  close(valuesOf(rows, "a", "loss"), valuesOf(rows, "b", "loss"), 1e-5);
  assert.ok(new Set(valuesOf(rows, "a", "x")).size > 3, "the interventions do something");
  assert.notDeepEqual(valuesOf(rows, "a", "x"), valuesOf(rows, "c", "x"));
});

test("a mean over prompts leaves continuations out, and is that of all of them whatever their lengths", async (t) => {
  const prompts = [
    [1, 2, 3, 4],
    [5, 6, 7],
    [9, 8, 7, 6],
  ];
  const next = [[10], [11, 12], [13]];
  const records = prompts.map((text, i) => JSON.stringify({ text, next: next[i] }));
  const rows = await rowsBothWays(
    t,
    `prompts p from [${records.join(", ")}] continuation "next"
     prompts alone from ${JSON.stringify(prompts)}
     experiment a with p ablate heads L0..1 by mean measure continuation_logprob
     experiment b with p ablate heads L0..1 by mean of alone measure continuation_logprob`,
  );
  assert.deepEqual(valuesOf(rows, "a", "continuation_logprob"), valuesOf(rows, "b", "continuation_logprob"));
});

test("a chat runs with its template, and one without a template is an error where the texts stand", async (t) => {
  const folder = temporaryFolder(t);
  cpSync(tiny, join(folder, "chatty"), { recursive: true });
  const path = join(folder, "chatty", "tokenizer_config.json");
  const config = JSON.parse(readFileSync(path, "utf8")) as object;
  const template =
    "{% for m in messages %}[{{ m.role }}] {{ m.content }}\n{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}";
  const protocol = `model m from "./chatty"
prompts asked from ["Who rang?"] chat system "Be brief."
prompts told from ["[system] Be brief.\\n[user] Who rang?\\n[assistant]"]
experiment a with asked measure loss
experiment b with told measure loss
`;
  const file = protocolIn(folder, protocol);
  const before = await loadProtocol({ path: file, text: protocol });
  assert.deepEqual(
    before.compiled.diagnostics.map(({ code, primary }) => [code, primary?.span.start]),
    [["A4124", protocol.indexOf('"Who rang?"')]],
  );
  writeFileSync(path, JSON.stringify({ ...config, chat_template: template }));
  const rows = await rowsOf(await runFile(file, { runs: join(folder, "runs") }));
  assert.deepEqual(valuesOf(rows, "a", "loss"), valuesOf(rows, "b", "loss"));
});

test("the gradient at a continuation is that of the same tokens in the whole text", async (t) => {
  const ran = await runOnRandomModel(
    t,
    `prompts apart from [{text: [5, 9, 30], next: [2, 44, 7]}] continuation "next"
     prompts whole from [[5, 9, 30, 2, 44, 7]]
     experiment a with apart
       measure grad(continuation_logprob, z[L0]) at continuation as slope, grad(loss, z[L0]) at continuation as of_prompt
     experiment b with whole measure grad(-sum(nll at 2..4), z[L0]) at 2..4 as slope`,
  );
  const rows = await rowsOf(ran);
  const values = (experiment: string, metric: string): readonly number[] =>
    rows.filter((row) => row.experiment === experiment && row.metric === metric).map(({ value }) => value);
  const [own, expected] = [values("a", "slope"), values("b", "slope")];
  assert.ok(own.length > 0 && own.some((value) => Math.abs(value) > 1e-3));
  assert.equal(own.length, expected.length);
  own.forEach((value, i) => assert.ok(Math.abs(value - (expected[i] ?? NaN)) < 1e-5, `${value}, ${expected[i]}`));
  // The loss of the prompt ends before its last token, from which the continuation is predicted.
  assert.ok(values("a", "of_prompt").every((value) => value === 0));
});
