/** Models cut into segments: chains that fit together, in which no weight is held twice and sessions are shared. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { readFileSync } from "node:fs";
import { planSegments, type Segment } from "../../src/compiler/lower/segments.js";
import { lowerGraph } from "../../src/compiler/lower/graph.js";
import { elementTypes } from "../../src/compiler/onnx/element-types.js";
import { valueRanks } from "../../src/compiler/onnx/ranks.js";
import { verifyGraph } from "../../src/compiler/onnx/verify.js";
import { planRun } from "../../src/runtime/plan-run.js";
import { oneThread } from "../end-to-end/support.js";
import { root } from "../support/root.js";

async function segmentsOf(path: string, text = readFileSync(path, "utf8")) {
  const settings = { overrides: new Map<string, string>(), memoryBudget: 2 ** 30, engine: oneThread(), graphWork: 0 };
  const outcome = await planRun({ path, text }, settings);
  assert.ok(outcome.kind === "planned");
  const { plan, loaded } = outcome.planned;
  const modelOf = (id: string) => loaded.compiled.value.models.get(id)?.graph ?? assert.fail(id);
  const lowered = new Map(plan.graphs.map((graph) => [graph.id, lowerGraph(modelOf(graph.model), graph)]));
  const graphOf = (id: string) => lowered.get(id) ?? assert.fail(id);
  return { plan, graphOf, segments: planSegments(plan, graphOf, modelOf) };
}

function weightsOf({ graph }: Segment): readonly string[] {
  return graph.initializers.flatMap(({ name, data }) => (data.kind === "external" ? [name] : []));
}

const pipelines = ["head-sweep", "patching", "seeds/relay", "two-ways-to-copy", "logit-lens"];

for (const name of pipelines) {
  test(`${name}: chains fit together`, async () => {
    const { plan, graphOf, segments } = await segmentsOf(join(root, "pipelines", `${name}.atlas`));
    let cut = 0;
    for (const { id, model } of plan.graphs) {
      const whole = graphOf(id);
      const chain = segments.get(id) ?? [];
      if ((plan.cuts[model] ?? []).length > 0 && chain.length > 1) cut += 1;
      const inputs = new Set(whole.inputs.map((input) => input.name));
      const known = new Set(inputs);
      for (const { graph } of chain) {
        assert.deepEqual(verifyGraph(graph), []);
        for (const input of graph.inputs) assert.ok(known.has(input.name), `${input.name} comes from nowhere`);
        for (const output of graph.outputs) known.add(output.name);
      }
      for (const output of whole.outputs) assert.ok(known.has(output.name), `nothing yields ${output.name}`);
      // The embedding can be the unembedding, too; everything else is in one segment of a chain.
      const weights = chain.flatMap(weightsOf);
      const twice = weights.filter((weight, i) => weights.indexOf(weight) !== i);
      assert.ok(twice.length <= 1, `held twice: ${twice.join(", ")}`);
    }
    if (Object.keys(plan.cuts).length > 0) assert.ok(cut > 0, "a plan with cuts has cut graphs");
  });

  test(`${name}: types and ranks of all values are known, and those of outputs are as declared`, async () => {
    const { plan, graphOf } = await segmentsOf(join(root, "pipelines", `${name}.atlas`));
    for (const { id } of plan.graphs) {
      const graph = graphOf(id);
      const ranks = valueRanks(graph);
      const types = elementTypes(graph);
      for (const { name: output, type, shape } of graph.outputs) {
        assert.equal(ranks.get(output), shape.length, output);
        assert.equal(types.get(output), type, output);
      }
      const unknown = graph.nodes.filter((node) => node.outputs.some((output) => !ranks.has(output)));
      // Only what a body yields or what depends on the size of an index has no rank.
      assert.deepEqual(
        unknown.map((node) => node.op).filter((op) => op !== "Scan" && op !== "GatherND"),
        [],
      );
    }
  });
}

test("a sweep over all heads opens each layer once without gates, and once with its gate as far as that changes", async () => {
  const { plan, segments } = await segmentsOf(join(root, "pipelines", "head-sweep.atlas"));
  assert.deepEqual(plan.cuts, { gpt2: [1, 2, 3, 4, 5, 6] });
  const chains = plan.graphs.filter((graph) => graph.inputs.length > 0).map(({ id }) => segments.get(id) ?? []);
  assert.equal(chains.length, 6);
  const distinct = new Map(chains.flat().map((segment) => [segment.key, segment]));
  const holding = (weight: string): number =>
    [...distinct.values()].filter((segment) => weightsOf(segment).some((name) => name.includes(weight))).length;
  // The first layer is changed in its own sweep only; later ones are run whole in all sweeps before theirs.
  assert.equal(holding("h.0.mlp.c_fc.weight"), 1);
  assert.equal(holding("h.3.mlp.c_fc.weight"), 2);
  assert.equal(holding("h.3.attn.c_attn.weight"), 1, "attention of the first changed layer is not computed again");
});

test("what several graphs do alike is one segment, whatever gates and measures the rest of them has", async () => {
  const text = `model gpt2 from "@stdlib/models/gpt2-tiny"
    prompts p random tokens 8 count 4 seed 1
    experiment heads with p ablate heads L* measure loss, resid_norm layer L0..4
    experiment averages with p ablate attention L* by mean measure loss
    experiment steered with p steer resid_post L* by mean(resid_post[L1] of p) measure loss`;
  const { segments } = await segmentsOf(join(root, "protocol.atlas"), text);
  const alike = new Map<string, Set<string>>();
  for (const segment of [...segments.values()].flat()) {
    const inputs = segment.graph.inputs.map(({ name }) => name);
    if (inputs.some((name) => name.startsWith("gate/"))) continue;
    const operators = segment.graph.nodes.map(({ op }) => op).sort();
    const does = [...inputs.sort(), ...weightsOf(segment), ...operators].join(" ");
    alike.set(does, (alike.get(does) ?? new Set()).add(segment.key));
  }
  assert.ok(alike.size > 8);
  for (const [does, keys] of alike) assert.equal(keys.size, 1, does);
});
