/**
 * onnxruntime through its C API: what a session yields stays in onnxruntime's memory, and the next session of a chain
 * reads it there. Only what crosses the border is copied, once. All sessions share one arena, and on a device their weights.
 */
import { decodeModel } from "../../../compiler/onnx/decode.js";
import { encodeModel } from "../../../compiler/onnx/encode.js";
import type { Graph } from "../../../compiler/onnx/graph.js";
import type { ChildSettings } from "../messages.js";
import { misplacedNodes, nodesOfProcessor, recordAssignment } from "./c-assignment.js";
import type { Pointer } from "./c-functions.js";
import { openDevice, providersOf, type Device } from "./c-device.js";
import { loadLibrary, type Library } from "./c-library.js";
import { runSession, valuesOf, type PassedMemory } from "./c-sessions.js";
import { hold } from "./c-tensors.js";
import type { TakenWeights } from "./c-weights.js";
import type { Runtime, RuntimeSession, SessionSettings } from "./runtime.js";

/**
 * Loads the library that onnxruntime-node ships.
 *
 * @throws Error where it, koffi or a library of the provider does not load
 */
export function cApiRuntime(provider: ChildSettings["provider"] = "cpu"): Runtime {
  const library = loadLibrary();
  const device = provider === "cpu" ? null : openDevice(library, provider);
  const remark = device?.remark ?? null;
  return {
    name: `onnxruntime's C API${remark === null ? "" : ` (${remark})`}`,
    version: library.api.version,
    providers: providersOf(library.api),
    hold: (tensor) => hold(library, tensor),
    open: (graph, settings) => openSession(library, device, graph, settings),
  };
}

/** Names of misplaced nodes that a message gives. */
const namedNodes = 3;

function openSession(
  library: Library,
  device: Device | null,
  given: Uint8Array,
  settings: SessionSettings,
): RuntimeSession {
  const { api, env } = library;
  // The processor's sessions need nothing that is not in the bytes.
  const graph = device === null ? null : device.rewritten(decodeModel(given));
  const bytes = graph === null ? given : encodeModel(graph);
  const taken = graph === null ? null : (device?.own?.weights.take(graph, settings.weights) ?? null);
  const options = optionsOf(library, device, settings, taken);
  let session: Pointer;
  try {
    session = api.pointer("CreateSessionFromArray", env, bytes, bytes.length, options);
  } catch (error) {
    taken?.release();
    throw error;
  } finally {
    api.call("ReleaseSessionOptions", options);
  }
  try {
    if (graph !== null && device?.isProcessor === false) checkPlaces(library, session, graph);
    const inputs = valuesOf(library, session, "Input");
    const outputs = valuesOf(library, session, "Output");
    const binding = api.pointer("CreateIoBinding", session);
    const passedTo = passedMemory(library, device);
    return {
      inputs,
      outputs,
      run: (tensors, fetches, passed) => runSession(library, session, binding, tensors, fetches, { passed, passedTo }),
      release: () => {
        api.call("ReleaseIoBinding", binding);
        api.call("ReleaseSession", session);
        taken?.release();
      },
    };
  } catch (error) {
    api.call("ReleaseSession", session);
    taken?.release();
    throw error;
  }
}

/** Throws a sentence about nodes of numbers that the device does not compute: it would be a silent and slow detour. */
function checkPlaces({ api }: Library, session: Pointer, graph: Graph): void {
  const misplaced = misplacedNodes(graph, nodesOfProcessor(api, session));
  if (misplaced.length === 0) return;
  const more = misplaced.length > namedNodes ? ` and ${misplaced.length - namedNodes} more` : "";
  const named = misplaced.slice(0, namedNodes).join(", ");
  throw new Error(`the device does not compute ${named}${more}, and nothing is left to the processor silently`);
}

function passedMemory({ memory }: Library, device: Device | null): PassedMemory {
  const own = device?.own ?? null;
  return own === null
    ? { memory, download: null }
    : { memory: own.memory, download: (value, layout) => own.transfers.download(value, layout) };
}

function optionsOf(
  { api }: Library,
  device: Device | null,
  { optimisation, threads, entries }: SessionSettings,
  weights: TakenWeights | null,
): Pointer {
  const options = api.pointer("CreateSessionOptions");
  try {
    api.call("SetSessionGraphOptimizationLevel", options, optimisation === "basic" ? 1 : 0);
    api.call("SetIntraOpNumThreads", options, threads);
    // A second batch of the same shape would get one block for all its activations, beside what the first one left in the arena.
    api.call("DisableMemPattern", options);
    const all = { ...entries, use_env_allocators: "1", ...(device === null ? {} : recordAssignment) };
    for (const [name, value] of Object.entries(all)) {
      api.call("AddSessionConfigEntry", options, `session.${name}`, value);
    }
    device?.append(options);
    for (const [name, value] of weights?.values ?? []) api.call("AddInitializer", options, name, value);
  } catch (error) {
    api.call("ReleaseSessionOptions", options);
    weights?.release();
    throw error;
  }
  return options;
}
