/** The engine that is a child process of this one (`child.ts`), with onnxruntime sessions in it. */
import { fork, type ChildProcess } from "node:child_process";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Engine } from "./engine.js";
import { EngineFault, exitText, type EngineExit } from "./fault.js";
import type { ChildSettings, EngineInfo, EngineReply, EngineRequest, WeightsNotice } from "./messages.js";
import type { LocalWeights } from "./weights.js";

/** What starts a child, and what it is told. */
export interface ChildStart {
  readonly settings: ChildSettings;
  /** Variables beside those of this process, over which they win. */
  readonly environment: Readonly<Record<string, string>>;
  readonly weights: readonly LocalWeights[];
  readonly signal?: AbortSignal;
}

interface Waiting {
  readonly resolve: (reply: EngineReply) => void;
  readonly reject: (fault: EngineFault) => void;
}

interface Child {
  readonly process: ChildProcess;
  readonly info: EngineInfo;
  readonly waiting: Map<number, Waiting>;
  /** Resolves when the process is gone. */
  readonly gone: Promise<EngineExit>;
  /** Set by `stop()`, so that the end is not taken for a crash. */
  stopping: boolean;
  exit: EngineExit | null;
}

const lastWordsLimit = 8192;

/**
 * For glibc's allocator; others do not read them. Left to itself it learns to keep large blocks, and activations of
 * changing sizes then leave holes that were measured to be as large as everything that was ever passed on in a chain.
 * Blocks of 32 MiB (the most that glibc allows) and more go back to the system; smaller ones are kept, since getting them
 * anew cost a tenth of the processor time of a sweep.
 */
const allocatorSettings = {
  MALLOC_MMAP_THRESHOLD_: String(32 * 2 ** 20),
  MALLOC_TRIM_THRESHOLD_: String(512 * 2 ** 20),
};

/** The arguments of this node that make it load TypeScript, and nothing else (`--test`, `--inspect` …) of it. */
function loaderArguments(): string[] {
  const kept: string[] = [];
  const takesValue = new Set(["--import", "--require", "-r", "--loader", "--experimental-loader"]);
  for (const [i, argument] of process.execArgv.entries()) {
    if (takesValue.has(argument)) kept.push(argument, process.execArgv[i + 1] ?? "");
    else if (/^--(import|require|loader|experimental-loader)=/.test(argument)) kept.push(argument);
  }
  return kept;
}

/** The child's entry point beside this file: child.ts under a TypeScript loader, child.js after compilation. */
function entryPoint(): { readonly path: string; readonly execArgv: string[] } {
  const own = fileURLToPath(import.meta.url);
  const suffix = extname(own);
  const path = fileURLToPath(new URL(`./child${suffix}`, import.meta.url));
  return { path, execArgv: suffix === ".ts" ? loaderArguments() : [] };
}

function faultOfExit(child: { stopping: boolean }, exit: EngineExit): EngineFault {
  return child.stopping
    ? new EngineFault("stopped", "the engine was stopped", exit)
    : new EngineFault("exit", exitText(exit), exit);
}

