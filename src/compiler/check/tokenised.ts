/** Prompt sets as ids: BOS, random probes, and what a model accepts. */
import { seededIntegers } from "../base/random.js";
import { diagnostic } from "../diagnostics/create.js";
import type { Diagnostic } from "../diagnostics/diagnostic.js";
import type { ModelInstance, Prompt, TokenizedTexts } from "../ir/protocol.js";
import type { ModelFacts, ModelSignature } from "../models/model.js";
import type { PromptsStatement } from "../syntax/ast.js";
import type { TextsDraft } from "./texts.js";

/**
 * A prompt set as one model reads it. `ids` are the host's encodings of the draft's texts, without special tokens;
 * BOS is added here, by the declaration's `bos` or else by the tokenizer's own convention, and never twice. Random
 * probes are [BOS, r, r, …] with r drawn uniformly from the vocabulary without its special tokens.
 */
export function tokeniseTexts(
  statement: PromptsStatement,
  draft: TextsDraft,
  ids: readonly (readonly number[])[],
  instance: ModelInstance,
  facts: ModelFacts,
  signature: ModelSignature,
  report: (d: Diagnostic) => void,
): TokenizedTexts | null {
  const name = statement.name.text;
  const bosId = facts.tokenizer?.bosTokenId ?? null;
  const wanted = statement.bos === null ? (draft.kind === "random" ? bosId !== null : facts.tokenizer?.addsBos) : null;
  const bos = wanted ?? statement.bos === "on";
  if (bos && bosId === null) {
    report(diagnostic("A4108", statement.span, { name, model: instance.id }));
    return null;
  }
  const withBos = (sequence: readonly number[]): readonly number[] =>
    bos && bosId !== null && sequence[0] !== bosId ? [bosId, ...sequence] : sequence;

  const prompts: Prompt[] =
    draft.kind === "random"
      ? randomProbes(draft, signature.vocab, facts.tokenizer?.specialTokenIds ?? []).map((sequence, index) => ({
          index,
          text: "",
          bytes: 0,
          ids: withBos(sequence),
          columns: {},
        }))
      : draft.items.map((item, index) => ({
          index,
          text: item.text,
          bytes: utf8Length(item.text),
          ids: withBos(ids[index] ?? []),
          columns: item.columns,
        }));

  const limit = signature.maxPositions;
  for (const prompt of prompts) {
    if (prompt.ids.length === 0) {
      report(diagnostic("A4106", statement.span, { index: prompt.index, name }));
      return null;
    }
    if (limit !== null && prompt.ids.length > limit) {
      report(
        diagnostic(
          "A4104",
          statement.span,
          { index: prompt.index, name, tokens: prompt.ids.length, model: instance.id, limit },
          { expected: `at most ${limit} tokens`, found: `${prompt.ids.length} tokens` },
        ),
      );
      return null;
    }
  }
  return { name, model: instance.id, prompts, bos, period: draft.kind === "random" ? draft.tokens : null };
}

/** Length of a text in bytes of UTF-8. */
export function utf8Length(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return bytes;
}

function randomProbes(
  draft: Extract<TextsDraft, { kind: "random" }>,
  vocab: number,
  special: readonly number[],
): readonly (readonly number[])[] {
  const excluded = new Set(special);
  const allowed: number[] = [];
  for (let id = 0; id < vocab; id++) if (!excluded.has(id)) allowed.push(id);
  const next = seededIntegers(draft.seed);
  return Array.from({ length: draft.count }, () => {
    const sequence = Array.from({ length: draft.tokens }, () => allowed[next(allowed.length)] ?? 0);
    return Array.from({ length: draft.repeat }, () => sequence).flat();
  });
}
