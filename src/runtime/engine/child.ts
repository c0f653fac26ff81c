/**
 * The child process that owns onnxruntime sessions, and the only file of the project that loads onnxruntime-node.
 * `client.ts` starts it. It is a process of its own because `run()` blocks the event loop, cannot be cancelled, and
 * takes the whole process with it when native code fails.
 */
import { runProblem } from "./feeds.js";
import type {
  EngineData,
  EngineElementType,
  EngineGraph,
  EngineOptions,
  EngineReply,
  EngineRequest,
  EngineTensor,
  EngineTensors,
  EngineValue,
} from "./messages.js";
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

function reply(message: EngineReply): void {
  // The callback keeps a closed channel from becoming an unhandled error; the disconnect event then ends the process.
  process.send?.(message, undefined, undefined, () => undefined);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function sessionOptions(options: EngineOptions, folder: string | null): InferenceSession.SessionOptions {
  const cuda = options.device.kind === "cuda" ? { name: "cuda", deviceId: options.device.deviceId } : null;
  return {
    executionProviders: cuda === null ? ["cpu"] : [cuda],
    graphOptimizationLevel: options.optimisation,
    intraOpNumThreads: options.threads,
    extra: {
      session: {
        // Each session has a pool of its own; pools that spin while idle take the processors from the one at work.
        "intra_op.allow_spinning": "0",
        ...(folder === null ? {} : { model_external_initializers_file_folder_path: folder }),
        ...(options.prepacking ? {} : { disable_prepacking: "1" }),
        // A node that CUDA cannot do is an error, never a silent and slow detour with other rounding.
        ...(cuda === null ? {} : { disable_cpu_ep_fallback: "1" }),
      },
    },
  };
}

function valuesOf(metadata: readonly InferenceSession.ValueMetadata[]): EngineValue[] {
  return metadata.map((value) => {
    if (!value.isTensor) throw new Error(`${value.name} is not a tensor`);
    if (!elementTypes.includes(value.type)) {
      throw new Error(`${value.name} is ${value.type}; inputs and outputs are ${elementTypes.join(", ")}`);
    }
    return { name: value.name, type: value.type, shape: value.shape };
  });
}

async function openGraph(ort: Onnxruntime, options: EngineOptions, graph: EngineGraph): Promise<OpenGraph> {
  const session = await ort.InferenceSession.create(graph.bytes, sessionOptions(options, graph.folder));
  try {
    return { session, inputs: valuesOf(session.inputMetadata), outputs: valuesOf(session.outputMetadata) };
  } catch (error) {
    await session.release();
    throw error;
  }
}

async function runGraph(
  ort: Onnxruntime,
  graph: OpenGraph,
  feeds: EngineTensors,
  fetches: readonly string[],
): Promise<{ outputs: Record<string, EngineTensor>; seconds: number }> {
  const tensors: Record<string, Tensor> = {};
  for (const [name, feed] of Object.entries(feeds)) {
    tensors[name] = new ort.Tensor(feed.type, feed.data, feed.dims);
  }
  const started = performance.now();
  const yielded = await graph.session.run(tensors, [...fetches]);
  const seconds = (performance.now() - started) / 1000;
  const outputs: Record<string, EngineTensor> = {};
  for (const name of fetches) {
    const tensor = yielded[name];
    if (tensor === undefined) throw new Error(`onnxruntime returned no output ${name}`);
    const { type, dims, data } = tensor;
    // The type was checked when the graph was opened; the data of these four types are these four arrays.
    outputs[name] = { type, dims, data: data as EngineData[EngineElementType] } as EngineTensor;
  }
  return { outputs, seconds };
}

async function answer(
  ort: Onnxruntime,
  options: EngineOptions,
  graphs: Map<string, OpenGraph>,
  request: EngineRequest,
): Promise<EngineReply> {
  const { number } = request;
  const failed = (failure: "graph" | "request" | "run", message: string): EngineReply => {
    return { kind: "failed", number, failure, message };
  };
  switch (request.kind) {
    case "open": {
      if (graphs.has(request.graph.id)) return failed("request", `graph ${request.graph.id} is already open`);
      try {
        const graph = await openGraph(ort, options, request.graph);
        graphs.set(request.graph.id, graph);
        return { kind: "opened", number, inputs: [...graph.inputs], outputs: [...graph.outputs] };
      } catch (error) {
        return failed("graph", messageOf(error));
      }
    }
    case "run": {
      const graph = graphs.get(request.graph);
      if (graph === undefined) return failed("request", `graph ${request.graph} is not open`);
      const problem = runProblem(graph.inputs, graph.outputs, request.feeds, request.fetches);
      if (problem !== null) return failed("request", problem);
      try {
        return { kind: "result", number, result: await runGraph(ort, graph, request.feeds, request.fetches) };
      } catch (error) {
        return failed("run", messageOf(error));
      }
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
  let options: EngineOptions;
  try {
    options = JSON.parse(process.argv[2] ?? "") as EngineOptions;
    // onnxruntime-node is CommonJS: its names are the default export's properties, whoever loads it.
    const loaded = (await import("onnxruntime-node")) as Onnxruntime & { readonly default?: Onnxruntime };
    ort = loaded.default ?? loaded;
  } catch (error) {
    reply({ kind: "failed", number: null, failure: "start", message: messageOf(error) });
    process.disconnect();
    return;
  }
  const graphs = new Map<string, OpenGraph>();
  let queue = Promise.resolve();
  process.on("message", (request: EngineRequest) => {
    queue = queue.then(async () => {
      reply(await answer(ort, options, graphs, request));
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
