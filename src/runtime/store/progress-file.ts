/** How far a run is, beside its record while it goes on: for whoever looks on from another process. */
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "./atomic.js";

const fileName = "progress.json";

/** In units; seconds as far as they are known. */
export interface RunProgress {
  readonly done: number;
  readonly total: number;
  readonly reused: number;
  readonly secondsElapsed: number;
  readonly secondsLeft: number | null;
  /** What is done after the last unit, such as `drawing figures`; null while units are computed. */
  readonly phase: string | null;
}

export interface ProgressFile {
  /** Keeps how far the run is, once a second at most. A file that cannot be written disturbs no run. */
  note(progress: RunProgress): void;
  /** Takes the file away. */
  end(): Promise<void>;
}

const millisecondsBetween = 1000;

export function createProgressFile(folder: string): ProgressFile {
  const path = join(folder, fileName);
  let last = 0;
  let lastPhase: string | null = null;
  let writing = Promise.resolve();
  let ended = false;
  return {
    note({ done, total, reused, secondsElapsed, secondsLeft, phase }) {
      const now = Date.now();
      if (ended || (phase === lastPhase && now - last < millisecondsBetween)) return;
      last = now;
      lastPhase = phase;
      const text = JSON.stringify({ done, total, reused, secondsElapsed, secondsLeft, phase });
      writing = writing.then(() => writeFileAtomic(path, text)).catch(() => undefined);
    },
    async end() {
      ended = true;
      await writing;
      await rm(path, { force: true }).catch(() => undefined);
    },
  };
}

/** How far the run in a folder is; null where nobody says. */
export async function readProgress(folder: string): Promise<RunProgress | null> {
  try {
    const value = JSON.parse(await readFile(join(folder, fileName), "utf8")) as Partial<RunProgress>;
    const { done, total, reused, secondsElapsed, secondsLeft, phase } = value;
    if (![done, total, reused, secondsElapsed].every((number) => Number.isFinite(number))) return null;
    return {
      done: done ?? 0,
      total: total ?? 0,
      reused: reused ?? 0,
      secondsElapsed: secondsElapsed ?? 0,
      secondsLeft: typeof secondsLeft === "number" ? secondsLeft : null,
      phase: typeof phase === "string" ? phase : null,
    };
  } catch {
    return null;
  }
}
