/**
 * The child process that owns onnxruntime sessions, and the only file of the project that loads onnxruntime-node.
 * `client.ts` starts it. It is a process of its own because `run()` blocks the event loop, cannot be cancelled, and
 * takes the whole process with it when native code fails.
 */
import { chainProblem, chainSteps, graphName } from "./chain.js";
import { inputsProblem } from "./feeds.js";
import type {
  ChildSettings,
  EngineData,
  EngineElementType,
  EngineGraph,
  EngineReply,
  EngineRequest,
  EngineResult,
  EngineTensor,
  EngineTensors,
  EngineValue,
  RequestFailure,
  WeightsNotice,
} from "./messages.js";
import { release } from "./release.js";
import { weightsFolder, type LocalWeights } from "./weights.js";
import type * as onnxruntimeNode from "onnxruntime-node";
import type { InferenceSession, Tensor } from "onnxruntime-node";

// A terminal sends Ctrl-C to the whole process group, and it is the coordinator that decides what then happens. This
// comes before onnxruntime is loaded, so that there is hardly a moment when the signal would still end the child.
process.on("SIGINT", () => undefined);

// A killed coordinator closes the channel. During a run this is noticed as soon as the run ends.
process.on("disconnect", () => process.exit(0));

type Onnxruntime = typeof onnxruntimeNode;

interface OpenGraph {
  readonly session: InferenceSession;
  readonly inputs: readonly EngineValue[];
  readonly outputs: readonly EngineValue[];
}

const elementTypes: readonly string[] = ["float32", "int64", "int32", "bool"] satisfies EngineElementType[];

/** Element types that graphs of a chain pass on to each other: they stay in this process. */
const passedTypes: readonly string[] = [...elementTypes, "float64"];

