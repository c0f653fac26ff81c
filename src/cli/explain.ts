/** `atlasc explain`. */
import type { Speed } from "../compiler/lower/estimate.js";
import { explainPasses } from "../compiler/lower/explain-passes.js";
import { explainPlan } from "../compiler/lower/explain.js";
import { rateText } from "../compiler/lower/quantity-text.js";
import type { EngineOptions } from "../runtime/engine/backend.js";
import { EngineFault } from "../runtime/engine/fault.js";
import { createEngineKeeper } from "../runtime/engine/keeper.js";

import { measureSpeed } from "../runtime/estimate.js";
import { planOptions, type Planned } from "../runtime/plan-run.js";
import { StoreFault } from "../runtime/store/fault.js";
import { RecordFault } from "../runtime/store/record-fault.js";
import { readRecord, type RunRecord } from "../runtime/store/record.js";
import { runFolderOf } from "../runtime/store/run-folder.js";
import { exitCodes } from "./exit-codes.js";
import { planSettings, type CommonOptions } from "./options.js";
import { output } from "./screen.js";
import { planFile } from "./source.js";
import { counted } from "../compiler/base/counted.js";
import { lastRunText } from "./work-done.js";

export async function explainCommand(
  file: string,
  options: CommonOptions & { runs: string; times: boolean; json: boolean },
): Promise<number> {
  const planned = await planFile(file, options);
  if (planned === null) return exitCodes.wrongInput;
  const { protocol, plan, loaded, digest, memory } = planned;
  const { models, depths } = loaded.compiled.value;
  const settings = planSettings(options);
  const { speed, times } = options.times
    ? await measuredSpeed(planned, settings.engine)
    : { speed: null, times: "no times: --no-times leaves them out" };
  const savings = explainPasses(protocol, plan, models, { ...planOptions(settings), memory }, speed);
  const last = await lastRun(options.runs, file, digest);
  const said = depths.length === 0 ? {} : { depths };
  if (options.json) {
    output.json({ digest, plan, ...said, ...savings, times: { speed, about: times }, lastRun: jsonOf(last) });
  } else {
    const explanation = { savings, times, lastRun: textOf(last), depths, backend: settings.engine.backend };
    output.text(explainPlan(protocol, plan, (id) => models.get(id)?.signature, explanation));
  }
  return exitCodes.done;
}

/** How fast the machine is, and a line about it; no speed where the engine cannot be started. */
async function measuredSpeed(
  { plan, loaded }: Planned,
  engine: EngineOptions,
): Promise<{ readonly speed: Speed | null; readonly times: string }> {
  const keeper = createEngineKeeper({ engine, openWeightBytes: 0 });
  try {
    const { unitFlops } = engine.backend.capabilities;
    const speed = await measureSpeed(plan, loaded.compiled.value.models, () => keeper.engine(), unitFlops);
    const nothing =
      plan.curvatures === undefined ? "nothing is planned yet" : "those of Hessian products are not known";
    if (speed === null) return { speed, times: `no times: ${nothing}` };
    const { threads } = engine.backend.capabilities;
    const where = threads.holds ? counted(engine.threads, "thread") : "the device";
    return {
      speed,
      times: `times are about, at ${rateText(speed.matrixRate)} of matrix products, measured just now with ${where}`,
    };
  } catch (error) {
    if (!(error instanceof EngineFault)) throw error;
    return { speed: null, times: `no times: ${(error.message.split("\n")[0] ?? "").trim()}` };
  } finally {
    await keeper.end();
  }
}

type LastRun = RunRecord | { readonly problem: string } | null;

/** The record of the last run; null when there was none. */
async function lastRun(runs: string, file: string, digest: string): Promise<LastRun> {
  try {
    return await readRecord(runFolderOf(runs, file, digest).record);
  } catch (error) {
    if (error instanceof StoreFault) return { problem: error.message };
    if (error instanceof RecordFault) return { problem: problemOf(error) };
    throw error;
  }
}

/** Problems of a damaged record that a line names. */
const namedProblems = 3;

function problemOf({ path, problems }: RecordFault): string {
  const more = problems.length > namedProblems ? `; and ${problems.length - namedProblems} more` : "";
  return `${path} is not a valid record: ${problems.slice(0, namedProblems).join("; ")}${more}`;
}

function textOf(last: LastRun): string | null {
  if (last === null) return null;
  return "problem" in last ? last.problem : lastRunText(last);
}

function jsonOf(last: LastRun): unknown {
  if (last === null || "problem" in last) return last;
  const { status, counts, estimate, plan } = last;
  return { status, counts, flops: plan?.cost.flops ?? null, estimate };
}
