import { writeFile } from "node:fs/promises";
import { encodeModel, explainPlan, lowerGraph } from "atlasc";
import { backendNamed, planRun } from "atlasc/runtime";

const text = `model gpt2 from "@stdlib/models/gpt2-tiny"
prompts p from ["Time heals all wounds, my lady, but not this one."]
experiment sweep ablate heads L3 measure loss
`;
const outcome = await planRun(
  { path: "sweep.atlas", text },
  {
    overrides: new Map(),
    memoryBudget: 2 ** 30,
    engine: { backend: backendNamed("cpu"), threads: 2, optimisation: "basic", prepacking: "short texts", tf32: false },
  },
);
if (outcome.kind === "rejected") throw new Error(outcome.diagnostics[0].message);

const { protocol, plan, loaded } = outcome.planned;
const models = loaded.compiled.value.models;
const explained = explainPlan(protocol, plan, (model) => models.get(model)?.signature);
console.log(explained.split("\n\n")[0]);

for (const graph of plan.graphs) {
  const lowered = lowerGraph(models.get(graph.model).graph, graph);
  await writeFile("sweep.onnx", encodeModel(lowered));
  console.log(lowered.outputs[0].name);
}
