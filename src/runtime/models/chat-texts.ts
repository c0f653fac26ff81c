/** Conversations and texts as a model's tokenizer reads them. What comes with the model and may not end runs in a thread. */
import type { EncodedText, EncodingRequest } from "../../compiler/ir/encodings.js";
import { encodeTexts } from "./encode-texts.js";
import { answersOfThread, type Answer } from "./limited-thread.js";
import type { TemplateAnswer, TemplateWork } from "./template-work.js";
import type { Tokenizer } from "./tokenizer.js";

/** Milliseconds that a template may take for a conversation. */
export const templateTime = 5_000;
const longest = 4_000_000;

/** Milliseconds that an unknown regex may take for a text, and for each of its characters. */
const regexTime = 10_000;
const regexTimePerCharacter = 0.02;
/** Milliseconds that a thread may take to open a tokenizer. */
const openingTime = 120_000;

/** Answers a request of the compiler, text by text. */
export async function answerRequest(tokenizer: Tokenizer, request: EncodingRequest): Promise<readonly EncodedText[]> {
  return request.as === "chat" ? encodeChats(tokenizer, request) : readTexts(tokenizer, request);
}

/**
 * Texts as ids: here where the tokenizer's regexes are known ones, else in a thread that is ended when one takes longer than
 * `longestTime` milliseconds, and some for each character.
 */
export async function readTexts(
  tokenizer: Tokenizer,
  request: EncodingRequest,
  longestTime = regexTime,
): Promise<readonly EncodedText[]> {
  const { doubtful: files } = tokenizer;
  if (files === null || request.as === "ids" || request.texts.length === 0) return encodeTexts(tokenizer, request);
  const limits = {
    time: (index: number) => longestTime + regexTimePerCharacter * (request.texts[index]?.length ?? 0),
    start: openingTime,
    memory: 2048,
  };
  const work = { files, request };
  const answers = await answersOfThread<EncodedText & Answer>("reading-worker", work, request.texts.length, limits);
  return answers.map((answer) =>
    "ids" in answer
      ? answer
      : { ids: [], pieces: [], problem: answer.problem.replace(/^it /, "a regex of tokenizer.json ") },
  );
}

/**
 * Conversations as ids. The template writes every special token itself, so none is added, as with
 * `apply_chat_template(tokenize=True)`.
 *
 * @source Hugging Face transformers, PreTrainedTokenizerBase.apply_chat_template
 */
async function encodeChats(tokenizer: Tokenizer, request: EncodingRequest): Promise<readonly EncodedText[]> {
  const { texts, turn } = request;
  const { chatTemplate } = tokenizer;
  if (!chatTemplate.ok) return texts.map(() => ({ ids: [], pieces: [], problem: chatTemplate.reason }));
  const template = chatTemplate.value;
  const variables = tokenizer.specialTexts;
  const made = await renderTemplate({ template, variables, conversations: texts, opened: turn !== "closed", longest });
  const written = made.map((answer) => ("problem" in answer ? "" : answer.text));
  const read = await readTexts(tokenizer, { ...request, as: "text", texts: written });
  return made.map((answer, i): EncodedText => {
    if ("problem" in answer) return { ids: [], pieces: [], problem: answer.problem };
    return { ...(read[i] ?? { ids: [], pieces: [] }), text: answer.text };
  });
}

/** Renders every conversation in a thread, which is ended when one takes longer than `time` milliseconds. */
export function renderTemplate(work: TemplateWork, time = templateTime): Promise<readonly TemplateAnswer[]> {
  const limits = { time: () => time, memory: 256 };
  return answersOfThread<TemplateAnswer>("template-worker", work, work.conversations.length, limits);
}
