/** Prompt sets as ids: BOS, pairs, named tokens, random probes, and what a model accepts. */
import { seededIntegers } from "../../base/random.js";
import type { Span } from "../../base/span.js";
import { diagnostic } from "../../diagnostics/create.js";
import type { Diagnostic } from "../../diagnostics/diagnostic.js";
import {
  aloneName,
  corruptName,
  partName,
  type ModelInstance,
  type Prompt,
  type TokenizedTexts,
} from "../../ir/protocol.js";
import type { ModelFacts, ModelSignature, TokenizerFacts } from "../../models/model.js";
import type { Name, PromptsStatement } from "../../syntax/ast.js";
import { textSize, type EncodedText } from "../../ir/encodings.js";
import { spellsOut } from "../../models/beginnings.js";
import type { AnswerTokens } from "./answers.js";
import { placeOfToken } from "./named-tokens.js";
import type { InputReader } from "./set-encodings.js";
import { spanOf, type DraftInput } from "./text-draft.js";
import type { TextsDraft } from "./texts.js";

/** A prompt set as one model reads it. */
export interface TokenizedPrompts {
  /** The set; of pairs, that of the clean texts first and then that of the corrupted ones. */
  readonly sets: readonly TokenizedTexts[];
  /** For each set the pieces of each prompt, aligned with its ids; none for random probes. */
  readonly pieces: readonly (readonly (readonly string[])[])[];
}

/**
 * A prompt set as one model reads it. The host's encodings have no special tokens; BOS is added here, by the
 * declaration's `bos` or else by the tokenizer's own convention, and never twice. Random probes are [BOS, r, r, …] with
 * r drawn uniformly from the vocabulary without its special tokens.
 *
 * A set with continuations is several: for each length of theirs one with the prompts that have such a one, and one of
 * all prompts without them, which means are taken over.
 *
 * @param encodingOf the encoding of a text of the draft; null after an error.
 * @param answers what is known of each item's answer: see `answerTokens`.
 * @param named texts after `at token`, whose positions the prompts should know.
 */
