/**
 * Copies between the processor's memory and a device's. They are runs of sessions that pass their input on, on the device:
 * the one way that all providers have in common.
 */
import { createGraphBuilder } from "../../../compiler/onnx/builder.js";
import { encodeModel } from "../../../compiler/onnx/encode.js";
import type { ElementType } from "../../../compiler/onnx/graph.js";
import type { Pointer } from "./c-functions.js";
import type { Library } from "./c-library.js";
import { boundOutputs, clearBinding } from "./c-sessions.js";
import type { Layout } from "./c-tensors.js";

export interface Transfers {
  /** A copy on the device of a value that is in the processor's memory. */
  readonly upload: (value: Pointer, layout: Layout) => Pointer;
  /** A copy in the processor's memory of a value that is on the device. */
  readonly download: (value: Pointer, layout: Layout) => Pointer;
}

/** The copies of a device; `options` makes the options of a session on it, which the caller of it releases. */
export function createTransfers(library: Library, device: Pointer, options: () => Pointer): Transfers {
  const { api, env, memory } = library;
  /** Type and number of axes → a session and its binding. Few of them are ever needed, and they are kept. */
  const sessions = new Map<string, { readonly session: Pointer; readonly binding: Pointer }>();

  function sessionOf({ type, dims }: Layout): { readonly session: Pointer; readonly binding: Pointer } {
    const key = `${type} of ${dims.length} axes`;
    const known = sessions.get(key);
    if (known !== undefined) return known;
    const bytes = identityGraph(type as ElementType, dims.length);
    const made = options();
    try {
      const session = api.pointer("CreateSessionFromArray", env, bytes, bytes.length, made);
      const entry = { session, binding: api.pointer("CreateIoBinding", session) };
      sessions.set(key, entry);
      return entry;
    } finally {
      api.call("ReleaseSessionOptions", made);
    }
  }

  function copy(value: Pointer, layout: Layout, to: Pointer): Pointer {
    const { session, binding } = sessionOf(layout);
    try {
      api.call("BindInput", binding, "x", value);
      api.call("BindOutputToDevice", binding, "y", to);
      api.call("SynchronizeBoundInputs", binding);
      api.call("RunWithBinding", session, null, binding);
      const [copied] = boundOutputs(library, binding);
      if (copied === undefined) throw new Error("onnxruntime returned no copy");
      return copied;
    } finally {
      clearBinding(library, binding);
    }
  }

  return {
    upload: (value, layout) => copy(value, layout, device),
    download: (value, layout) => copy(value, layout, memory),
  };
}

function identityGraph(type: ElementType, rank: number): Uint8Array {
  const builder = createGraphBuilder("copy");
  const shape = Array.from({ length: rank }, (_, axis) => `axis ${axis}`);
  const input = builder.input("x", type, shape);
  builder.node("Identity", [input], {}, "y");
  return encodeModel(builder.finish([{ name: "y", type, shape }]));
}
