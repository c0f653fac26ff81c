/**
 * The child process that owns onnxruntime sessions. `client.ts` starts it. It is a process of its own because `run()` blocks the event loop, cannot be cancelled, and
 * takes the whole process with it when native code fails.
 */
import { chainProblem, chainSteps, graphName } from "./chain.js";
import { arrayTypes, inputsProblem } from "./feeds.js";
import type {
  ChildSettings,
  EngineGraph,
  EngineReply,
  EngineRequest,
  EngineTensors,
  RequestFailure,
  WeightsNotice,
} from "./messages.js";
import { loadRuntime } from "./runtimes/index.js";
import type { HeldTensor, Runtime, RuntimeSession } from "./runtimes/runtime.js";
import { weightsFolder, type LocalWeights } from "./weights.js";

// A terminal sends Ctrl-C to the whole process group, and it is the coordinator that decides what then happens. This
// comes before onnxruntime is loaded, so that there is hardly a moment when the signal would still end the child.
process.on("SIGINT", () => undefined);

// A killed coordinator closes the channel. Not by `exit`, which would take the library apart under a thread that is in it.
const end = (): void => void process.kill(process.pid, "SIGKILL");
process.on("disconnect", end);

function reply(message: EngineReply): void {
  // The callback keeps a closed channel from becoming an unhandled error; the disconnect event then ends the process.
  process.send?.(message, undefined, undefined, () => undefined);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Throws what onnxruntime throws, or a sentence about weights that are not here. */
async function openGraph(
  runtime: Runtime,
  settings: ChildSettings,
  { bytes, weights, prepacked, arena = false }: EngineGraph,
  local: readonly LocalWeights[],
): Promise<RuntimeSession> {
  const folder = weightsFolder(weights, local);
  return runtime.open(bytes, {
    ...settings,
    // An arena of its own keeps the memory of a session's activations when the run is over, so that a chain of twelve
    // sessions would hold those of twelve. A graph that is not cut has no others beside it, and getting large activations anew
    // from the system was measured to take a quarter of the time of long texts.
    arena,
    weights: folder === null ? null : { folder, files: weights },
    entries: {
      // Within a run a thread waits for the next node without sleeping, for a moment: waking it takes longer than many
      // nodes. Each session has a pool of its own, so none may go on waiting when its run is over: it would take the
      // processors from the one at work.
      "intra_op.allow_spinning": "1",
      "intra_op.spin_duration_us": "200",
      force_spinning_stop: "1",
      ...(folder === null ? {} : { model_external_initializers_file_folder_path: folder }),
      ...(prepacked ? {} : { disable_prepacking: "1" }),
      ...settings.entries,
    },
  });
}

/** Why a request failed, as the answer says it. */
interface Failure {
  readonly failure: RequestFailure;
  readonly message: string;
}

/** What a chain came to: outputs that are released when they have been sent. */
interface ChainResult {
  readonly outputs: ReadonlyMap<string, HeldTensor>;
  readonly seconds: number;
}

/** Runs a chain without a `chainProblem`. Each output is fed to later graphs as it is: there it is read in place. */
async function runChain(
  runtime: Runtime,
  graphs: readonly RuntimeSession[],
  feeds: EngineTensors,
  fetches: readonly string[],
): Promise<ChainResult | Failure> {
  const values = new Map<string, HeldTensor>();
  const releaseAll = (): void => {
    for (const tensor of values.values()) tensor.release();
    values.clear();
  };
  const failed = (failure: RequestFailure, message: string): Failure => {
    releaseAll();
    return { failure, message };
  };
  for (const [name, feed] of Object.entries(feeds)) values.set(name, runtime.hold(feed));
  let seconds = 0;
  for (const [i, step] of chainSteps(graphs, fetches).entries()) {
    const session = step.graph;
    // A message about a graph that is alone says nothing about where.
    const where = graphs.length === 1 ? "" : `${graphName(i, graphs)}: `;
    const problem = inputsProblem(session.inputs, (name) => values.get(name));
    if (problem !== null) return failed("request", where + problem);
    const taken = new Map<string, HeldTensor>();
    for (const { name } of session.inputs) {
      const tensor = values.get(name);
      if (tensor !== undefined) taken.set(name, tensor);
    }
    const started = performance.now();
    try {
      for (const [name, tensor] of await session.run(taken, step.fetches, step.passed)) values.set(name, tensor);
    } catch (error) {
      return failed("run", where + messageOf(error));
    }
    seconds += (performance.now() - started) / 1000;
    for (const name of step.lastUses) {
      values.get(name)?.release();
      values.delete(name);
    }
  }
  const outputs = new Map<string, HeldTensor>();
  for (const name of fetches) {
    const tensor = values.get(name);
    if (tensor === undefined) return failed("run", `onnxruntime returned no output ${name}`);
    if (!Object.hasOwn(arrayTypes, tensor.type)) return failed("request", `${name} is ${tensor.type}`);
    outputs.set(name, tensor);
    values.delete(name);
  }
  releaseAll();
  return { outputs, seconds };
}

/** What the child holds: its open graphs, and what it was told. */
interface ChildState {
  readonly settings: ChildSettings;
  readonly graphs: Map<string, RuntimeSession>;
  weights: readonly LocalWeights[];
}

/** Answers a request with `reply`. */
async function answer(
  runtime: Runtime,
  { settings, graphs, weights }: ChildState,
  request: EngineRequest,
): Promise<void> {
  const { number } = request;
  const failed = (failure: RequestFailure, message: string): void => {
    reply({ kind: "failed", number, failure, message });
  };
  switch (request.kind) {
    case "open": {
      if (graphs.has(request.graph.id)) {
        failed("request", `graph ${request.graph.id} is already open`);
        return;
      }
      try {
        const session = await openGraph(runtime, settings, request.graph, weights);
        graphs.set(request.graph.id, session);
        reply({ kind: "opened", number, inputs: [...session.inputs], outputs: [...session.outputs] });
      } catch (error) {
        failed("graph", messageOf(error));
      }
      return;
    }
    case "run": {
      const chain: RuntimeSession[] = [];
      for (const id of request.graphs) {
        const session = graphs.get(id);
        if (session === undefined) {
          failed("request", `graph ${id} is not open`);
          return;
        }
        chain.push(session);
      }
      const problem = chainProblem(chain, request.feeds, request.fetches);
      if (problem !== null) {
        failed("request", problem);
        return;
      }
      const result = await runChain(runtime, chain, request.feeds, request.fetches);
      if ("failure" in result) {
        failed(result.failure, result.message);
        return;
      }
      const { outputs, seconds } = result;
      const read = [...outputs].map(([name, tensor]) => [name, tensor.read()] as const);
      reply({ kind: "result", number, result: { outputs: Object.fromEntries(read), seconds } });
      // Sending has copied them.
      for (const tensor of outputs.values()) tensor.release();
      return;
    }
    case "close": {
      const session = graphs.get(request.graph);
      graphs.delete(request.graph);
      await session?.release();
      reply({ kind: "closed", number });
    }
  }
}

async function main(): Promise<void> {
  let runtime: Runtime;
  let settings: ChildSettings;
  try {
    settings = JSON.parse(process.argv[2] ?? "") as ChildSettings;
    runtime = await loadRuntime(settings);
  } catch (error) {
    reply({ kind: "failed", number: null, failure: "start", message: messageOf(error) });
    process.off("disconnect", end);
    process.disconnect();
    return;
  }
  const state: ChildState = { settings, graphs: new Map(), weights: [] };
  let queue = Promise.resolve();
  process.on("message", (message: EngineRequest | WeightsNotice) => {
    queue = queue.then(async () => {
      if (message.kind === "weights") state.weights = message.files;
      else await answer(runtime, state, message);
    });
  });
  reply({
    kind: "ready",
    info: {
      processId: process.pid,
      nodeVersion: process.versions.node,
      onnxruntimeVersion: runtime.version,
      runtime: runtime.name,
      backends: [...runtime.providers],
    },
  });
}

await main();
