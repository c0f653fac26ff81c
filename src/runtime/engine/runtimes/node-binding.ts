/** onnxruntime through onnxruntime-node: every result is copied into memory of JavaScript's. */
import type * as onnxruntimeNode from "onnxruntime-node";
import type { InferenceSession, Tensor } from "onnxruntime-node";
import type { EngineData, EngineElementType, EngineTensor, EngineValue } from "../messages.js";
import { release } from "../release.js";
import {
  checkPassedType,
  type HeldTensor,
  type Runtime,
  type RuntimeSession,
  type SessionSettings,
} from "./runtime.js";

type Onnxruntime = typeof onnxruntimeNode;

/** Loads onnxruntime-node. Rejects with its message where it does not load. */
export async function nodeBindingRuntime(): Promise<Runtime> {
  // onnxruntime-node is CommonJS: its names are the default export's properties, whoever loads it.
  const loaded = (await import("onnxruntime-node")) as Onnxruntime & { readonly default?: Onnxruntime };
  const ort = loaded.default ?? loaded;
  return {
    name: "onnxruntime-node",
    version: ort.env.versions.node ?? "unknown",
    providers: ort.listSupportedBackends().map((backend) => backend.name),
    // What came in a message shares the message's memory, which is not ours to free.
    hold: ({ type, data, dims }) => held(new ort.Tensor(type, data, dims), false),
    open: (graph, settings) => openSession(ort, graph, settings),
  };
}

/** The tensors of this runtime, which a session of it takes back. */
const tensors = new WeakMap<HeldTensor, Tensor>();

function held(tensor: Tensor, owned: boolean): HeldTensor {
  const { type, dims } = tensor;
  const result: HeldTensor = {
    type,
    dims,
    read: () => ({ type, dims, data: tensor.data as EngineData[EngineElementType] }) as EngineTensor,
    release: () => {
      if (owned) release(tensor.data as EngineData[EngineElementType]);
    },
  };
  tensors.set(result, tensor);
  return result;
}

async function openSession(
  ort: Onnxruntime,
  graph: Uint8Array,
  { optimisation, threads, arena, entries }: SessionSettings,
): Promise<RuntimeSession> {
  const session = await ort.InferenceSession.create(graph, {
    executionProviders: ["cpu"],
    graphOptimizationLevel: optimisation,
    intraOpNumThreads: threads,
    enableCpuMemArena: arena,
    enableMemPattern: false,
    extra: { session: entries },
  });
  try {
    return {
      inputs: valuesOf(session.inputMetadata),
      outputs: valuesOf(session.outputMetadata),
      run: async (taken, fetches) => {
        const feeds: Record<string, Tensor> = {};
        for (const [name, value] of taken) {
          const tensor = tensors.get(value);
          if (tensor !== undefined) feeds[name] = tensor;
        }
        const yielded = await session.run(feeds, [...fetches]);
        return new Map(Object.entries(yielded).map(([name, tensor]) => [name, held(tensor, true)]));
      },
      release: () => session.release(),
    };
  } catch (error) {
    await session.release();
    throw error;
  }
}

function valuesOf(metadata: readonly InferenceSession.ValueMetadata[]): EngineValue[] {
  return metadata.map((value) => {
    if (!value.isTensor) throw new Error(`${value.name} is not a tensor`);
    checkPassedType(value.name, value.type);
    return { name: value.name, type: value.type, shape: value.shape };
  });
}
