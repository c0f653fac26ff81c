/** atlasc as a black box: whole processes of the built command line, each in an empty run folder. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runToSuccess, type PeakMemory } from "./measure.js";
import type { PlanCost, Timing } from "./results.js";
import { root, type Settings } from "./settings.js";

const program = join(root, "dist/bin/atlasc.js");

/** A value of a result file: the number of one metric on one prompt under one condition. */
export interface ResultRow {
  readonly metric: string;
  readonly prompt?: number;
  /** null in the unmodified model. */
  readonly layer: number | null;
  readonly head: number | null;
  readonly value: number;
  /** The value less that of the unmodified model. */
  readonly impact?: number | null;
}

export interface AtlascRun {
  readonly timing: Timing;
  readonly memory: PeakMemory | null;
  readonly record: string;
  /** Rows of the file that the protocol saves; empty when it saves none. */
  readonly rows: readonly ResultRow[];
}

/** Writes a protocol into the work folder and gives its path. */
export function protocolFile(work: string, name: string, text: string): string {
  mkdirSync(join(work, "protocols"), { recursive: true });
  const path = join(work, "protocols", `${name}.atlas`);
  writeFileSync(path, text);
  return path;
}

/**
 * Runs a protocol from nothing: no unit is there. The first run of a model also hashes its weights and checks its equations,
 * as a user's first run does. `work` of the timing is what the run itself counts: its graphs opened, its batches computed
 * and kept.
 */
export async function runAtlasc(settings: Settings, protocol: string, options: readonly string[]): Promise<AtlascRun> {
  const runs = join(settings.work, "runs");
  rmSync(runs, { recursive: true, force: true });
  const ran = await runToSuccess(process.execPath, [
    program,
    ...["run", protocol, "--json", "--runs", runs, "--threads", String(settings.threads)],
    ...options,
  ]);
  const outcome = JSON.parse(ran.stdout) as {
    readonly status: string;
    readonly seconds: number;
    readonly folder: string;
    readonly record: string;
    readonly outputs: readonly { readonly kind: string; readonly path: string }[];
  };
  if (outcome.status !== "finished") throw new Error(`${protocol} ${outcome.status}`);
  const saved = outcome.outputs.find(({ kind }) => kind === "saved");
  return {
    timing: { whole: ran.seconds, work: outcome.seconds },
    memory: ran.memory,
    record: outcome.record,
    rows:
      saved === undefined ? [] : (JSON.parse(readFileSync(join(outcome.folder, saved.path), "utf8")) as ResultRow[]),
  };
}

/** What `atlasc explain` says about the work of a protocol. */
export async function planCost(settings: Settings, protocol: string, options: readonly string[]): Promise<PlanCost> {
  const { stdout } = await runToSuccess(process.execPath, [
    program,
    ...["explain", protocol, "--json", "--threads", String(settings.threads)],
    ...options,
  ]);
  const { cost } = (JSON.parse(stdout) as { readonly plan: { readonly cost: PlanCost } }).plan;
  return { layerRuns: cost.layerRuns, flops: cost.flops };
}

/** A command from start to end, in seconds. `words` are its arguments, relative to the repository. */
export async function secondsOfCommand(settings: Settings, words: readonly string[]): Promise<number> {
  const runs = join(settings.work, "runs");
  rmSync(runs, { recursive: true, force: true });
  const folder = words[0] === "run" ? ["--runs", runs] : [];
  const ran = await runToSuccess(process.execPath, [program, ...words, ...folder], { folder: root });
  return ran.seconds;
}

/** A process of node that does nothing, in seconds. */
export async function secondsOfNothing(): Promise<number> {
  return (await runToSuccess(process.execPath, ["--eval", "0"])).seconds;
}
