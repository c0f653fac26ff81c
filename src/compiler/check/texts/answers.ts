/** Answers and distractors of prompts as tokens. */
import { diagnostic } from "../../diagnostics/create.js";
import type { Diagnostic } from "../../diagnostics/diagnostic.js";
import type { Prompt } from "../../ir/protocol.js";
import type { PromptsStatement } from "../../syntax/ast.js";
import type { EncodedText } from "../../ir/encodings.js";
import type { TextDraft } from "./text-draft.js";

const parts = ["answer", "distractor"] as const;

/**
 * `answer` and `distractor` of every item: the first token of the text as it is written, read as a continuation. Warns
 * of those that have more tokens, and of answers that begin like their distractors. Null after an error: a text without
 * any token.
 */
export function answerTokens(
  { name, fields }: PromptsStatement,
  items: readonly TextDraft[],
  encodingOf: (text: string) => EncodedText,
  model: string,
  report: (d: Diagnostic) => void,
): readonly Prompt["numbers"][] | null {
  const numbers: Prompt["numbers"][] = [];
  const long: { readonly text: string; readonly encoded: EncodedText }[] = [];
  let answers = 0;
  const alike: TextDraft[] = [];
  for (const [index, item] of items.entries()) {
    const found: { answer?: number; distractor?: number } = {};
    for (const part of parts) {
      const text = item[part];
      if (text === null) continue;
      const encoded = encodingOf(text);
      const [first] = encoded.ids;
      if (first === undefined) {
        report(diagnostic("A4109", item.span, { part, index, name: name.text }));
        return null;
      }
      answers++;
      if (encoded.ids.length > 1) long.push({ text, encoded });
      found[part] = first;
    }
    if (found.answer !== undefined && found.answer === found.distractor) alike.push(item);
    numbers.push(found);
  }
  const span = fields.find((option) => option.part === "answer")?.span ?? name.span;
  const [longest] = long;
  if (longest !== undefined) {
    const [piece = ""] = longest.encoded.pieces;
    report(
      diagnostic("A8011", span, {
        count: long.length,
        total: answers,
        name: name.text,
        model,
        piece: JSON.stringify(piece),
        answer: JSON.stringify(longest.text),
      }),
    );
  }
  const [same] = alike;
  if (same !== undefined) {
    const hint = `such as ${JSON.stringify(same.answer)} and ${JSON.stringify(same.distractor)} after ${JSON.stringify(same.text)}`;
    report(diagnostic("A8012", span, { count: alike.length, total: items.length, name: name.text, model }, { hint }));
  }
  return numbers;
}
