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

/*
 * The costs beside the arithmetic, as measured on two cores of a small virtual machine (AMD EPYC). They matter for
 * small models, where they are most of the time; being wrong by a half there is being wrong by some tenths of a second.
 */

/** Starting the process that owns onnxruntime. */
const secondsToStart = 0.3;

/** Preparing a byte of weights: layers of GPT-2 small, 28 MB each, took 41 ms to open. Unprepared weights are not touched. */
const secondsPerPreparedByte = 1.5e-9;

/** Opening a session without weights. */
const secondsPerSession = 2e-3;

/** A unit's feeds, its way to the engine and back, and the disk: 300 units of two tokens took 6 to 9 ms each. */
const secondsPerUnit = 6e-3;

/**
 * Seconds that work takes, roughly. Additions, softmax, norms and everything else that is no matrix product are left out,
 * so that an estimate is rather too short than too long.
 */
export function estimateSeconds({ flops, sessions, openedWeightBytes, units }: Work, speed: Speed): number {
  if (units === 0) return 0;
  const preparing = (speed.prepacking ? secondsPerPreparedByte * openedWeightBytes : 0) + secondsPerSession * sessions;
  return secondsToStart + preparing + secondsPerUnit * units + flops / speed.matrixRate;
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
