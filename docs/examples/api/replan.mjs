import { planProtocol } from "atlasc";
import { backendNamed, loadProtocol } from "atlasc/runtime";

const text = `model gpt2 from "@stdlib/models/gpt2-tiny"
prompts p from ["Time heals all wounds, my lady, but not this one."]
experiment sweep ablate heads L* measure R_V early L1 late L4
`;
const { compiled } = await loadProtocol({ path: "sweep.atlas", text });
const { protocol, models } = compiled.value;
const backend = backendNamed("cpu");
const numerics = backend.numerics({ threads: 2, optimisation: "basic", prepacking: "short texts", tf32: false });
const { capabilities } = backend;
for (const passes of [[], ["drop-unaffected"]]) {
  const { value: plan } = planProtocol(protocol, models, { memoryBudget: 2 ** 30, numerics, capabilities, passes });
  const rows = plan.evaluations.flatMap(({ units }) => units.map((unit) => unit.rows.length));
  console.log(rows.reduce((sum, count) => sum + count, 0));
}
