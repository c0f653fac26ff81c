/** What a part of the benchmark leaves behind: plain data, one JSON file a part, from which the report is written. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PeakMemory } from "./measure.js";

/** The parts in the order of the report. */
export const partNames = ["1a", "1b", "2", "4", "5", "6", "7", "8a", "8b", "8c"] as const;
export type PartName = (typeof partNames)[number];

export interface Machine {
  readonly platform: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly threads: number;
  /** Versions of programs and packages, by name. */
  readonly versions: Readonly<Record<string, string>>;
}

/** One measured run of one program. All times are wall-clock seconds. */
export interface Timing {
  /** The whole process. */
  readonly whole: number;
  /** The work alone: without starting the program, loading packages, and (of the peers) loading the model. */
  readonly work: number;
}

/** A program that does the work of a part. */
export interface Contestant {
  readonly name: string;
  /** One timing for each round, in the order in which they were made. */
  readonly timings: readonly Timing[];
  readonly memory: PeakMemory | null;
  /** Largest absolute difference of its numbers from those of atlasc; null for atlasc itself. */
  readonly largestDifference: number | null;
  /** How many conditions were measured, and how many the times stand for; null where all were measured. */
  readonly sampled: { readonly measured: number; readonly of: number } | null;
}

/** A program that could not be measured, and why. */
export interface Absent {
  readonly name: string;
  readonly reason: string;
}

/** Work of a plan as `atlasc explain` counts it. */
export interface PlanCost {
  /** Layers that run, counted for every row: prompt × condition. */
  readonly layerRuns: number;
  readonly flops: number;
}

/** What no way of computing the numbers can do without, and how fast the machine multiplies matrices. */
export interface Limit {
  readonly flops: number;
  /** Best rate of f32 matrix products in this part, in FLOP per second, the shape that reached it, and the library. */
  readonly rate: number;
  readonly shape: string;
  readonly library: string;
}

interface Part {
  readonly part: PartName;
  readonly machine: Machine;
  /** True for the small shapes of `--quick`, which show that everything works and say nothing about speed. */
  readonly quick: boolean;
  /** Share of the machine that others used in the second before the part, between 0 and 1. */
  readonly busy: number;
  /** What was measured, in a sentence. */
  readonly workload: string;
}

/** Parts in which programs compute the same numbers: the sweeps, the perplexity, gradients and products of the Hessian. */
export interface Comparison extends Part {
  readonly kind: "comparison";
  readonly contestants: readonly Contestant[];
  readonly absent: readonly Absent[];
  /** Cost of the plan of `atlasc` and of `atlasc --no-opt`, by the name of the contestant. */
  readonly plans: Readonly<Record<string, PlanCost>>;
  /** Layer runs of a loop that runs the whole model for every prompt under every condition, and once without any. */
  readonly loopLayerRuns: number | null;
  /** null where it is not counted. */
  readonly limit: Limit | null;
  /** Largest and median effect of a condition, which the differences are to be compared with; null without any. */
  readonly effects: { readonly largest: number; readonly median: number } | null;
  /** Scored tokens of a corpus; null in the sweeps. */
  readonly tokens: number | null;
}

/** Seconds of work against one size, the others being fixed. */
export interface ScalingSeries {
  readonly size: string;
  /** What is fixed while the size grows. */
  readonly fixed: string;
  /** The exponent that the work itself has in this size. */
  readonly expected: number;
  readonly points: readonly { readonly size: number; readonly seconds: number }[];
}

export interface Scaling extends Part {
  readonly kind: "scaling";
  readonly series: readonly ScalingSeries[];
}

export interface ColdStart extends Part {
  readonly kind: "cold-start";
  readonly commands: readonly { readonly command: string; readonly seconds: readonly number[] }[];
}

/** What it costs to leave weights as they are in the file, and what it saves. */
export interface Prepacking extends Part {
  readonly kind: "prepacking";
  /** Seconds of all products of a layer for a text of so many tokens, with rearranged weights and without. */
  readonly products: readonly {
    readonly tokens: number;
    readonly packed: number;
    readonly unpacked: number;
  }[];
  readonly runs: readonly {
    readonly option: string;
    readonly timing: Timing;
    readonly memory: PeakMemory | null;
  }[];
}

/** How well heads chosen by their gradients are those that patching would have chosen. */
export interface Agreement extends Part {
  readonly kind: "agreement";
  /** How many heads are chosen. */
  readonly chosen: number;
  readonly models: readonly {
    readonly name: string;
    readonly heads: number;
    /** Of the heads with the largest effects, how many are among those with the largest attributions, between 0 and 1. */
    readonly recall: number;
    /** Pearson's correlation of attribution and effect over all heads. */
    readonly correlation: number;
    /** Seconds of work. */
    readonly screen: number;
    readonly sweep: number;
  }[];
  readonly absent: readonly Absent[];
}

export type PartResult = Comparison | Scaling | ColdStart | Prepacking | Agreement;

const fileOf = (work: string, part: PartName): string => join(work, "results", `${part}.json`);

/** Changes with the form of the files: those of another form are not read. */
const form = 1;

export function keepResult(work: string, result: PartResult): void {
  mkdirSync(join(work, "results"), { recursive: true });
  writeFileSync(fileOf(work, result.part), `${JSON.stringify({ form, result }, null, 2)}\n`);
}

/** The parts that were measured into a work folder by this version of the benchmark, in the order of the report. */
export function keptResults(work: string): readonly PartResult[] {
  return partNames
    .map((part) => fileOf(work, part))
    .filter((file) => existsSync(file))
    .map((file) => JSON.parse(readFileSync(file, "utf8")) as { readonly form?: number; readonly result: PartResult })
    .filter((kept) => kept.form === form)
    .map(({ result }) => result);
}

export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("median of nothing");
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}
