/** Prompt sets as ids: BOS, random probes, and what a model accepts. */
import { seededIntegers } from "../base/random.js";
import type { Span } from "../base/span.js";
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
    report(diagnostic("A4108", statement.name.span, { name, model: instance.id }, { hint: "leave out `bos on`" }));
    return null;
  }
  const limit = signature.maxPositions;
  const tooLong = (index: number, tokens: number, span: Span): null => {
    report(
      diagnostic(
        "A4104",
        span,
        { index, name, tokens, model: instance.id, limit: limit ?? 0 },
        { expected: `at most ${limit ?? 0} tokens`, found: `${tokens} tokens${bos ? ", BOS among them" : ""}` },
      ),
    );
    return null;
  };
  if (draft.kind === "random") {
    const length = draft.tokens * draft.repeat + (bos ? 1 : 0);
    if (limit !== null && length > limit) return tooLong(0, length, statement.source.span);
  }
  const withBos = (sequence: readonly number[]): readonly number[] =>
    bos && bosId !== null && sequence[0] !== bosId ? [bosId, ...sequence] : sequence;

  const prompts: Prompt[] =
    draft.kind === "random"
      ? randomProbes(draft, drawnFrom(facts, signature)).map((sequence, index) => ({
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

  for (const prompt of prompts) {
    const span = draft.kind === "random" ? statement.name.span : (draft.items[prompt.index]?.span ?? statement.span);
    if (prompt.ids.length === 0) {
      const hint = "remove it, or add BOS with `bos on`";
      report(diagnostic("A4106", span, { index: prompt.index, name }, { hint }));
      return null;
    }
    if (limit !== null && prompt.ids.length > limit) return tooLong(prompt.index, prompt.ids.length, span);
  }
  return {
    name,
    model: instance.id,
    prompts,
    bos,
    period: draft.kind === "random" && draft.repeat > 1 ? draft.tokens : null,
  };
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

/** Ids that random probes draw from: those of the tokenizer (a model may have unused rows), without special tokens. */
function drawnFrom(facts: ModelFacts, signature: ModelSignature): readonly number[] {
  const special = new Set(facts.tokenizer?.specialTokenIds ?? []);
  const size = Math.min(facts.tokenizer?.size ?? signature.vocab, signature.vocab);
  const ids = Array.from({ length: size }, (_, id) => id);
  const ordinary = ids.filter((id) => !special.has(id));
  return ordinary.length > 0 ? ordinary : ids;
}

function randomProbes(
  draft: Extract<TextsDraft, { kind: "random" }>,
  allowed: readonly number[],
): readonly (readonly number[])[] {
  const next = seededIntegers(draft.seed);
  return Array.from({ length: draft.count }, () => {
    const sequence = Array.from({ length: draft.tokens }, () => allowed[next(allowed.length)] ?? 0);
    return Array.from({ length: draft.repeat }, () => sequence).flat();
  });
}
