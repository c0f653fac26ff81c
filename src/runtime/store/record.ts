import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { arch, cpus, platform, release, totalmem } from "node:os";
import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import type { PlanCost } from "../../compiler/ir/plan.js";
import type { Decision } from "../../compiler/ir/protocol.js";
import type { ModelSignature } from "../../compiler/models/model.js";
import type { EngineOptions } from "../engine/messages.js";
import { writeFileAtomic } from "./atomic.js";
import { errorCode, reasonOf, StoreFault } from "./fault.js";
import { RecordFault } from "./record-fault.js";

export type RunStatus = "asked" | "running" | "finished" | "interrupted" | "failed";

type Values = Readonly<Record<string, string | number>>;

export interface RecordedModel {
  readonly id: string;
  readonly source: string;
  readonly revision: string | null;
  readonly dtype: string | null;
  readonly family: string;
  /** Digest of config and weights. */
  readonly digest: string;
  readonly sizes: Pick<
    ModelSignature,
    "layers" | "heads" | "kvHeads" | "dHead" | "dModel" | "neurons" | "vocab" | "maxPositions"
  >;
  readonly tokenizerDigest: string | null;
  readonly bos: boolean;
}

export interface RecordedTexts {
  readonly name: string;
  readonly model: string;
  readonly prompts: number;
  readonly tokens: number;
  readonly shortest: number;
  readonly longest: number;
  /** SHA-256 of the prompts' ids as canonical JSON. */
  readonly idsSha256: string;
  readonly bos: boolean;
  readonly period: number | null;
  /** Of a corpus, whose windows the prompts are: how many texts, and what of them is scored; null for prompts. */
  readonly corpus: {
    readonly documents: number;
    readonly tokens: number;
    readonly bytes: number;
    readonly words: number;
  } | null;
}

export interface RecordedMean {
  readonly model: string;
  readonly texts: string;
  /** Site key such as `z[5]`. */
  readonly site: string;
  readonly perPosition: boolean;
  readonly prompts: number;
  readonly tokens: number;
}

export interface RecordedPlan {
  readonly digest: string;
  readonly graphs: readonly string[];
  readonly evaluations: number;
  readonly units: number;
  readonly rows: number;
  readonly cost: Pick<PlanCost, "layerRuns" | "flops" | "weightBytes" | "peakActivationBytes">;
}

export interface RecordedIdentity {
  readonly model: string;
  readonly identity: string;
  /** Largest absolute difference; null when it is not a finite number. */
  readonly largestError: number | null;
  readonly tolerance: number;
  readonly holds: boolean;
}

/** How long the run was expected to take, before it began. */
export interface RecordedEstimate {
  /** Floating-point operations of the matrix products of what was not computed already. */
  readonly flops: number;
  /** Floating-point operations of matrix products per second, as measured on the machine. */
  readonly matrixRate: number;
  readonly seconds: number;
}

/** A statement that results are to decide. */
export interface RecordedDecision {
  readonly kind: Decision["kind"];
  /** What a hypothesis says in words; null for the other statements. */
  readonly title: string | null;
  /** As it stands in the protocol, on one line. */
  readonly statement: string;
  readonly status: "not decided";
}

/** record.json, field by field as record.schema.json describes them. */
export interface RunRecord {
  readonly format: "atlasc-record-1";
  readonly protocol: { readonly path: string; readonly text: string; readonly sha256: string; readonly digest: string };
  readonly parameters: Values;
  readonly overrides: Values;
  readonly status: RunStatus;
  readonly times: { readonly asked: string; readonly started: string | null; readonly ended: string | null };
  readonly versions: { readonly atlasc: string; readonly node: string; readonly onnxruntime: string | null };
  readonly machine: {
    readonly platform: string;
    readonly architecture: string;
    readonly processor: string;
    readonly cores: number;
    readonly memoryBytes: number;
  };
  readonly execution: {
    readonly device: string;
    readonly threads: number;
    readonly optimisation: EngineOptions["optimisation"];
    readonly prepacking: EngineOptions["prepacking"];
    readonly tf32: boolean;
  };
  readonly models: readonly RecordedModel[];
  readonly texts: readonly RecordedTexts[];
  readonly means: readonly RecordedMean[];
  readonly plan: RecordedPlan | null;
  /** What the protocol compares, expects and classifies, written down before anything runs. */
  readonly decisions: readonly RecordedDecision[];
  readonly counts: {
    readonly computed: number;
    readonly reused: number;
    readonly failed: number;
    readonly skipped: number;
    readonly seconds: number;
  };
  /** null: the run was too short to measure the machine for, or the machine could not be measured. */
  readonly estimate: RecordedEstimate | null;
  readonly warnings: readonly string[];
  /** Which layers percentages became, and conditions that results decided during the run, a sentence each. */
  readonly selections: readonly string[];
  readonly faults: readonly { readonly unit: string | null; readonly message: string }[];
  readonly identities: readonly RecordedIdentity[];
  readonly outputs: readonly { readonly kind: string; readonly path: string; readonly sha256: string }[];
  /** For a person; the machine starts it as null and carries over what it finds. */
  readonly judgement: string | null;
}

