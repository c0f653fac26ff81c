/** The programs in Python that do the same work: see bench/peers. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runProcess, runToSuccess, type PeakMemory } from "./measure.js";
import { root, type Settings } from "./settings.js";

export interface Peer {
  readonly name: string;
  /** File in bench/peers. */
  readonly file: string;
  /** Folder for PYTHONPATH, or null. */
  readonly packages: string | null;
}

export interface PeerAnswer {
  /** Seconds of the whole work, where the program counts them itself. */
  readonly seconds?: number;
  readonly clean: { readonly value: number; readonly seconds?: number };
  readonly conditions: readonly {
    readonly layer: number;
    readonly head: number;
    readonly value: number;
    readonly seconds?: number;
  }[];
  readonly versions: Readonly<Record<string, string>>;
}

export interface PeerRun<Answer> {
  readonly answer: Answer;
  /** Seconds of the whole process. */
  readonly seconds: number;
  readonly memory: PeakMemory | null;
}

const script = (file: string): string => join(root, "bench/peers", file);

/**
 * Runs a peer on a task and reads its answer; a string says why there is none. `task` is written for it as JSON, with
 * the number of threads and the file for the answer; see bench/peers/common.py.
 */
export async function runPeer<Answer>(
  settings: Settings,
  { file, packages }: Peer,
  task: Readonly<Record<string, unknown>>,
): Promise<PeerRun<Answer> | string> {
  mkdirSync(settings.work, { recursive: true });
  const taskFile = join(settings.work, "task.json");
  const answer = join(settings.work, "answer.json");
  rmSync(answer, { force: true });
  writeFileSync(taskFile, JSON.stringify({ ...task, threads: settings.threads, answer }));
  const ran = await runProcess(settings.python, [script(file), taskFile], {
    environment: packages === null ? {} : { PYTHONPATH: packages },
  });
  if (ran.exitCode !== 0 || !existsSync(answer)) {
    return ran.stderr.trim().split("\n").at(-1) ?? `it ended with ${String(ran.exitCode)}`;
  }
  return {
    answer: JSON.parse(readFileSync(answer, "utf8")) as Answer,
    seconds: ran.seconds,
    memory: ran.memory,
  };
}

/** Runs a script that prepares something, such as a model. Throws when it fails. */
export async function runScript(settings: Settings, file: string, scriptArguments: readonly string[]): Promise<void> {
  await runToSuccess(settings.python, [script(file), ...scriptArguments]);
}
