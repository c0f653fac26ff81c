/** A worker as functions: questions by name, answers as promises. */
import type { Answered, QuestionName, Questions, RunProgress } from "../host/messages.js";

export interface WorkerClient {
  /** Rejects when the worker could not answer, and when it is ended first. */
  ask<Q extends QuestionName>(
    question: Q,
    asked: Questions[Q]["asked"],
    onProgress?: (progress: RunProgress) => void,
  ): Promise<Questions[Q]["answer"]>;
  /** Ends the worker, whatever it does; the next question starts another one. */
  end(): void;
}

/** Why a question has no answer when its worker was ended. */
export const endedText = "stopped";

interface Waiting {
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
  readonly onProgress: (progress: RunProgress) => void;
}

/** Starts nothing yet. */
export function createWorkerClient(address: URL): WorkerClient {
  let worker: Worker | null = null;
  let last = 0;
  const waiting = new Map<number, Waiting>();

  function end(reason: string): void {
    worker?.terminate();
    worker = null;
    const left = [...waiting.values()];
    waiting.clear();
    for (const { reject } of left) reject(new Error(reason));
  }

  function started(): Worker {
    if (worker !== null) return worker;
    const own = new Worker(address, { type: "module" });
    own.addEventListener("message", ({ data }: MessageEvent<Answered>) => {
      const asked = waiting.get(data.number);
      if (asked === undefined) return;
      if ("progress" in data) {
        asked.onProgress(data.progress);
        return;
      }
      waiting.delete(data.number);
      if ("problem" in data) asked.reject(new Error(data.problem));
      else asked.resolve(data.answer as never);
    });
    own.addEventListener("error", ({ message }) => end(message === "" ? "the worker does not start" : message));
    worker = own;
    return own;
  }

  return {
    ask: (question, asked, onProgress = () => undefined) =>
      new Promise((resolve, reject) => {
        const number = ++last;
        waiting.set(number, { resolve, reject, onProgress });
        started().postMessage({ number, question, asked });
      }),
    end: () => end(endedText),
  };
}
