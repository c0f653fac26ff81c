/** One engine for a whole run: started when first needed, started afresh after a crash, with sessions open as fit. */
import type { EngineOptions } from "./backend.js";
import type { Engine } from "./engine.js";
import { EngineFault } from "./fault.js";
import type { EngineInfo } from "./messages.js";
import type { LocalWeights, WeightFile } from "./weights.js";

/** A graph, or a part of one, that gets a session of its own. */
export interface PreparedSegment {
  /** Digest of its contents and of how it is opened: graphs that share a part share its session. */
  readonly id: string;
  /** The files of its external data. */
  readonly weights: readonly WeightFile[];
  /** Whether its session rearranges its weights. */
  readonly prepacked: boolean;
  /** Bytes of weights that its session holds in memory of its own; 0 when it reads them where they are mapped. */
  readonly weightBytes: number;
  /** True for a graph that is not cut: no other session of its chain would keep memory, too. */
  readonly arena?: boolean;
  /** ONNX bytes; made each time it is opened. */
  bytes(): Uint8Array;
}

export interface EngineKeeperOptions {
  readonly engine: EngineOptions;
  /** Where the weights of the segments lie on this machine; nowhere when absent. */
  readonly weights?: readonly LocalWeights[];
  /** Bytes of weights that the open sessions may hold together. */
  readonly openWeightBytes: number;
  /** Sessions that may be open together. 64 when absent. */
  readonly openSessions?: number;
  /** Called for each engine that is started, with its process id and versions. */
  readonly onEngineStart?: (info: EngineInfo) => void;
  /** Aborting ends the engine at once. */
  readonly signal?: AbortSignal;
}

export interface EngineKeeper {
  /** The engine for work of its own, whose graphs are closed again when it is done. Rejects with EngineFault. */
  engine(): Promise<Engine>;
  /**
   * The engine, with these segments open. Before one is opened, the sessions that were not used for longest are closed
   * until both limits hold; the present segments stay, so that a chain larger than a limit is opened all the same.
   * Rejects with EngineFault (`graph` for a segment that cannot be opened, also when that takes the engine down), and
   * with what `bytes` throws.
   */
  withSegments(segments: readonly PreparedSegment[]): Promise<Engine>;
  /** The engine if it lives and has these segments open already, otherwise null. Opens and closes nothing. */
  open(segments: readonly PreparedSegment[]): Engine | null;
  /** Why one of these cannot be opened, or null: known when it was found out twice, which should be in two engines. */
  unusable(segments: readonly PreparedSegment[]): string | null;
  /** Ends the engine, so that the next use begins with a fresh one. */
  discard(): Promise<void>;
  /** Ends the engine for good. */
  end(): Promise<void>;
  /** About the last engine; null when none was needed. */
  info(): EngineInfo | null;
  /** Children that were started again. */
  restarts(): number;
}

const defaultOpenSessions = 64;

/** Children that are started one after the other before a run gives up because none comes up. */
const startTrials = 3;

/** Starts nothing yet. */
export function createEngineKeeper(options: EngineKeeperOptions): EngineKeeper {
  const { signal, openWeightBytes, openSessions = defaultOpenSessions } = options;
  const starting = { weights: options.weights ?? [], ...(signal === undefined ? {} : { signal }) };
  let engine: Engine | null = null;
  let restarts = 0;
  /** Segment id → its bytes of weights, in the order of use, the longest unused first. */
  const open = new Map<string, number>();
  /** Segment id → how often it could not be opened in a row, and why the last time. */
  const refused = new Map<string, { readonly times: number; readonly message: string }>();
  // The engine ends by itself when the signal comes while it starts; from then on it is ended here.
  const abort = (): void => void engine?.stop();
  signal?.addEventListener("abort", abort);

  /** A fresh engine. One that was killed while it started is followed by another; one that says what it lacks is not. */
  async function start(): Promise<Engine> {
    for (let trial = 1; ; trial += 1) {
      try {
        if (engine === null) return await options.engine.backend.start(options.engine, starting);
        await engine.restart();
        return engine;
      } catch (error) {
        const ended = error instanceof EngineFault && error.kind === "start" && error.exit !== null;
        if (!ended || signal?.aborted === true) throw error;
        if (trial === startTrials) {
          throw new EngineFault("start", `none of ${startTrials} engines came up: ${error.message}`, error.exit);
        }
        restarts += 1;
      }
    }
  }

  async function ready(): Promise<Engine> {
    if (engine?.alive() === true) return engine;
    open.clear();
    if (engine !== null) restarts += 1;
    engine = await start();
    options.onEngineStart?.(engine.info());
    // The signal may have come between the engine's first word and here, when `abort` knew no engine yet.
    if (signal?.aborted === true) await engine.stop();
    return engine;
  }

  async function makeRoom(present: Engine, weightBytes: number, kept: ReadonlySet<string>): Promise<void> {
    let sum = weightBytes;
    for (const bytes of open.values()) sum += bytes;
    for (const [id, bytes] of open) {
      if (sum <= openWeightBytes && open.size < openSessions) return;
      if (kept.has(id)) continue;
      await present.close(id);
      open.delete(id);
      sum -= bytes;
    }
  }

  async function openSegment(present: Engine, segment: PreparedSegment): Promise<void> {
    const { id, weights, prepacked, weightBytes } = segment;
    const bytes = segment.bytes();
    try {
      await present.open({ id, bytes, weights, prepacked, arena: segment.arena === true });
    } catch (error) {
      if (!(error instanceof EngineFault) || (error.kind !== "exit" && error.kind !== "graph")) throw error;
      refused.set(id, { times: (refused.get(id)?.times ?? 0) + 1, message: error.message });
      // Too little memory for the weights looks like an exit, and it is the graph that should not be tried for ever.
      throw new EngineFault("graph", error.message, error.exit);
    }
    refused.delete(id);
    open.set(id, weightBytes);
  }

  return {
    engine: ready,
    withSegments: async (segments) => {
      const present = await ready();
      const kept = new Set(segments.map((segment) => segment.id));
      for (const segment of segments) {
        // Taken out and put in again, it stands last in the order of use.
        if (open.delete(segment.id)) open.set(segment.id, segment.weightBytes);
      }
      for (const segment of segments) {
        if (open.has(segment.id)) continue;
        await makeRoom(present, segment.weightBytes, kept);
        await openSegment(present, segment);
      }
      return present;
    },
    open: (segments) => (engine?.alive() === true && segments.every(({ id }) => open.has(id)) ? engine : null),
    unusable: (segments) => {
      const found = segments.map(({ id }) => refused.get(id)).find((known) => known !== undefined && known.times >= 2);
      return found?.message ?? null;
    },
    discard: async () => engine?.stop(),
    end: async () => {
      signal?.removeEventListener("abort", abort);
      await engine?.stop();
    },
    info: () => engine?.info() ?? null,
    restarts: () => restarts,
  };
}
