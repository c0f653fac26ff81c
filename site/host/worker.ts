/** The worker: questions of the page come as messages and are answered one after the other. */
import { createLanguage } from "./language.js";
import { createMemoryStore } from "./memory-store.js";
import type { Answered, Asked, Questions, QuestionName } from "./messages.js";
import { createPageReading } from "./page-reading.js";
import { runInPage } from "./run-in-page.js";
import { openSiteFiles } from "./site-files.js";
import type { Onnxruntime } from "./wasm-backend.js";

/** This script lies in the site's folder, and so does everything that it fetches. */
const site = new URL(".", import.meta.url);

async function fetched(address: string): Promise<Uint8Array> {
  const response = await fetch(new URL(address, site));
  if (!response.ok) throw new Error(`${address} cannot be fetched: ${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}

let loading: Promise<Onnxruntime> | null = null;

function loadOnnxruntime(): Promise<Onnxruntime> {
  loading ??= import("onnxruntime-web/wasm").then((ort) => {
    // More threads need shared memory, which only pages with headers of their own get.
    ort.env.wasm.numThreads = 1;
    ort.env.wasm.wasmPaths = { wasm: new URL("ort-wasm-simd-threaded.wasm", site).href };
    ort.env.logLevel = "error";
    return ort;
  });
  return loading;
}

async function createAnswers() {
  const files = await openSiteFiles(fetched);
  const reading = createPageReading(files);
  const language = createLanguage(reading, files);
  const host = {
    reading,
    store: createMemoryStore(),
    verified: new Set<string>(),
    wasm: { version: files.manifest.onnxruntime, load: loadOnnxruntime, bytes: files.bytes },
  };
  return (asked: Asked): Promise<Questions[QuestionName]["answer"]> | Questions[QuestionName]["answer"] => {
    switch (asked.question) {
      case "colours":
        return language.colours(asked.asked);
      case "analyse":
        return language.analyse(asked.asked);
      case "complete":
        return language.complete(asked.asked);
      case "hover":
        return language.hover(asked.asked);
      case "format":
        return language.format(asked.asked);
      case "run":
        return runInPage(asked.asked, host, ({ done, total }) => {
          answer({ number: asked.number, progress: { done, total } });
        });
    }
  };
}

function answer(message: Answered): void {
  (self as unknown as { postMessage: (message: Answered) => void }).postMessage(message);
}

const answers = createAnswers();
let queue: Promise<unknown> = answers;

self.addEventListener("message", ({ data }: MessageEvent<Asked>) => {
  queue = queue
    .catch(() => undefined)
    .then(async () => {
      try {
        answer({ number: data.number, answer: await (await answers)(data) });
      } catch (error) {
        answer({ number: data.number, problem: error instanceof Error ? error.message : String(error) });
      }
    });
});
