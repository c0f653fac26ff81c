/** Runs a tiny plan into a store: `coordinator STORE UNITS STEPS`. Says what happens, a JSON object a line. */
import { executePlan } from "../../../src/runtime/execute.js";
import { openUnitStore } from "../../../src/runtime/store/units.js";
import { engineOptions, tinyEvaluation, tinyPlan, tinyPreparation, tinyUnit } from "../tiny-graphs.js";

const [folder = "", units = "1", steps = "1"] = process.argv.slice(2);
const say = (message: unknown): boolean => process.stdout.write(`${JSON.stringify(message)}\n`);
const controller = new AbortController();
process.on("SIGINT", () => {
  controller.abort();
});

const summary = await executePlan({
  plan: tinyPlan([
    tinyEvaluation(
      "only",
      Array.from({ length: Number(units) }, (_, i) => tinyUnit(i)),
    ),
  ]),
  prepare: tinyPreparation(Number(steps)),
  engine: engineOptions,
  store: openUnitStore(folder),
  signal: controller.signal,
  onEngineStart: (info) => say({ engine: info.processId }),
  onProgress: ({ done, reused }) => say({ done, reused }),
});
say({ summary });
