/** Work that comes with models and may never end: done in a thread that is ended when it takes too long. */
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";

/** The answer to one of several pieces of work. */
export interface Answer {
  readonly index: number;
}

/** The index of the answer that says that a thread is ready. */
export const ready = -1;

/** Why there is no answer. */
export interface Problem extends Answer {
  readonly problem: string;
}

export interface ThreadLimits {
  /** Milliseconds that the thread may take for the answer to a piece of work. */
  readonly time: (index: number) => number;
  /** Milliseconds until the thread says that it is ready, by an answer before all others; absent: it does not say. */
  readonly start?: number;
  /** Megabytes of memory. */
  readonly memory: number;
}

/**
 * The answers of a thread to `count` pieces of work, which it gives in their order. When one takes too long, or the thread
 * fails, that one and all that follow have a problem.
 *
 * @param entry name of the thread's module, beside this one
 */
export function answersOfThread<T extends Answer>(
  entry: string,
  work: object,
  count: number,
  { time, start, memory }: ThreadLimits,
): Promise<readonly (T | Problem)[]> {
  const own = fileURLToPath(import.meta.url);
  const url = new URL(`./${entry}${extname(own)}`, import.meta.url);
  const resourceLimits = { maxOldGenerationSizeMb: memory, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 };
  return new Promise((resolve) => {
    const answers = new Map<number, T | Problem>();
    const worker = new Worker(url, { workerData: work, resourceLimits, env: {}, stdout: true, stderr: true });
    const end = (problem: string): void => {
      clearTimeout(timer);
      void worker.terminate();
      resolve(Array.from({ length: count }, (_, index) => answers.get(index) ?? { index, problem }));
    };
    const wait = (limit: number): NodeJS.Timeout =>
      setTimeout(() => end(`it does not end within ${Math.round(limit / 100) / 10} seconds`), limit);
    let timer = wait(start ?? time(0));
    worker.on("message", (message: T | Problem) => {
      if (message.index !== ready) answers.set(message.index, message);
      clearTimeout(timer);
      if (answers.size === count) end("");
      else timer = wait(time(answers.size));
    });
    worker.on("error", (error: NodeJS.ErrnoException) => {
      const outOfMemory = error.code === "ERR_WORKER_OUT_OF_MEMORY";
      end(outOfMemory ? `it needs more than ${memory} MB of memory` : error.message);
    });
    worker.on("exit", () => {
      end("it ended before it gave an answer");
    });
  });
}
