/** Running protocols from a program: what the command line calls. */
export { backendNamed } from "./engine/backends/index.js";
export type { Backend, EngineOptions, EngineSettings, EngineStart } from "./engine/backend.js";
export type { Engine } from "./engine/engine.js";
export {
  diffRuns,
  type DecisionDifference,
  type Difference,
  type DiffOutcome,
  type LargestDifference,
  type LineChange,
  type MetricDifference,
  type RunDifferences,
} from "./diff-runs.js";
export { judgeRun, type Judgement, type JudgeOptions, type JudgeOutcome } from "./judge.js";
export { loadProtocol, type Loaded, type LoadOptions } from "./load.js";
export { logRuns, type LoggedRun, type LogOutcome, type OtherFolder } from "./log-runs.js";
export { openModel, type OpenedModel } from "./models/open-model.js";
export { planRun, type Planned, type PlanOutcome, type PlanSettings } from "./plan-run.js";
export { runProtocol, type RunEvents, type RunOptions, type RunOutcome } from "./run.js";
export { readRecord, type RunRecord } from "./store/record.js";
export { readResults } from "./store/results.js";
export {
  verifyRun,
  type Finding,
  type Rerun,
  type RerunUnit,
  type VerifyOptions,
  type VerifyOutcome,
} from "./verify-run.js";
