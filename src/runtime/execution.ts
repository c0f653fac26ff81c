/** What a run of a plan's units takes, tells and comes to (`execute.ts`). */
import type { Evaluation, Plan, Unit } from "../compiler/ir/plan.js";
import type { EngineOptions } from "./engine/backend.js";
import type { EngineKeeper, PreparedSegment } from "./engine/keeper.js";
import type { EngineInfo, EngineTensors } from "./engine/messages.js";
import type { UnitStore } from "./store/units.js";
import type { UnitCounts, UnitFault, UnitOutcome } from "./unit-outcomes.js";

/** A finished unit's tensors by its id. One that was lost meanwhile is computed again; rejects when that fails. */
export type ReadUnit = (id: string) => Promise<EngineTensors>;

/** What the host must know to run a plan: made of the protocol's facts, so that this file needs none of them. */
export interface Preparation {
  /** The segments of a unit's graph in the order in which it runs through them; one when the graph is not cut. */
  segments(unit: Unit): readonly PreparedSegment[];
  /** Exactly the graph's inputs for this unit, of all its segments together. Averages come from finished units through `readUnit`. */
  feedsOf(evaluation: Evaluation, unit: Unit, readUnit: ReadUnit): Promise<EngineTensors> | EngineTensors;
  /**
   * Why nothing may be computed with a model any more, or null. Asked before and after a model's files are opened and
   * before a unit is stored. Absent: there is nothing to watch.
   */
  problemOf?(model: string): string | null;
}

/** How far a run is. Counts are units; `rows` are rows (prompt × condition) of finished units. */
export interface ExecutionProgress {
  /** Units that need no more work: computed, reused, failed or skipped. */
  readonly done: number;
  readonly total: number;
  readonly reused: number;
  readonly rows: number;
  readonly secondsElapsed: number;
  /** From the pace so far, by rows × positions; null as long as nothing was computed. */
  readonly secondsLeft: number | null;
  /** What is done after the last unit; null while units are computed. */
  readonly phase: "writing results" | "drawing figures" | null;
}

export interface ExecutePlanOptions {
  readonly plan: Plan;
  /** The units to execute; all of the plan when absent. The others are computed only where these need them. */
  readonly only?: ReadonlySet<string>;
  readonly prepare: Preparation;
  readonly engine: EngineOptions;
  readonly store: UnitStore;
  readonly onProgress?: (progress: ExecutionProgress) => void;
  /** Called whenever it is known what became of a unit, in that order; again for one that is computed again. */
  readonly onUnit?: (unit: string, outcome: UnitOutcome) => void;
  /** Called for each child that is started, with its process id and versions. */
  readonly onEngineStart?: (info: EngineInfo) => void;
  /** Aborting ends the child at once; what is finished is kept. Aborting again changes nothing. */
  readonly signal?: AbortSignal;
  /**
   * Bytes of weights that open sessions may hold together: those not used for longest are closed for others. 2^30 when
   * absent. The segments of one graph are opened together even if they alone are larger.
   */
  readonly openWeightBytes?: number;
  /** The engine of a run that goes on afterwards, made with the options above. Absent: one of its own, which is ended. */
  readonly keeper?: EngineKeeper;
}

/**
 * How a run went. `finished`: every unit has a result. `failed`: some have none (`faults` says why), or the run had to
 * stop (`stopped` says why: no engine, no disk). `interrupted`: the signal was aborted.
 */
export interface ExecutionSummary {
  readonly status: "finished" | "interrupted" | "failed";
  /** Units of the plan, each counted once. */
  readonly units: UnitCounts;
  /** What became of each unit by its id; absent are those that are left. */
  readonly outcomes: ReadonlyMap<string, UnitOutcome>;
  /** Rows of the computed units. */
  readonly rowsComputed: number;
  readonly seconds: number;
  readonly faults: readonly UnitFault[];
  /** Why the run stopped before its end, or null. */
  readonly stopped: string | null;
  /** About the last child; null when none was needed. */
  readonly engine: EngineInfo | null;
  /** Children that were started again after a crash or a failed unit. */
  readonly restarts: number;
  /** Units that were finished, then lost or damaged, and computed again. */
  readonly recovered: ReadonlySet<string>;
}
