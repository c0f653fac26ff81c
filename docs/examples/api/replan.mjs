import { planProtocol } from "atlasc";
import { loadProtocol } from "atlasc/runtime";

const text = `model gpt2 from "@stdlib/models/gpt2-tiny"
prompts p from ["Time heals all wounds, my lady, but not this one."]
experiment sweep ablate heads L* measure R_V early L1 late L4
`;
const { compiled } = await loadProtocol({ path: "sweep.atlas", text });
const { protocol, models } = compiled.value;
const numerics = {
  onnxruntime: "1.29.0",
  device: "cpu",
  graphOptimization: "basic",
  prepacking: "short texts",
  tf32: false,
};
for (const passes of [[], ["drop-unaffected"]]) {
  const { value: plan } = planProtocol(protocol, models, { memoryBudget: 2 ** 30, numerics, passes });
  const rows = plan.evaluations.flatMap(({ units }) => units.map((unit) => unit.rows.length));
  console.log(rows.reduce((sum, count) => sum + count, 0));
}