/** Starts a child and waits until it has loaded onnxruntime. */
function startChild({ settings, environment, weights, signal }: ChildStart): Promise<Child> {
  const { path, execArgv } = entryPoint();
  const started = fork(path, [JSON.stringify(settings)], {
    serialization: "advanced",
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    execArgv,
    env: { ...allocatorSettings, ...process.env, ...environment },
  });
  let lastWords = "";
  for (const stream of [started.stdout, started.stderr]) {
    stream?.setEncoding("utf8");
    stream?.on("data", (text: string) => {
      lastWords = (lastWords + text).slice(-lastWordsLimit);
    });
  }
  const state: { stopping: boolean; exit: EngineExit | null } = { stopping: false, exit: null };
  const waiting = new Map<number, Waiting>();
  // `close` comes after the streams have been read to their end, so that the last words are complete.
  const gone = new Promise<EngineExit>((resolve) => {
    const end = (code: number | null, endSignal: NodeJS.Signals | null): void => {
      state.exit ??= { code, signal: endSignal, lastWords };
      resolve(state.exit);
    };
    started.once("close", end);
    started.once("error", (error) => {
      lastWords += error.message;
      if (started.pid === undefined) end(null, null);
    });
  });

  return new Promise<Child>((resolve, reject) => {
    const abort = (): void => {
      state.stopping = true;
      started.kill("SIGKILL");
    };
    if (signal?.aborted === true) abort();
    signal?.addEventListener("abort", abort, { once: true });
    const settled = (): void => signal?.removeEventListener("abort", abort);

    started.on("message", (reply: EngineReply) => {
      if (reply.kind === "ready") {
        settled();
        const notice: WeightsNotice = { kind: "weights", files: weights };
        // Whatever keeps it from arriving ends the child, which is told then.
        if (weights.length > 0 && started.connected) started.send(notice, () => undefined);
        resolve(Object.assign(state, { process: started, info: reply.info, waiting, gone }));
      } else if (reply.number === null) {
        settled();
        reject(new EngineFault("start", messageOf(reply)));
      } else {
        const asked = waiting.get(reply.number);
        waiting.delete(reply.number);
        if (reply.kind === "failed" && reply.failure !== "start") {
          asked?.reject(new EngineFault(reply.failure, reply.message));
        } else asked?.resolve(reply);
      }
    });
    void gone.then((exit) => {
      settled();
      const fault = faultOfExit(state, exit);
      for (const asked of waiting.values()) asked.reject(fault);
      waiting.clear();
      // After `ready` this does nothing, since a promise settles once.
      reject(state.stopping ? fault : new EngineFault("start", fault.message, exit));
    });
  });
}

function messageOf(reply: EngineReply): string {
  return reply.kind === "failed" ? reply.message : reply.kind;
}

/**
 * Starts a child as an engine. Rejects with an EngineFault: `start` when the child does not come up, `stopped` when
 * `signal` is aborted before it is ready (afterwards the signal has no effect: `stop()` does).
 */
export async function startChildEngine(start: ChildStart): Promise<Engine> {
  const listeners = new Set<(exit: EngineExit) => void>();
  let lastNumber = 0;
  let child = await startWatched();

  async function startWatched(): Promise<Child> {
    const fresh = await startChild(start);
    void fresh.gone.then((exit) => {
      if (!fresh.stopping) for (const listener of listeners) listener(exit);
    });
    return fresh;
  }

  function ask(make: (number: number) => EngineRequest): Promise<EngineReply> {
    const asked = child;
    const number = (lastNumber += 1);
    return new Promise<EngineReply>((resolve, reject) => {
      if (asked.exit !== null) {
        reject(faultOfExit(asked, asked.exit));
        return;
      }
      asked.waiting.set(number, { resolve, reject });
      // A channel that is already closed is reported by the child's end, which follows and knows more.
      if (asked.process.connected) asked.process.send(make(number), () => undefined);
    });
  }

  async function stop(): Promise<void> {
    child.stopping = true;
    // SIGKILL, because a signal handler of node's would only run after the run that is to be ended.
    child.process.kill("SIGKILL");
    await child.gone;
  }

  return {
    info: () => child.info,
    alive: () => child.exit === null,
    async open(graph) {
      const reply = await ask((number) => ({ kind: "open", number, graph }));
      if (reply.kind !== "opened") throw new EngineFault("request", `unexpected answer ${reply.kind}`);
      return { inputs: reply.inputs, outputs: reply.outputs };
    },
    async run({ graphs, feeds, fetches }) {
      const reply = await ask((number) => ({ kind: "run", number, graphs, feeds, fetches }));
      if (reply.kind !== "result") throw new EngineFault("request", `unexpected answer ${reply.kind}`);
      return reply.result;
    },
    async close(id) {
      await ask((number) => ({ kind: "close", number, graph: id }));
    },
    stop,
    async restart() {
      await stop();
      child = await startWatched();
      return child.info;
    },
    onExit(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
