/** A run as a process: its progress, how it is stopped, and what it printed in the end. */
import { spawn } from "node:child_process";
import type { Launch } from "./find-atlasc.js";

export interface Progress {
  readonly done: number;
  readonly total: number;
  /** `12 s left`. */
  readonly left: string;
}

export interface Ended {
  /** Null for a process that was killed or never started. */
  readonly exitCode: number | null;
  readonly stdout: string;
  /** The last lines of standard error, without those of progress. */
  readonly messages: readonly string[];
}

export interface RunProcess {
  readonly ended: Promise<Ended>;
  /** The first time asks the run to end, so that what is finished is kept; the second time kills it. */
  readonly stop: () => void;
}

/** Seconds between two lines of progress. */
const pace = "0.3";

/** Most characters of standard output that are kept: an outcome holds tables. */
const mostOutput = 2 ** 26;
const mostMessages = 200;

/** A line of progress, as atlasc writes it where there is no terminal; null for any other line. */
export function readProgress(line: string): Progress | null {
  const [, done, total, left] = /^(\d+)\/(\d+) units, \d+%, (.*)$/.exec(line) ?? [];
  return done === undefined || total === undefined || left === undefined
    ? null
    : { done: Number(done), total: Number(total), left };
}

/** Starts atlasc with these arguments in a folder. */
export function startRun(
  { command, args }: Launch,
  own: readonly string[],
  folder: string,
  onProgress: (progress: Progress) => void,
): RunProcess {
  const child = spawn(command, [...args, ...own], {
    cwd: folder,
    env: { ...process.env, NO_COLOR: "1", ATLASC_PROGRESS_SECONDS: pace },
    stdio: ["ignore", "pipe", "pipe"],
    windowsHide: true,
  });
  let stdout = "";
  let unfinished = "";
  const messages: string[] = [];
  const onLine = (line: string): void => {
    const progress = readProgress(line);
    if (progress !== null) onProgress(progress);
    else if (line !== "") messages.push(line);
    if (messages.length > mostMessages) messages.shift();
  };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    if (stdout.length + text.length <= mostOutput) stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    const lines = (unfinished + text).split("\n");
    unfinished = (lines.pop() ?? "").slice(-4096);
    lines.forEach(onLine);
  });
  let asked = false;
  return {
    ended: new Promise((resolve) => {
      child.once("error", (error) => {
        resolve({ exitCode: null, stdout: "", messages: [error.message] });
      });
      child.once("close", (exitCode) => {
        onLine(unfinished);
        resolve({ exitCode, stdout, messages });
      });
    }),
    stop: () => {
      child.kill(asked ? "SIGKILL" : "SIGINT");
      asked = true;
    },
  };
}
