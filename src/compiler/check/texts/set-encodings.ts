/** What a prompt set wants to have encoded, and its inputs' ids from what came back. */
import { diagnostic } from "../../diagnostics/create.js";
import type { Diagnostic } from "../../diagnostics/diagnostic.js";
import type { EncodedText, EncodingRequest } from "../../ir/encodings.js";
import type { ModelInstance } from "../../ir/protocol.js";
import { textsKey } from "../../ir/texts-key.js";
import type { ModelFacts, ModelSignature } from "../../models/model.js";
import type { PromptsStatement } from "../../syntax/ast.js";
import type { TextsDraft } from "./texts.js";
import { inputKey, spanOf, type DraftInput, type TextDraft, type TokenPart } from "./text-draft.js";

type Report = (d: Diagnostic) => void;

/** A text as the set's `chat` makes a conversation of it; what is no chat stays as it is. */
export function asRead({ chat }: PromptsStatement, input: DraftInput): DraftInput {
  if (chat === null || input.kind === "ids") return input;
  const own = input.kind === "chat" ? input.messages : [{ role: "user", content: input.text }];
  const system = chat.system === null ? [] : [{ role: "system", content: chat.system.value }];
  return { kind: "chat", messages: [...system, ...own] };
}

/** The requests for a set's texts, and the texts that it wants as continuations. */
export function requestsOf(
  statement: PromptsStatement,
  items: readonly TextDraft[],
  model: string,
): { readonly requests: readonly EncodingRequest[]; readonly continuations: readonly string[] } {
  const texts = new Set<string>();
  const continuations: string[] = [];
  let as: "text" | "ids" | "chat" = "text";
  for (const item of items) {
    for (const side of [item.input, item.corrupt]) {
      if (side === null) continue;
      const input = asRead(statement, side);
      as = input.kind;
      texts.add(inputKey(input));
    }
    for (const answer of [item.answer, item.distractor, item.continuation]) {
      if (answer?.kind === "text" && idAsText(item, answer) === null) continuations.push(answer.text);
    }
  }
  const turn = as === "chat" ? ({ turn: statement.chat?.generation === "off" ? "closed" : "opened" } as const) : {};
  const key = textsKey(statement.name.text, model);
  const request: EncodingRequest = { key, model, texts: [...texts], as, limit: null, ...turn };
  return { requests: texts.size === 0 ? [] : [request], continuations };
}

/** The id that an answer of a text of ids is, if it is written as a number. */
function idAsText(item: TextDraft, answer: DraftInput): number | null {
  if (item.input.kind !== "ids" || answer.kind !== "text" || !/^\d{1,15}$/.test(answer.text)) return null;
  return Number(answer.text);
}

/** How the inputs of a set become ids. */
export interface InputReader {
  /** The text of one half of an item; null after an error. */
  readonly textOf: (input: DraftInput, index: number, item: TextDraft, part: TokenPart) => EncodedText | null;
  readonly answerOf: (input: DraftInput, item: TextDraft, part: TokenPart) => EncodedText | null;
}

/**
 * @param encodingOf the encoding of a text of the set by its `inputKey`; `continuationOf` that of an answer.
 * @param quiet reports what is the same for all models that share a tokenizer.
 */
export function inputReader(
  statement: PromptsStatement,
  items: readonly TextDraft[],
  encodingOf: (key: string) => EncodedText,
  continuationOf: (text: string) => EncodedText,
  instance: ModelInstance,
  facts: ModelFacts,
  signature: ModelSignature,
  report: Report,
  quiet: Report,
): InputReader {
  const name = statement.name.text;
  const known = (ids: readonly number[], index: number, item: TextDraft, part: TokenPart): boolean => {
    const id = ids.find((candidate) => candidate >= signature.vocab);
    if (id === undefined) return true;
    const parameters = { name, index, id, model: instance.name, last: signature.vocab - 1 };
    const called = part === "text" || part === "corrupt" ? "prompt" : `the ${part} of prompt`;
    report(diagnostic("A4121", spanOf(item, part), { part: called, ...parameters }));
    return false;
  };
  const failure = (problem: string, isChat: boolean, text: string, item: TextDraft, part: TokenPart): Diagnostic => {
    const failed = isChat ? { what: "chat template", result: "a text" } : { what: "tokenizer", result: "tokens" };
    return diagnostic("A4124", spanOf(item, part), { ...failed, model: instance.name, text, name, problem });
  };
  return {
    textOf(input, index, item, part) {
      const read = asRead(statement, input);
      if (read.kind === "ids") {
        if (!known(read.ids, index, item, part)) return null;
        return facts.tokenizer === null ? idsAlone(read.ids) : encodingOf(inputKey(read));
      }
      const encoded = encodingOf(inputKey(read));
      if (encoded.problem === undefined) return encoded;
      quiet(failure(encoded.problem, read.kind === "chat", `prompt ${index}`, item, part));
      return null;
    },
    answerOf(input, item, part) {
      const index = items.indexOf(item);
      if (input.kind === "ids") return known(input.ids, index, item, part) ? idsAlone(input.ids) : null;
      if (input.kind === "chat") return { ids: [], pieces: [] };
      const id = idAsText(item, input);
      if (id !== null) return known([id], index, item, part) ? idsAlone([id]) : null;
      if (facts.tokenizer !== null) {
        const encoded = continuationOf(input.text);
        if (encoded.problem === undefined) return encoded;
        quiet(failure(encoded.problem, false, `the ${part} of prompt ${index}`, item, part));
        return null;
      }
      const hint = "put tokenizer.json beside config.json, or write its id, a number";
      const called = `the ${part} of prompt ${index} of ${name}`;
      quiet(diagnostic("A4107", spanOf(item, part), { model: instance.id, name: called }, { hint }));
      return null;
    },
  };
}

/** Ids of a model that has no tokenizer: each stands for its number. */
function idsAlone(ids: readonly number[]): EncodedText {
  return { ids, pieces: ids.map((id) => `#${id}`) };
}

/** True for a set whose texts need a tokenizer. */
export function needsTokenizer(draft: TextsDraft): boolean {
  return draft.kind === "texts" && draft.items[0]?.input.kind !== "ids";
}
