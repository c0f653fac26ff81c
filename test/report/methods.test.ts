/** What a report says of a run in sentences: the protocol's question, its texts, and its methods. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { questionOf, shownTexts } from "../../src/runtime/report-texts.js";
import { protocolIn, runFile, temporaryFolder } from "../end-to-end/support.js";

test("the question is the comment at the beginning, unless it is a metric's", () => {
  assert.equal(questionOf('\ufeff\n## Which heads\n##   matter?\n\nmodel m from "x"'), "Which heads matter?");
  assert.equal(questionOf("## Which heads matter?\nmodel m"), "Which heads matter?");
  assert.equal(questionOf("# a note\n## Which?"), null);
  assert.equal(questionOf("## Half of the loss.\nmetric half = loss / 2"), null);
  assert.equal(questionOf("## Which?\n\nmetric half = loss / 2"), "Which?");
  assert.equal(questionOf(""), null);
});

test("long texts and long sets are cut, and the number of all of them is said", () => {
  const prompts = Array.from({ length: 400 }, (_, index) => ({ index, text: "word ".repeat(200), ids: [1, 2], group: null, fields: {}, numbers: {} })); // prettier-ignore
  const set = { name: "p", prompts, bos: false, period: null, documents: null };
  const [shown, other] = shownTexts({ texts: [{ ...set, model: "a" }, { ...set, model: "b" }] } as never); // prettier-ignore
  assert.equal(other, undefined, "two models read the same texts");
  assert.deepEqual([shown?.total, shown?.items.length], [400, 300]);
  assert.ok(shown?.items.every(({ text }) => text.length === 401 && text.endsWith("…")));
});

const text = `## Which heads matter?
model gpt2 from "@stdlib/models/gpt2-tiny"
prompts p from { prose: ["Time heals all wounds, my lady."], drama: ["Pride goes before a fall.", "Away, away!"] }
experiment sweep ablate heads L0..1 by mean of p measure loss
experiment one ablate mlp L2 at last measure top_token_probability as best
hypothesis "heads matter" expect mean(abs(sweep.impact)) > 0 using permutation(1000) seed 3 alpha 0.01
compare sweep.loss between group by layer using welch_t correct holm
table sweep.impact by layer with ci 0.9
`.replace("measure top_token_probability as best", "measure max(exp(logprobs at last) over vocab) as best");

test("the methods say what was done, in order and alike for the same run", async (context) => {
  const folder = temporaryFolder(context);
  const methods = async (runs: string): Promise<readonly string[]> => {
    const { folder: own } = await runFile(protocolIn(folder, text, "tiny.atlas"), { runs: join(folder, runs) });
    const html = readFileSync(own.report, "utf8");
    const section = /<section id="methods">[\s\S]*?<\/section>/.exec(html)?.[0] ?? "";
    return [...section.matchAll(/<p><strong>(.*?)<\/p>/g)].map(([, said = ""]) => said.replace("</strong>", ""));
  };
  const said = await methods("first");
  assert.deepEqual(await methods("second"), said);
  const [models = "", texts = "", interventions = "", measures = "", statistics = "", software = ""] = said;
  assert.match(models, /^Models\. The model gpt2 was @stdlib\/models\/gpt2-tiny \(gpt2; 382k parameters, 6 layers of 4 attention heads, d_model 64 and a vocabulary of 1,024 tokens; weights [0-9a-f]{12}\)\. Its weights were used as published/); // prettier-ignore
  assert.match(texts, /^Texts\. p has 3 prompts \(1 of prose and 2 of drama\) of \d+ to \d+ tokens, \d+ in all\.$/);
  assert.equal(
    interventions,
    "Interventions. In each of the 8 conditions of sweep, z (pattern · v, before the output projection) of one head at layers 0 to 1 was replaced by its mean over p. It was compared with the unmodified model on the same text. In one, mlp_out (what the MLP adds to the residual stream) at layer 2 at the last position was set to zero. It was compared with the unmodified model on the same text.",
  );
  assert.match(measures, /^Measures\. loss: mean negative log likelihood .* \(loss = mean\(nll over pos\); Shannon, .*1948\)\. best was measured as the protocol writes it/); // prettier-ignore
  assert.match(statistics, /“heads matter” was stated before the run and tested by permutation \(.*1,000 draws, seed 3\) at alpha = 0\.01; p-values of “&lt;” and “&gt;” are one-sided/); // prettier-ignore
  assert.match(
    statistics,
    /compared between levels of group by welch_t \(Welch(&#39;|')s t-test\), two-sided, p-values corrected by holm\./,
  );
  assert.match(
    statistics,
    /Intervals of 90% beside means in tables and figures are BCa bootstrap intervals from 2,000 draws of whole texts \(seed 0\);/,
  );
  assert.match(
    software,
    /^Software\. The protocol was run with atlasc \S+, ONNX Runtime \S+ and Node \S+ on cpu, 1 threads/,
  );
});

test("of several factors each condition has one, and the methods say so", async (context) => {
  const folder = temporaryFolder(context);
  const many = `model gpt2 from "@stdlib/models/gpt2-tiny"
prompts p from ["Time"]
experiment sweep scale heads L0 by [0, 0.001] measure loss = max(logprobs at last over vocab) as loss
fit linear of sweep.loss over factor
`;
  const { folder: own } = await runFile(protocolIn(folder, many.replace("loss = max", "max"), "factors.atlas"), { runs: join(folder, "runs") }); // prettier-ignore
  const html = readFileSync(own.report, "utf8");
  assert.match(
    html,
    /In each of the 8 conditions of sweep, one of these changes was made: [^;]* was set to zero \(4 conditions\); [^;]* was multiplied by 0\.001 \(4 conditions\)\./,
  );
  assert.match(html, /p has 1 prompt of (1 token|[2-9] tokens), /);
  assert.match(html, /A straight line was fitted to sweep\.loss/);
});
