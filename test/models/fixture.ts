import { existsSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import { buildModelGraph } from "../../src/compiler/models/family.js";
import type { ModelGraph } from "../../src/compiler/models/model.js";
import { openModel, type OpenedModel } from "../../src/runtime/models/open-model.js";
import { root } from "../support/root.js";

/** Root of the project, for fixtures and `../shared`. */
export { root };

/** Random models with logits from Hugging Face transformers (test/fixtures/hf/make.py). */
export const randomModels = [
  "gpt2-f32",
  "gpt2-bf16",
  "gpt2-f16",
  "llama-tied-f32",
  "llama-rope3-bf16",
  "llama-bias-f16",
  "neox-parallel-f32",
  "neox-sequential-bf16",
  "neox-half-f16",
  "mistral-f32",
  "qwen2-bf16",
] as const;

/** Trained models with reference numbers; each is skipped where its fixture or its weights are absent. */
export const trainedModels = ["stories260K", "gpt2-tiny", "pythia-tiny", "llama-tiny"] as const;

export interface RandomFixture {
  readonly model: string;
  readonly ids: readonly (readonly number[])[];
  /** [row, pos, vocab], flat. */
  readonly logits: readonly number[];
}

export interface TrainedFixture {
  readonly model: string;
  readonly texts: readonly string[];
  readonly ids: readonly (readonly number[])[];
  readonly last_logits: readonly (readonly number[])[];
  readonly nll: readonly (readonly number[])[];
  readonly mean_nll: number;
  /** [layer][head] */
  readonly zero_ablation_mean_nll: readonly (readonly number[])[];
  readonly mean_ablation_mean_nll: readonly (readonly number[])[];
  readonly R_V: { early: number; late: number; window: number; per_row: readonly number[] };
  readonly entropy_at_last: readonly number[];
  /** [row][layer][head] */
  readonly pattern_entropy: readonly (readonly (readonly number[])[])[];
  readonly self_attention: readonly (readonly (readonly number[])[])[];
  /** [row][layer − 1] */
  readonly gain: readonly (readonly number[])[];
  /** Whole stories through stories260K; absent for other models. */
  readonly corpus?: { stories: number; longest: number; tokens: number; total_nll: number };
  readonly induction: { ids: readonly number[]; length: number; score: readonly (readonly number[])[] };
}

/** A committed fixture; null when it was not made (yet). */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the caller knows what the file holds
export function readFixture<T>(name: string): T | null {
  const path = join(root, "test", "fixtures", "hf", `${name}.json`);
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as T) : null;
}

/** Source of a fixture's model as a protocol in the project's root would write it. */
function sourceOf(model: string): string {
  if (model.startsWith("@")) return model;
  return model.startsWith(".") || isAbsolute(model) ? model : `./${model}`;
}

/** Why a trained model cannot be tested here; null when it can. */
export function whyAbsent(name: string): string | null {
  const fixture = readFixture<TrainedFixture>(name);
  if (fixture === null) return `no fixture: run test/fixtures/hf/make.py ${name}`;
  const folder = fixture.model.startsWith("@") ? fixture.model.replace("@stdlib", "stdlib") : fixture.model;
  return existsSync(join(root, folder, "model.safetensors")) ? null : `${fixture.model} is not here`;
}

/** Opens a fixture's model and builds its graph; throws when there is anything to complain about but its class. */
export async function loadModel(model: string): Promise<{ opened: OpenedModel; built: ModelGraph }> {
  const request = { source: sourceOf(model), revision: null, baseFolder: root, span: null };
  // Not the user's own cache.
  const environment = { home: join(tmpdir(), "atlasc-tests"), variables: {} };
  const opened = await openModel(request, environment);
  const complaints = opened.diagnostics.filter(({ code }) => code !== "A8040");
  if (opened.value === null || complaints.length > 0) throw new Error(JSON.stringify(complaints));
  const built = buildModelGraph(opened.value.facts);
  if (built.value === null || built.diagnostics.length > 0) throw new Error(JSON.stringify(built.diagnostics));
  return { opened: opened.value, built: built.value };
}
