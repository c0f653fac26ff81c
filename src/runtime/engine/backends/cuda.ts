import type { Backend, BackendKind } from "../backend.js";
import { localBackend } from "./local.js";

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
      segments: {
        holds: false,
        because: "graphs are not cut into segments: between two sessions values return to the host",
      },
      rowsIndependent: {
        holds: false,
        because: "captured values belong to their batches: a product chooses its code by its shape",
      },
      prepacking: {
        holds: true,
        because:
          "what CUDA makes of it was not measured, so sessions are asked as on the CPU and units say which they had",
      },
      mappedWeights: { holds: false, because: "every session has a copy of its weights on the device" },
      threads: {
        holds: false,
        because: "threads of the processor do not matter: every operator runs on the device",
      },
    },
    provider: { name: "cuda", deviceId },
    // A node that CUDA cannot do is an error, never a silent and slow detour with other rounding.
    entries: { disable_cpu_ep_fallback: "1" },
    // The variable overrides every library that reads it; without it CUDA rounds f32 products to TF32.
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
