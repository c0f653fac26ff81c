import type { BackendKind } from "../backend.js";
import { localBackend } from "./local.js";

/** About a second of work for a graphics card of a desktop, from data sheets. */
const webgpuUnitFlops = 2e12;

/** Whatever WebGPU finds: a graphics card through Vulkan, Metal or Direct3D. onnxruntime-node has it built in. */
export const webgpuBackend = localBackend({
  name: "webgpu",
  device: "webgpu",
  capabilities: {
    chunkedAttention: { holds: false, because: "attention is computed as a whole: chunks are for a processor's cache" },
    segments: { holds: true, because: "what one session passes to the next stays on the device" },
    rowsIndependent: {
      holds: false,
      because: "captured values belong to their batches: a product may choose its code by its shape",
    },
    prepacking: { holds: false, because: "weights are not rearranged: WebGPU has no such thing" },
    mappedWeights: { holds: false, because: "sessions hold weights on the device, and share only those of float32" },
    threads: { holds: false, because: "threads of the processor do not matter: every operator runs on the device" },
    unitFlops: webgpuUnitFlops,
  },
  provider: () => ({
    name: "WebGPU",
    door: "named",
    deviceId: 0,
    hardware: "any",
    options: {},
    memory: "WebGPU_Buffer",
    library: null,
    // It has no other type of weights; those are cast when a session is opened.
    sharedWeights: ["float32"],
    lacks: ["FusedMatMul"],
    products: "float32",
    memoryLimit: null,
  }),
  entries: {},
  environment: () => ({}),
});

export const webgpu: BackendKind = {
  forms: ["webgpu"],
  named: (text) => (text === "webgpu" ? webgpuBackend : null),
};
