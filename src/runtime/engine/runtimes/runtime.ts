/**
 * What computes inside an engine's process: onnxruntime, by one of its two doors. Both give the same bits; `c-api.ts`
 * leaves values where onnxruntime has put them, `node-binding.ts` is there wherever onnxruntime-node is.
 */
import { arrayTypes } from "../feeds.js";
import type { ChildSettings, EngineTensor, EngineValue } from "../messages.js";
import type { WeightFile } from "../weights.js";

/** How a session is made. */
export interface SessionSettings extends Omit<ChildSettings, "runtime"> {
  /** Whether the session keeps the memory of its activations between runs, where it shares none with the others. */
  readonly arena: boolean;
  /** Where its external data lies, and what it is; null where it has none. */
  readonly weights: { readonly folder: string; readonly files: readonly WeightFile[] } | null;
}

/** A dense tensor in onnxruntime's hands. */
export interface HeldTensor {
  readonly type: string;
  readonly dims: readonly number[];
  /**
   * Its values as they go over the border. They may share its memory, so they are used before it is released.
   *
   * @throws RangeError for an element type that does not cross the border (a fault of ours)
   */
  read(): EngineTensor;
  /** Frees its memory now. Nothing may use it afterwards. */
  release(): void;
}

/** An open graph. */
export interface RuntimeSession {
  readonly inputs: readonly EngineValue[];
  readonly outputs: readonly EngineValue[];
  /**
   * Computes some outputs, which the caller releases.
   *
   * @param taken exactly the session's inputs, of its types and shapes
   * @param passed of the outputs those that another session takes: on a device they stay there
   * @throws Error with onnxruntime's message
   */
  run(
    taken: ReadonlyMap<string, HeldTensor>,
    fetches: readonly string[],
    passed: ReadonlySet<string>,
  ): Promise<ReadonlyMap<string, HeldTensor>> | ReadonlyMap<string, HeldTensor>;
  release(): Promise<void> | void;
}

export interface Runtime {
  /** Which door it is, as `atlasc doctor` says it. */
  readonly name: string;
  /** onnxruntime's version. */
  readonly version: string;
  /** Execution providers that this build of onnxruntime knows (a known one may still lack its libraries). */
  readonly providers: readonly string[];
  /** Puts a tensor that came over the border into onnxruntime's hands. */
  hold(tensor: EngineTensor): HeldTensor;
  /** @throws Error with onnxruntime's message */
  open(graph: Uint8Array, settings: SessionSettings): Promise<RuntimeSession> | RuntimeSession;
}

/** Element types that sessions may take and yield: those of the border, and one that only passes between sessions. */
export const passedTypes: readonly string[] = [...Object.keys(arrayTypes), "float64"];

/** Throws a sentence about a value whose type is not among {@link passedTypes}. */
export function checkPassedType(name: string, type: string): void {
  if (passedTypes.includes(type)) return;
  throw new Error(`${name} is ${type}; inputs and outputs are ${passedTypes.join(", ")}`);
}
