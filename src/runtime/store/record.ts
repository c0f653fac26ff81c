/** The record of a run: what was asked, with what, and what came of it. */
import { createHash } from "node:crypto";
import { arch, cpus, hostname, platform, release, totalmem } from "node:os";
import type { EngineOptions } from "../engine/backend.js";
import {
  recordFormat,
  type RecordedDecision,
  type RecordedMean,
  type RecordedModel,
  type RecordedPlan,
  type RecordedPlanning,
  type RecordedTexts,
  type RunRecord,
  type Values,
} from "./record-types.js";

export { readRecord, writeRecord } from "./record-file.js";
export { recordProblems } from "./record-schema.js";
export type * from "./record-types.js";

/** What a record is made from before anything runs. */
export interface RecordRequest {
  readonly path: string;
  readonly text: string;
  readonly digest: string;
  readonly parameters: Values;
  readonly overrides: Values;
  readonly atlascVersion: string;
  readonly engine: EngineOptions;
  readonly planning?: RecordedPlanning;
  readonly models?: readonly RecordedModel[];
  readonly texts?: readonly RecordedTexts[];
  readonly means?: readonly RecordedMean[];
  readonly plan?: RecordedPlan | null;
  readonly decisions?: readonly RecordedDecision[];
  readonly warnings?: readonly string[];
}

/** What may change while a run goes on: not what was asked, and not what people write. */
export type RecordChanges = Partial<
  Omit<RunRecord, "format" | "protocol" | "parameters" | "overrides" | "planning" | "decisions" | "judgement" | "runs">
>;

/** SHA-256 in hexadecimal, of text (as UTF-8) or of bytes. */
export function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** The record of a run that is asked for and has not begun: status `asked`, this machine, now. */
export function createRecord(request: RecordRequest, now: Date = new Date()): RunRecord {
  const processors = cpus();
  const { backend, threads, optimisation, prepacking, tf32, compute = "float32" } = request.engine;
  const kernels = backend.numerics(request.engine).device;
  return {
    format: recordFormat,
    protocol: { path: request.path, text: request.text, sha256: sha256(request.text), digest: request.digest },
    parameters: request.parameters,
    overrides: request.overrides,
    planning: request.planning ?? null,
    status: "asked",
    times: { asked: now.toISOString(), started: null, ended: null },
    versions: { atlasc: request.atlascVersion, node: process.versions.node, onnxruntime: null },
    machine: {
      host: hostname(),
      platform: `${platform()} ${release()}`,
      architecture: arch(),
      processor: processors[0]?.model ?? "unknown",
      cores: processors.length,
      memoryBytes: totalmem(),
    },
    execution: {
      device: backend.name,
      threads,
      optimisation,
      prepacking,
      tf32,
      ...(compute === "float32" ? {} : { compute }),
      ...(kernels.includes(" ") ? { kernels } : {}),
    },
    models: request.models ?? [],
    texts: request.texts ?? [],
    means: request.means ?? [],
    plan: request.plan ?? null,
    decisions: request.decisions ?? [],
    counts: { computed: 0, reused: 0, failed: 0, skipped: 0, left: 0, seconds: 0 },
    estimate: null,
    warnings: request.warnings ?? [],
    selections: [],
    faults: [],
    identities: [],
    outputs: [],
    values: null,
    units: null,
    runs: [],
    judgement: null,
  };
}

/** A copy with changes; `started` and `ended` follow the status by themselves unless the changes set `times`. */
export function updateRecord(record: RunRecord, changes: RecordChanges, now: Date = new Date()): RunRecord {
  const status = changes.status ?? record.status;
  const time = now.toISOString();
  const begins = status === "running" && record.status !== "running";
  const ends = status !== record.status && status !== "asked" && status !== "running";
  const times = {
    ...record.times,
    ...(begins ? { started: time, ended: null } : {}),
    ...(ends ? { ended: time } : {}),
  };
  return { ...record, times, ...changes };
}
