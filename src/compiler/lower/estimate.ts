/** How long work takes, from rates: a sum of a few terms, each of which `atlasc explain` names. */
import { digestOf } from "../base/digest.js";
import type { Plan } from "../ir/plan.js";
import { externalBytes } from "../onnx/external-bytes.js";
import type { Segment } from "./segments.js";

/** Work whose time is estimated. */
export interface Work {
  /** Floating-point operations of matrix products, 2 per multiply-add. */
  readonly flops: number;
  /** Sessions that are opened, each counted once. */
  readonly sessions: number;
  /** Bytes of weights of all these sessions together: what two sessions both read counts twice. */
  readonly openedWeightBytes: number;
  readonly units: number;
}

/** What the estimate of times is made of. */
export interface Speed {
  /** Floating-point operations of matrix products per second. */
  readonly matrixRate: number;
  /** Whether sessions rearrange their weights when they are opened. */
  readonly prepacking: boolean;
}

/**
 * Seconds to prepare a byte of weights: GPT-2 small's layers of 28 MB took 41 ms each to open on two cores of an Intel
 * Xeon. Without prepacking weights are mapped and not touched.
 */
const secondsPerPreparedByte = 1.5e-9;

/** Seconds to open a session without weights: 2 ms in the same measurement. */
const secondsPerSession = 2e-3;

/** Seconds of a unit beside its arithmetic: its feeds, the way to the engine and back, and the disk. */
const secondsPerUnit = 5e-3;

/** Seconds that work takes, roughly: additions, softmax, norms and everything else that is no matrix product are left out. */
export function estimateSeconds({ flops, sessions, openedWeightBytes, units }: Work, speed: Speed): number {
  const preparing = (speed.prepacking ? secondsPerPreparedByte * openedWeightBytes : 0) + secondsPerSession * sessions;
  return flops / speed.matrixRate + preparing + secondsPerUnit * units;
}

/** The sessions of a plan's graphs, each once, and their weights. `graphs`: those whose units run. */
export function openedSessions(
  graphs: Plan["graphs"],
  segments: ReadonlyMap<string, readonly Segment[]>,
): Pick<Work, "sessions" | "openedWeightBytes"> {
  const opened = new Map<string, number>();
  for (const { id, model } of graphs) {
    for (const { key, graph } of segments.get(id) ?? []) opened.set(digestOf([model, key]), externalBytes(graph));
  }
  return { sessions: opened.size, openedWeightBytes: [...opened.values()].reduce((sum, bytes) => sum + bytes, 0) };
}
