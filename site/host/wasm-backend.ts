/** A backend that is onnxruntime-web in the thread that asks it: one thread, no process, nothing of this machine. */
import type * as onnxruntimeWeb from "onnxruntime-web/wasm";
import type { InferenceSession, Tensor } from "onnxruntime-web/wasm";
import type { Capabilities } from "../../src/compiler/ir/capabilities.js";
import type { Backend } from "../../src/runtime/engine/backend.js";
import { chainProblem, chainSteps, graphName } from "../../src/runtime/engine/chain.js";
import type { Engine, RunRequest } from "../../src/runtime/engine/engine.js";
import { EngineFault } from "../../src/runtime/engine/fault.js";
import { inputsProblem } from "../../src/runtime/engine/feeds.js";
import type { EngineGraph, EngineResult, EngineTensor, EngineValue } from "../../src/runtime/engine/messages.js";
import { weightsFolder, type LocalWeights } from "../../src/runtime/engine/weights.js";

export type Onnxruntime = typeof onnxruntimeWeb;

export interface WasmHost {
  readonly version: string;
  /** Loads onnxruntime-web, when it is first needed. */
  readonly load: () => Promise<Onnxruntime>;
  /** The bytes of a weight file by its path. */
  readonly bytes: (path: string) => Promise<Uint8Array>;
}

const notMeasured = "what WebAssembly does was not measured";

const capabilities: Capabilities = {
  chunkedAttention: { holds: false, because: `attention is computed as a whole: ${notMeasured}` },
  segments: { holds: false, because: "graphs are not cut: between two sessions values leave WebAssembly's memory" },
  rowsIndependent: { holds: false, because: `captured values belong to their batches: ${notMeasured}` },
  prepacking: { holds: false, because: "weights are small, and rearranging them takes longer than it saves" },
  mappedWeights: { holds: false, because: "every session has a copy of its weights" },
  threads: { holds: false, because: "a page computes in one thread" },
  // The batches of a processor: a page's models are small.
  unitFlops: 6e10,
};

export function wasmBackend(host: WasmHost): Backend {
  return {
    name: "wasm",
    capabilities,
    numerics: ({ optimisation, prepacking, tf32 }) => ({
      onnxruntime: host.version,
      device: "wasm",
      graphOptimization: optimisation,
      prepacking,
      tf32,
    }),
    start: async ({ optimisation }, { weights = [] } = {}) => {
      try {
        return wasmEngine(await host.load(), host, optimisation, weights);
      } catch (error) {
        throw new EngineFault("start", `onnxruntime-web does not start: ${messageOf(error)}`);
      }
    },
  };
}

interface OpenGraph {
  readonly session: InferenceSession;
  readonly inputs: readonly EngineValue[];
  readonly outputs: readonly EngineValue[];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function wasmEngine(
  ort: Onnxruntime,
  { version, bytes }: WasmHost,
  optimisation: "basic" | "disabled",
  weights: readonly LocalWeights[],
): Engine {
  const open = new Map<string, OpenGraph>();
  const info = {
    processId: null,
    nodeVersion: "none",
    onnxruntimeVersion: version,
    runtime: "onnxruntime-web",
    backends: ["wasm"],
  };
  let alive = true;

  async function openGraph(graph: EngineGraph): Promise<OpenGraph> {
    const folder = weightsFolder(graph.weights, weights);
    const externalData = await Promise.all(
      graph.weights.map(async ({ name }) => ({ path: name, data: await bytes(`${folder ?? ""}/${name}`) })),
    );
    const session = await ort.InferenceSession.create(graph.bytes, {
      executionProviders: ["wasm"],
      graphOptimizationLevel: optimisation,
      enableCpuMemArena: false,
      externalData,
      extra: { session: graph.prepacked ? {} : { disable_prepacking: "1" } },
    });
    return { session, inputs: valuesOf(session.inputMetadata), outputs: valuesOf(session.outputMetadata) };
  }

  async function close(id: string): Promise<void> {
    const graph = open.get(id);
    open.delete(id);
    await graph?.session.release();
  }

  async function stop(): Promise<void> {
    alive = false;
    for (const id of [...open.keys()]) await close(id);
  }

  return {
    info: () => info,
    alive: () => alive,
    open: async (graph) => {
      if (open.has(graph.id)) throw new EngineFault("request", `graph ${graph.id} is already open`);
      const opened = await openGraph(graph).catch((error: unknown) => {
        throw new EngineFault("graph", messageOf(error));
      });
      open.set(graph.id, opened);
      return { inputs: opened.inputs, outputs: opened.outputs };
    },
    run: async (request) => {
      const graphs = request.graphs.map((id) => {
        const graph = open.get(id);
        if (graph === undefined) throw new EngineFault("request", `graph ${id} is not open`);
        return graph;
      });
      return await runChain(ort, graphs, request);
    },
    close,
    stop,
    restart: async () => {
      await stop();
      alive = true;
      return info;
    },
    // It ends only with the thread, and then nobody is there to be told.
    onExit: () => () => undefined,
  };
}

function valuesOf(metadata: readonly InferenceSession.ValueMetadata[]): EngineValue[] {
  return metadata.map((value) => {
    if (!value.isTensor) throw new Error(`${value.name} is not a tensor`);
    return { name: value.name, type: value.type, shape: value.shape };
  });
}

/** Rejects with an EngineFault of kind `request` or `run`. */
async function runChain(
  ort: Onnxruntime,
  graphs: readonly OpenGraph[],
  { feeds, fetches }: RunRequest,
): Promise<EngineResult> {
  const wrong = chainProblem(graphs, feeds, fetches);
  if (wrong !== null) throw new EngineFault("request", wrong);
  const values = new Map<string, Tensor>();
  for (const [name, feed] of Object.entries(feeds)) values.set(name, new ort.Tensor(feed.type, feed.data, feed.dims));
  let seconds = 0;
  for (const [i, step] of chainSteps(graphs, fetches).entries()) {
    const { session, inputs } = step.graph;
    const where = graphs.length === 1 ? "" : `${graphName(i, graphs)}: `;
    const problem = inputsProblem(inputs, (name) => values.get(name));
    if (problem !== null) throw new EngineFault("request", where + problem);
    const taken = Object.fromEntries(
      inputs.flatMap(({ name }) => {
        const tensor = values.get(name);
        return tensor === undefined ? [] : [[name, tensor]];
      }),
    );
    const started = performance.now();
    const yielded = await session.run(taken, [...step.fetches]).catch((error: unknown) => {
      throw new EngineFault("run", where + messageOf(error));
    });
    seconds += (performance.now() - started) / 1000;
    for (const [name, tensor] of Object.entries(yielded)) values.set(name, tensor);
    for (const name of step.lastUses) values.delete(name);
  }
  return { outputs: Object.fromEntries(fetches.map((name) => [name, sent(name, values.get(name))])), seconds };
}

function sent(name: string, tensor: Tensor | undefined): EngineTensor {
  if (tensor === undefined) throw new EngineFault("run", `onnxruntime-web returned no output ${name}`);
  const { type, dims, data } = tensor;
  if (type !== "float32" && type !== "int64" && type !== "int32" && type !== "bool") {
    throw new EngineFault("request", `${name} is ${type}`);
  }
  return { type, dims, data } as EngineTensor;
}
