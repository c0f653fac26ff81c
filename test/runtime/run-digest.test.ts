/** What two runs must have in common to share a folder. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { canonicalJson } from "../../src/compiler/base/digest.js";
import type { OpenedModel } from "../../src/compiler/models/model.js";
import type { Plan } from "../../src/compiler/ir/plan.js";
import type { Protocol } from "../../src/compiler/ir/protocol.js";
import { planProtocol, type PlanOptions } from "../../src/compiler/lower/plan.js";
import { runDigest } from "../../src/runtime/run-digest.js";
import { capabilities, compileText, fixtureFacts, numerics, wordTokenizer } from "../check/compiling.js";

const facts = await fixtureFacts("gpt2-f32");
const usual: PlanOptions = { memoryBudget: 2 ** 30, numerics, capabilities };

interface Asked {
  readonly text: string;
  readonly protocol: Protocol;
  readonly plan: Plan;
  readonly models: ReadonlyMap<string, OpenedModel>;
  readonly options: PlanOptions;
}

function asked(statements: string, options = usual, files: Readonly<Record<string, string>> = {}): Asked {
  const text = `model m from "x"\n${statements}`;
  const { value, diagnostics } = compileText(text, { models: { "*": facts }, files });
  assert.ok(value.protocol !== null, diagnostics.map((d) => d.message).join("; "));
  const { protocol, models } = value;
  return { text, protocol, plan: planProtocol(protocol, models, options).value, models, options };
}

const plain = `prompts p from ["the cat sat", "it rained"]\nexperiment e on m with p ablate heads L* measure loss\n`;
const staged = `${plain}experiment later on m with p ablate top 2 heads of e by loss.impact measure loss\n`;

test("the same is asked: the same digest, whatever cannot change a bit", () => {
  const one = asked(plain);
  assert.equal(runDigest(asked(plain)), runDigest(one));
  assert.match(runDigest(one), /^[0-9a-f]{64}$/);
  const { protocol } = one;
  const moved = protocol.studies.map((study) => ({
    ...study,
    interventionSpan: { file: "/elsewhere.atlas", start: 0, end: 1 },
  }));
  assert.equal(
    runDigest({ ...one, protocol: { ...protocol, studies: moved } }),
    runDigest(one),
    "where it was written",
  );
});

test("whatever is shown of the results is in the digest", () => {
  const one = asked(plain);
  const digest = runDigest(one);
  const { protocol, models } = one;
  const opened = models.get("m");
  assert.ok(opened !== undefined);
  const withFacts = (changes: Partial<OpenedModel["facts"]>): Asked => {
    return { ...one, models: new Map([["m", { ...opened, facts: { ...opened.facts, ...changes } }]]) };
  };
  const withPrompt = (changes: Partial<Protocol["texts"][number]["prompts"][number]>): Asked => {
    const texts = protocol.texts.map((set) => ({
      ...set,
      prompts: set.prompts.map((prompt) => ({ ...prompt, ...changes })),
    }));
    return { ...one, protocol: { ...protocol, texts } };
  };
  const withStudy = (changes: Partial<Protocol["studies"][number]>): Asked => {
    return { ...one, protocol: { ...protocol, studies: protocol.studies.map((study) => ({ ...study, ...changes })) } };
  };
  const others: Readonly<Record<string, Asked>> = {
    "the file's text": { ...one, text: `${one.text}\n# a comment` },
    "a parameter": { ...one, protocol: { ...protocol, parameters: { width: 2 } } },
    "a text that has the same ids": withPrompt({ text: "The cat sat" }),
    "a field of the prompts": withPrompt({ fields: { group: "a" } }),
    "a tokenizer that spells otherwise": withFacts({ tokenizer: { ...wordTokenizer, digest: "other words" } }),
    "an imported name": withStudy({ experiment: "f" }),
    "a coordinate": withStudy({ coordinates: { model: "other" } }),
    "the units' unit": withStudy({ measures: protocol.studies[0]?.measures.map((m) => ({ ...m, type: { ...m.type, unit: "bits" as const } })) ?? [] }), // prettier-ignore
    "the plan": { ...one, plan: { ...one.plan, digest: "other" } },
  };
  for (const [what, other] of Object.entries(others)) assert.notEqual(runDigest(other), digest, what);
});

test("options that only later plans depend on count where there are later plans", () => {
  const longer: PlanOptions = { ...usual, numerics: { ...numerics, prepacking: "always" } };
  assert.equal(asked(plain, longer).plan.digest, asked(plain).plan.digest, "no text is long");
  assert.equal(runDigest(asked(plain, longer)), runDigest(asked(plain)));
  assert.equal(asked(staged, longer).plan.digest, asked(staged).plan.digest);
  assert.notEqual(runDigest(asked(staged, longer)), runDigest(asked(staged)));
  assert.notEqual(runDigest(asked(staged, { ...usual, memoryBudget: 2 ** 29 })), runDigest(asked(staged)));
});

test("minus zero is another number than zero in digests; written in a file, it is zero", () => {
  assert.equal(canonicalJson([-0, 0]), "[-0,0]");
  assert.ok(Object.is((JSON.parse(canonicalJson([-0])) as number[])[0], -0));
  const by = (value: string): readonly string[] =>
    asked(`prompts p from ["the cat sat"]\nablate mlp L0 by constant ${value} measure norm(mlp_out[L0]) as size\n`).plan.evaluations.flatMap(({ units }) => units.map(({ id }) => id)); // prettier-ignore
  assert.deepEqual(by("-0"), by("0"), "the checker computes no minus zero: one unit, one label");
  assert.notDeepEqual(by("-1"), by("1"));
});
