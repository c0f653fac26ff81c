/**
 * Weights on a device, once for all sessions that read them. onnxruntime lets sessions share initializers that lie in the
 * memory where they would put them (`AddInitializer`); it does not make rearranged copies of those, nor fold them.
 */
import { closeSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import type { Graph, Initializer } from "../../../compiler/onnx/graph.js";
import { viewOf, type Pointer } from "./c-functions.js";
import type { Library } from "./c-library.js";
import { bytesOf, elementNumber, emptyTensor } from "./c-tensors.js";
import type { Transfers } from "./c-transfers.js";
import type { SessionSettings } from "./runtime.js";

/** Weights that a session uses, until they are given back. */
export interface TakenWeights {
  readonly values: ReadonlyMap<string, Pointer>;
  release(): void;
}

export interface DeviceWeights {
  /**
   * The weights of a graph whose types are shared, on the device: read and copied there when no open session has them yet.
   *
   * @throws Error of the system where a file cannot be read, or is shorter than the graph says
   */
  take(graph: Graph, weights: SessionSettings["weights"]): TakenWeights;
  /** Bytes on the device at present. */
  bytes(): number;
}

interface Shared {
  /** Owns the memory. */
  readonly owner: Pointer;
  /** Has it only by address: onnxruntime shares no initializer that owns its memory. */
  readonly alias: Pointer;
  readonly bytes: number;
  users: number;
}

/** None yet. */
export function createDeviceWeights(
  library: Library,
  device: Pointer,
  transfers: Transfers,
  sharedTypes: readonly string[],
): DeviceWeights {
  const { api } = library;
  const shared = new Map<string, Shared>();

  function load({ type, shape: dims }: Initializer, path: string, offset: number): Shared {
    const bytes = bytesOf({ type, dims });
    const here = emptyTensor(library, { type, dims });
    let owner: Pointer;
    try {
      readInto(viewOf(api.pointer("GetTensorMutableData", here), bytes), path, offset);
      owner = transfers.upload(here, { type, dims });
    } finally {
      api.call("ReleaseValue", here);
    }
    const at = api.pointer("GetTensorMutableData", owner);
    const sizes = BigInt64Array.from(dims, BigInt);
    const alias = api.pointer(
      "CreateTensorWithDataAsOrtValue",
      device,
      at,
      bytes,
      sizes,
      dims.length,
      elementNumber(type),
    );
    return { owner, alias, bytes, users: 0 };
  }

  function giveBack(keys: readonly string[]): void {
    for (const key of keys) {
      const entry = shared.get(key);
      if (entry === undefined || --entry.users > 0) continue;
      shared.delete(key);
      api.call("ReleaseValue", entry.alias);
      api.call("ReleaseValue", entry.owner);
    }
  }

  return {
    take: (graph, weights) => {
      const values = new Map<string, Pointer>();
      const keys: string[] = [];
      try {
        for (const initializer of graph.initializers) {
          const { name, type, shape, data } = initializer;
          if (data.kind !== "external" || weights === null || !sharedTypes.includes(type) || data.length === 0)
            continue;
          const digest = weights.files.find((file) => file.name === data.file)?.digest;
          if (digest === undefined) continue;
          const key = JSON.stringify([digest, data.offset, type, shape]);
          const entry = shared.get(key) ?? load(initializer, join(weights.folder, data.file), data.offset);
          shared.set(key, entry);
          entry.users += 1;
          keys.push(key);
          values.set(name, entry.alias);
        }
      } catch (error) {
        giveBack(keys);
        throw error;
      }
      let isHeld = true;
      return {
        values,
        release: () => {
          if (isHeld) giveBack(keys);
          isHeld = false;
        },
      };
    },
    bytes: () => [...shared.values()].reduce((sum, entry) => sum + entry.bytes, 0),
  };
}

/** Bytes that are read at once: the system gives no more than 2 GiB at a time. */
const readAtOnce = 2 ** 28;

function readInto(bytes: Uint8Array, path: string, offset: number): void {
  const file = openSync(path, "r");
  try {
    let done = 0;
    while (done < bytes.length) {
      const read = readSync(file, bytes, done, Math.min(readAtOnce, bytes.length - done), offset + done);
      if (read === 0) throw new Error(`${path} ends before the weights that the graph reads of it`);
      done += read;
    }
  } finally {
    closeSync(file);
  }
}
