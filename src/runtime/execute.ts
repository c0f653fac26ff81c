/** The coordinator's loop: a plan's units through the engine into the store, whatever happens on the way. */
import type { Evaluation, GraphPlan, Unit } from "../compiler/ir/plan.js";
import { graphFetches } from "../compiler/lower/graph.js";
import type { Engine } from "./engine/engine.js";
import { EngineFault } from "./engine/fault.js";
import { createEngineKeeper, type PreparedSegment } from "./engine/keeper.js";
import type { ExecutePlanOptions, ExecutionSummary, ReadUnit } from "./execution.js";
import { createLookAhead, NotYet, type BegunUnit } from "./look-ahead.js";
import { StoreFault } from "./store/fault.js";
import {
  countOutcomes,
  lostText,
  recoveries,
  rowsComputedOf,
  unitsOf,
  type UnitFault,
  type UnitOutcome,
} from "./unit-outcomes.js";

/** Gives the engine with some segments open. */
type OpenSegments = (segments: readonly PreparedSegment[]) => Promise<Engine> | Engine;

/** Ends the loop: thrown inside, never out of `executePlan`. */
class Stop extends Error {
  readonly status: "interrupted" | "failed";

  constructor(status: "interrupted" | "failed", message: string) {
    super(message);
    this.status = status;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function unopened(message: string): string {
  return `its graph cannot be opened: ${message}`;
}

/** Work of a unit in tokens: what the estimate of the remaining time counts in. */
function workOf(unit: Unit): number {
  return Math.max(1, unit.rows.length * unit.positions);
}

const defaultOpenWeightBytes = 2 ** 30;

/**
 * Executes a plan, evaluation by evaluation and unit by unit: units that the store has are reused, the others are run and
 * stored at once. A unit whose run fails, or takes the engine down, is tried once more in a fresh engine and then
 * becomes a fault, and the rest goes on; units that need values of a failed evaluation are skipped. No engine is
 * started when nothing is left to do. Rejects only for a plan that contradicts itself (a fault of ours).
 */
export async function executePlan(options: ExecutePlanOptions): Promise<ExecutionSummary> {
  const { plan, prepare, store, signal } = options;
  const started = performance.now();
  const elapsed = (): number => (performance.now() - started) / 1000;
  const graphs = new Map(plan.graphs.map((graph) => [graph.id, graph]));
  const known = unitsOf(plan);
  const { only } = options;
  const all = only === undefined ? known : new Map([...known].filter(([id]) => only.has(id)));
  const keeper = options.keeper ?? createEngineKeeper({ openWeightBytes: defaultOpenWeightBytes, ...options });
  const restartsBefore = keeper.restarts();

  const outcomes = new Map<string, UnitOutcome>();
  const faults: UnitFault[] = [];
  /** Unit id → why it has no result. */
  const faulty = new Map<string, string>();
  /** Evaluation id → what it lacks, for those that need it. */
  const incomplete = new Map<string, string>();
  const stored = new Set<string>();
  const visited = new Set<string>();
  /** Units that were finished, lost and computed again. */
  const recovered = new Set<string>();
  let done = 0;
  let rows = 0;
  let reused = 0;
  let workLeft = 0;
  let workDone = 0;
  let secondsAtWork = 0;
  let end: Stop | null = null;

  function settle(unit: Unit, outcome: UnitOutcome): void {
    const before = outcomes.get(unit.id);
    outcomes.set(unit.id, outcome);
    options.onUnit?.(unit.id, outcome);
    // What is computed again for others, beside the task, is no progress.
    if (!all.has(unit.id)) return;
    done += Number(before === undefined);
    reused += Number(outcome === "reused") - Number(before === "reused");
    if (before === undefined && (outcome === "computed" || outcome === "reused")) rows += unit.rows.length;
  }

  function progress(): void {
    options.onProgress?.({
      done,
      total: all.size,
      reused,
      rows,
      secondsElapsed: elapsed(),
      secondsLeft: workDone === 0 ? null : (workLeft * secondsAtWork) / workDone,
      phase: null,
    });
  }

  function checkSignal(): void {
    if (signal?.aborted === true) throw new Stop("interrupted", "interrupted");
  }

  /** The last result's way to the disk, on which it is while the next unit is computed. */
  let writing: Promise<void> = Promise.resolve();

  const readUnit: ReadUnit = async (id) => {
    for (let trial = 0; ; trial += 1) {
      await writing;
      const unit = await store.read(id);
      if (unit !== null) return unit.tensors;
      const evaluation = plan.evaluations.find(({ units }) => units.some((own) => own.id === id));
      const lost = known.get(id);
      if (evaluation === undefined || lost === undefined)
        throw new RangeError(`executePlan: the plan has no unit ${id}`);
      const message =
        trial === recoveries ? lostText(store.pathOf(id)) : await compute(evaluation, lost, graphOf(lost));
      if (message !== null) {
        // Whatever else needs it is skipped, instead of trying the same again.
        give("failed", evaluation, lost, message);
        throw new Error(message);
      }
      recovered.add(id);
    }
  };

  function graphOf(unit: Unit): GraphPlan {
    const graph = graphs.get(unit.graph);
    if (graph === undefined) throw new RangeError(`executePlan: the plan lacks the graph of unit ${unit.id}`);
    return graph;
  }

  function checkModel({ model }: GraphPlan): void {
    const problem = prepare.problemOf?.(model) ?? null;
    if (problem !== null) throw new Error(problem);
  }

  function finished(unit: Unit): void {
    stored.add(unit.id);
    // One that is computed again was not in what is left.
    if (!outcomes.has(unit.id) && all.has(unit.id)) workLeft -= workOf(unit);
    workDone += workOf(unit);
    settle(unit, "computed");
    progress();
  }

  const lookAhead = createLookAhead();
  /** The units in the order in which they run, and where each stands in it. */
  const order = plan.evaluations.flatMap((evaluation) =>
    evaluation.units.filter(({ id }) => all.has(id)).map((unit) => ({ evaluation, unit })),
  );
  const places = new Map(order.map(({ unit }, place) => [unit.id, place] as const));
  /** Evaluations that were found finished. */
  const complete = new Set<string>();

  /** Makes a unit's feeds and asks the engine for its run. */
  async function begin(evaluation: Evaluation, unit: Unit, read: ReadUnit, open: OpenSegments): Promise<BegunUnit> {
    const graph = graphOf(unit);
    const segments = prepare.segments(unit);
    const feeds = await prepare.feedsOf(evaluation, unit, read);
    checkSignal();
    // onnxruntime opens files by their paths and maps them: what changes later changes what it reads.
    checkModel(graph);
    const engine = await open(segments);
    checkModel(graph);
    const chain = segments.map((segment) => segment.id);
    return { answer: engine.run({ graphs: chain, feeds, fetches: graphFetches(graph) }) };
  }

  /** A finished unit, as long as it is where it was put: before its turn, a unit makes nothing anew. */
  const readFinished: ReadUnit = async (id) => {
    await writing;
    const unit = await store.read(id);
    if (unit === null) throw new NotYet(`${id} is lost`);
    return unit.tensors;
  };

  const openAlready: OpenSegments = (segments) => {
    const engine = keeper.open(segments);
    if (engine === null) throw new NotYet("its segments are not open");
    return engine;
  };

  /** Begins the unit that comes after this one, where all that it needs is finished. */
  function beginNext({ id }: Unit): void {
    let place = (places.get(id) ?? order.length) + 1;
    while (stored.has(order[place]?.unit.id ?? "")) place += 1;
    const next = order[place];
    if (next === undefined || visited.has(next.unit.id) || faulty.has(next.unit.id)) return;
    const { evaluation, unit } = next;
    if (!evaluation.needs.every(isComplete)) return;
    lookAhead.begin(unit.id, () => begin(evaluation, unit, readFinished, openAlready));
  }

  /** Whether all units of an evaluation are finished. */
  function isComplete(evaluation: string): boolean {
    if (complete.has(evaluation)) return true;
    const units = plan.evaluations.find(({ id }) => id === evaluation)?.units ?? [];
    if (!units.every(({ id }) => stored.has(id))) return false;
    complete.add(evaluation);
    return true;
  }

  /**
   * Runs a unit once; it is finished when it is written, which is not waited for. Rejects with EngineFault for the engine's
   * failures, with StoreFault when the unit before it could not be written, with other errors for those of `prepare`.
   */
  async function attempt(evaluation: Evaluation, unit: Unit, graph: GraphPlan): Promise<void> {
    const begun =
      (await lookAhead.take(unit.id)) ??
      (await begin(evaluation, unit, readUnit, (segments) => keeper.withSegments(segments)));
    beginNext(unit);
    const { outputs, seconds } = await begun.answer;
    lookAhead.turn();
    checkModel(graph);
    const onnxruntimeVersion = keeper.info()?.onnxruntimeVersion ?? "";
    const about = { graph: graph.id, onnxruntime: onnxruntimeVersion, seconds: seconds.toFixed(6) };
    await writing;
    writing = store.write({ id: unit.id, tensors: outputs, about }).then(() => finished(unit));
    // Whoever waits for it next is told; nobody may before the run ends.
    writing.catch(() => undefined);
  }

  /** Null when the unit is computed, otherwise why not. Throws Stop when the run cannot go on. */
  async function compute(evaluation: Evaluation, unit: Unit, graph: GraphPlan): Promise<string | null> {
    for (let trial = 1; ; trial += 1) {
      checkSignal();
      try {
        checkModel(graph);
        const segments = prepare.segments(unit);
        const refused = keeper.unusable(segments);
        if (refused !== null) return unopened(refused);
        await attempt(evaluation, unit, graph);
        return null;
      } catch (error) {
        if (error instanceof Stop) throw error;
        checkSignal();
        // Without a disk or an engine every further unit would fail too, after all its work.
        if (error instanceof StoreFault) throw new Stop("failed", error.message);
        if (error instanceof EngineFault && error.kind === "start") throw new Stop("failed", error.message);
        // Wrong feeds and errors of the host are as wrong the second time.
        if (!(error instanceof EngineFault) || error.kind === "request") return messageOf(error);
        // A file that was cut off takes the engine down: the file is to blame.
        const problem = prepare.problemOf?.(graph.model) ?? null;
        if (problem !== null) return problem;
        // Too little memory for a graph may be too much in the sessions that are open.
        if (error.kind === "graph" || trial === 1) await keeper.discard();
        if (trial === 2) return error.kind === "graph" ? unopened(error.message) : error.message;
      }
    }
  }

  function give(kind: UnitFault["kind"], evaluation: Evaluation, unit: Unit, message: string): void {
    if (!outcomes.has(unit.id)) workLeft -= workOf(unit);
    settle(unit, kind);
    faults.push({ kind, evaluation: evaluation.id, unit: unit.id, message });
    faulty.set(unit.id, message);
    if (!incomplete.has(evaluation.id)) incomplete.set(evaluation.id, message);
    progress();
  }

  async function runUnit(evaluation: Evaluation, unit: Unit, graph: GraphPlan): Promise<void> {
    if (stored.has(unit.id)) {
      // A capture may have been lost, and computed again, before its turn.
      if (!outcomes.has(unit.id)) settle(unit, "reused");
      progress();
      return;
    }
    const lacking = evaluation.needs.find((id) => incomplete.has(id));
    if (lacking !== undefined) {
      give(
        "skipped",
        evaluation,
        unit,
        `it needs the values of ${lacking}, which failed: ${incomplete.get(lacking) ?? ""}`,
      );
      return;
    }
    const begun = performance.now();
    const message = await compute(evaluation, unit, graph);
    if (message === null) secondsAtWork += (performance.now() - begun) / 1000;
    else give("failed", evaluation, unit, message);
  }

  try {
    // What is there is known before the first run, so that the estimate of the time left counts only what is not.
    for (const [id, unit] of all) {
      checkSignal();
      if (await store.has(id)) stored.add(id);
      else workLeft += workOf(unit);
    }
    progress();
    for (const { evaluation, unit } of order) {
      checkSignal();
      const fault = faulty.get(unit.id);
      if (fault !== undefined && !incomplete.has(evaluation.id)) incomplete.set(evaluation.id, fault);
      if (visited.has(unit.id)) continue;
      visited.add(unit.id);
      await runUnit(evaluation, unit, graphOf(unit));
    }
    await writing;
  } catch (error) {
    if (error instanceof StoreFault) end = new Stop("failed", error.message);
    else if (error instanceof Stop) end = error;
    else throw error;
  } finally {
    if (options.keeper === undefined) await keeper.end();
    // What was computed before an interrupt is kept; a disk that refused is the reason why the run stopped, or will be told.
    await writing.catch((error: unknown) => {
      if (!(error instanceof StoreFault)) throw error;
      end ??= new Stop("failed", error.message);
    });
  }

  // A run that ended early did not come to all that is there.
  for (const [id, unit] of all) if (stored.has(id) && !outcomes.has(id)) settle(unit, "reused");
  return {
    status: end?.status ?? (faults.length === 0 ? "finished" : "failed"),
    units: countOutcomes(all.keys(), outcomes),
    outcomes,
    rowsComputed: rowsComputedOf(all, outcomes),
    seconds: elapsed(),
    faults,
    stopped: end?.message ?? null,
    engine: keeper.info(),
    restarts: keeper.restarts() - restartsBefore,
    recovered,
  };
}
