/** Sessions through the C API: what they take and yield, and runs whose outputs stay where the next session reads them. */
import type { EngineValue } from "../messages.js";
import { textAt, type Pointer } from "./c-functions.js";
import type { Library } from "./c-library.js";
import { held, layoutOf, layoutOfValue, valueOf, type Layout } from "./c-tensors.js";
import { checkPassedType, type HeldTensor } from "./runtime.js";

/** Memory in which a session leaves outputs that are passed on. */
export interface PassedMemory {
  readonly memory: Pointer;
  /** A copy, in the processor's memory, of a value that lies there; null where it is that memory. */
  readonly download: ((value: Pointer, layout: Layout) => Pointer) | null;
}

/** The inputs or outputs of a session. @throws Error with a sentence about one that is not passed between sessions */
export function valuesOf(
  { api, allocator }: Library,
  session: Pointer,
  side: "Input" | "Output",
): readonly EngineValue[] {
  const count = api.number(`SessionGet${side}Count`, session);
  return Array.from({ length: count }, (_, i) => {
    const text = api.pointer(`SessionGet${side}Name`, session, i, allocator);
    const name = textAt(text);
    api.call("AllocatorFree", allocator, text);
    const about = api.pointer(`SessionGet${side}TypeInfo`, session, i);
    try {
      // It is a part of what it was asked of, and goes with it.
      const info = api.pointer("CastTypeInfoToTensorInfo", about);
      if (info === 0n) throw new Error(`${name} is not a tensor`);
      const { type, dims, symbols } = layoutOf(api, info);
      checkPassedType(name, type);
      return { name, type, shape: dims.map((size, axis) => (size < 0 ? (symbols[axis] ?? "") : size)) };
    } finally {
      api.call("ReleaseTypeInfo", about);
    }
  });
}

/** Runs a session; outputs that are passed on stay in `passedTo`, the others come into the processor's memory. */
export async function runSession(
  library: Library,
  session: Pointer,
  binding: Pointer,
  taken: ReadonlyMap<string, HeldTensor>,
  fetches: readonly string[],
  { passed, passedTo }: { readonly passed: ReadonlySet<string>; readonly passedTo: PassedMemory },
): Promise<ReadonlyMap<string, HeldTensor>> {
  const { api, memory } = library;
  const isAway = passedTo.download !== null;
  try {
    for (const [name, tensor] of taken) api.call("BindInput", binding, name, valueOf(tensor));
    for (const name of fetches) {
      api.call("BindOutputToDevice", binding, name, passed.has(name) ? passedTo.memory : memory);
    }
    // Inputs of the processor's memory were copied to the device when they were bound. A run ends when its outputs are there.
    if (isAway) api.call("SynchronizeBoundInputs", binding);
    // Aside, so that the next request is read meanwhile. A device's provider keeps handles for each thread that calls it.
    if (isAway) api.call("RunWithBinding", session, null, binding);
    else await api.callAside("RunWithBinding", session, null, binding);
    return new Map(
      boundOutputs(library, binding).map((value, i) => {
        const name = fetches[i] ?? "";
        return [
          name,
          held(api, value, layoutOfValue(api, value), passed.has(name) ? passedTo.download : null),
        ] as const;
      }),
    );
  } finally {
    clearBinding(library, binding);
  }
}

/** What a run left at the places that were bound, in their order; the caller's from now on. */
export function boundOutputs({ api, allocator }: Library, binding: Pointer): readonly Pointer[] {
  const { at, entries } = api.list("GetBoundOutputValues", binding, allocator);
  api.call("AllocatorFree", allocator, at);
  return entries;
}

/** Forgets what was bound: the binding would keep its inputs and outputs alive until the next run. */
export function clearBinding({ api }: Library, binding: Pointer): void {
  api.call("ClearBoundInputs", binding);
  api.call("ClearBoundOutputs", binding);
}