function reply(message: EngineReply): void {
  // The callback keeps a closed channel from becoming an unhandled error; the disconnect event then ends the process.
  process.send?.(message, undefined, undefined, () => undefined);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function sessionOptions(
  { provider, optimisation, threads, entries }: ChildSettings,
  { prepacked, arena = false }: EngineGraph,
  folder: string | null,
): InferenceSession.SessionOptions {
  return {
    executionProviders: [provider],
    graphOptimizationLevel: optimisation,
    intraOpNumThreads: threads,
    // An arena keeps the memory of a session's activations when the run is over, so that a chain of twelve sessions
    // would hold those of twelve. A graph that is not cut has no others beside it, and getting large activations anew
    // from the system was measured to take a quarter of the time of long texts.
    enableCpuMemArena: arena,
    extra: {
      session: {
        // Within a run a thread waits for the next node without sleeping, for a moment: waking it takes longer than many
        // nodes. Each session has a pool of its own, so none may go on waiting when its run is over: it would take the
        // processors from the one at work.
        "intra_op.allow_spinning": "1",
        "intra_op.spin_duration_us": "200",
        force_spinning_stop: "1",
        ...(folder === null ? {} : { model_external_initializers_file_folder_path: folder }),
        ...(prepacked ? {} : { disable_prepacking: "1" }),
        ...entries,
      },
    },
  };
}

function valuesOf(metadata: readonly InferenceSession.ValueMetadata[]): EngineValue[] {
  return metadata.map((value) => {
    if (!value.isTensor) throw new Error(`${value.name} is not a tensor`);
    if (!passedTypes.includes(value.type)) {
      throw new Error(`${value.name} is ${value.type}; inputs and outputs are ${passedTypes.join(", ")}`);
    }
    return { name: value.name, type: value.type, shape: value.shape };
  });
}

/** Throws what onnxruntime throws, or a sentence about weights that are not here. */
async function openGraph(
  ort: Onnxruntime,
  settings: ChildSettings,
  graph: EngineGraph,
  weights: readonly LocalWeights[],
): Promise<OpenGraph> {
  const folder = weightsFolder(graph.weights, weights);
  const session = await ort.InferenceSession.create(graph.bytes, sessionOptions(settings, graph, folder));
  try {
    return { session, inputs: valuesOf(session.inputMetadata), outputs: valuesOf(session.outputMetadata) };
  } catch (error) {
    await session.release();
    throw error;
  }
}

/** Why a request failed, as the answer says it. */
interface Failure {
  readonly failure: RequestFailure;
  readonly message: string;
}

/** A tensor as it goes over the border. Its element type was checked before. */
function sent(tensor: Tensor): EngineTensor {
  const { type, dims, data } = tensor;
  return { type, dims, data: data as EngineData[EngineElementType] } as EngineTensor;
}

/** Runs a chain without a `chainProblem`. Each output is fed to later graphs as it is: there it is read in place. */
async function runChain(
  ort: Onnxruntime,
  graphs: readonly OpenGraph[],
  feeds: EngineTensors,
  fetches: readonly string[],
): Promise<EngineResult | Failure> {
  const values = new Map<string, Tensor>();
  for (const [name, feed] of Object.entries(feeds)) values.set(name, new ort.Tensor(feed.type, feed.data, feed.dims));
  let seconds = 0;
  for (const [i, step] of chainSteps(graphs, fetches).entries()) {
    const { session, inputs } = step.graph;
    // A message about a graph that is alone says nothing about where.
    const where = graphs.length === 1 ? "" : `${graphName(i, graphs)}: `;
    const problem = inputsProblem(inputs, (name) => values.get(name));
    if (problem !== null) return { failure: "request", message: where + problem };
    const taken: Record<string, Tensor> = {};
    for (const { name } of inputs) {
      const tensor = values.get(name);
      if (tensor !== undefined) taken[name] = tensor;
    }
    const started = performance.now();
    try {
      const yielded = await session.run(taken, [...step.fetches]);
      for (const [name, tensor] of Object.entries(yielded)) values.set(name, tensor);
    } catch (error) {
      return { failure: "run", message: where + messageOf(error) };
    }
    seconds += (performance.now() - started) / 1000;
    for (const name of step.lastUses) {
      const tensor = values.get(name);
      // The feeds came in one message and share its memory.
      if (tensor !== undefined && !Object.hasOwn(feeds, name)) release(tensor.data as EngineData[EngineElementType]);
      values.delete(name);
    }
  }
  const outputs: Record<string, EngineTensor> = {};
  for (const name of fetches) {
    const tensor = values.get(name);
    if (tensor === undefined) return { failure: "run", message: `onnxruntime returned no output ${name}` };
    if (!elementTypes.includes(tensor.type)) return { failure: "request", message: `${name} is ${tensor.type}` };
    outputs[name] = sent(tensor);
  }
  return { outputs, seconds };
}

/** What the child holds: its open graphs, and what it was told. */
interface ChildState {
  readonly settings: ChildSettings;
  readonly graphs: Map<string, OpenGraph>;
  weights: readonly LocalWeights[];
}

async function answer(
  ort: Onnxruntime,
  { settings, graphs, weights }: ChildState,
  request: EngineRequest,
): Promise<EngineReply> {
  const { number } = request;
  const failed = (failure: RequestFailure, message: string): EngineReply => {
    return { kind: "failed", number, failure, message };
  };
  switch (request.kind) {
    case "open": {
      if (graphs.has(request.graph.id)) return failed("request", `graph ${request.graph.id} is already open`);
      try {
        const graph = await openGraph(ort, settings, request.graph, weights);
        graphs.set(request.graph.id, graph);
        return { kind: "opened", number, inputs: [...graph.inputs], outputs: [...graph.outputs] };
      } catch (error) {
        return failed("graph", messageOf(error));
      }
    }
    case "run": {
      const chain: OpenGraph[] = [];
      for (const id of request.graphs) {
        const graph = graphs.get(id);
        if (graph === undefined) return failed("request", `graph ${id} is not open`);
        chain.push(graph);
      }
      const problem = chainProblem(chain, request.feeds, request.fetches);
      if (problem !== null) return failed("request", problem);
      const result = await runChain(ort, chain, request.feeds, request.fetches);
      return "failure" in result ? failed(result.failure, result.message) : { kind: "result", number, result };
    }
    case "close": {
      const graph = graphs.get(request.graph);
      graphs.delete(request.graph);
      await graph?.session.release();
      return { kind: "closed", number };
    }
  }
}

async function main(): Promise<void> {
  let ort: Onnxruntime;
  let settings: ChildSettings;
  try {
    settings = JSON.parse(process.argv[2] ?? "") as ChildSettings;
    // onnxruntime-node is CommonJS: its names are the default export's properties, whoever loads it.
    const loaded = (await import("onnxruntime-node")) as Onnxruntime & { readonly default?: Onnxruntime };
    ort = loaded.default ?? loaded;
  } catch (error) {
    reply({ kind: "failed", number: null, failure: "start", message: messageOf(error) });
    process.disconnect();
    return;
  }
  const state: ChildState = { settings, graphs: new Map(), weights: [] };
  let queue = Promise.resolve();
  process.on("message", (message: EngineRequest | WeightsNotice) => {
    queue = queue.then(async () => {
      if (message.kind === "weights") {
        state.weights = message.files;
        return;
      }
      const answered = await answer(ort, state, message);
      reply(answered);
      // Sending has copied them.
      if (answered.kind === "result") for (const tensor of Object.values(answered.result.outputs)) release(tensor.data);
    });
  });
  reply({
    kind: "ready",
    info: {
      processId: process.pid,
      nodeVersion: process.versions.node,
      onnxruntimeVersion: ort.env.versions.node ?? "unknown",
      backends: ort.listSupportedBackends().map((backend) => backend.name),
    },
  });
}

await main();
