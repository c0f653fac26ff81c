/** Models of seeded random weights and prompts of seeded random tokens. */
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runScript } from "./peer.js";
import type { Settings } from "./settings.js";

/** Sizes of a GPT-2. */
export interface Shape {
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly vocabulary: number;
}

export interface PromptSet {
  /** Token ids [prompt, pos], all prompts of one length. */
  readonly ids: readonly (readonly number[])[];
  /** The same as texts of the model's own tokenizer, one a line. */
  readonly file: string;
}

/**
 * Folder of a GPT-2 with seeded random weights, made when it is not there. The weights are five times as large as those
 * that training starts from: with those, switching off a head changes next to nothing, and programs that do not switch
 * it off at all would agree with the others.
 */
export async function randomModel(settings: Settings, shape: Shape): Promise<string> {
  const name = `gpt2-${shape.layers}x${shape.width}x${shape.heads}x${shape.vocabulary}`;
  const folder = join(settings.work, "models", name);
  if (existsSync(folder)) return folder;
  const fields = {
    n_layer: shape.layers,
    n_embd: shape.width,
    n_head: shape.heads,
    vocab_size: shape.vocabulary,
    initializer_range: 0.1,
  };
  return await madeFolder(folder, (draft) => runScript(settings, "make_model.py", [draft, JSON.stringify(fields)]));
}

/** SmolLM2-135M in f32, made when it is not there. */
export async function smollm2(settings: Settings): Promise<string> {
  const folder = join(settings.work, "models", "smollm2-135m");
  if (existsSync(folder)) return folder;
  return await madeFolder(folder, (draft) => runScript(settings, "make_smollm2.py", [draft]));
}

/** Lets a folder be filled under another name first, so that an interrupted attempt is not taken for the whole. */
async function madeFolder(folder: string, fill: (draft: string) => Promise<void>): Promise<string> {
  const draft = `${folder}.draft`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { recursive: true });
  await fill(draft);
  renameSync(draft, folder);
  return folder;
}

export interface PairSet {
  /** Token ids [pair, pos], all texts of one length. */
  readonly clean: readonly (readonly number[])[];
  readonly corrupt: readonly (readonly number[])[];
  /** A token for each pair. */
  readonly answers: readonly number[];
  readonly distractors: readonly number[];
  /** The same as texts of the model's own tokenizer, a JSON object a line. */
  readonly file: string;
}

/** Pairs of texts of uniform random tokens, with an answer and a distractor each; the same for the same sizes. */
export function randomPairs(settings: Settings, vocabulary: number, pairs: number, tokens: number): PairSet {
  const next = randomNumbers(2);
  const token = (): number => Math.floor(next() * vocabulary);
  const texts = (): readonly (readonly number[])[] =>
    Array.from({ length: pairs }, () => Array.from({ length: tokens }, token));
  const one = (): readonly number[] => Array.from({ length: pairs }, token);
  const set = { clean: texts(), corrupt: texts(), answers: one(), distractors: one() };
  const written = (ids: readonly number[]): string => ids.map((id) => `t${id}`).join(" ");
  const lines = set.clean.map((ids, i) =>
    JSON.stringify({
      clean: written(ids),
      corrupt: written(set.corrupt[i] ?? []),
      answer: written(set.answers.slice(i, i + 1)),
      distractor: written(set.distractors.slice(i, i + 1)),
    }),
  );
  mkdirSync(join(settings.work, "prompts"), { recursive: true });
  const file = join(settings.work, "prompts", `${vocabulary}x${pairs}x${tokens}.jsonl`);
  writeFileSync(file, `${lines.join("\n")}\n`);
  return { ...set, file };
}

/** Prompts of uniform random tokens; the same for the same sizes. */
export function randomPrompts(settings: Settings, vocabulary: number, prompts: number, tokens: number): PromptSet {
  const next = randomNumbers(1);
  const ids = Array.from({ length: prompts }, () =>
    Array.from({ length: tokens }, () => Math.floor(next() * vocabulary)),
  );
  mkdirSync(join(settings.work, "prompts"), { recursive: true });
  const file = join(settings.work, "prompts", `${vocabulary}x${prompts}x${tokens}.txt`);
  writeFileSync(file, ids.map((prompt) => `${prompt.map((id) => `t${id}`).join(" ")}\n`).join(""));
  return { ids, file };
}

/** Uniform numbers in [0, 1). @source Tommy Ettinger's mulberry32 */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
