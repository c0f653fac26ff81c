import { backendNamed, diffRuns, judgeRun, logRuns, runProtocol, verifyRun } from "atlasc/runtime";

const text = `model gpt2 from "@stdlib/models/gpt2-tiny"
prompts p from ["Time heals all wounds, my lady, but not this one."]
experiment sweep ablate heads L3 measure loss
`;
const runs = "runs";
const settings = { threads: 2, optimisation: "basic", prepacking: "short texts", tf32: false };
for (const [path, written] of [
  ["three.atlas", text],
  ["four.atlas", text.replace("L3", "L4")],
]) {
  const engine = { backend: backendNamed("cpu"), ...settings };
  await runProtocol({ path, text: written }, { runs, overrides: new Map(), memoryBudget: 2 ** 30, engine });
}

const judged = await judgeRun("three", { verdict: "head 2 matters", by: "E. Woodhouse" }, { runs });
console.log(judged.kind, judged.file);

const verified = await verifyRun("three", { runs, rerun: 1, seed: 1 });
console.log(verified.findings.length, verified.rerun.units[0].same);

const { same, results, reasons } = await diffRuns("three", "four", runs);
console.log(same, results[0].compared, results[0].onlyLeft, results[0].onlyRight, reasons);

for (const { protocol, status, judgements } of (await logRuns(runs)).runs) {
  console.log(protocol, status, judgements[0]?.verdict ?? "");
}
