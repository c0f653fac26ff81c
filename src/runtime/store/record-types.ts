/** What a record holds: plain data, field by field as record.schema.json describes them. */
import type { ProductType } from "../../compiler/onnx/products.js";
import type { DecisionOutcome } from "../../compiler/ir/decision-outcome.js";
import type { PlanCost } from "../../compiler/ir/plan.js";
import type { Decision } from "../../compiler/ir/protocol.js";
import type { ModelSignature } from "../../compiler/models/model.js";
import type { EngineSettings } from "../engine/backend.js";

export type RunStatus = "asked" | "running" | "finished" | "interrupted" | "failed";

/** `killed`: it says that it is asked for or running, and its process is gone. */
export type EndedStatus = RunStatus | "killed";

export type Values = Readonly<Record<string, string | number>>;

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
  /** Ids that the tokenizer puts before and behind texts by itself, as the class of transformers does. */
  readonly specialTokens?: {
    readonly class: string;
    readonly before: readonly number[];
    readonly after: readonly number[];
  };
  /** Of a model from a GGUF file: how many tensors it stores in which type; what was computed with is what these stand for. */
  readonly storage?: Readonly<Record<string, number>>;
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
  /** `ids`: used as the protocol or its file gives them. `chat`: made by the tokenizer's chat template. Absent for others. */
  readonly input?: "ids" | "chat";
  /** Tokens of each prompt that are its continuation; absent where there is none. */
  readonly continuation?: number;
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
  /** `not decided` before the run, and after one that lacks results. */
  readonly status: "not decided" | "decided";
  /** What it came to; null while it is not decided, and in what records of earlier versions said. */
  readonly outcome: DecisionOutcome | null;
}

/** When, where, with what and how much one run computed. */
export interface RunFacts {
  readonly times: { readonly asked: string; readonly started: string | null; readonly ended: string | null };
  readonly versions: { readonly atlasc: string; readonly node: string; readonly onnxruntime: string | null };
  readonly machine: {
    /** null in what records of format 1 said. */
    readonly host: string | null;
    readonly platform: string;
    readonly architecture: string;
    readonly processor: string;
    readonly cores: number;
    readonly memoryBytes: number;
  };
  readonly execution: {
    /** Name of the backend. */
    readonly device: string;
    readonly threads: number;
    readonly optimisation: EngineSettings["optimisation"];
    readonly prepacking: EngineSettings["prepacking"];
    readonly tf32: boolean;
    /** The type in which products with weights were computed; absent: float32. */
    readonly compute?: Exclude<ProductType, "float32">;
    /** What computed, where the device's name does not say it: a plugin, with a digest of its libraries. */
    readonly kernels?: string;
  };
  readonly counts: {
    readonly computed: number;
    readonly reused: number;
    readonly failed: number;
    readonly skipped: number;
    /** Not reached; null in what records of format 1 said. */
    readonly left: number | null;
    readonly seconds: number;
  };
}

/** What decides how the work is divided, beside what computes: all of it is part of the request. */
export interface RecordedPlanning {
  /** Bytes of activations that one batch may take. */
  readonly memoryBudget: number;
  /** Names of the optimisations that are applied. */
  readonly passes: readonly string[];
  /** Thresholds of the planner; null: those of atlasc. */
  readonly graphWork: number | null;
  readonly chunkedFrom: number | null;
}

/** The list of a run's units in the order of execution. */
export interface RecordedUnits {
  /** Relative to the run folder. */
  readonly file: string;
  readonly sha256: string;
  /** Lines of the list: a unit that was computed twice has two. */
  readonly count: number;
}

/** One of the runs of a folder, as its record lists them. */
export interface RecordedRun extends Omit<RunFacts, "counts"> {
  /** null for a run that goes on or was killed: how much it computed is not known. */
  readonly counts: RunFacts["counts"] | null;
  /** Its own file, relative to the run folder; null when that is gone. */
  readonly file: string | null;
  readonly status: EndedStatus;
  /** Digest of every measured value, whatever its place; null when no results were written. */
  readonly values: string | null;
}

/** What a person made of the results: in words, and who said it when. */
export interface RecordedJudgement {
  readonly text: string;
  readonly name: string;
  readonly date: string;
}

/**
 * record.json, field by field as record.schema.json describes them: what was asked, and what became of it. The facts of
 * {@link RunFacts} and the estimate are those of the run that computed last, so that a run which finds everything done
 * leaves them alone; the rest is as the last run left it. `runs` are all runs, oldest first.
 */
export interface RunRecord extends RunFacts {
  readonly format: typeof recordFormat;
  readonly protocol: { readonly path: string; readonly text: string; readonly sha256: string; readonly digest: string };
  readonly parameters: Values;
  readonly overrides: Values;
  /** null in records of earlier versions. */
  readonly planning: RecordedPlanning | null;
  readonly status: RunStatus;
  readonly models: readonly RecordedModel[];
  readonly texts: readonly RecordedTexts[];
  readonly means: readonly RecordedMean[];
  readonly plan: RecordedPlan | null;
  /** What the protocol compares, expects and classifies, written down before anything runs. */
  readonly decisions: readonly RecordedDecision[];
  /** null: the run was too short to measure the machine for, or the machine could not be measured. */
  readonly estimate: RecordedEstimate | null;
  readonly warnings: readonly string[];
  /** Conditions that results decided during the run, a sentence each. */
  readonly selections: readonly string[];
  readonly faults: readonly { readonly unit: string | null; readonly message: string }[];
  readonly identities: readonly RecordedIdentity[];
  readonly outputs: readonly { readonly kind: string; readonly path: string; readonly sha256: string }[];
  /** Of the results, as in {@link RecordedRun}. */
  readonly values: string | null;
  /** Of the run that computed last; null until one has, and in records of earlier versions. */
  readonly units: RecordedUnits | null;
  readonly runs: readonly RecordedRun[];
  /** For a person; the machine starts it as null and carries over what it finds. */
  readonly judgement: RecordedJudgement | string | null;
}

/** Name and version of the format that is written. */
export const recordFormat = "atlasc-record-2";
