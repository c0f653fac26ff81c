/**
 * What every pass guarantees of a draft, whatever the protocol: pipelines and random protocols are taken through the passes
 * one by one, and after each the draft still answers everything that was asked, with graphs that can.
 */
import { capabilities } from "../check/compiling.js";
import type { OpenedModel } from "../../src/compiler/models/model.js";
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { expressionKey } from "../../src/compiler/ir/expression-key.js";
import { gateKey, writesThatMatter } from "../../src/compiler/analysis/gates.js";
import { canonicalJson } from "../../src/compiler/base/digest.js";
import { textsKey } from "../../src/compiler/ir/texts-key.js";
import type { MeasureExpression } from "../../src/compiler/ir/expression.js";
import { naiveDraft } from "../../src/compiler/lower/naive-draft.js";
import { siteKey } from "../../src/compiler/models/sites.js";
import { chunkedFrom } from "../../src/compiler/passes/chunk-attention.js";
import type { Draft, DraftStudy } from "../../src/compiler/passes/draft.js";
import { pipeline } from "../../src/compiler/passes/pipeline.js";
import { chooseStarts } from "../../src/compiler/passes/resume-from-prefix.js";
import { applyToDraft, runDraftPasses } from "../../src/compiler/passes/run-passes.js";
import { loadProtocol } from "../../src/runtime/load.js";
import { protocolText, randomExperiments } from "../end-to-end/random-protocols.js";
import { even, models, pairs, sets } from "../end-to-end/random-runs.js";
import { temporaryFolder } from "../end-to-end/support.js";
import { seeded } from "../support/random.js";
import { root } from "../support/root.js";

/** The naive draft of a protocol. */
async function draftOf(path: string, text: string): Promise<Draft> {
  const { compiled } = await loadProtocol({ path, text }, { overrides: new Map() });
  const { protocol, models: opened } = compiled.value;
  assert.ok(protocol !== null, compiled.diagnostics.map((d) => d.message).join("\n"));
  const texts = new Map(protocol.texts.map((set) => [textsKey(set.name, set.model), set]));
  return naiveDraft(
    protocol,
    (id): OpenedModel => opened.get(id) ?? assert.fail(id),
    (name, model) => texts.get(textsKey(name, model)) ?? assert.fail(name),
  );
}

/** What holds of every draft: each condition is in one group or answered from the baseline, and every write has its gate. */
function verifyDraft({ studies }: Draft): void {
  for (const own of studies) {
    const { study, unaffected, groups, measured } = own;
    const answered = [...unaffected, ...groups.flatMap((group) => group.conditions)].sort((a, b) => a - b);
    assert.deepEqual(
      answered,
      study.conditions.map((_, i) => i),
    );
    assert.ok(!unaffected.includes(0), "the baseline is no one else's");
    for (const group of groups) {
      const keyOf = (expression: MeasureExpression): string => canonicalJson(expressionKey(expression));
      const yielded = new Set(group.expressions.map(keyOf));
      for (const expression of measured) assert.ok(yielded.has(keyOf(expression)), keyOf(expression));
      const gates = new Set(group.gates.map((gate) => gate.key));
      for (const write of matteringWrites(own, group.conditions)) assert.ok(gates.has(gateKey(write)), gateKey(write));
      const inputs = new Set(group.inputs.map(siteKey));
      assert.equal(inputs.size, group.inputs.length);
      for (const { site } of group.gates) assert.ok((site.layer ?? Infinity) >= group.start || site.site === "embed");
    }
  }
  assert.deepEqual(
    JSON.parse(JSON.stringify(studies.map(({ groups }) => groups))),
    studies.map(({ groups }) => groups),
  );
}

function matteringWrites({ study, model, measured }: DraftStudy, numbers: readonly number[]) {
  const conditions = numbers.flatMap((number) => study.conditions[number] ?? []);
  const matters = writesThatMatter(model.graph, conditions, measured);
  return conditions.flatMap(({ writes }) => writes.filter(matters));
}

function verifyEachPass(naive: Draft): void {
  const context = { capabilities, graphWork: 0, memoryBudget: 2 ** 30, chunkedFrom } as const;
  let draft = naive;
  verifyDraft(draft);
  for (const pass of pipeline) {
    const before = JSON.stringify(draft);
    const improved = applyToDraft(pass, draft, context);
    assert.equal(JSON.stringify(draft), before, `${pass.name} changes the draft that it is given`);
    verifyDraft(improved);
    // Each pass also stands alone.
    verifyDraft(runDraftPasses([pass], naive, context, true));
    draft = improved;
  }
  assert.deepEqual(runDraftPasses(pipeline, naive, context, true), draft);
}

for (const name of ["head-sweep", "patching", "seeds/domain-map", "random-direction", "seeds/development"]) {
  test(`${name}: every pass keeps what was asked`, async () => {
    const path = join(root, "pipelines", `${name}.atlas`);
    verifyEachPass(await draftOf(path, readFileSync(path, "utf8")));
  });
}

async function randomDraft(context: TestContext, seed: number): Promise<Draft> {
  const folder = temporaryFolder(context);
  writeFileSync(join(folder, "pairs.jsonl"), pairs.join("\n"));
  writeFileSync(join(folder, "even.jsonl"), even.join("\n"));
  const model = Object.values(models)[seed % 3];
  assert.ok(model !== undefined);
  const protocol = {
    texts: sets.texts.map((_, i) => i),
    pairs: pairs.map((_, i) => i),
    experiments: randomExperiments(seeded(2000 + seed), model, 6),
  };
  return draftOf(join(folder, "protocol.atlas"), protocolText(model, sets, protocol, "./pairs.jsonl", "./even.jsonl"));
}

for (const seed of [1, 2, 3, 4, 5, 6, 7, 8, 9]) {
  test(`random protocol ${seed}: every pass keeps what was asked`, async (context) => {
    verifyEachPass(await randomDraft(context, seed));
  });
}

test("starts: the least work of all choices, compared with trying them all", () => {
  const random = seeded(5);
  for (let round = 0; round < 200; round++) {
    const end = 1 + random.below(6);
    const first = Array.from({ length: 1 + random.below(6) }, () => random.below(end + 1));
    const graph = random.pick([0, 1, 3, 20]);
    const starts = chooseStarts({ first, end, layer: 1, graph });
    assert.ok(starts.every((start, i) => start <= (first[i] ?? 0)));
    const changing = first.filter((at) => at < end);
    const workOf = (chosen: readonly number[]): number => {
      const last = Math.max(0, ...chosen);
      const clean = last === 0 ? 0 : last + graph;
      return chosen.reduce((sum, start) => sum + end - start, 0) + new Set(chosen).size * graph + clean;
    };
    // Every way to give each condition a start among the candidates; few enough to try.
    const candidates = [...new Set([0, ...changing])];
    let least = Infinity;
    const choose = (chosen: readonly number[]): void => {
      if (chosen.length === first.length) {
        least = Math.min(least, workOf(chosen));
        return;
      }
      for (const start of candidates) if (start <= (first[chosen.length] ?? 0)) choose([...chosen, start]);
    };
    choose([]);
    assert.equal(workOf(starts), least, JSON.stringify({ first, end, graph, starts }));
  }
});
