/** How long work takes, from rates: a sum of a few terms, each of which `atlasc explain` names. */
import { digestOf } from "../base/digest.js";
import type { Plan, Unit } from "../ir/plan.js";
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
  /** Of these, the bytes that sessions rearrange. */
  readonly preparedWeightBytes: number;
  readonly units: number;
}

/** What the estimate of times is made of. */
export interface Speed {
  /** Floating-point operations of matrix products per second. */
  readonly matrixRate: number;
}

/*
 * The costs beside the arithmetic, as measured on two cores of a small virtual machine (AMD EPYC). They matter for
 * small models, where they are most of the time; being wrong by a half there is being wrong by some tenths of a second.
 */

/** Starting the process that owns onnxruntime. */
const secondsToStart = 0.3;

/** Rearranging a byte of weights: layers of GPT-2 small, 28 MB each, took 41 ms to open. Others are not touched. */
const secondsPerPreparedByte = 1.5e-9;

/** Opening a session without weights. */
const secondsPerSession = 2e-3;

/** A unit's feeds, its way to the engine and back, and the disk: 300 units of two tokens took 6 to 9 ms each. */
const secondsPerUnit = 6e-3;

/**
 * How fast products are inside a graph, with the norms, activations and softmaxes between them, as a part of the rate of one
 * product alone: 0.82 in a sweep of SmolLM2's heads with the loss, 0.79 with R_V, 0.78 in GPT-2 small's with R_V, 0.71 in
 * the loss of a long text, 0.91 in a sweep of gpt2-tiny's neurons (seconds of the processor, one thread).
 */
const partOfRate = 0.8;

/** Seconds that work takes, roughly. */
export function estimateSeconds({ flops, sessions, preparedWeightBytes, units }: Work, speed: Speed): number {
  if (units === 0) return 0;
  const preparing = secondsPerPreparedByte * preparedWeightBytes + secondsPerSession * sessions;
  return secondsToStart + preparing + secondsPerUnit * units + flops / (partOfRate * speed.matrixRate);
}

/** What opening sessions costs. */
export type Opening = Pick<Work, "sessions" | "openedWeightBytes" | "preparedWeightBytes">;

/** The sessions that units of these graphs go through, each once, and their weights. */
export function openedSessions(
  graphs: Plan["graphs"],
  units: readonly Pick<Unit, "graph" | "prepacked">[],
  segments: ReadonlyMap<string, readonly Segment[]>,
): Opening {
  const models = new Map(graphs.map(({ id, model }) => [id, model]));
  const kinds = new Map(units.map((unit) => [`${unit.graph} ${unit.prepacked}`, unit]));
  const opened = new Map<string, { readonly bytes: number; readonly prepacked: boolean }>();
  for (const { graph: id, prepacked } of kinds.values()) {
    for (const { key, graph } of segments.get(id) ?? []) {
      opened.set(digestOf([models.get(id) ?? "", key, prepacked]), { bytes: externalBytes(graph), prepacked });
    }
  }
  return openingOf([...opened.values()]);
}

/** The same of sessions whose weights are known. */
export function openingOf(sessions: readonly { readonly bytes: number; readonly prepacked: boolean }[]): Opening {
  const sum = (of: typeof sessions): number => of.reduce((total, { bytes }) => total + bytes, 0);
  return {
    sessions: sessions.length,
    openedWeightBytes: sum(sessions),
    preparedWeightBytes: sum(sessions.filter(({ prepacked }) => prepacked)),
  };
}
