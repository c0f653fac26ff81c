/**
 * A thread that reads texts with a tokenizer whose regexes nobody knows. Whoever started it ends it when one of them takes
 * too long.
 */
import { parentPort, workerData } from "node:worker_threads";
import type { EncodingRequest } from "../../compiler/ir/encodings.js";
import { encodeTexts } from "./encode-texts.js";
import { ready } from "./limited-thread.js";
import { createTokenizer, type TokenizerFiles } from "./tokenizer.js";

const { files, request } = workerData as { readonly files: TokenizerFiles; readonly request: EncodingRequest };
const tokenizer = createTokenizer(files.definition, files.config, () => "", files.model, files.added);
parentPort?.postMessage({ index: ready });
for (const [index, text] of request.texts.entries()) {
  const [encoded] = tokenizer.ok
    ? encodeTexts(tokenizer.value, { ...request, texts: [text] })
    : [{ ids: [], pieces: [], problem: tokenizer.reason }];
  parentPort?.postMessage({ index, ...encoded });
}
