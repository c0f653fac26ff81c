import { renderDiagnostics } from "atlasc";
import { backendNamed, readRecord, readResults, runProtocol } from "atlasc/runtime";

const text = `model gpt2 from "@stdlib/models/gpt2-tiny"
prompts p from ["Time heals all wounds, my lady, but not this one."]
experiment sweep ablate heads L3 measure loss
`;
const options = {
  runs: "runs",
  overrides: new Map(),
  memoryBudget: 2 ** 30,
  engine: { backend: backendNamed("cpu"), threads: 2, optimisation: "basic", prepacking: "short texts", tf32: false },
};
const outcome = await runProtocol({ path: "sweep.atlas", text }, options, {
  onPlanned: ({ plan }) => console.log(`${plan.graphs.length} graph`),
});
if (outcome.kind === "rejected") {
  console.error(renderDiagnostics(outcome.diagnostics, (path) => outcome.loaded.sources.get(path)));
  process.exit(1);
}

console.log(outcome.summary.status, outcome.notes);
for (const row of await readResults(outcome.folder.results)) {
  if (row.impact !== null) console.log(row.axes.layer, row.axes.head, row.metric, row.impact.toFixed(4), row.unit);
}
const record = await readRecord(outcome.folder.record);
console.log(record.status, record.format);
