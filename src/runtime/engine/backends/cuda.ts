import type { Backend, BackendKind } from "../backend.js";
import { cudaMemory } from "./cuda-memory.js";
import { localBackend } from "./local.js";

/** About a second of f32 products for the devices of data centres. No GPU has run this: it is from their data sheets. */
const cudaUnitFlops = 2e13;

/** The part of a device's memory that onnxruntime's arena may take; the rest is for cuBLAS, the context and other programs. */
const arenaShare = 0.9;

/** A device of NVIDIA's, by its number on this machine. */
export function cudaBackend(deviceId: number): Backend {
  return localBackend({
    name: `cuda:${deviceId}`,
    // Which of several devices it was decides no number.
    device: "cuda",
    capabilities: {
      chunkedAttention: {
        holds: false,
        because: "attention is computed as a whole: chunks are for a processor's cache, and not measured here",
      },
      segments: { holds: true, because: "what one session passes to the next stays on the device" },
      rowsIndependent: {
        holds: false,
        because: "captured values belong to their batches: a product chooses its code by its shape",
      },
      prepacking: {
        holds: false,
        because: "weights are not rearranged: all sessions share them on the device, as they are in the file",
      },
      mappedWeights: { holds: true, because: "the device has each weight once, whatever the number of sessions" },
      threads: {
        holds: false,
        because: "threads of the processor do not matter: every operator runs on the device",
      },
      unitFlops: cudaUnitFlops,
    },
    provider: ({ tf32, compute }) => {
      const memory = cudaMemory(deviceId);
      return {
        name: "CUDA",
        door: "cuda",
        deviceId,
        hardware: "any",
        options: { use_tf32: tf32 ? "1" : "0" },
        memory: "Cuda",
        library: null,
        sharedWeights: ["float32", "float16", "bfloat16"],
        lacks: [],
        products: compute ?? "float32",
        memoryLimit: memory === null ? null : Math.floor(arenaShare * memory),
      };
    },
    computes: ["float32", "bfloat16", "float16"],
    hasTf32: true,
    entries: {},
    memory: () => cudaMemory(deviceId),
    // The variable overrides every library that reads it; without it other libraries may round f32 products to TF32.
    environment: ({ tf32 }) => (tf32 ? {} : { NVIDIA_TF32_OVERRIDE: "0" }),
  });
}

export const cuda: BackendKind = {
  forms: ["cuda", "cuda:N"],
  named: (text) => {
    const match = /^cuda(?::(\d{1,4}))?$/.exec(text);
    return match === null ? null : cudaBackend(Number(match[1] ?? 0));
  },
};