export function tokeniseTexts(
  statement: PromptsStatement,
  draft: TextsDraft,
  encodingOf: InputReader["textOf"],
  answers: readonly AnswerTokens[],
  named: readonly string[],
  instance: ModelInstance,
  facts: ModelFacts,
  signature: ModelSignature,
  report: (d: Diagnostic) => void,
): TokenizedPrompts | null {
  const name = statement.name.text;
  const { tokenizer } = facts;
  const byDefault = draft.kind === "random" ? tokenizer?.bosTokenId != null : tokenizer?.addsBos === true;
  // Ids are used as they are; a template writes what a text begins with.
  const input = inputOf(statement, draft);
  const begins = input === "text" || input === "random" ? byDefault : false;
  const bos = addsBos(statement, tokenizer, begins, instance, report);
  if (bos === null) return null;
  const limit = signature.maxPositions;
  const tooLong = (set: string, index: number, tokens: number, span: Span): null => {
    report(
      diagnostic(
        "A4104",
        span,
        { index, name: set, tokens, model: instance.id, limit: limit ?? 0 },
        {
          expected: `at most ${limit ?? 0} tokens`,
          found: `${tokens} tokens${bos.ids.length === 0 ? "" : ", BOS among them"}`,
        },
      ),
    );
    return null;
  };
  const set = (called: string, prompts: readonly Prompt[], continuation = 0): TokenizedTexts => ({
    name: called,
    model: instance.id,
    prompts,
    bos: bos.ids.length > 0,
    input,
    continuation,
    period: draft.kind === "random" && draft.repeat > 1 ? draft.tokens : null,
    documents: null,
  });

  if (draft.kind === "random") {
    const length = draft.tokens * draft.repeat + bos.ids.length;
    if (limit !== null && length > limit) return tooLong(name, 0, length, statement.source.span);
    const probes = randomProbes(draft, drawnFrom(facts, signature)).map((sequence, index): Prompt => {
      const ids = [...bos.ids, ...sequence];
      return { index, text: "", ids, group: null, fields: {}, numbers: { tokens: ids.length - 1, ...textSize("") } };
    });
    return { sets: [set(name, probes)], pieces: [] };
  }

  const sets: TokenizedTexts[] = [];
  const pieces: (readonly (readonly string[])[])[] = [];
  const sides =
    draft.items[0]?.corrupt == null
      ? ([["text", name]] as const)
      : ([
          ["text", name],
          ["corrupt", corruptName(name)],
        ] as const);
  // What ends texts by itself does not stand before a continuation, nor where a template or the ids say all.
  const ending = input === "text" && answers.every(({ continuation }) => continuation.ids.length === 0);
  const after = ending ? (tokenizer?.after ?? []) : [];
  const lengths = [...new Set(answers.map(({ continuation }) => continuation.ids.length))].sort((a, b) => a - b);
  for (const [side, called] of sides) {
    const prompts: Prompt[] = [];
    const ownPieces: (readonly string[])[] = [];
    for (const [index, item] of draft.items.entries()) {
      const own = side === "text" ? item.input : item.corrupt;
      const encoded = own === null ? null : encodingOf(own, index, item, side);
      if (encoded === null) return null;
      const text = textOf(own, encoded, tokenizer);
      const added = spellsOut(bos.ids, encoded, tokenizer) ? [] : bos.ids;
      const ids = [...added, ...encoded.ids, ...after];
      if (ids.length === 0) {
        const hint =
          statement.chat === null
            ? "remove it, or add BOS with `bos on`"
            : "the chat template makes no text of it: leave it out, or give the model a template that writes one";
        report(diagnostic("A4106", item.span, { index, name: called }, { hint }));
        return null;
      }
      const length = ids.length + (answers[index]?.continuation.ids.length ?? 0);
      if (limit !== null && length > limit) return tooLong(called, index, length, spanOf(item, side));
      const positions: Record<string, number> = {};
      for (const literal of named) {
        const place = tokenizer === null ? placeOfId(literal, encoded) : placeOfToken(literal, encoded);
        if (place !== null) positions[`position of ${literal}`] = added.length + place;
      }
      // The first token is not predicted.
      const size = tokenizer === null ? {} : textSize(text);
      const numbers = { tokens: ids.length - 1, ...size, ...answers[index]?.numbers, ...positions };
      prompts.push({ index, text, ids, group: item.group, fields: item.fields, numbers });
      ownPieces.push([...added.map(() => tokenizer?.bosToken ?? ""), ...encoded.pieces, ...after.map(() => "")]);
    }
    if (lengths.every((length) => length === 0)) {
      sets.push(set(called, prompts));
      pieces.push(ownPieces);
      continue;
    }
    for (const length of lengths) {
      const own = prompts.filter(({ index }) => answers[index]?.continuation.ids.length === length);
      const longer = own.map((prompt) => ({
        ...prompt,
        ids: [...prompt.ids, ...(answers[prompt.index]?.continuation.ids ?? [])],
      }));
      sets.push(set(lengths.length === 1 ? called : partName(called, length), longer, length));
      pieces.push(
        own.map(({ index }) => [...(ownPieces[index] ?? []), ...(answers[index]?.continuation.pieces ?? [])]),
      );
    }
    sets.push(set(aloneName(called), prompts));
    pieces.push(ownPieces);
  }
  return { sets, pieces };
}

function inputOf({ chat }: PromptsStatement, draft: TextsDraft): TokenizedTexts["input"] {
  if (draft.kind === "random") return "random";
  if (draft.items[0]?.input.kind === "ids") return "ids";
  return chat === null ? "text" : "chat";
}

/** A text as a reader sees it: as it was written, as the template made it, or as its ids spell it. */
function textOf(input: DraftInput | null, encoded: EncodedText, tokenizer: TokenizerFacts | null): string {
  if (encoded.text !== undefined) return encoded.text;
  if (input?.kind === "text") return input.text;
  return encoded.pieces.join(tokenizer === null ? " " : "");
}

/** The place of the last token with this id, written `#12`. */
function placeOfId(literal: string, { pieces }: EncodedText): number | null {
  const place = pieces.lastIndexOf(literal);
  return place < 0 ? null : place;
}

/** The special tokens that texts begin with, mostly one or none. Null after an error: `bos on` without such a token. */
export function addsBos(
  statement: { readonly name: Name; readonly bos: "on" | "off" | null },
  tokenizer: TokenizerFacts | null,
  byDefault: boolean,
  instance: ModelInstance,
  report: (d: Diagnostic) => void,
): { readonly ids: readonly number[] } | null {
  const wanted = statement.bos === null ? byDefault : statement.bos === "on";
  if (!wanted) return { ids: [] };
  const { before = [], bosTokenId = null } = tokenizer ?? {};
  if (before.length > 0) return { ids: before };
  if (bosTokenId !== null) return { ids: [bosTokenId] };
  const { name } = statement;
  report(diagnostic("A4108", name.span, { name: name.text, model: instance.id }, { hint: "leave out `bos on`" }));
  return null;
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
