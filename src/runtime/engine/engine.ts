/** What every engine does, wherever it is: in a child process of this one, on another machine, or nowhere (in tests). */
import type { EngineExit } from "./fault.js";
import type { EngineGraph, EngineInfo, EngineResult, EngineTensors, EngineValue } from "./messages.js";

/** Inputs and outputs of a graph that was opened. */
export interface OpenedGraph {
  readonly inputs: readonly EngineValue[];
  readonly outputs: readonly EngineValue[];
}

export interface RunRequest {
  /**
   * Ids of open graphs, run in this order: a chain. Each takes its inputs by name from the feeds and from what the
   * graphs before it yield; no two of these values have the same name. What one graph passes to the next stays with the
   * engine, and only as long as it is needed.
   */
  readonly graphs: readonly string[];
  /** Exactly the inputs that no earlier graph of the chain yields, by name. */
  readonly feeds: EngineTensors;
  /** Names of the outputs, of any graph of the chain, that come back. */
  readonly fetches: readonly string[];
}

/** Something that holds open graphs and runs them. Every method that asks it something rejects with an EngineFault. */
export interface Engine {
  /** About what computes at present; it may be something else after `restart()`. */
  info(): EngineInfo;
  /** False when it has ended, by itself or through `stop()`. */
  alive(): boolean;
  /** Loads a graph. Ids are the caller's; opening an id twice is a fault of kind `request`. */
  open(graph: EngineGraph): Promise<OpenedGraph>;
  /** Runs a chain of open graphs. Faults: `request` (names, types or shapes do not fit), `run`, `exit`, `stopped`. */
  run(request: RunRequest): Promise<EngineResult>;
  /** Forgets a graph and frees its memory. Closing a graph that is not open does nothing. */
  close(id: string): Promise<void>;
  /** Ends it at once, even during a run; what was asked and not answered is rejected. Resolves when it is gone. */
  stop(): Promise<void>;
  /** Ends it if it lives and starts afresh, with no graph open. The weights that it was told of are still known. */
  restart(): Promise<EngineInfo>;
  /** Calls back when it ends by itself (not through `stop` or `restart`). Returns the way to unsubscribe. */
  onExit(listener: (exit: EngineExit) => void): () => void;
}
