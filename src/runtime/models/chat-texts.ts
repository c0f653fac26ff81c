/** Conversations as a model's tokenizer reads them: its chat template makes a text of each. */
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import type { EncodedText, EncodingRequest } from "../../compiler/ir/encodings.js";
import { encodeTexts } from "./encode-texts.js";
import type { TemplateAnswer, TemplateWork } from "./template-work.js";
import type { Tokenizer } from "./tokenizer.js";

/** Milliseconds that a template may take for a conversation. */
export const templateTime = 5_000;
const longest = 4_000_000;
const memory = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 };

/** Answers a request of the compiler, text by text. */
export async function answerRequest(tokenizer: Tokenizer, request: EncodingRequest): Promise<readonly EncodedText[]> {
  return request.as === "chat" ? encodeChats(tokenizer, request) : encodeTexts(tokenizer, request);
}

/**
 * Conversations as ids. The template writes every special token itself, so none is added, as with
 * `apply_chat_template(tokenize=True)`.
 *
 * @source Hugging Face transformers, PreTrainedTokenizerBase.apply_chat_template
 */
async function encodeChats(tokenizer: Tokenizer, { texts, turn }: EncodingRequest): Promise<readonly EncodedText[]> {
  const { chatTemplate } = tokenizer;
  if (!chatTemplate.ok) return texts.map(() => ({ ids: [], pieces: [], problem: chatTemplate.reason }));
  const template = chatTemplate.value;
  const variables = tokenizer.specialTexts;
  const work = { template, variables, conversations: texts, opened: turn !== "closed", longest };
  return (await renderTemplate(work)).map((made): EncodedText => {
    if ("problem" in made) return { ids: [], pieces: [], problem: made.problem };
    const ids = tokenizer.encode(made.text, false);
    return { ids, pieces: tokenizer.pieces(ids), text: made.text };
  });
}

/** Renders every conversation in a thread, which is ended when one takes longer than `time` milliseconds. */
export function renderTemplate(work: TemplateWork, time = templateTime): Promise<readonly TemplateAnswer[]> {
  const own = fileURLToPath(import.meta.url);
  const entry = new URL(`./template-worker${extname(own)}`, import.meta.url);
  return new Promise((resolve) => {
    const answers = new Map<number, TemplateAnswer>();
    const worker = new Worker(entry, { workerData: work, resourceLimits: memory, env: {}, stdout: true, stderr: true });
    const end = (problem: string): void => {
      clearTimeout(timer);
      void worker.terminate();
      resolve(work.conversations.map((_, index) => answers.get(index) ?? { index, problem }));
    };
    const late = (): void => {
      end(`it does not end within ${time / 1000} seconds`);
    };
    let timer = setTimeout(late, time);
    worker.on("message", (message: TemplateAnswer) => {
      answers.set(message.index, message);
      clearTimeout(timer);
      if (answers.size === work.conversations.length) end("");
      else timer = setTimeout(late, time);
    });
    worker.on("error", (error: NodeJS.ErrnoException) => {
      const outOfMemory = error.code === "ERR_WORKER_OUT_OF_MEMORY";
      end(outOfMemory ? `it needs more than ${memory.maxOldGenerationSizeMb} MB of memory` : error.message);
    });
    worker.on("exit", () => {
      end("it ended before it gave a text");
    });
  });
}
