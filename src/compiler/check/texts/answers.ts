/** Answers, distractors and continuations of prompts as tokens. */
import { diagnostic } from "../../diagnostics/create.js";
import type { Diagnostic } from "../../diagnostics/diagnostic.js";
import type { Prompt } from "../../ir/protocol.js";
import type { PromptsStatement } from "../../syntax/ast.js";
import type { EncodedText } from "../../ir/encodings.js";
import { spanOf, type DraftInput, type TextDraft } from "./text-draft.js";

const parts = ["answer", "distractor"] as const;

/** What is known of a text's answers: the tokens that measures name, and those that are put behind it. */
export interface AnswerTokens {
  readonly numbers: Prompt["numbers"];
  readonly continuation: EncodedText;
}

const nothing: EncodedText = { ids: [], pieces: [] };

/**
 * `answer` and `distractor` of every item: the first token of the text as it is written, read as a continuation; and all
 * tokens of its `continuation`. Warns of answers that have more tokens, unless the whole is read as a continuation, and
 * of those that begin like their distractors. Null after an error: a text without any token.
 *
 * @param encodingOf the encoding of an answer; null after an error, which it reports.
 */
export function answerTokens(
  { name, fields }: PromptsStatement,
  items: readonly TextDraft[],
  encodingOf: (
    input: DraftInput,
    item: TextDraft,
    part: "answer" | "distractor" | "continuation",
  ) => EncodedText | null,
  model: string,
  report: (d: Diagnostic) => void,
): readonly AnswerTokens[] | null {
  const tokens: AnswerTokens[] = [];
  const long: { readonly input: DraftInput; readonly encoded: EncodedText }[] = [];
  let answers = 0;
  const alike: TextDraft[] = [];
  for (const [index, item] of items.entries()) {
    const found: { answer?: number; distractor?: number } = {};
    const encode = (part: "answer" | "distractor" | "continuation", input: DraftInput): EncodedText | null => {
      const encoded = encodingOf(input, item, part);
      if (encoded?.ids.length !== 0) return encoded;
      report(diagnostic("A4109", spanOf(item, part), { part, index, name: name.text }));
      return null;
    };
    for (const part of parts) {
      const input = item[part];
      if (input === null) continue;
      const encoded = encode(part, input);
      const first = encoded?.ids[0];
      if (encoded === null || first === undefined) return null;
      answers++;
      if (encoded.ids.length > 1) long.push({ input, encoded });
      found[part] = first;
    }
    if (found.answer !== undefined && found.answer === found.distractor) alike.push(item);
    const continuation = item.continuation === null ? nothing : encode("continuation", item.continuation);
    if (continuation === null) return null;
    tokens.push({ numbers: found, continuation });
  }
  const span = fields.find((option) => option.part === "answer")?.span ?? name.span;
  const [longest] = long;
  // What is measured whole need not be said to be measured in part.
  if (longest !== undefined && !fields.some((option) => option.part === "continuation")) {
    const [piece = ""] = longest.encoded.pieces;
    const hint = 'to measure whole answers, say `continuation "FIELD"` and measure continuation_logprob';
    report(
      diagnostic(
        "A8011",
        span,
        {
          count: long.length,
          total: answers,
          name: name.text,
          model,
          piece: JSON.stringify(piece),
          answer: shown(longest.input),
        },
        { hint },
      ),
    );
  }
  const [same] = alike;
  if (same !== undefined) {
    const hint = `such as ${shown(same.answer)} and ${shown(same.distractor)} after ${shown(same.input)}`;
    report(diagnostic("A8012", span, { count: alike.length, total: items.length, name: name.text, model }, { hint }));
  }
  return tokens;
}

/** An input as a message shows it. */
function shown(input: DraftInput | null): string {
  if (input === null) return "nothing";
  const text = JSON.stringify(input.kind === "text" ? input.text : input.kind === "ids" ? input.ids : input.messages);
  return text.length > 100 ? `${text.slice(0, 99)}…` : text;
}
