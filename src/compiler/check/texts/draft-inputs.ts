/** What a field or an item of a list may hold where tokens are wanted: text, ids, a conversation. */
import { limits } from "../limits.js";
import type { FieldValue } from "./text-files.js";
import type { ChatMessage, DraftInput } from "./text-draft.js";

/** Why a value is none of them. */
export interface InputFault {
  readonly problem: string;
  readonly hint: string;
}

/** A text, its ids, or a conversation. A number is a text, as in files that are all text. */
export function textInput(value: FieldValue): DraftInput | InputFault {
  if (value === null || typeof value !== "object") return { kind: "text", text: String(value) };
  const { json } = value;
  if (!Array.isArray(json)) {
    return { problem: "is no text", hint: "a text is a string, a list of token ids, or a list of messages" };
  }
  const items = json as readonly unknown[];
  if (items.length === 0) {
    return { problem: "is empty", hint: "a list holds at least one token id, or one message of a conversation" };
  }
  if (items.length > 0 && items.every((item) => typeof item === "object" && item !== null && !Array.isArray(item))) {
    return messagesOf(items as readonly Readonly<Record<string, unknown>>[]);
  }
  return idsOf(items);
}

/** An answer: as a text, or as ids. A number stays one: it is an id in a set of ids and a text in any other. */
export function answerInput(value: FieldValue): DraftInput | InputFault {
  if (value === null || typeof value !== "object") return { kind: "text", text: String(value) };
  if (Array.isArray(value.json)) return idsOf(value.json as readonly unknown[]);
  return { problem: "is neither text nor a token id", hint: "write a text, an id, or a list of ids" };
}

/** A list of ids, which must be whole numbers from 0 on; whether the model has them is asked where the model is known. */
export function idsOf(items: readonly unknown[]): DraftInput | InputFault {
  if (items.length === 0) return { problem: "has no ids", hint: "a text has at least one token" };
  if (items.length > limits.randomTokens) {
    return { problem: `has ${items.length} ids`, hint: `at most ${limits.randomTokens} are possible` };
  }
  for (const [i, item] of items.entries()) {
    const fault = idFault(item);
    if (fault !== null) return { problem: `holds ${shown(item)} at place ${i + 1}, which is no token id`, hint: fault };
  }
  return { kind: "ids", ids: items as readonly number[] };
}

/** What a token id is instead of this value; null for one that could be an id. */
export function idFault(item: unknown): string | null {
  const hint = "token ids are whole numbers from 0 on";
  return typeof item === "number" && Number.isSafeInteger(item) && item >= 0 ? null : hint;
}

function shown(item: unknown): string {
  const text = JSON.stringify(item);
  return text.length > 40 ? `${text.slice(0, 37)}…` : text;
}

function messagesOf(items: readonly Readonly<Record<string, unknown>>[]): DraftInput | InputFault {
  const messages: ChatMessage[] = [];
  for (const [i, { role, content, ...others }] of items.entries()) {
    const [odd] = Object.keys(others);
    if (typeof role !== "string" || typeof content !== "string") {
      const lacking = typeof role === "string" ? "content" : "role";
      return { problem: `has a message without ${lacking}, the ${i + 1}.`, hint: 'write {role: "user", content: "…"}' };
    }
    if (odd !== undefined) {
      return {
        problem: `has a message with the field ${odd}, the ${i + 1}.`,
        hint: "a message has a role and a content",
      };
    }
    messages.push({ role, content });
  }
  return { kind: "chat", messages };
}
