import type { BackendKind } from "../backend.js";
import { localBackend } from "./local.js";

/** About a second of work for a processor, so that progress, cancelling and resuming stay fine-grained. */
const cpuUnitFlops = 6e10;

/** The processor of this machine. */
export const cpuBackend = localBackend({
  name: "cpu",
  device: "cpu",
  capabilities: {
    chunkedAttention: { holds: true, because: "a chunk of queries and its scores stay in the processor's cache" },
    segments: { holds: true, because: "what one session passes to the next is read where it lies in memory" },
    rowsIndependent: {
      holds: true,
      because: "its kernels were measured to add in the same order in a batch of any size",
    },
    prepacking: { holds: true, because: "matrix products are faster with weights in the order in which they are read" },
    mappedWeights: { holds: true, because: "sessions read weights from the mapped files, whose pages they share" },
    unitFlops: cpuUnitFlops,
    threads: { holds: true, because: "operators are computed by this many threads" },
  },
  provider: () => "cpu",
  compared: false,
  entries: {},
  environment: () => ({}),
});

export const cpu: BackendKind = {
  forms: ["cpu"],
  named: (text) => (text === "cpu" ? cpuBackend : null),
};