/** What a record is made from before anything runs. */
export interface RecordRequest {
  readonly path: string;
  readonly text: string;
  readonly digest: string;
  readonly parameters: Values;
  readonly overrides: Values;
  readonly atlascVersion: string;
  readonly engine: EngineOptions;
  readonly models?: readonly RecordedModel[];
  readonly texts?: readonly RecordedTexts[];
  readonly means?: readonly RecordedMean[];
  readonly plan?: RecordedPlan | null;
  readonly decisions?: readonly RecordedDecision[];
  readonly warnings?: readonly string[];
}

/** What may change while a run goes on: not what was asked, and not what people write. */
export type RecordChanges = Partial<
  Omit<RunRecord, "format" | "protocol" | "parameters" | "overrides" | "decisions" | "judgement">
>;

/** SHA-256 in hexadecimal, of text (as UTF-8) or of bytes. */
export function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** The record of a run that is asked for and has not begun: status `asked`, this machine, now. */
export function createRecord(request: RecordRequest, now: Date = new Date()): RunRecord {
  const processors = cpus();
  const { device, threads, optimisation, prepacking, tf32 } = request.engine;
  return {
    format: "atlasc-record-1",
    protocol: { path: request.path, text: request.text, sha256: sha256(request.text), digest: request.digest },
    parameters: request.parameters,
    overrides: request.overrides,
    status: "asked",
    times: { asked: now.toISOString(), started: null, ended: null },
    versions: { atlasc: request.atlascVersion, node: process.versions.node, onnxruntime: null },
    machine: {
      platform: `${platform()} ${release()}`,
      architecture: arch(),
      processor: processors[0]?.model ?? "unknown",
      cores: processors.length,
      memoryBytes: totalmem(),
    },
    execution: {
      device: device.kind === "cpu" ? "cpu" : `cuda:${device.deviceId}`,
      threads,
      optimisation,
      prepacking,
      tf32,
    },
    models: request.models ?? [],
    texts: request.texts ?? [],
    means: request.means ?? [],
    plan: request.plan ?? null,
    decisions: request.decisions ?? [],
    counts: { computed: 0, reused: 0, failed: 0, skipped: 0, seconds: 0 },
    estimate: null,
    warnings: request.warnings ?? [],
    selections: [],
    faults: [],
    identities: [],
    outputs: [],
    judgement: null,
  };
}

let compiled: ValidateFunction | null = null;

function validator(): ValidateFunction {
  // By the package's own name, because the schema is published there and is not copied beside the compiled files.
  const schema = createRequire(import.meta.url)("atlasc/record.schema.json") as object;
  compiled ??= new Ajv2020({ allErrors: true, allowUnionTypes: true, verbose: true }).compile(schema);
  return compiled;
}

function problemText(error: ErrorObject): string {
  const place = error.instancePath === "" ? "the record" : error.instancePath.slice(1).replaceAll("/", ".");
  const parameters = error.params as Readonly<Record<string, unknown>>;
  switch (error.keyword) {
    case "required":
      return `${place} lacks ${String(parameters["missingProperty"])}`;
    case "additionalProperties":
      return `${place} has ${String(parameters["additionalProperty"])}, which the format does not know`;
    case "enum":
      return `${place} is ${JSON.stringify(error.data)}; it must be one of ${(error.schema as unknown[]).join(", ")}`;
    case "type":
      return `${place} is ${JSON.stringify(error.data).slice(0, 60)}; it must be ${[error.schema].flat().join(" or ")}`;
    case "const":
      return `${place} is ${JSON.stringify(error.data)}; it must be ${JSON.stringify(error.schema)}`;
    default:
      return `${place} ${error.message ?? "is wrong"}`;
  }
}

/** What is wrong with a value as a record: a sentence each, none when it is valid. */
export function recordProblems(value: unknown): string[] {
  const validate = validator();
  if (validate(value)) return [];
  // "anyOf" only sums up the problems of its branches, which are listed too.
  return (validate.errors ?? []).filter((error) => error.keyword !== "anyOf").map(problemText);
}

/** Reads and checks a record; null when there is none. Rejects with RecordFault (not valid) or StoreFault (not readable). */
export async function readRecord(path: string): Promise<RunRecord | null> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    throw new StoreFault(`cannot read ${path}: ${reasonOf(error)}`, path, null, error);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new RecordFault(path, [`it is not JSON: ${error instanceof Error ? error.message : String(error)}`]);
  }
  const problems = recordProblems(value);
  if (problems.length > 0) throw new RecordFault(path, problems);
  return value as RunRecord;
}

/**
 * Writes a record, checked first and atomically, and returns what was written: the judgement of a record that is
 * there already is carried over, since a person wrote it. Rejects with RecordFault, also when the record that
 * is there is damaged (it is left as it is, for a person to look at), or with StoreFault.
 */
export async function writeRecord(path: string, record: RunRecord): Promise<RunRecord> {
  const earlier = await readRecord(path);
  const merged: RunRecord = earlier === null ? record : { ...record, judgement: earlier.judgement };
  const problems = recordProblems(merged);
  if (problems.length > 0) throw new RecordFault(path, problems);
  try {
    await writeFileAtomic(path, `${JSON.stringify(merged, null, 2)}\n`);
  } catch (error) {
    throw new StoreFault(`cannot write ${path}: ${reasonOf(error)}`, path, null, error);
  }
  return merged;
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
